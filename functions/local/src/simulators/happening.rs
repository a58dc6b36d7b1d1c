//! The facts in words, for the log on the page.

use kernel::Timestamp;
use serde::Serialize;

use super::{fact::Fact, ses::MailEvent, state::State, twilio::Status};

/// One line of the log.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Happening {
    pub(super) n: u64,
    pub(super) at: Timestamp,
    pub(super) tone: Tone,
    pub(super) says: String,
}

/// How a line of the log is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tone {
    /// As expected.
    Plain,
    /// Somebody did something.
    Act,
    /// It arrived.
    Good,
    /// It did not.
    Bad,
}

/// What a fact is called in the log, seen from just before it; none for facts that only repeat another.
pub(super) fn phrase(state: &State, fact: &Fact) -> Option<(Tone, String)> {
    let phone_of = |sid: &str| state.bubble(sid).map_or("", |bubble| bubble.text.phone.as_str());
    let boxes_of = |id: &str| {
        let mail = state.mailed(id).map(|mailed| &mailed.mail);
        mail.map(addresses).unwrap_or_default()
    };
    Some(match fact {
        Fact::TextAccepted(text) => (Tone::Plain, format!("Text to {} accepted", text.phone.as_str())),
        Fact::TextMoved { sid, status, code } => {
            let why = code.map_or(String::new(), |code| format!(" (error {code})"));
            let tone = match status {
                Status::Delivered => Tone::Good,
                Status::Undelivered | Status::Failed => Tone::Bad,
                _ => return None,
            };
            (tone, format!("Text to {} {}{why}", phone_of(sid), status.name()))
        }
        Fact::TextTold { sid, told, answer } => {
            let bubble = state.bubble(sid)?;
            let step = bubble.text.script.get(told.checked_sub(1)?)?;
            let phone = bubble.text.phone.as_str();
            return untaken(*answer, &format!("callback {} for {phone}", step.status.name()));
        }
        Fact::ReplyWritten(text) => (Tone::Act, format!("{} wrote back", text.phone.as_str())),
        Fact::ReplyTold { sid, answer } => {
            return untaken(*answer, &format!("webhook for the reply of {}", phone_of(sid)));
        }
        Fact::NetworkNote { .. } => return None,
        Fact::OptedOut { phone, ours } => {
            (Tone::Act, format!("{} blocked {ours}: the network refuses further texts", phone.as_str()))
        }
        Fact::OptedIn { phone, ours } => {
            (Tone::Act, format!("{} lifted its block of {ours}", phone.as_str()))
        }
        Fact::TurnedAway { to, code, .. } => {
            (Tone::Bad, format!("Send to {} refused with {code}", to.reveal()))
        }
        Fact::MailAccepted(mail) => (Tone::Plain, format!("Mail to {} accepted", addresses(mail))),
        Fact::MailTold { id, told, taken } => {
            let event = *state.mailed(id)?.mail.script.get(told.checked_sub(1)?)?;
            let tone = match event {
                _ if !taken => Tone::Bad,
                MailEvent::Send => return None,
                MailEvent::Delivery => Tone::Good,
                _ => Tone::Bad,
            };
            let fate = if *taken { "" } else { ": event not taken by the other side" };
            (tone, format!("Mail to {} {}{fate}", boxes_of(id), event.phrase()))
        }
        Fact::Unsubscribed { id, answer } => {
            let answer =
                answer.map_or("nobody answered".to_owned(), |status| format!("answered with {status}"));
            (Tone::Act, format!("{} unsubscribed with one click: {answer}", boxes_of(id)))
        }
    })
}

fn untaken(answer: Option<u16>, what: &str) -> Option<(Tone, String)> {
    match answer {
        Some(status) if status < 400 => None,
        Some(status) => Some((Tone::Bad, format!("The {what} was answered with {status}"))),
        None => Some((Tone::Bad, format!("The {what} was not answered; it is given up"))),
    }
}

fn addresses(mail: &super::fact::Mail) -> String {
    mail.to.iter().map(|to| to.reveal().as_str()).collect::<Vec<_>>().join(", ")
}
