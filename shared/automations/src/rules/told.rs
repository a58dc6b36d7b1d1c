//! What the audit log is told of a rule.

use audit::{Deed, Plain};
use kernel::Channel;

use super::{Channels, Late, Rule, Timing, Unit};

/// The fields without free text, by name; absent ones are left out.
fn plain(rule: &Rule) -> [(&'static str, Option<Plain>); 16] {
    let (kind, minutes, amount, unit, at) = match rule.timing {
        Timing::AtBooking => ("AT_BOOKING", None, None, None, None),
        Timing::AfterBooking { minutes } => ("AFTER_BOOKING", Some(minutes), None, None, None),
        Timing::Before { amount, unit, at } => ("BEFORE", None, Some(amount), Some(unit), at),
    };
    let unit = unit.map(|unit| match unit {
        Unit::Hours => "HOURS",
        Unit::Days => "DAYS",
    });
    let (route, channels): (_, &[Channel]) = match &rule.channels {
        Channels::Auto => ("AUTO", &[]),
        Channels::FirstOf(channels) => ("FIRST_OF", channels),
        Channels::EachOf(channels) => ("EACH_OF", channels),
    };
    let late = match rule.late {
        Late::SendNow => "SEND_NOW",
        Late::Skip => "SKIP",
    };
    [
        ("enabled", Some(rule.enabled.into())),
        ("timing", Some(kind.into())),
        ("timing.minutes", minutes.map(Plain::from)),
        ("timing.amount", amount.map(Plain::from)),
        ("timing.unit", unit.map(Plain::from)),
        ("timing.at", at.map(Plain::from)),
        ("statuses", Some(Plain::words(rule.statuses.iter().map(|status| status.name())))),
        ("out_of_reach", Some(rule.out_of_reach.into())),
        ("route", Some(route.into())),
        ("channels", Some(Plain::words(channels.iter().map(|channel| channel.name())))),
        ("template", Some(Plain::id(rule.template))),
        ("template_version", Some(rule.template_version.into())),
        ("follow_latest", Some(rule.follow_latest.into())),
        ("asks_confirmation", Some(rule.asks_confirmation.into())),
        ("skip_if_confirmed", Some(rule.skip_if_confirmed.into())),
        ("late", Some(late.into())),
    ]
}

/// What was done to a rule, with every field that differs. Names may be anything: of them the log says only that they
/// changed.
pub(super) fn told(deed: Deed, before: Option<&Rule>, after: &Rule) -> Deed {
    let old = before.map(plain);
    let deed = plain(after).into_iter().enumerate().fold(deed, |deed, (at, (field, now))| {
        let was = old.as_ref().and_then(|old| old[at].1.clone());
        deed.change_of(field, was, now)
    });
    let Some(before) = before else { return deed };
    [("name", before.name != after.name), ("service_types", before.service_types != after.service_types)]
        .into_iter()
        .filter(|(_, differs)| *differs)
        .fold(deed, |deed, (field, _)| deed.touched(field))
}
