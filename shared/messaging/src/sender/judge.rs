//! Whether a claimed message still makes sense, may go out, and which way.

use consent::{GateDecision, Verdict};
use kernel::{Channel, Timestamp};
use people::Person;

use super::{
    Sender,
    facts::{Facts, Place},
    known::Known,
};
use crate::{Ended, Message, Route, Status};

/// What is to become of a claimed message.
pub(super) enum Judged<'a> {
    /// It ends here.
    End(Status, Ended, Option<GateDecision>),
    /// It goes out later.
    Later(Timestamp, Ended, GateDecision),
    /// It goes out now, to this place.
    Go { decision: GateDecision, place: Place<'a>, person: &'a Person },
}

fn end<'a>(status: Status, code: &str, says: &str) -> Judged<'a> {
    Judged::End(status, Ended::new(code, says), None)
}

/// Whether what the message speaks of is still so.
fn relevance<'a>(message: &Message, facts: &Facts) -> Option<Judged<'a>> {
    let now = facts.now;
    if message.not_after.is_some_and(|last| last <= now) {
        return Some(end(Status::Expired, "EXPIRED", "its time had passed before it could be sent"));
    }
    let about = message.about.as_ref()?;
    let Some(visit) = facts.appointment(about.appointment) else {
        return Some(end(Status::Cancelled, "APPOINTMENT_GONE", "the visit is gone"));
    };
    if !visit.is_ahead(now) {
        return Some(end(Status::Cancelled, "APPOINTMENT_CLOSED", "the visit is over or was called off"));
    }
    if visit.generation != about.generation {
        return Some(end(Status::Cancelled, "APPOINTMENT_MOVED", "the visit was changed since"));
    }
    let among = about.statuses.is_empty()
        || about.statuses.contains(&visit.status)
        || (about.out_of_reach && visit.out_of_reach);
    if !among {
        return Some(end(
            Status::Cancelled,
            "STATUS_NOT_REMINDED",
            "visits in this status are not reminded of",
        ));
    }
    let confirmed = visit.confirmation.answer == people::appointments::Answer::Confirmed;
    (about.unless_confirmed && confirmed)
        .then(|| end(Status::Cancelled, "ALREADY_CONFIRMED", "the patient has confirmed meanwhile"))
}

impl Sender {
    /// Channels the clinic can send on: it has a sender there, and one of its accounts has a carrier.
    fn ready(&self, facts: &Facts) -> Vec<Channel> {
        let Known { clinic, accounts, .. } = &*facts.known;
        let carries = |channel: &Channel| {
            let usable = accounts.usable(clinic, *channel);
            usable.into_iter().any(|account| self.carriers.of(clinic.id, account).is_some())
        };
        [Channel::Sms, Channel::Email].into_iter().filter(carries).collect()
    }

    /// Judges a message by the facts.
    pub(super) fn judge<'a>(&self, message: &Message, facts: &'a Facts) -> Judged<'a> {
        if let Some(judged) = relevance(message, facts) {
            return judged;
        }
        let Some(person) = facts.person(message.person) else {
            return end(Status::Skipped, "PERSON_GONE", "the person is gone");
        };
        let places = facts.places(person, message.category);
        let counters = facts.counters(message);
        let ready = self.ready(facts);
        let mut route = message.route.clone();
        // A swap names another channel: it is asked about on its own, once.
        for _ in 0..2 {
            let decision = facts.decide(message, person, &places, &route, counters, &ready);
            match decision.verdict() {
                Verdict::Swap { channel } => route = Route::Only(channel),
                Verdict::Refuse { reason } => {
                    let ended = Ended::new(reason.code(), reason.sentence());
                    return Judged::End(Status::Skipped, ended, Some(decision));
                }
                Verdict::Shift { to } => {
                    let ended = Ended::new("SHIFTED", "it was moved into the hours in which it may be sent");
                    return Judged::Later(to, ended, decision);
                }
                Verdict::Allow => {
                    let contact = decision.contact();
                    let place = places.into_iter().find(|place| Some(place.contact) == contact);
                    let Some(place) = place else {
                        return end(Status::Skipped, "NO_ADDRESS", "there is no address to send to");
                    };
                    return Judged::Go { decision, place, person };
                }
            }
        }
        end(Status::Skipped, "NO_ROUTE", "no way leads to the person")
    }
}
