//! From what was planned to what is wanted: what stays, what is taken back, what is new.

use std::collections::HashMap;

use kernel::{Category, ClinicId, Id, MessageId, Timestamp};
use messaging::{About, Asks, Body, Draft, Ended, Message, Source, Status};
use people::appointments::{self, Answer, Appointment};
use table::{ClinicTable, Digest, Kept, TableFault, Write, keys::MessageKey};

use super::rule_set::RuleSet;
use crate::plan::{self, Cause, Clocks, Outcome, Owed, Plan, Reason, Step, StepState, Wanted, Why};

pub(crate) struct Facts<'a> {
    pub(crate) clinic: ClinicId,
    pub(crate) visit: &'a Appointment,
    pub(crate) basis: Digest,
    pub(crate) rules: &'a RuleSet,
    /// Absent where nothing is to be planned.
    pub(crate) clocks: Option<&'a Clocks>,
    pub(crate) cause: Cause,
    pub(crate) now: Timestamp,
}

pub(crate) type Messages = HashMap<MessageId, Kept<Message>>;

/// The messages of a plan's steps as they are now.
pub(crate) async fn messages(table: &ClinicTable, plan: Option<&Kept<Plan>>) -> Result<Messages, TableFault> {
    let steps = plan.iter().flat_map(|plan| &plan.steps);
    let keys: Vec<_> = steps.filter_map(|step| step.message).map(|message| MessageKey { message }).collect();
    if keys.is_empty() {
        return Ok(Messages::new());
    }
    let found = table.get_many::<Message>(&keys).await?;
    Ok(found.into_iter().flatten().map(|kept| (kept.id, kept)).collect())
}

/// What messages are taken back for when the plan they belong to is made anew.
const TAKEN_BACK: [(&str, &str); 10] = [
    ("APPOINTMENT_DELETED", "the visit was deleted"),
    ("APPOINTMENT_CANCELLED", "the visit was called off"),
    ("APPOINTMENT_CLOSED", "the visit has begun or is over"),
    ("APPOINTMENT_MOVED", "the visit is at another time"),
    ("APPOINTMENT_CHANGED", "the place, the practitioner or the patient of the visit is another"),
    ("APPOINTMENT_CONFIRMED", "the patient has confirmed"),
    ("APPOINTMENT_DECLINED", "the patient will not come"),
    ("STATUS_NOT_REMINDED", "visits in this status are not reminded of"),
    ("RULE_OFF", "the rule was switched off or put away"),
    ("RULE_CHANGED", "the rule or the hours were changed"),
];

fn ended(code: &'static str) -> Ended {
    let says = TAKEN_BACK.iter().find(|(known, _)| *known == code).map_or("", |(_, says)| *says);
    Ended::new(code, says)
}

/// Whether a message was taken back because its plan was made anew; then another may take its place. What was
/// taken back by hand stays so.
fn is_taken_back(message: &Message) -> bool {
    let by_plan = |ended: &Ended| TAKEN_BACK.iter().any(|(code, _)| *code == ended.code);
    message.status == Status::Cancelled && message.ended.as_ref().is_some_and(by_plan)
}

/// Adds the new plan, its messages, and the end of those that make no sense any more. What a sender holds or has
/// sent is left alone.
pub(crate) fn compose(write: &mut Write, facts: &Facts<'_>, old: Option<&Kept<Plan>>, messages: &Messages) {
    let Facts { visit, now, .. } = *facts;
    let pending = |step: &Step| {
        step.message.and_then(|id| messages.get(&id)).filter(|message| message.status.is_pending())
    };
    let mut left: Vec<Step> = old.map(|plan| plan.steps.clone()).unwrap_or_default();
    let owed: Vec<_> = left
        .iter()
        .filter(|step| pending(step).is_some())
        .map(|step| Owed { rule: step.rule, route: step.route.clone(), planned_at: step.planned_at })
        .collect();
    let rules = &facts.rules.in_force;
    let wanted = facts
        .clocks
        .map_or_else(Vec::new, |clocks| plan::plan(rules, visit, clocks, facts.cause, &owed, now));
    let mut next = Plan {
        appointment: visit.id,
        generation: visit.generation,
        starts_at: visit.starts_at,
        basis: facts.basis,
        edition: old.map_or(0, |plan| plan.edition) + 1,
        next_step: old.map_or(1, |plan| plan.next_step),
        steps: Vec::with_capacity(wanted.len()),
        earlier: old.map(|plan| plan.earlier.clone()).unwrap_or_default(),
        updated_at: now,
    };
    for one in &wanted {
        let same = |step: &Step| step.rule == one.rule.rule.id && step.route == one.route;
        let before = left.iter().position(same).map(|index| left.remove(index));
        if let Some(step) = before.as_ref().filter(|step| stays(step, one, visit, messages)) {
            next.steps.push(step.clone());
            continue;
        }
        if let Some((step, message)) = before.as_ref().and_then(|step| Some((step, pending(step)?))) {
            let why = ended(why_back(facts, old, step, Some(one)));
            messaging::take_back(write, message, Status::Cancelled, why, now);
        }
        let mut step = step_of(one, visit, next.next_step);
        next.next_step += 1;
        if let Outcome::Go(at) = one.outcome {
            let message = message_of(&step, one, facts, next.edition, at);
            messaging::plan(write, &message);
            step.message = Some(message.id);
        } else if let Some(before) = before.as_ref().filter(|step| step.generation == visit.generation) {
            // The record of what was taken back stays with the step.
            step.message = before.message;
        }
        if let Some(before) =
            before.filter(|before| before.message.is_some() && before.message != step.message)
        {
            next.remember(before);
        }
        next.steps.push(step);
    }
    for step in left {
        if let Some(message) = pending(&step) {
            let why = ended(why_back(facts, old, &step, None));
            messaging::take_back(write, message, Status::Cancelled, why, now);
        }
        if step.message.is_some() {
            if wanted.is_empty() {
                // The visit is no longer ahead: its plan stays as the record of what was.
                next.steps.push(step);
            } else {
                next.remember(step);
            }
        }
    }
    match old {
        Some(old) => write.replace(old, &next),
        None => write.create(&next),
    };
}

