//! What the pages say, in each language they are written in.

use std::{collections::BTreeMap, sync::LazyLock};

use kernel::{Category, Language};
use serde::Deserialize;

/// All the words of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    pub(crate) language: String,
    /// The name of the other language, in that language.
    pub(crate) other: String,
    pub(crate) phone: String,
    pub(crate) call: String,
    pub(crate) call_clinic: String,
    pub(crate) visit: Visit,
    pub(crate) gone: Gone,
    pub(crate) unknown: Notice,
    pub(crate) failed: Notice,
    pub(crate) unsubscribe: Unsubscribe,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Visit {
    pub(crate) title: String,
    pub(crate) r#for: String,
    pub(crate) clock: String,
    pub(crate) question: String,
    pub(crate) confirm: String,
    pub(crate) reschedule: String,
    pub(crate) decline: String,
    pub(crate) is_confirmed: String,
    pub(crate) is_declined: String,
    pub(crate) after_confirm: String,
    pub(crate) after_reschedule: String,
    pub(crate) after_decline: String,
    pub(crate) choose: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gone {
    pub(crate) title: String,
    pub(crate) moved: String,
    pub(crate) closed: String,
    pub(crate) expired: String,
    pub(crate) used: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notice {
    pub(crate) title: String,
    pub(crate) says: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unsubscribe {
    pub(crate) title: String,
    pub(crate) from: String,
    pub(crate) question: String,
    pub(crate) this: String,
    pub(crate) all: String,
    pub(crate) after_this: String,
    pub(crate) after_all: String,
    pub(crate) unknown: String,
    kinds: BTreeMap<Category, String>,
}

impl Unsubscribe {
    /// What a kind of message is called.
    pub(crate) fn kind(&self, category: Category) -> &str {
        self.kinds.get(&category).map_or(category.name(), String::as_str)
    }
}

static WORDS: LazyLock<BTreeMap<String, Words>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../data/words.json"))
        .expect("the file is part of the build and tested")
});

impl Words {
    /// The words of a language, if the pages are written in it.
    pub(crate) fn of(language: &Language) -> Option<&'static Self> {
        WORDS.get(language.primary())
    }

    /// English, for those of whom nothing is known.
    pub(crate) fn usual() -> &'static Self {
        &WORDS["en"]
    }

    /// The other language.
    pub(crate) fn turned(&self) -> &'static str {
        if self.language == "en" { "es" } else { "en" }
    }

    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        WORDS.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_message_has_a_name_in_every_language() {
        use Category::{Appointment, Billing, Crm, Education, General, Marketing, Survey, Treatment};
        for (name, words) in &*WORDS {
            assert_eq!(*name, words.language);
            assert!(WORDS.contains_key(words.turned()));
            for category in [Appointment, Treatment, Billing, Marketing, General, Survey, Education, Crm] {
                assert_ne!(words.unsubscribe.kind(category), category.name());
            }
        }
    }
}
