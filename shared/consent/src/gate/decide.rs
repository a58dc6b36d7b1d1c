//! The rules of the gate, one after the other.

use jiff::civil::Date;
use kernel::{Category, Channel, Timestamp, Zone};

use super::{
    Candidate, GateDecision, Inputs, Origin, Outcome, Purpose, Reader, Reason, Route, RuleHit, Verdict,
    decision::Fresh,
};
use crate::{
    ledger::StopReason,
    open::{Closed, Whose, Windows},
    rules::Keeping,
};

/// Decides about one message. Suppressions weigh more than opt-outs, those more than caps, caps more than quiet
/// hours and those more than a pause; every rule is looked at, so that the desk sees all that stands against it.
pub fn decide(inputs: &Inputs<'_>) -> GateDecision {
    let mut gate = Gate { inputs, meant: inputs.when.max(inputs.now), hits: Vec::with_capacity(20) };
    gate.person();
    let order = gate.order();
    let mut found = None;
    let mut first = None;
    for channel in &order {
        let tried = gate.channel(*channel);
        let failed = tried.failed;
        first.get_or_insert(tried);
        if failed.is_none() {
            found = Some(tried);
            break;
        }
    }
    let tried = found.or(first);
    let failed = gate
        .hits
        .iter()
        .filter(|hit| hit.channel.is_none() && hit.outcome == Outcome::Fail)
        .map(|hit| hit.rule);
    let reason = failed.chain(tried.and_then(|tried| tried.failed)).min();
    let asked = if let Route::AnyOf(channels) = inputs.route { channels.first().copied() } else { None };
    let verdict = match (reason, tried) {
        (Some(reason), _) => Verdict::Refuse { reason },
        (None, None) => Verdict::Refuse { reason: Reason::NoPreferredMethod },
        (None, Some(tried)) if asked.is_some_and(|asked| asked != tried.channel) => {
            Verdict::Swap { channel: tried.channel }
        }
        (None, Some(Tried { send_at, .. })) if send_at != gate.meant => Verdict::Shift { to: send_at },
        (None, Some(_)) => Verdict::Allow,
    };
    let goes = !matches!(verdict, Verdict::Refuse { .. });
    GateDecision {
        verdict,
        channel: tried.map(|tried| tried.channel),
        contact: tried.filter(|_| goes).and_then(|tried| tried.contact),
        category: inputs.category,
        at: inputs.now,
        when: gate.meant,
        rules: gate.hits,
        fresh: Fresh(true),
    }
}

#[derive(Clone, Copy)]
struct Tried {
    channel: Channel,
    contact: Option<kernel::ContactId>,
    failed: Option<Reason>,
    send_at: Timestamp,
}

struct Gate<'a> {
    inputs: &'a Inputs<'a>,
    meant: Timestamp,
    hits: Vec<RuleHit>,
}