/// Whether a step can stay as it is: its message is what is wanted, or it was sent or ended for good and the
/// rule means the same moment.
fn stays(step: &Step, one: &Wanted<'_>, visit: &Appointment, messages: &Messages) -> bool {
    let Some(message) = step.message.and_then(|id| messages.get(&id)) else { return false };
    if step.generation != visit.generation || message.person != visit.person {
        return false;
    }
    if !message.status.is_pending() {
        return step.planned_at == one.planned_at && !is_taken_back(message);
    }
    if step.has(Why::SentByStaff) {
        return true;
    }
    let by_the_same_rule =
        step.rule_version == one.rule.version && step.template_version == one.rule.template_version;
    match one.outcome {
        Outcome::No => false,
        Outcome::Go(at) => {
            let in_time = step.send_at == Some(at) || one.overdue;
            by_the_same_rule && step.planned_at == one.planned_at && in_time
        }
    }
}

/// Why a pending message is taken back; `one` is what its rule wants now, if it is in force.
fn why_back(
    facts: &Facts<'_>,
    old: Option<&Kept<Plan>>,
    step: &Step,
    one: Option<&Wanted<'_>>,
) -> &'static str {
    let visit = facts.visit;
    if visit.deleted_at.is_some() {
        return "APPOINTMENT_DELETED";
    }
    if visit.status == appointments::Status::Cancelled {
        return "APPOINTMENT_CANCELLED";
    }
    if !visit.is_ahead(facts.now) {
        return "APPOINTMENT_CLOSED";
    }
    let before = old.filter(|old| old.generation != visit.generation);
    if before.is_some_and(|before| before.starts_at != visit.starts_at) {
        return "APPOINTMENT_MOVED";
    }
    if before.is_some() {
        return "APPOINTMENT_CHANGED";
    }
    let Some(one) = one else {
        let in_force = facts.rules.in_force.iter().any(|known| known.rule.id == step.rule);
        return if in_force { "RULE_CHANGED" } else { "RULE_OFF" };
    };
    let because = |why: Why| one.why.iter().any(|reason| reason.code == why);
    if because(Why::AlreadyConfirmed) {
        "APPOINTMENT_CONFIRMED"
    } else if visit.confirmation.answer == Answer::Declined {
        "APPOINTMENT_DECLINED"
    } else if because(Why::StatusNotReminded) || because(Why::OutOfReach) {
        "STATUS_NOT_REMINDED"
    } else {
        "RULE_CHANGED"
    }
}

fn step_of(one: &Wanted<'_>, visit: &Appointment, n: u32) -> Step {
    let send_at = if let Outcome::Go(at) = one.outcome { Some(at) } else { None };
    let rule = &one.rule.rule;
    Step {
        n,
        rule: rule.id,
        rule_version: one.rule.version,
        rule_name: rule.name.clone(),
        generation: visit.generation,
        route: one.route.clone(),
        template: rule.template,
        template_version: one.rule.template_version,
        asks_confirmation: rule.asks_confirmation,
        planned_at: one.planned_at,
        send_at,
        state: if send_at.is_some() { StepState::Planned } else { StepState::NotPlanned },
        message: None,
        why: one.why.clone(),
    }
}

/// The message of a step. Its id follows from what it is for, so that a transaction that is tried again makes
/// the same one; the edition of the plan keeps it apart from one that was taken back before.
fn message_of(step: &Step, one: &Wanted<'_>, facts: &Facts<'_>, edition: u32, at: Timestamp) -> Message {
    let Facts { clinic, visit, now, .. } = *facts;
    let rule = &one.rule.rule;
    let parts = [
        clinic.to_string(),
        visit.id.to_string(),
        visit.generation.to_string(),
        rule.id.to_string(),
        one.rule.version.to_string(),
        edition.to_string(),
        format!("{:?}", one.route),
    ];
    let draft = Draft {
        id: MessageId::derived_at(at, &parts.each_ref().map(String::as_str)),
        person: visit.person,
        route: one.route.clone(),
        category: Category::Appointment,
        body: Body::Template {
            template: step.template,
            version: step.template_version,
            values: std::collections::BTreeMap::new(),
        },
        send_at: at,
        not_after: Some(visit.starts_at),
        about: Some(About {
            appointment: visit.id,
            generation: visit.generation,
            statuses: rule.statuses.clone(),
            out_of_reach: rule.out_of_reach,
            unless_confirmed: rule.skip_if_confirmed,
        }),
        asks: rule.asks_confirmation.then_some(Asks::Confirmation),
        source: Source::Reminder { rule: rule.id },
        resend_of: None,
    };
    Message::from_draft(draft, now)
}

impl Step {
    /// A reason more.
    pub(crate) fn because(&mut self, why: Why) {
        if !self.has(why) {
            self.why.push(Reason::of(why));
        }
    }
}
