//! The facts that a decision rests on.

use jiff::civil::{Date, Weekday};
use kernel::{Category, Channel, ContactId, PersonId, Timestamp, Zone};

use crate::{
    hours::Hours,
    ledger::Standing,
    preference::{Defaults, Preference},
    rules::Rules,
};

/// Who started a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A rule or a campaign.
    Automated,
    /// A member of staff, to many at once.
    Bulk,
    /// A member of staff, to this one person.
    Manual,
}

/// What a message is for, where that lifts rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Lifts none.
    Ordinary,
    /// A notice the law demands: goes out in spite of preferences, a pause and the do-not-contact flag, never
    /// in spite of an opt-out.
    LegalNotice,
    /// Danger: no cap holds it back.
    Emergency,
    /// The one answer to a keyword, such as the confirmation of an opt-out. For a few minutes it may go to who
    /// has opted out and at any hour; later it is an ordinary message.
    KeywordReply {
        /// When the keyword came in.
        received: Timestamp,
    },
}

/// Which channels may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    /// This one or none.
    Only(Channel),
    /// The first that works; another than the first of them is a swap.
    AnyOf(&'a [Channel]),
    /// Those the person wants, in the person's order.
    Auto,
}

/// Facts of the person a message is about.
#[expect(clippy::struct_excessive_bools, reason = "four facts that have nothing to do with each other")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonFacts {
    /// They have died.
    pub deceased: bool,
    /// They are with the clinic.
    pub active: bool,
    /// Nobody may write to them.
    pub do_not_contact: bool,
    /// Automatic messages are paused, for ever or until then.
    pub paused: Option<Option<Timestamp>>,
    /// They are a minor on the day of the message, and written to through a guardian only.
    pub minor: bool,
}

/// Whose address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The person's own.
    Own,
    /// A guardian's, who may be written to about the person.
    Guardian(PersonId),
}

/// An address the message could go to.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The channel.
    pub channel: Channel,
    /// The contact point; absent for messages inside our own apps.
    pub contact: Option<ContactId>,
    /// Whose it is.
    pub reader: Reader,
    /// It is not marked as bad and takes this channel.
    pub usable: bool,
    /// Consent and suppressions of the address.
    pub standing: &'a Standing,
}

/// How many messages the person has had, with the days the numbers are of. Of another day they are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// The day in the person's zone.
    pub day: Option<Date>,
    /// All messages of that day.
    pub of_day: u32,
    /// Marketing messages of the calendar week of that day; weeks begin on Monday.
    pub marketing_of_week: u32,
}

/// The Monday of a day's week.
pub(crate) fn monday(day: Date) -> Date {
    day.tomorrow().and_then(|next| next.nth_weekday(-1, Weekday::Monday)).unwrap_or(day)
}

impl Counters {
    pub(crate) fn on(&self, day: Date) -> u32 {
        if self.day == Some(day) { self.of_day } else { 0 }
    }

    pub(crate) fn marketing_in_week_of(&self, day: Date) -> u32 {
        if self.day.map(monday) == Some(monday(day)) { self.marketing_of_week } else { 0 }
    }
}

/// Everything a decision rests on.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// When the decision is made.
    pub now: Timestamp,
    /// When the message is meant to go out; a time that has passed means now.
    pub when: Timestamp,
    /// The last moment at which it is of use.
    pub not_after: Option<Timestamp>,
    /// What it is about.
    pub category: Category,
    /// What it is for.
    pub purpose: Purpose,
    /// Who started it.
    pub origin: Origin,
    /// Which channels may be used.
    pub route: Route<'a>,
    /// The person it is about.
    pub person: PersonFacts,
    /// Where it could go, in the order to try within a channel.
    pub candidates: &'a [Candidate<'a>],
    /// What its reader has stated; the default value if nothing.
    pub preference: &'a Preference,
    /// What the clinic does where nothing is stated.
    pub defaults: &'a Defaults,
    /// Channels for which the clinic has a working provider; messages inside our apps need none.
    pub ready: &'a [Channel],
    /// What the person has had.
    pub counters: Counters,
    /// The zones the reader may be in, the likeliest first; see [`crate::zones_of`].
    pub zones: &'a [Zone],
    /// The state the reader is in, as two letters, if known.
    pub state: Option<&'a str>,
    /// The clinic's business hours; marketing keeps to them.
    pub business_hours: Option<&'a Hours>,
    /// The clinic's own hours for messages, if it has set any; for care they may be wider than the house's.
    pub clinic_hours: Option<&'a Hours>,
    /// The rules.
    pub rules: &'a Rules,
}
