//! The plan of a visit as it is kept: one item.

use kernel::{AppointmentId, MessageId, RuleId, TemplateId, Timestamp};
use messaging::Route;
use serde::{Deserialize, Serialize};
use table::{Digest, Entity, keys::PlanKey};

use super::{Reason, Why};

/// Whether a step has a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StepState {
    /// A message was made; how far it is, the message tells.
    Planned,
    /// None was made; the reasons tell why.
    NotPlanned,
}

/// One step of a plan: what one rule means for the visit, by one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Names it within the plan for ever.
    pub n: u32,
    /// The rule.
    pub rule: RuleId,
    /// The revision of the rule it follows from.
    pub rule_version: u64,
    /// What the rule was called.
    pub rule_name: String,
    /// The generation of the visit it is for.
    pub generation: u32,
    /// By which way.
    pub route: Route,
    /// With which words.
    pub template: TemplateId,
    /// In which version.
    pub template_version: u32,
    /// It asks whether the patient will come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks_confirmation: bool,
    /// When the rule meant it to go out.
    pub planned_at: Timestamp,
    /// When it is to go out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
    /// Whether it has a message.
    pub state: StepState,
    /// The message; kept for the record when it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Why it is as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Reason>,
}

impl Step {
    /// Whether a reason is among its reasons.
    pub fn has(&self, why: Why) -> bool {
        self.why.iter().any(|reason| reason.code == why)
    }
}

/// How many steps of earlier plans are remembered.
const MOST_EARLIER: usize = 24;

/// What is planned for a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The visit.
    pub appointment: AppointmentId,
    /// Its generation.
    pub generation: u32,
    /// Its start.
    pub starts_at: Timestamp,
    /// The rules and facts it follows from; the same again need no new plan.
    pub basis: Digest,
    /// How often it was made.
    pub edition: u32,
    /// The number of the next new step.
    pub next_step: u32,
    /// The steps, in order of the time they are meant for.
    pub steps: Vec<Step>,
    /// Steps of earlier plans that had a message, the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Step>,
    /// When it was made.
    pub updated_at: Timestamp,
}

impl Plan {
    /// Remembers a step that is no part of the plan any more.
    pub(crate) fn remember(&mut self, step: Step) {
        self.earlier.push(step);
        let spare = self.earlier.len().saturating_sub(MOST_EARLIER);
        self.earlier.drain(..spare);
    }
}

impl Entity for Plan {
    type Key = PlanKey;

    fn key(&self) -> PlanKey {
        PlanKey { appointment: self.appointment }
    }
}
