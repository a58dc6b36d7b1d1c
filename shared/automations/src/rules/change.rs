//! Changing a rule.

use audit::Actor;
use kernel::RuleId;
use table::{ClinicTable, Kept};

use super::{
    Rule, RuleDraft, RuleFault, get,
    pass::{Pass, TRIES},
    told::told,
};
use crate::steps::named;

/// Puts what `draft` says in the place of a rule that was read at `version`. The visits ahead are planned anew;
/// a change that says nothing new changes nothing.
pub async fn change(
    table: &ClinicTable,
    actor: &Actor,
    id: RuleId,
    version: u64,
    draft: &RuleDraft,
) -> Result<Kept<Rule>, RuleFault> {
    let template_version = draft.check(table).await?;
    rewrite(table, actor, id, Some(version), "reminder_rule.changed", |kept, now, by| {
        Rule::drafted(id, draft, template_version, kept.created_at, now, by)
    })
    .await
}

/// Puts a rule in the place of another and begins to carry the change into the plans, in one transaction.
pub(super) async fn rewrite(
    table: &ClinicTable,
    actor: &Actor,
    id: RuleId,
    version: Option<u64>,
    action: &'static str,
    new: impl Fn(&Rule, kernel::Timestamp, String) -> Rule,
) -> Result<Kept<Rule>, RuleFault> {
    let mut tried = 0;
    loop {
        let pass = Pass::read(table).await?;
        let kept = get(table, id).await?;
        if version.is_some_and(|seen| seen != kept.rev()) {
            return Err(RuleFault::Stale { id, version: kept.rev() });
        }
        let next = new(&kept, table.clock().now(), named(actor));
        let same = Rule { updated_at: kept.updated_at, by: kept.by.clone(), ..next.clone() };
        if same == *kept {
            return Ok(kept);
        }
        let deed = told(actor.did(action).on("reminder_rule", id), Some(&kept), &next);
        let mut write = table.write();
        write.replace(&kept, &next).create(&deed.entry(table));
        Pass::begin(&mut write, pass.as_ref(), table.clock(), Some(id));
        tried += 1;
        match write.commit().await {
            Ok(()) => return Ok(kept.followed_by(next)),
            // A page of an earlier change was carried on meanwhile, or somebody changed the rule: look again.
            Err(fault) if fault.is_conflict() && tried < TRIES => {}
            Err(fault) => return Err(fault.into()),
        }
    }
}
