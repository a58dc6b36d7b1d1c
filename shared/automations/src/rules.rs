//! The rules that remind of visits.

mod archive;
mod change;
mod create;
mod draft;
mod fault;
mod list;
mod pass;
mod presets;
mod rule;
mod switch;
mod told;

pub use archive::{archive, archived};
pub use change::change;
pub use create::{create, create_with};
pub use draft::RuleDraft;
use draft::usual_statuses as draft_statuses;
pub use fault::RuleFault;
pub use list::{get, list};
pub use pass::{RuleChanged, again, run, template_revised};
pub use presets::{Applied, Preset, apply_preset, apply_presets, presets};
pub use rule::{ArchivedRule, Channels, Late, MOST_RULES, Rule, Timing, Unit};
pub use switch::switch;

#[cfg(test)]
mod tests;
