//! The one automatic answer a reply may get.

use consent::reply::Intent;
use jiff::SignedDuration;
use kernel::{Category, Channel, Fault, Timestamp};
use serde::Deserialize;
use table::{Entity, WriteFault};

use super::{InboundFault, follow::Step};
use crate::{Body, Draft, Message, Route, Source, conversation::Once, create::hint, plan};

/// What is said, per language. `{brand}`, `{phone}` are the clinic's.
#[derive(Debug, Deserialize)]
struct Words {
    language: String,
    help: String,
    opted_out: String,
    opted_in: String,
    unclear: String,
}

/// Texts of the answers; a row per language, English first.
fn words(language: Option<&str>) -> Option<Words> {
    let rows: Vec<Words> = serde_json::from_str(include_str!("../../data/answers.json")).ok()?;
    let wanted = language.and_then(|tag| rows.iter().position(|row| row.language == tag)).unwrap_or(0);
    rows.into_iter().nth(wanted)
}

#[derive(Deserialize)]
struct CarrierKeywords {
    words: Vec<String>,
}

/// Whether the carrier answers this text by itself; it does so for single words only.
fn is_answered_by_carrier(text: &str) -> bool {
    let known: Result<CarrierKeywords, _> =
        serde_json::from_str(include_str!("../../data/carrier_keywords.json"));
    known.is_ok_and(|known| known.words.iter().any(|word| word.eq_ignore_ascii_case(text.trim())))
}

impl Step<'_> {
    /// Answers a keyword, or says once a day that somebody will read it. A provider that has answered a keyword
    /// itself is not answered over.
    pub(super) async fn answer(&self) -> Result<(), InboundFault> {
        let Some(person) = self.person else { return Ok(()) };
        let provider_answered = self.text.inbound.opt_out_type.is_some()
            || is_answered_by_carrier(self.text.inbound.body.reveal());
        let Some(words) = words(self.sender.language().map(kernel::Language::primary)) else { return Ok(()) };
        let (text, once_a_day) = match self.reading.intent {
            // The carrier answers its own keywords and blocks the number: a second answer would not arrive.
            Intent::OptOut | Intent::OptIn | Intent::Help if provider_answered => return Ok(()),
            Intent::OptOut if !self.opted_out => (words.opted_out, false),
            Intent::OptIn => (words.opted_in, false),
            Intent::Help => (words.help, false),
            Intent::Unclear | Intent::Reschedule | Intent::Decline if !self.reading.wrong_number => {
                (words.unclear, true)
            }
            _ => return Ok(()),
        };
        if once_a_day && !self.first_today().await? {
            return Ok(());
        }
        let phone = self.clinic.help_phone.as_ref().map_or("", |phone| phone.as_str());
        let text = text.replace("{brand}", &self.clinic.brand).replace("{phone}", phone);
        let now = self.platform.clock.now();
        let incoming = self.text.message_id(self.table.clinic());
        let draft = Draft {
            id: self.text.answer_id(self.table.clinic()),
            person,
            route: Route::Only(Channel::Sms),
            category: Category::General,
            body: Body::Text { subject: None, text: text.into() },
            send_at: now,
            // An answer that comes much later than the question confuses.
            not_after: self.text.received_at.checked_add(SignedDuration::from_mins(30)).ok(),
            about: None,
            asks: None,
            source: Source::Reply {
                to: incoming,
                keyword_at: (!once_a_day).then_some(self.text.received_at),
            },
            resend_of: None,
        };
        if draft.not_after.is_some_and(|last| last <= now) {
            return Ok(());
        }
        let message = Message::from_draft(draft, now);
        let mut write = self.table.write();
        plan(&mut write, &message);
        match write.commit().await {
            Ok(()) => hint(self.platform, &[message.request(self.table.clinic())]).await,
            Err(fault) if fault.is_conflict() => {}
            Err(fault) => {
                tracing::warn!(inbound.message = %incoming, fault = fault.code(), "an answer was not written");
                return Err(fault.into());
            }
        }
        Ok(())
    }

    /// Whether this is the first reply in 24 hours that gets such an answer; the same reply stays the first.
    async fn first_today(&self) -> Result<bool, InboundFault> {
        let at = self.text.received_at;
        let day = SignedDuration::from_hours(24);
        let of = format!("answer {}", self.address.digest());
        let key = table::keys::OnceKey { of: of.clone(), what: "unclear".to_owned() };
        let before = self.table.get::<Once>(&key).await?;
        if let Some(before) = &before {
            if before.at == at {
                return Ok(true);
            }
            if at.duration_since(before.at) < day {
                return Ok(false);
            }
        }
        let until = at.checked_add(day + day).unwrap_or(Timestamp::MAX);
        let once = Once { of, what: "unclear".to_owned(), at, until };
        debug_assert_eq!(once.key(), key);
        let mut write = self.table.write();
        match &before {
            Some(before) => write.replace(before, &once),
            None => write.create(&once),
        };
        match write.commit().await {
            Ok(()) => Ok(true),
            Err(WriteFault::Conflict { .. }) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_carrier_answers_its_own_single_words_and_nothing_else() {
        for text in ["STOP", " stop ", "Unstop", "help"] {
            assert!(is_answered_by_carrier(text), "{text}");
        }
        for text in ["stop please", "ALTO", "C", "no more messages"] {
            assert!(!is_answered_by_carrier(text), "{text}");
        }
    }

    #[test]
    fn there_are_answers_in_each_language_and_english_for_the_rest() {
        for (tag, language) in [(Some("es"), "es"), (Some("fr"), "fr"), (Some("pt"), "en"), (None, "en")] {
            assert_eq!(words(tag).unwrap().language, language);
        }
    }
}
