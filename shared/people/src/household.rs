//! Who answers for whom, and until which age.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::civil::Date;
use kernel::{Category, PersonId};
use serde::{Deserialize, Serialize};

/// How a guardian stands to the person. FHIR writes them as v3 role codes (`PRN`, `MTH`, `FTH`, `GUARD`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Relation {
    /// A parent.
    Parent,
    /// The mother.
    Mother,
    /// The father.
    Father,
    /// A guardian by law.
    Guardian,
    /// Anyone else who was named.
    Other,
}

/// What one guardian does for a person: which messages they get and whether they may consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guardianship {
    /// The guardian.
    pub person: PersonId,
    /// How they stand to the person.
    pub relation: Relation,
    /// The kinds of messages that go to them. Nothing in here: they get none, for example by order of a court.
    pub scopes: BTreeSet<Category>,
    /// Whether they may consent in the person's place.
    pub can_consent: bool,
}

impl Guardianship {
    /// Whether messages of a category go to this guardian.
    pub fn covers(&self, category: Category) -> bool {
        self.scopes.contains(&category)
    }

    /// What a guardian gets unless somebody says otherwise: all but offers and contacts between businesses.
    pub fn usual_scopes() -> BTreeSet<Category> {
        [
            Category::Appointment,
            Category::Treatment,
            Category::Billing,
            Category::General,
            Category::Survey,
            Category::Education,
        ]
        .into()
    }
}

#[derive(Deserialize)]
struct Majority {
    usual: u8,
    states: BTreeMap<String, u8>,
}

static MAJORITY: LazyLock<Majority> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/majority.json")).expect("the file is part of the program")
});

/// The age of majority in a state or territory of the United States, by its two letters.
pub fn age_of_majority(state: Option<&str>) -> u8 {
    state.and_then(|state| MAJORITY.states.get(state)).copied().unwrap_or(MAJORITY.usual)
}

/// The day on which somebody comes of age. Born on a 29th of February: on the 1st of March.
pub fn comes_of_age(born: Date, years: u8) -> Date {
    let year = born.year().saturating_add(i16::from(years));
    Date::new(year, born.month(), born.day()).or_else(|_| Date::new(year, 3, 1)).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// D-23
    #[rstest]
    #[case("2008-11-22", 18, "2026-11-22")]
    #[case("2008-02-29", 18, "2026-03-01")]
    #[case("2008-02-29", 20, "2028-02-29")]
    fn people_come_of_age_on_a_birthday(#[case] born: Date, #[case] years: u8, #[case] day: Date) {
        assert_eq!(comes_of_age(born, years), day);
    }

    /// D-23
    #[test]
    fn states_differ() {
        assert_eq!(age_of_majority(None), 18);
        assert_eq!(age_of_majority(Some("NY")), 18);
        assert_eq!(age_of_majority(Some("AL")), 19);
        assert_eq!(age_of_majority(Some("MS")), 21);
    }
}
