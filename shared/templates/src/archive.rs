//! Putting a template away. Whether a rule still uses it is for the caller to ask first.

use audit::Actor;
use kernel::TemplateId;
use table::{ClinicTable, Kept, WriteFault};

use crate::{fault::TemplateFault, get::get, template::Template};

/// Archives a template that was read at revision `rev`: its name is free again, its versions stay readable for
/// the messages that point to them. Archiving again changes nothing.
pub async fn archive(
    table: &ClinicTable,
    actor: &Actor,
    id: TemplateId,
    rev: u64,
) -> Result<Kept<Template>, TemplateFault> {
    let kept = get(table, id).await?;
    if kept.archived_at.is_some() {
        return Ok(kept);
    }
    if kept.rev() != rev {
        return Err(TemplateFault::Stale(id));
    }
    let now = table.clock().now();
    let template =
        Template { active: false, archived_at: Some(now), updated_at: now, ..Template::clone(&kept) };
    let deed = actor.did("template.archived").on("template", id).change("archived", false, true).change(
        "active",
        kept.active,
        template.active,
    );
    let mut write = table.write();
    write.replace(&kept, &template).remove(&kept.name_key()).create(&deed.entry(table));
    match write.commit().await {
        Err(WriteFault::Conflict { .. }) => Err(TemplateFault::Stale(id)),
        done => {
            done?;
            get(table, id).await
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Fault;

    use super::*;
    use crate::{Description, Filter, create, describe, list, revise, seams::*, version};

    /// C-01
    #[tokio::test]
    async fn an_archived_template_frees_its_name_and_stays_readable() {
        let table = clinic().await;
        let one = create(&table, &staff(), new("One", "Hi")).await.unwrap();
        let gone = archive(&table, &staff(), one.id, 1).await.unwrap();
        assert!(gone.archived_at.is_some() && !gone.is_usable());
        assert_eq!(archive(&table, &staff(), one.id, 1).await.unwrap(), gone);
        assert!(version(&table, one.id, 1).await.is_ok());
        create(&table, &staff(), new("One", "Hi")).await.unwrap();
        let old = Filter { archived: true, ..Filter::default() };
        let listed = list(&table, &old, kernel::Limit::default(), None).await.unwrap();
        assert_eq!(listed.items.iter().map(|t| t.id).collect::<Vec<_>>(), [one.id]);
        for fault in [
            revise(&table, &staff(), one.id, 2, sms("Two"), None).await.unwrap_err(),
            describe(&table, &staff(), one.id, 2, Description::default()).await.unwrap_err(),
        ] {
            assert_eq!(fault.code(), "template_archived");
        }
    }
}
