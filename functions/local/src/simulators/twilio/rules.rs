//! Numbers with a will of their own, and the words a network acts on: read from `data/twilio.json`.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::status::Status;
use crate::simulators::fact::Step;

/// The data file.
#[derive(Debug, Deserialize)]
pub(in crate::simulators) struct Rules {
    magic_to: BTreeMap<String, u32>,
    magic_from: BTreeMap<String, u32>,
    pub(in crate::simulators) endings: Vec<Ending>,
    opt_out: Vec<String>,
    opt_in: Vec<String>,
    help: Vec<String>,
    pub(super) notes: Notes,
    errors: BTreeMap<u32, ErrorText>,
}

/// What numbers with a certain ending do.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::simulators) struct Ending {
    #[serde(rename = "ending")]
    digits: String,
    #[serde(rename = "does")]
    behaviour: Behaviour,
    #[serde(default)]
    code: Option<u32>,
    says: String,
}

/// What the network writes back by itself.
#[derive(Debug, Deserialize)]
pub(super) struct Notes {
    pub(super) opt_out: String,
    pub(super) opt_in: String,
    pub(super) help: String,
}

#[derive(Debug, Deserialize)]
struct ErrorText {
    status: u16,
    message: String,
}

/// What becomes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Behaviour {
    Delivered,
    Undelivered,
    EarlyCallback,
    Disorder,
    AnswerLost,
    Unavailable,
    LimitedOnce,
    Slow,
    Silent,
}

/// What a network does on a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    OptOut,
    OptIn,
    Help,
}

impl Rules {
    /// The rules of the data file.
    pub(in crate::simulators) fn get() -> &'static Self {
        static RULES: LazyLock<Rules> = LazyLock::new(|| {
            serde_json::from_str(include_str!("../../../data/twilio.json")).expect("a test reads the file")
        });
        &RULES
    }

    /// The error a magic number stands for.
    pub(super) fn magic(&self, from: &str, to: &str) -> Option<u32> {
        self.magic_from.get(from).or_else(|| self.magic_to.get(to)).copied()
    }

    /// What becomes of texts to a number, and why they fail if they do.
    pub(super) fn behaviour(&self, to: &str) -> (Behaviour, Option<u32>) {
        self.endings
            .iter()
            .find(|rule| to.ends_with(&rule.digits))
            .map_or((Behaviour::Delivered, None), |rule| (rule.behaviour, rule.code))
    }

    /// The word, if the whole text is one the network acts on. A text of several words never is.
    pub(super) fn keyword(&self, text: &str) -> Option<Keyword> {
        let is = |list: &[String]| list.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
        if is(&self.opt_out) {
            Some(Keyword::OptOut)
        } else if is(&self.opt_in) {
            Some(Keyword::OptIn)
        } else if is(&self.help) {
            Some(Keyword::Help)
        } else {
            None
        }
    }

    /// HTTP status and words of an error code; a code the file lacks is a bad request.
    pub(super) fn error(&self, code: u32) -> (u16, &str) {
        self.errors.get(&code).map_or((400, "Bad request"), |error| (error.status, &error.message))
    }
}

/// The callbacks a text will cause. The first status was told by the create call itself, so `queued` comes only
/// where that was `accepted` (Twilio: Outbound message status in status callbacks).
pub(super) fn script(behaviour: Behaviour, code: Option<u32>, first: Status) -> Vec<Step> {
    use Status::{Delivered, Queued, Sending, Sent, Undelivered};
    let statuses: &[Status] = match behaviour {
        Behaviour::Disorder => &[Delivered, Sent, Delivered, Sending],
        Behaviour::Undelivered => &[Queued, Sending, Sent, Undelivered],
        _ => &[Queued, Sending, Sent, Delivered],
    };
    let told = statuses.iter().filter(|status| **status != Queued || first == Status::Accepted);
    told.map(|status| Step { status: *status, code: code.filter(|_| *status == Undelivered) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_word_is_a_keyword() {
        let rules = Rules::get();
        for (text, keyword) in [
            (" stop ", Some(Keyword::OptOut)),
            ("Cancel", Some(Keyword::OptOut)),
            ("STOP PLEASE", None),
            ("opt out", None),
            ("STOP.", None),
            ("unstop", Some(Keyword::OptIn)),
            ("info", Some(Keyword::Help)),
            ("C", None),
        ] {
            assert_eq!(rules.keyword(text), keyword, "{text}");
        }
    }

    #[test]
    fn queued_is_told_only_after_accepted() {
        let first = |first| script(Behaviour::Delivered, None, first)[0].status;
        assert_eq!(first(Status::Queued), Status::Sending);
        assert_eq!(first(Status::Accepted), Status::Queued);
    }
}
