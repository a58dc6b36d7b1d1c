//! Putting a rule away.

use audit::Actor;
use kernel::{Cursor, Limit, Page, RuleId};
use table::{ClinicTable, Kept, TableFault, keys::ArchivedRuleKey};

use super::{
    ArchivedRule, RuleFault, get,
    pass::{Pass, TRIES},
};
use crate::steps::named;

/// Puts a rule away that was read at `version`; what it has planned is taken back. Putting it away again changes
/// nothing.
pub async fn archive(table: &ClinicTable, actor: &Actor, id: RuleId, version: u64) -> Result<(), RuleFault> {
    let mut tried = 0;
    loop {
        let pass = Pass::read(table).await?;
        let kept = match get(table, id).await {
            Err(RuleFault::NotFound(_)) if was_archived(table, id).await? => return Ok(()),
            found => found?,
        };
        if kept.rev() != version {
            return Err(RuleFault::Stale { id, version: kept.rev() });
        }
        let archived = ArchivedRule {
            rule: (*kept).clone(),
            archived_at: table.clock().now(),
            archived_by: named(actor),
        };
        let mut write = table.write();
        write.delete(&kept).create(&archived);
        write.create(&actor.did("reminder_rule.archived").on("reminder_rule", id).entry(table));
        Pass::begin(&mut write, pass.as_ref(), table.clock(), Some(id));
        tried += 1;
        match write.commit().await {
            Err(fault) if fault.is_conflict() && tried < TRIES => {}
            done => return Ok(done?),
        }
    }
}

async fn was_archived(table: &ClinicTable, id: RuleId) -> Result<bool, TableFault> {
    Ok(table.get::<ArchivedRule>(&ArchivedRuleKey { rule: id }).await?.is_some())
}

/// Rules that were put away, in order of their ids.
pub async fn archived(
    table: &ClinicTable,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<ArchivedRule>>, TableFault> {
    table.list(&ArchivedRuleKey::within(), limit, after).await
}
