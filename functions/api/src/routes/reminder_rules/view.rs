//! Rules as they are shown and set.

use automations::rules::{Channels, Late, Rule, RuleDraft, Timing};
use edge::Versioned;
use kernel::{RuleId, TemplateId, Timestamp};
use people::appointments::Status;
use serde::{Deserialize, Serialize};
use table::Kept;
use utoipa::ToSchema;

use crate::words;

fn yes() -> bool {
    true
}

fn ahead() -> Vec<Status> {
    vec![Status::Scheduled, Status::Confirmed]
}

/// A rule as somebody wants it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Two days before",
    "timing": { "kind": "BEFORE", "amount": 48, "unit": "HOURS" },
    "channels": { "FIRST_OF": ["SMS", "EMAIL"] },
    "template": "tpl_01m8cz00000000000000000000",
    "asks_confirmation": true
}))]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the form of a rule")]
pub(super) struct SetRule {
    /// 1 to 100 characters.
    name: String,
    /// Whether it plans messages; yes unless told.
    #[serde(default = "yes")]
    enabled: bool,
    /// `kind` is `AT_BOOKING`, `AFTER_BOOKING` (with `minutes`) or `BEFORE` (with `amount`, `unit` `HOURS` or `DAYS`
    /// and, for days, perhaps the time of day `at`).
    #[schema(value_type = Object)]
    timing: Timing,
    /// Visits in these statuses: `SCHEDULED`, `CONFIRMED` or, unless told, both.
    #[serde(default = "ahead")]
    #[schema(value_type = Vec<words::VisitStatus>)]
    statuses: Vec<Status>,
    /// Also visits about which an attempt to reach the patient failed; yes unless told.
    #[serde(default = "yes")]
    out_of_reach: bool,
    /// `"AUTO"`, `{"FIRST_OF": [channels]}` or `{"EACH_OF": [channels]}`.
    #[schema(value_type = Object)]
    channels: Channels,
    #[schema(value_type = words::TemplateId)]
    template: TemplateId,
    /// The newest unless told.
    template_version: Option<u32>,
    /// Takes each newer version of the template.
    #[serde(default)]
    follow_latest: bool,
    /// Visits for these services only; a rule for a service takes the place of a general one with the same timing.
    #[serde(default)]
    service_types: Vec<String>,
    /// The message asks whether the patient will come.
    #[serde(default)]
    asks_confirmation: bool,
    /// Pointless once the patient has confirmed.
    #[serde(default)]
    skip_if_confirmed: bool,
    /// What becomes of it when the visit is booked or moved closer than its timing: `SEND_NOW` or, unless told,
    /// `SKIP`.
    #[serde(default)]
    #[schema(value_type = words::Late)]
    late: Late,
}

impl From<SetRule> for RuleDraft {
    fn from(rule: SetRule) -> Self {
        Self {
            name: rule.name,
            enabled: rule.enabled,
            timing: rule.timing,
            statuses: rule.statuses,
            out_of_reach: rule.out_of_reach,
            channels: rule.channels,
            template: rule.template,
            template_version: rule.template_version,
            follow_latest: rule.follow_latest,
            service_types: rule.service_types,
            asks_confirmation: rule.asks_confirmation,
            skip_if_confirmed: rule.skip_if_confirmed,
            late: rule.late,
        }
    }
}

/// A rule that reminds of visits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "rul_01m8cz00000000000000000000",
    "version": 1,
    "name": "Two days before",
    "enabled": true,
    "timing": { "kind": "BEFORE", "amount": 48, "unit": "HOURS" },
    "statuses": ["SCHEDULED", "CONFIRMED"],
    "out_of_reach": true,
    "channels": { "FIRST_OF": ["SMS", "EMAIL"] },
    "template": "tpl_01m8cz00000000000000000000",
    "template_version": 1,
    "follow_latest": false,
    "service_types": [],
    "asks_confirmation": true,
    "skip_if_confirmed": false,
    "late": "SKIP",
    "created_at": "2026-11-22T15:00:00Z",
    "updated_at": "2026-11-22T15:00:00Z",
    "by": "usr_01m8cz00000000000000000000"
}))]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the form of a rule")]
pub(super) struct ReminderRule {
    #[schema(value_type = String)]
    id: RuleId,
    version: u64,
    name: String,
    enabled: bool,
    #[schema(value_type = Object)]
    timing: Timing,
    #[schema(value_type = Vec<String>)]
    statuses: Vec<Status>,
    out_of_reach: bool,
    #[schema(value_type = Object)]
    channels: Channels,
    #[schema(value_type = String)]
    template: TemplateId,
    template_version: u32,
    follow_latest: bool,
    service_types: Vec<String>,
    asks_confirmation: bool,
    skip_if_confirmed: bool,
    #[schema(value_type = String)]
    late: Late,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Who changed it last.
    by: String,
}

impl ReminderRule {
    pub(super) fn of(kept: Kept<Rule>) -> Self {
        let version = kept.rev();
        let rule = kept.into_value();
        Self {
            id: rule.id,
            version,
            name: rule.name,
            enabled: rule.enabled,
            timing: rule.timing,
            statuses: rule.statuses,
            out_of_reach: rule.out_of_reach,
            channels: rule.channels,
            template: rule.template,
            template_version: rule.template_version,
            follow_latest: rule.follow_latest,
            service_types: rule.service_types,
            asks_confirmation: rule.asks_confirmation,
            skip_if_confirmed: rule.skip_if_confirmed,
            late: rule.late,
            created_at: rule.created_at,
            updated_at: rule.updated_at,
            by: rule.by,
        }
    }

    pub(super) fn versioned(kept: Kept<Rule>) -> Versioned<Self> {
        Versioned(kept.rev(), Self::of(kept))
    }
}
