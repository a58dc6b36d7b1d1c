//! Provider codes and what they ask of us: dated data, since codes shift without notice.

use std::{borrow::Cow, collections::HashMap};

use jiff::{SignedDuration, ToSpan, civil};
use kernel::{Language, Timestamp, Zone};
use serde::{Deserialize, Deserializer};

use crate::{ErrorClass, Key, ReceiptError, ReceiptStatus, SendError};

/// One provider's data file, read once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Classes {
    /// Where the facts come from.
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads or renews the file"))]
    source: String,
    /// When they were true.
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads or renews the file"))]
    as_of: civil::Date,
    /// For codes the file does not know.
    default: Rule,
    defer: Defer,
    #[serde(deserialize_with = "by_code")]
    codes: HashMap<String, Rule>,
    /// For codes the file does not know but whose HTTP status tells enough.
    #[serde(default)]
    statuses: HashMap<u16, Rule>,
    /// Reasons for which mail came back; `type` alone or `type/subtype`.
    #[serde(default, deserialize_with = "by_code")]
    bounces: HashMap<String, Rule>,
    #[serde(default)]
    pub(crate) machine_opens: MachineOpens,
    /// How old a signature may be.
    #[serde(default)]
    freshness: Option<Freshness>,
    /// Hours after somebody's last message in which they may be answered freely.
    #[serde(default)]
    reply_window_hours: Option<i64>,
    /// What the keys of a telephone say.
    #[serde(default)]
    pub(crate) keys: HashMap<String, Key>,
    /// The provider's name of the voice or language for a language of ours.
    #[serde(default)]
    speech: HashMap<String, String>,
}

/// How far from now a call may have been signed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Freshness {
    behind_minutes: i64,
    ahead_minutes: i64,
    #[serde(rename = "note")]
    _note: String,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(default)]
    code: String,
    class: ErrorClass,
    says: String,
    #[serde(default)]
    wait_minutes: Option<i64>,
    /// What it does to the address, for bounces.
    #[serde(default)]
    status: Option<ReceiptStatus>,
    /// The class when the provider's words hold this text.
    #[serde(default)]
    if_message_has: Option<Exception>,
    #[serde(default, rename = "note")]
    _note: Option<String>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Exception {
    text: String,
    class: ErrorClass,
    says: String,
}

/// When a daily cap ends: at midnight in a zone, or some hours after it was met.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Defer {
    Midnight(Zone),
    Hours(i64),
}

/// What betrays that a machine, not a person, opened a mail.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct MachineOpens {
    user_agent_is: Vec<String>,
    user_agent_has: Vec<String>,
    within_seconds: i64,
}

fn by_code<'de, D: Deserializer<'de>>(d: D) -> Result<HashMap<String, Rule>, D::Error> {
    let rules = Vec::<Rule>::deserialize(d)?;
    let count = rules.len();
    let map: HashMap<_, _> = rules.into_iter().map(|rule| (rule.code.clone(), rule)).collect();
    if map.len() == count { Ok(map) } else { Err(serde::de::Error::custom("a code stands twice")) }
}

impl Classes {
    pub(crate) fn read(json: &str) -> Self {
        serde_json::from_str(json).expect("a test reads every data file")
    }

    /// What a code means that came with a 4xx answer.
    pub(crate) fn refused(&self, status: http::StatusCode, code: Option<&str>, message: &str) -> SendError {
        let code = code.filter(|code| is_code(code));
        let rule = code
            .and_then(|code| self.codes.get(code))
            .or_else(|| self.statuses.get(&status.as_u16()))
            .unwrap_or(&self.default);
        let (class, says) = rule.in_words(message);
        let code = code.map_or_else(|| format!("http_{}", status.as_u16()), str::to_owned);
        SendError { class, code: Some(code), says: Cow::Owned(says), wait: rule.wait() }
    }

    /// What a code means that came in a receipt.
    pub(crate) fn reported(&self, code: &str, text: Option<String>) -> ReceiptError {
        let code = if is_code(code) { code } else { "unreadable" };
        self.codes.get(code).unwrap_or(&self.default).report(code, text)
    }

