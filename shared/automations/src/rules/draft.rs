//! What somebody wants a rule to be, and whether that can be.

use kernel::{Channel, Detail, TemplateId};
use people::appointments::Status;
use serde::{Deserialize, Serialize};
use table::{ClinicTable, keys::TemplateKey};
use templates::Template;

use super::{Channels, Late, RuleFault, Timing, Unit};

pub(super) fn usual_statuses() -> Vec<Status> {
    vec![Status::Scheduled, Status::Confirmed]
}

fn yes() -> bool {
    true
}

/// A rule as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the page of a rule")]
pub struct RuleDraft {
    /// 1 to 100 characters.
    pub name: String,
    /// Whether it plans messages.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// When.
    pub timing: Timing,
    /// Visits in these statuses; booked and confirmed unless told.
    #[serde(default = "usual_statuses")]
    pub statuses: Vec<Status>,
    /// Also visits about which an attempt to reach the patient failed.
    #[serde(default = "yes")]
    pub out_of_reach: bool,
    /// By which way.
    pub channels: Channels,
    /// With which words.
    pub template: TemplateId,
    /// In which version; the newest unless told.
    #[serde(default)]
    pub template_version: Option<u32>,
    /// Takes each newer version of the template.
    #[serde(default)]
    pub follow_latest: bool,
    /// Visits for these services only.
    #[serde(default)]
    pub service_types: Vec<String>,
    /// The message asks whether the patient will come.
    #[serde(default)]
    pub asks_confirmation: bool,
    /// Pointless once the patient has confirmed.
    #[serde(default)]
    pub skip_if_confirmed: bool,
    /// What becomes of it when the visit is booked or moved closer than its timing.
    #[serde(default)]
    pub late: Late,
}

/// Farthest before a visit, in days.
const MOST_DAYS: u32 = 60;
/// Longest after a booking, in minutes: thirty days.
const MOST_MINUTES: u32 = 30 * 24 * 60;

impl RuleDraft {
    /// The version of the template that is meant, after everything was found to fit.
    pub(super) async fn check(&self, table: &ClinicTable) -> Result<u32, RuleFault> {
        let mut faults = Vec::new();
        let mut fault = |at: &str, says: String| faults.push(Detail::new(at, says));
        if !(1..=100).contains(&self.name.trim().chars().count()) {
            fault("/name", "give a name of 1 to 100 characters".to_owned());
        }
        if let Some((at, says)) = timing_fault(self.timing) {
            fault(at, says);
        }
        if self.statuses.is_empty() || !self.statuses.iter().all(|status| status.is_ahead()) {
            fault(
                "/statuses",
                "name SCHEDULED, CONFIRMED or both: other visits are not ahead any more".to_owned(),
            );
        }
        let named = self.channels.named();
        let twice = named.iter().enumerate().any(|(index, one)| named[..index].contains(one));
        if self.channels != Channels::Auto && (named.is_empty() || twice) {
            fault("/channels", "name each channel once, and at least one; or AUTO".to_owned());
        }
        let long = |text: &String| !(1..=100).contains(&text.trim().chars().count());
        if self.service_types.len() > 20 || self.service_types.iter().any(long) {
            fault("/service_types", "name at most 20 services of 1 to 100 characters".to_owned());
        }
        let template = table.get::<Template>(&TemplateKey { template: self.template }).await?;
        let version = match &template {
            None => {
                fault("/template", "give the id of a template of this clinic".to_owned());
                0
            }
            Some(kept) => {
                if !kept.is_usable() {
                    fault("/template", "this template was put away or is switched off".to_owned());
                }
                let missing: Vec<_> =
                    named.iter().filter(|c| !kept.channels.contains(c)).map(|c| Channel::name(*c)).collect();
                if !missing.is_empty() {
                    fault("/channels", format!("the template has no text for {}", missing.join(", ")));
                }
                let version = self.template_version.unwrap_or(kept.latest);
                if !(1..=kept.latest).contains(&version) {
                    fault("/template_version", format!("give a version from 1 to {}", kept.latest));
                }
                version
            }
        };
        if faults.is_empty() { Ok(version) } else { Err(RuleFault::Invalid(faults)) }
    }
}

fn timing_fault(timing: Timing) -> Option<(&'static str, String)> {
    match timing {
        Timing::AfterBooking { minutes } if minutes > MOST_MINUTES => {
            Some(("/timing/minutes", format!("give at most {MOST_MINUTES} minutes")))
        }
        Timing::Before { amount, unit: Unit::Hours, .. } if amount > MOST_DAYS * 24 => {
            Some(("/timing/amount", format!("give at most {} hours", MOST_DAYS * 24)))
        }
        Timing::Before { amount: 0, unit: Unit::Hours, .. } => {
            Some(("/timing/amount", "give at least 1 hour".to_owned()))
        }
        Timing::Before { unit: Unit::Hours, at: Some(_), .. } => {
            Some(("/timing/at", "a time of day goes with days, not with hours".to_owned()))
        }
        Timing::Before { amount, unit: Unit::Days, .. } if amount > MOST_DAYS => {
            Some(("/timing/amount", format!("give at most {MOST_DAYS} days")))
        }
        Timing::Before { amount: 0, unit: Unit::Days, at: None } => {
            Some(("/timing/at", "give a time of day for the day of the visit".to_owned()))
        }
        _ => None,
    }
}
