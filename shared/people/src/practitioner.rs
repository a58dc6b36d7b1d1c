//! Members of staff whom patients see.

use kernel::{PractitionerId, Timestamp};
use serde::{Deserialize, Serialize};
use table::{Entity, keys::PractitionerKey};

use crate::origin::Origin;

/// The longest name of a practitioner in a text message, in characters.
pub const LONGEST_DISPLAY: usize = 22;

/// A member of staff whom patients see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Practitioner {
    /// The id, derived from the origin.
    pub id: PractitionerId,
    /// The full name.
    pub name: String,
    /// The name in messages, at most 22 characters.
    pub display: String,
    /// What they are, such as `orthodontist`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether they work here now.
    pub active: bool,
    /// Deleted at the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Entity for Practitioner {
    type Key = PractitionerKey;
    fn key(&self) -> PractitionerKey {
        PractitionerKey { practitioner: self.id }
    }
}

/// A name as short as messages need it: whole if it fits, else with initials, else the last name, else cut.
pub fn short_display(name: &str) -> String {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = |text: &str| text.chars().count() <= LONGEST_DISPLAY;
    if fits(&name) {
        return name;
    }
    let (title, rest) = match name.split_once(' ') {
        Some((title, rest)) if title.ends_with('.') => (Some(title), rest),
        _ => (None, name.as_str()),
    };
    let words: Vec<_> = rest.split(' ').collect();
    let (last, given) = words.split_last().map_or((rest, &[][..]), |(last, given)| (*last, given));
    let initials =
        given.iter().filter_map(|word| word.chars().next()).fold(String::new(), |mut text, letter| {
            text.extend([letter, '.', ' ']);
            text
        });
    let title = title.map(|title| format!("{title} ")).unwrap_or_default();
    [format!("{title}{initials}{last}"), format!("{title}{last}"), last.to_owned()]
        .into_iter()
        .find(|text| fits(text))
        .unwrap_or_else(|| last.chars().take(LONGEST_DISPLAY).collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Dr. Ana  Costa", "Dr. Ana Costa")]
    #[case("Dr. Maria Fernanda Albuquerque", "Dr. M. F. Albuquerque")]
    #[case("Maximilian Featherstonehaugh", "M. Featherstonehaugh")]
    #[case("Dr. Wolfeschlegelsteinhausenberg", "Wolfeschlegelsteinhaus")]
    fn names_are_shortened_to_fit_a_text(#[case] name: &str, #[case] display: &str) {
        assert_eq!(short_display(name), display);
        assert!(display.chars().count() <= LONGEST_DISPLAY);
    }
}
