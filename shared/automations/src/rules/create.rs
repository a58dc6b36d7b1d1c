//! Creating a rule.

use audit::Actor;
use kernel::RuleId;
use table::{ClinicTable, Kept};

use super::{
    MOST_RULES, Rule, RuleDraft, RuleFault, get, list,
    pass::{Pass, TRIES},
    told::told,
};
use crate::steps::named;

/// Creates a rule. If it is switched on, the visits ahead are planned anew from then on; moments that have
/// passed are not made up for.
pub async fn create(table: &ClinicTable, actor: &Actor, draft: &RuleDraft) -> Result<Kept<Rule>, RuleFault> {
    create_with(table, actor, table.clock().id(), draft).await
}

/// Creates a rule under an id that was chosen before. Run again with the same id it finds what is there.
pub async fn create_with(
    table: &ClinicTable,
    actor: &Actor,
    id: RuleId,
    draft: &RuleDraft,
) -> Result<Kept<Rule>, RuleFault> {
    match create_as(table, actor, id, draft).await {
        Ok(()) => get(table, id).await,
        Err(RuleFault::Write(fault)) if fault.is_conflict() => get(table, id).await.map_err(|_| fault.into()),
        Err(fault) => Err(fault),
    }
}

pub(super) async fn create_as(
    table: &ClinicTable,
    actor: &Actor,
    id: RuleId,
    draft: &RuleDraft,
) -> Result<(), RuleFault> {
    let version = draft.check(table).await?;
    let now = table.clock().now();
    let rule = Rule::drafted(id, draft, version, now, now, named(actor));
    let mut tried = 0;
    loop {
        // The pass is read before the rules and written with them: of two creations at once the second counts
        // the first.
        let pass = Pass::read(table).await?;
        if list(table).await?.len() >= usize::from(MOST_RULES) {
            return Err(RuleFault::TooMany);
        }
        let mut write = table.write();
        write.create(&rule);
        let deed = told(actor.did("reminder_rule.created").on("reminder_rule", id), None, &rule);
        write.create(&deed.entry(table));
        Pass::begin(&mut write, pass.as_ref(), table.clock(), Some(id));
        tried += 1;
        match write.commit().await {
            Err(fault) if fault.is_conflict() && tried < TRIES => {}
            done => return Ok(done?),
        }
    }
}

impl Rule {
    /// The rule that a draft describes.
    pub(super) fn drafted(
        id: RuleId,
        draft: &RuleDraft,
        version: u32,
        created_at: kernel::Timestamp,
        now: kernel::Timestamp,
        by: String,
    ) -> Self {
        Self {
            id,
            name: draft.name.trim().to_owned(),
            enabled: draft.enabled,
            timing: draft.timing,
            statuses: draft.statuses.clone(),
            out_of_reach: draft.out_of_reach,
            channels: draft.channels.clone(),
            template: draft.template,
            template_version: version,
            follow_latest: draft.follow_latest,
            service_types: draft.service_types.iter().map(|text| text.trim().to_owned()).collect(),
            asks_confirmation: draft.asks_confirmation,
            skip_if_confirmed: draft.skip_if_confirmed,
            late: draft.late,
            created_at,
            updated_at: now,
            by,
        }
    }
}
