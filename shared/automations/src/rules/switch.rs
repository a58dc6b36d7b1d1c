//! Switching a rule on and off.

use audit::Actor;
use kernel::RuleId;
use table::{ClinicTable, Kept};

use super::{Rule, RuleFault, change::rewrite};

/// Switches a rule. Switched on, it plans messages from then on and none for moments that have passed; switched
/// off, what it has planned is taken back. `version` is demanded if given.
pub async fn switch(
    table: &ClinicTable,
    actor: &Actor,
    id: RuleId,
    version: Option<u64>,
    on: bool,
) -> Result<Kept<Rule>, RuleFault> {
    let action = if on { "reminder_rule.enabled" } else { "reminder_rule.disabled" };
    rewrite(table, actor, id, version, action, |kept, now, by| Rule {
        enabled: on,
        updated_at: now,
        by,
        ..kept.clone()
    })
    .await
}