    /// What a bounce means, and what it does to the address.
    pub(crate) fn bounced(
        &self,
        kind: &str,
        sub: &str,
        text: Option<String>,
    ) -> (ReceiptStatus, ReceiptError) {
        let code = format!("{kind}/{sub}");
        let code = if is_code(&code) { code } else { "unreadable".to_owned() };
        let rule = self.bounces.get(&code).or_else(|| self.bounces.get(kind)).unwrap_or(&self.default);
        (rule.status.clone().unwrap_or(ReceiptStatus::SoftBounced), rule.report(&code, text))
    }

    /// Whether a call signed at `signed` and received at `now` is of now.
    pub(crate) fn is_fresh(&self, signed: Timestamp, now: Timestamp) -> bool {
        let age = now.duration_since(signed);
        self.freshness.as_ref().is_none_or(|limit| {
            age <= SignedDuration::from_mins(limit.behind_minutes)
                && age >= -SignedDuration::from_mins(limit.ahead_minutes)
        })
    }

    pub(crate) fn reply_window(&self) -> Option<SignedDuration> {
        self.reply_window_hours.map(SignedDuration::from_hours)
    }

    /// The provider's name for a language: of the whole tag, or of the language without its region.
    pub(crate) fn speech(&self, language: &Language) -> Option<&str> {
        self.speech.get(language.as_str()).or_else(|| self.speech.get(language.primary())).map(String::as_str)
    }

    pub(crate) fn deferred_until(&self, now: Timestamp) -> Timestamp {
        match &self.defer {
            Defer::Midnight(zone) => {
                let next = zone.wall(now).date().saturating_add(1.day());
                zone.instant(next.at(0, 0, 0, 0))
            }
            Defer::Hours(hours) => {
                now.saturating_add(SignedDuration::from_hours(*hours)).unwrap_or(Timestamp::MAX)
            }
        }
    }
}

impl Rule {
    fn in_words(&self, message: &str) -> (ErrorClass, String) {
        match &self.if_message_has {
            Some(exception) if message.contains(&exception.text) => (exception.class, exception.says.clone()),
            _ => (self.class, self.says.clone()),
        }
    }

    fn wait(&self) -> Option<SignedDuration> {
        self.wait_minutes.map(SignedDuration::from_mins)
    }

    fn report(&self, code: &str, text: Option<String>) -> ReceiptError {
        ReceiptError {
            code: code.to_owned(),
            class: self.class,
            says: Cow::Owned(self.says.clone()),
            wait: self.wait(),
            text: text.filter(|text| !text.is_empty()).map(kernel::Masked::new),
        }
    }
}

impl MachineOpens {
    /// Whether a mail sent at `sent` and opened at `opened` by `agent` was opened by a machine.
    pub(crate) fn holds(&self, agent: &str, sent: Option<Timestamp>, opened: Option<Timestamp>) -> bool {
        let soon = sent.zip(opened).is_some_and(|(sent, opened)| {
            opened.duration_since(sent) < SignedDuration::from_secs(self.within_seconds)
        });
        soon || self.user_agent_is.iter().any(|known| known == agent)
            || self.user_agent_has.iter().any(|known| agent.contains(known))
    }
}

/// Codes go into logs and on the table: only what looks like one is taken over.
fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Provider;

    #[test]
    fn every_data_file_is_readable_and_says_where_and_when_it_is_from() {
        for provider in Provider::ALL {
            let classes = provider.classes();
            assert!(classes.source.len() > 10, "{provider:?}");
            assert!(classes.as_of > civil::date(2026, 1, 1));
            assert_eq!(classes.default.class, ErrorClass::TransientOnce);
        }
    }

    #[test]
    fn daily_caps_end_where_the_provider_says() {
        let now: Timestamp = "2026-11-22T08:30:00Z".parse().unwrap();
        // 00:30 on the same day in Los Angeles: the next midnight there is 23½ hours away.
        assert_eq!(Provider::Twilio.deferred_until(now).to_string(), "2026-11-23T08:00:00Z");
        assert_eq!(Provider::Ses.deferred_until(now).to_string(), "2026-11-23T08:30:00Z");
    }

    #[test]
    fn what_does_not_look_like_a_code_is_not_kept() {
        let error = Provider::Twilio.classes().refused(http::StatusCode::BAD_REQUEST, Some("+1 212"), "");
        assert_eq!((error.class, error.code.as_deref()), (ErrorClass::TransientOnce, Some("http_400")));
    }
}
