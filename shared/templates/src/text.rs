//! Template text, read into plain text and variables.
//!
//! The canonical form is `{{patient.first_name}}`, with default words `{{patient.first_name|there}}`. On save
//! the usual other spellings (`{{firstName}}`, `{patient_name}`) are rewritten to it.
//!
//! This is a list of parts and nothing more: no conditions, no loops, no filters, no functions. That is on
//! purpose. The worst length of a text is then the sum over its parts, which is what the proof on save rests
//! on; a value is put in place and never read again, so braces in a name are letters; there is nothing that
//! could run forever and need fuel; and it costs a function's start nothing. A general engine gives none of
//! these.

use crate::{
    flaw::Flaw,
    variables::{Variable, variables},
};

/// The most characters that default words may have.
const MOST_DEFAULT: usize = 100;

#[derive(Debug, Clone)]
pub(crate) enum Part {
    Text(String),
    Variable(Slot),
}

/// A place for a value.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) variable: &'static Variable,
    pub(crate) default: Option<String>,
    /// A tighter budget than the variable's own.
    pub(crate) budget: Option<usize>,
    /// Text that is there only if the value is.
    pub(crate) before: &'static str,
    pub(crate) after: &'static str,
}

impl Slot {
    pub(crate) fn of(variable: &'static Variable) -> Self {
        Self { variable, default: None, budget: None, before: "", after: "" }
    }
}

/// Reads template text, collecting every flaw.
pub(crate) fn parse(source: &str) -> Result<Vec<Part>, Vec<Flaw>> {
    let (mut parts, mut flaws, mut text) = (Vec::new(), Vec::new(), String::new());
    let mut rest = source;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        let at = &rest[open..];
        let (inside, after) = if let Some(inner) = at.strip_prefix("{{") {
            let Some((inside, after)) = inner.split_once("}}") else {
                flaws.push(Flaw::Unclosed);
                return Err(flaws);
            };
            (inside, after)
        } else if let Some(single) = single(at) {
            single
        } else {
            text.push('{');
            rest = &at[1..];
            continue;
        };
        rest = after;
        match slot(inside) {
            Ok(slot) => {
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(Part::Variable(slot));
            }
            Err(flaw) => flaws.push(flaw),
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    if flaws.is_empty() { Ok(parts) } else { Err(flaws) }
}

/// `{patient_name}` and `{patient_name|there}`; any other lone brace is text, as in the style rules of an
/// e-mail.
fn single(at: &str) -> Option<(&str, &str)> {
    let (inside, after) = at[1..].split_once('}')?;
    let (name, _) = inside.split_once('|').unwrap_or((inside, ""));
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
        && !inside.contains(['{', '\n']);
    plain.then_some((inside, after))
}

fn slot(inside: &str) -> Result<Slot, Flaw> {
    let (name, default) = match inside.split_once('|') {
        Some((name, default)) => (name.trim(), Some(default.trim())),
        None => (inside.trim(), None),
    };
    let unknown = || Flaw::UnknownVariable(name.chars().take(60).collect());
    let variable = variables().find(name).ok_or_else(unknown)?;
    let default = default.filter(|words| !words.is_empty()).map(str::to_owned);
    if let Some(words) = &default {
        check_default(variable, words)?;
    }
    Ok(Slot { default, ..Slot::of(variable) })
}

pub(crate) fn check_default(variable: &Variable, words: &str) -> Result<(), Flaw> {
    let fits = words.chars().count() <= MOST_DEFAULT
        && !words.contains(['{', '}', '|'])
        && !words.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(Flaw::BadDefault(variable.path.clone())) }
}

/// Writes parts in canonical form; reading it again gives the same parts.
pub(crate) fn canonical(parts: &[Part]) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Variable(Slot { variable, default, .. }) => {
                out.push_str("{{");
                out.push_str(&variable.path);
                if let Some(words) = default {
                    out.push('|');
                    out.push_str(words);
                }
                out.push_str("}}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// C-26
    #[rstest]
    #[case("Hi {{firstName}}!", "Hi {{patient.first_name}}!")]
    #[case("Hi {{ patient.firstName | there }}!", "Hi {{patient.first_name|there}}!")]
    #[case("Hi {patient_name}", "Hi {{patient.name}}")]
    #[case("Hi {first_name|there}.", "Hi {{patient.first_name|there}}.")]
    #[case("a { b } {} {color:red} }}", "a { b } {} {color:red} }}")]
    #[case("{{firstName}}}", "{{patient.first_name}}}")]
    fn other_spellings_are_rewritten_on_save(#[case] typed: &str, #[case] kept: &str) {
        assert_eq!(canonical(&parse(typed).unwrap()), kept);
    }

    /// C-09
    #[test]
    fn unknown_names_are_told_all_at_once() {
        let flaws = parse("{{7*7}} {{shoe.size}} {shoe_size} {{clinic.name}}").unwrap_err();
        let unknown = |name: &str| Flaw::UnknownVariable(name.to_owned());
        assert_eq!(flaws, [unknown("7*7"), unknown("shoe.size"), unknown("shoe_size")]);
        assert_eq!(parse("Hi {{firstName}").unwrap_err(), [Flaw::Unclosed]);
    }

    proptest! {
        #[test]
        fn canonical_text_reads_as_itself(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("{{firstName}}".to_owned()), Just("{clinic_name}".to_owned()),
                    Just("{{doctor|your doctor}}".to_owned()), "[a-z{} |:.]{0,6}",
                ],
                0..8,
            ),
        ) {
            if let Ok(parts) = parse(&pieces.concat()) {
                let once = canonical(&parts);
                let again = parse(&once);
                prop_assert!(again.is_ok(), "{}", once);
                prop_assert_eq!(canonical(&again.unwrap()), once);
            }
        }
    }
}
