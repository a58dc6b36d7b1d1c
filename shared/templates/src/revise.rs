//! Saving a new version.

use audit::Actor;
use kernel::TemplateId;
use table::{ClinicTable, Kept, WriteFault};

use crate::{
    content::Draft,
    fault::TemplateFault,
    get::{current, get},
    limit::ceilings,
    template::{Template, TemplateVersion},
    words::Words,
};

/// Saves the next version of a template that was read at revision `rev`. Of two at once one gets
/// [`TemplateFault::Stale`]; versions before stay as they are.
pub async fn revise(
    table: &ClinicTable,
    actor: &Actor,
    id: TemplateId,
    rev: u64,
    draft: Draft,
    note: Option<&str>,
) -> Result<Kept<Template>, TemplateFault> {
    let kept = current(table, id, rev).await?;
    let mut words = Words::default();
    let note = words.note(note);
    words.done()?;
    let content = draft.check(&ceilings(table).await?)?;
    let now = table.clock().now();
    let mut template = Template::clone(&kept);
    template.latest += 1;
    template.channels = content.channels();
    template.updated_at = now;
    let number = template.latest;
    let version = TemplateVersion { template: id, number, content, author: actor.who.clone(), at: now, note };
    let deed = actor.did("template.revised").on("template", id).change("latest", kept.latest, number).change(
        "channels",
        kept.channels_told(),
        template.channels_told(),
    );
    let mut write = table.write();
    write.replace(&kept, &template).create(&version).create(&deed.entry(table));
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
    use crate::{archive, create, seams::*, version, versions};

    /// C-02
    #[tokio::test]
    async fn every_save_is_the_next_version_and_those_before_stay() {
        let table = clinic().await;
        let made = create(&table, &staff(), new("Reminder", "One")).await.unwrap();
        let first = version(&table, made.id, 1).await.unwrap();
        let two = revise(&table, &staff(), made.id, 1, sms("Two"), Some("shorter")).await.unwrap();
        assert_eq!((two.latest, two.rev(), two.id), (2, 2, made.id));
        assert_eq!(version(&table, made.id, 1).await.unwrap(), first);
        let second = version(&table, made.id, 2).await.unwrap();
        assert_eq!(second.note.as_deref(), Some("shorter"));
        let numbers = versions(&table, made.id, kernel::Limit::default(), None).await.unwrap();
        assert_eq!(numbers.items.iter().map(|v| v.number).collect::<Vec<_>>(), [2, 1]);
    }

    ///
    #[tokio::test]
    async fn every_change_of_a_template_is_in_the_log_with_before_and_after_once() {
        let table = clinic().await;
        let made = create(&table, &staff(), new("Reminder", "One")).await.unwrap();
        let actor = staff();
        let save = |text: &str| revise(&table, &actor, made.id, 1, sms(text), None);
        // Whoever is refused leaves no entry: change and entry are one transaction.
        let _ = tokio::join!(save("Two"), save("Other"));
        archive(&table, &actor, made.id, 2).await.unwrap();
        let log = audit::by_clinic(&table, None, kernel::Limit::MOST, None).await.unwrap().items;
        // The clock stands still: entries have no order among each other.
        let mut told: Vec<_> = log
            .iter()
            .map(|entry| (entry.action.as_str(), serde_json::to_value(&entry.changes).unwrap()))
            .collect();
        told.sort_unstable_by_key(|(action, _)| *action);
        let change = |field: &str, before: serde_json::Value, after: serde_json::Value| serde_json::json!({ "field": field, "before": before, "after": after });
        assert_eq!(told.len(), 3);
        assert_eq!(told[1].0, "template.created");
        assert_eq!(told[2], ("template.revised", vec![change("latest", 1.into(), 2.into())].into()));
        let put_away =
            vec![change("archived", false.into(), true.into()), change("active", true.into(), false.into())];
        assert_eq!(told[0], ("template.archived", put_away.into()));
        assert!(!serde_json::to_string(&log).unwrap().contains("One"), "words of a template are not in it");
    }

    /// C-02
    #[tokio::test]
    async fn of_two_saves_at_once_one_is_refused() {
        let table = clinic().await;
        let made = create(&table, &staff(), new("Reminder", "One")).await.unwrap();
        let actor = staff();
        let save = |text: &str| revise(&table, &actor, made.id, 1, sms(text), None);
        let (one, other) = tokio::join!(save("Two"), save("Other"));
        let codes: Vec<_> =
            [one, other].iter().filter_map(|saved| Some(saved.as_ref().err()?.code())).collect();
        assert_eq!(codes, ["version_is_stale"]);
        assert_eq!(get(&table, made.id).await.unwrap().latest, 2);
    }

    #[tokio::test]
    async fn another_clinics_template_is_not_there() {
        let (table, other) = two_clinics().await;
        let made = create(&table, &staff(), new("Reminder", "One")).await.unwrap();
        let fault = revise(&other, &staff(), made.id, 1, sms("Two"), None).await.unwrap_err();
        assert_eq!(fault.code(), "template_not_found");
        assert!(version(&other, made.id, 1).await.is_err());
    }
}