impl Gate<'_> {
    /// Notes a rule; gives back whether it stands in the way.
    fn rule(
        &mut self,
        rule: Reason,
        channel: Option<Channel>,
        met: bool,
        exempt: bool,
        saw: impl Into<String>,
    ) -> bool {
        let outcome = match (met, exempt) {
            (true, _) => Outcome::Pass,
            (false, true) => Outcome::Exempt,
            (false, false) => Outcome::Fail,
        };
        let saw = if met { String::new() } else { saw.into() };
        self.hits.push(RuleHit { rule, channel, outcome, saw });
        outcome == Outcome::Fail
    }

    fn answers_keyword(&self) -> bool {
        let Purpose::KeywordReply { received } = self.inputs.purpose else { return false };
        let until = received.saturating_add(self.inputs.rules.keyword_reply_within());
        received <= self.meant && until.is_ok_and(|until| self.meant <= until)
    }

    fn is_legal(&self) -> bool {
        self.inputs.purpose == Purpose::LegalNotice
    }

    fn day(&self, at: Timestamp) -> Date {
        self.inputs.zones.first().unwrap_or(&Zone::utc()).wall(at).date()
    }

    fn person(&mut self) {
        let Inputs { person, not_after, category, preference, origin, .. } = *self.inputs;
        let lifted = self.is_legal() || self.answers_keyword();
        self.rule(Reason::Deceased, None, !person.deceased, false, "");
        self.rule(Reason::Inactive, None, person.active, lifted, "");
        let late = not_after.is_some_and(|last| self.meant > last);
        self.rule(Reason::Expired, None, !late, false, not_after.map_or(String::new(), |at| at.to_string()));
        self.rule(Reason::DoNotContact, None, !person.do_not_contact, lifted, "");
        if person.minor {
            let guarded = self.inputs.candidates.iter().any(|c| matches!(c.reader, Reader::Guardian(_)));
            self.rule(Reason::MinorWithoutGuardian, None, guarded, false, "");
        }
        self.rule(Reason::CategoryOff, None, preference.wants(category), lifted, category.name());
        let paused = person.paused.is_some_and(|until| until.is_none_or(|until| self.meant < until));
        let manual = origin == Origin::Manual;
        self.rule(Reason::AutomationPaused, None, !paused, lifted || manual, "");
    }

    /// The channels to try, in order.
    fn order(&mut self) -> Vec<Channel> {
        let Inputs { preference, defaults, category, route, .. } = *self.inputs;
        let wanted = preference.channels.as_deref().or_else(|| defaults.of(category));
        let order = match route {
            Route::Only(channel) => vec![channel],
            Route::AnyOf(channels) => channels.to_vec(),
            Route::Auto => wanted.unwrap_or_default().to_vec(),
        };
        let inside = !order.is_empty() && order.iter().all(|channel| *channel == Channel::InApp);
        let lifted = self.is_legal() || self.answers_keyword() || inside;
        let stated = match (&preference.channels, wanted) {
            (Some(none), _) if none.is_empty() => "none wanted",
            (Some(_), _) => "stated",
            (None, Some(_)) => "default",
            (None, None) => "not stated, no default",
        };
        let met = wanted.is_some_and(|wanted| !wanted.is_empty());
        self.rule(Reason::NoPreferredMethod, None, met, lifted, stated);
        order
    }

    fn channel(&mut self, channel: Channel) -> Tried {
        let Inputs { candidates, ready, preference, .. } = *self.inputs;
        let lifted = self.is_legal() || self.answers_keyword();
        let here = Some(channel);
        let inside = channel == Channel::InApp;
        let mut failed = None;
        let mut note = |fails: bool, reason: Reason| {
            if fails {
                failed = Some(failed.map_or(reason, |before: Reason| before.min(reason)));
            }
        };
        let is_ready = inside || ready.contains(&channel);
        note(self.rule(Reason::ChannelNotReady, here, is_ready, false, ""), Reason::ChannelNotReady);
        let on = inside || preference.channels.as_ref().is_none_or(|channels| channels.contains(&channel));
        note(self.rule(Reason::ChannelOff, here, on, lifted, ""), Reason::ChannelOff);
        let minor = self.inputs.person.minor;
        let fits = |c: &&Candidate<'_>| {
            c.channel == channel && c.usable && (inside || !minor || matches!(c.reader, Reader::Guardian(_)))
        };
        let found: Vec<Candidate<'_>> = candidates.iter().filter(fits).copied().collect();
        note(self.rule(Reason::NoAddress, here, !found.is_empty(), false, ""), Reason::NoAddress);
        // The first address that nothing stands against; if there is none, the first is explained.
        let free = found.iter().find(|c| self.stands(c).is_none()).or(found.first()).copied();
        if let Some(candidate) = free {
            note(self.address(&candidate), self.stands(&candidate).unwrap_or(Reason::NoConsent));
        }
        let send_at = match self.hours(channel) {
            Ok(send_at) => send_at,
            Err(reason) => {
                note(true, reason);
                self.meant
            }
        };
        if let Some(reason) = self.caps(channel, send_at) {
            note(true, reason);
        }
        Tried { channel, contact: free.and_then(|c| c.contact), failed, send_at }
    }

    /// What stands against an address, the weightiest first.
    fn stands(&self, candidate: &Candidate<'_>) -> Option<Reason> {
        let Inputs { category, rules, .. } = *self.inputs;
        let keyword = self.answers_keyword();
        let stop = candidate
            .standing
            .stopped(category)
            .map(reason_of)
            .filter(|reason| !(keyword && *reason == Reason::OptedOut))
            .min();
        let needed = rules.needed(candidate.channel, category);
        let given = candidate.standing.level(candidate.channel, category);
        stop.or_else(|| (given < needed && !keyword).then_some(Reason::NoConsent))
    }

    /// Notes the rules about an address; gives back whether one stands in the way.
    fn address(&mut self, candidate: &Candidate<'_>) -> bool {
        let Inputs { category, rules, .. } = *self.inputs;
        let keyword = self.answers_keyword();
        let here = Some(candidate.channel);
        let stops: Vec<Reason> = candidate.standing.stopped(category).map(reason_of).collect();
        let mut fails = false;
        let always = [Reason::HardBounce, Reason::Complaint, Reason::OptedOut];
        let others = stops.iter().copied().filter(|reason| !always.contains(reason));
        let mut looked: Vec<Reason> = always.into_iter().chain(others).collect();
        looked.sort_unstable();
        looked.dedup();
        for reason in looked {
            let exempt = keyword && reason == Reason::OptedOut;
            fails |= self.rule(reason, here, !stops.contains(&reason), exempt, "");
        }
        let (needed, given) = (
            rules.needed(candidate.channel, category),
            candidate.standing.level(candidate.channel, category),
        );
        let saw = format!("needs {}, has {}", needed.name(), given.name());
        fails | self.rule(Reason::NoConsent, here, given >= needed, keyword, saw)
    }

    fn windows(&self, channel: Channel) -> Windows<'_> {
        let Inputs { rules, state, category, preference, zones, business_hours, clinic_hours, .. } =
            *self.inputs;
        let keeping = Keeping {
            category,
            by_hand: self.inputs.origin == Origin::Manual,
            zones,
            state,
            clinic: clinic_hours,
            business: business_hours,
            person: preference.hours.as_ref(),
        };
        rules.windows(&keeping, &[channel], self.day(self.meant))
    }

    /// When the message can go out.
    fn hours(&mut self, channel: Channel) -> Result<Timestamp, Reason> {
        let Inputs { now, not_after, rules, .. } = *self.inputs;
        let here = Some(channel);
        if channel == Channel::InApp {
            return Ok(self.meant);
        }
        let windows = self.windows(channel);
        let closed = windows.closed_by(self.meant);
        let next = windows.next_open(self.meant, not_after);
        let before = match next {
            Err(Closed::TooLate) => windows.previous_open(self.meant, now, rules.earlier_margin()),
            _ => None,
        };
        let Some(whose) = closed else {
            self.rule(Reason::QuietHoursTooLate, here, true, false, "");
            return Ok(self.meant);
        };
        let saw = match whose {
            Whose::Law => "law",
            Whose::Category => "category",
            Whose::Clinic => "clinic",
            Whose::Person => "person",
        };
        if self.answers_keyword() {
            self.rule(Reason::QuietHoursTooLate, here, false, true, saw);
            return Ok(self.meant);
        }
        match (next, before) {
            (Ok(to), _) | (_, Some(to)) => {
                let (rule, outcome) = (Reason::QuietHoursTooLate, Outcome::Shift);
                self.hits.push(RuleHit { rule, channel: here, outcome, saw: saw.to_owned() });
                Ok(to)
            }
            (Err(Closed::TooLate), None) => {
                self.rule(Reason::QuietHoursTooLate, here, false, false, saw);
                Err(Reason::QuietHoursTooLate)
            }
            (Err(Closed::Never), None) => {
                self.rule(Reason::NoOpenHours, here, false, false, saw);
                Err(Reason::NoOpenHours)
            }
        }
    }

    /// The cap that stands in the way on the day the message would go out.
    fn caps(&mut self, channel: Channel, send_at: Timestamp) -> Option<Reason> {
        let Inputs { rules, category, counters, purpose, .. } = *self.inputs;
        if channel == Channel::InApp {
            return None;
        }
        let caps = rules.caps();
        let day = self.day(send_at);
        let exempt = purpose == Purpose::Emergency || self.answers_keyword();
        let had = counters.on(day);
        // The last message of a day is kept for care: a reminder is worth more than an offer.
        let solicits = rules.is_solicitation(category);
        let kept = if solicits { caps.kept_for_care } else { 0 };
        let most = caps.per_person_per_day.saturating_sub(kept);
        let mut failed = None;
        if self.rule(Reason::DailyCap, Some(channel), had < most, exempt, format!("{had} of {most}")) {
            failed = Some(Reason::DailyCap);
        }
        if category == Category::Marketing || solicits {
            let (had, most) = (counters.marketing_in_week_of(day), caps.marketing_per_week);
            if self.rule(Reason::MarketingCap, Some(channel), had < most, exempt, format!("{had} of {most}"))
            {
                failed = failed.or(Some(Reason::MarketingCap));
            }
        }
        failed
    }
}

fn reason_of(stop: StopReason) -> Reason {
    match stop {
        StopReason::HardBounce => Reason::HardBounce,
        StopReason::Invalid => Reason::InvalidAddress,
        StopReason::Complaint => Reason::Complaint,
        StopReason::WrongNumber => Reason::WrongNumber,
        StopReason::Staff => Reason::Suppressed,
        StopReason::Keyword | StopReason::Unsubscribed | StopReason::Provider | StopReason::Told => {
            Reason::OptedOut
        }
    }
}
