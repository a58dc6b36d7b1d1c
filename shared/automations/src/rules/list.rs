//! Reading rules.

use kernel::RuleId;
use table::{ClinicTable, Kept, TableFault, keys::RuleKey};

use super::{MOST_RULES, Rule, RuleFault};

/// One rule.
pub async fn get(table: &ClinicTable, id: RuleId) -> Result<Kept<Rule>, RuleFault> {
    table.get(&RuleKey { rule: id }).await?.ok_or(RuleFault::NotFound(id))
}

/// All rules of the clinic, in order of their ids. There are never more than [`MOST_RULES`].
pub async fn list(table: &ClinicTable) -> Result<Vec<Kept<Rule>>, TableFault> {
    // A page that is full to the brim looks as if there were more.
    table.list_short(&RuleKey::within(), 2 * MOST_RULES).await
}
