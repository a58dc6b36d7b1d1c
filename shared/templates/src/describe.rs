//! Renaming and describing a template; what it says stays.

use audit::Actor;
use kernel::{Category, TemplateId};
use table::{ClinicTable, Kept, WriteFault};

use crate::{
    fault::TemplateFault,
    get::{current, get},
    template::{Template, folded},
    words::Words,
};

/// What is to be different; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// 1 to 100 characters, unique among those in use.
    pub name: Option<String>,
    /// At most 500 characters.
    pub description: Option<String>,
    /// What its messages are about. Whoever uses the template is held to the consent of the new category from
    /// the next message on.
    pub category: Option<Category>,
    /// At most 20 of 1 to 40 characters.
    pub tags: Option<Vec<String>>,
    /// Whether it can be newly used.
    pub active: Option<bool>,
}

/// Changes a template that was read at revision `rev`.
pub async fn describe(
    table: &ClinicTable,
    actor: &Actor,
    id: TemplateId,
    rev: u64,
    to: Description,
) -> Result<Kept<Template>, TemplateFault> {
    let kept = current(table, id, rev).await?;
    let mut template = Template::clone(&kept);
    let mut words = Words::default();
    if let Some(name) = to.name {
        template.name = words.name(&name);
    }
    if let Some(description) = to.description {
        template.description = words.description(&description);
    }
    if let Some(tags) = to.tags {
        template.tags = words.tags(&tags);
    }
    words.done()?;
    template.category = to.category.unwrap_or(template.category);
    template.active = to.active.unwrap_or(template.active);
    if template == *kept {
        return Ok(kept);
    }
    template.updated_at = table.clock().now();
    let mut deed = actor
        .did("template.described")
        .on("template", id)
        .change("category", kept.category.name(), template.category.name())
        .change("active", kept.active, template.active);
    for (field, same) in [
        ("name", kept.name == template.name),
        ("description", kept.description == template.description),
        ("tags", kept.tags == template.tags),
    ] {
        if !same {
            deed = deed.touched(field);
        }
    }
    let mut write = table.write();
    write.replace(&kept, &template).create(&deed.entry(table));
    if folded(&kept.name) != folded(&template.name) {
        write.create(&template.holds()).remove(&kept.name_key());
    }
    match write.commit().await {
        Err(WriteFault::Conflict { act: 2, .. }) => Err(TemplateFault::NameTaken),
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
    use crate::{create, seams::*};

    fn named(name: &str) -> Description {
        Description { name: Some(name.to_owned()), ..Description::default() }
    }

    /// C-01
    #[tokio::test]
    async fn a_rename_keeps_the_id_and_frees_the_old_name() {
        let table = clinic().await;
        let one = create(&table, &staff(), new("One", "Hi")).await.unwrap();
        let renamed = describe(&table, &staff(), one.id, 1, named("Uno")).await.unwrap();
        assert_eq!((renamed.id, renamed.latest, renamed.rev()), (one.id, 1, 2));
        let two = create(&table, &staff(), new("One", "Hi")).await.unwrap();
        let fault = describe(&table, &staff(), two.id, 1, named("UNO")).await.unwrap_err();
        assert_eq!(fault.code(), "template_name_taken");
        // Another letter case of its own name is no clash.
        assert_eq!(describe(&table, &staff(), one.id, 2, named("UNO")).await.unwrap().name, "UNO");
        assert_eq!(names(&table).await, ["One", "UNO"]);
    }

    #[tokio::test]
    async fn a_stale_revision_changes_nothing_and_the_same_words_change_nothing() {
        let table = clinic().await;
        let one = create(&table, &staff(), new("One", "Hi")).await.unwrap();
        assert_eq!(describe(&table, &staff(), one.id, 1, named("One")).await.unwrap().rev(), 1);
        let fault = describe(&table, &staff(), one.id, 7, named("Two")).await.unwrap_err();
        assert_eq!(fault.code(), "version_is_stale");
        let off = Description { active: Some(false), ..Description::default() };
        assert!(!describe(&table, &staff(), one.id, 1, off).await.unwrap().is_usable());
    }
}
