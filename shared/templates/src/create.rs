//! Creating a template with its first version.

use audit::Actor;
use kernel::{Category, TemplateId};
use table::{ClinicTable, Kept, WriteFault};

use crate::{
    content::Draft,
    fault::TemplateFault,
    get::get,
    limit::ceilings,
    template::{Template, TemplateVersion},
    words::Words,
};

/// A template to be.
#[derive(Debug, Clone)]
pub struct NewTemplate {
    /// 1 to 100 characters, unique among those in use.
    pub name: String,
    /// At most 500 characters.
    pub description: String,
    /// What its messages are about.
    pub category: Category,
    /// At most 20 of 1 to 40 characters.
    pub tags: Vec<String>,
    /// What its first version says.
    pub draft: Draft,
    /// A word about the first version.
    pub note: Option<String>,
}

/// Creates a template. Template, version 1, its name and the entry of the log are one transaction.
pub async fn create(
    table: &ClinicTable,
    actor: &Actor,
    new: NewTemplate,
) -> Result<Kept<Template>, TemplateFault> {
    create_with(table, actor, table.clock().id(), new).await
}

/// Creates a template under an id that was chosen before. Run again with the same id it finds what is there.
pub async fn create_with(
    table: &ClinicTable,
    actor: &Actor,
    id: TemplateId,
    new: NewTemplate,
) -> Result<Kept<Template>, TemplateFault> {
    match create_as(table, actor, id, None, new).await {
        Ok(()) => get(table, id).await,
        // The name may be taken by the very same template.
        Err(fault @ (TemplateFault::NameTaken | TemplateFault::Stale(_))) => {
            get(table, id).await.map_err(|_| fault)
        }
        Err(fault) => Err(fault),
    }
}

pub(crate) async fn create_as(
    table: &ClinicTable,
    actor: &Actor,
    id: TemplateId,
    seed: Option<&str>,
    new: NewTemplate,
) -> Result<(), TemplateFault> {
    let mut words = Words::default();
    let name = words.name(&new.name);
    let description = words.description(&new.description);
    let tags = words.tags(&new.tags);
    let note = words.note(new.note.as_deref());
    words.done()?;
    let content = new.draft.check(&ceilings(table).await?)?;
    let now = table.clock().now();
    let template = Template {
        id,
        name,
        description,
        category: new.category,
        tags,
        active: true,
        archived_at: None,
        latest: 1,
        channels: content.channels(),
        seed: seed.map(str::to_owned),
        created_at: now,
        updated_at: now,
    };
    let version =
        TemplateVersion { template: id, number: 1, content, author: actor.who.clone(), at: now, note };
    let deed = actor
        .did("template.created")
        .on("template", id)
        .change_of("latest", None, Some(template.latest.into()))
        .change_of("category", None, Some(template.category.name().into()))
        .change_of("channels", None, Some(template.channels_told()));
    let mut write = table.write();
    write.create(&template.holds()).create(&template).create(&version).create(&deed.entry(table));
    match write.commit().await {
        Err(WriteFault::Conflict { act: 0, .. }) => Err(TemplateFault::NameTaken),
        Err(WriteFault::Conflict { act: 1, .. }) => Err(TemplateFault::Stale(id)),
        done => Ok(done?),
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Fault, Kind};

    use super::*;
    use crate::{seams::*, version};

    /// C-01, C-02
    #[tokio::test]
    async fn a_template_is_kept_with_its_first_version() {
        let table = clinic().await;
        let made = create(&table, &staff(), new("  Day \n before ", "Hi {{firstName}}")).await.unwrap();
        assert_eq!((made.name.as_str(), made.latest, made.rev()), ("Day before", 1, 1));
        assert_eq!(made.tags, ["reminder", "visit"]);
        let first = version(&table, made.id, 1).await.unwrap();
        assert_eq!(first.content.languages()[&english()].sms.as_deref(), Some("Hi {{patient.first_name}}"));
        assert_eq!(first.author, staff().who);
    }

    #[tokio::test]
    async fn a_create_that_runs_again_makes_one_template() {
        let table = clinic().await;
        let id = table.clock().id();
        let one = create_with(&table, &staff(), id, new("Day before", "Hi")).await.unwrap();
        let two = create_with(&table, &staff(), id, new("Day before", "Hi")).await.unwrap();
        assert_eq!((one.id, one.rev()), (two.id, two.rev()));
        let other = table.clock().id();
        let fault = create_with(&table, &staff(), other, new("Day before", "Hi")).await.unwrap_err();
        assert_eq!(fault.code(), "template_name_taken");
    }

    /// C-01
    #[tokio::test]
    async fn a_name_is_unique_among_templates_in_use() {
        let table = clinic().await;
        create(&table, &staff(), new("Day before", "Hi")).await.unwrap();
        let fault = create(&table, &staff(), new("DAY  before", "Hi")).await.unwrap_err();
        assert_eq!((fault.code(), fault.kind()), ("template_name_taken", Kind::Conflict));
        assert_eq!(names(&table).await, ["Day before"]);
    }

    /// C-05
    #[tokio::test]
    async fn the_largest_version_fits_into_the_table() {
        let table = clinic().await;
        let mut new = new("Large", "Hi");
        for language in ["en", "es", "fr"] {
            let html = Some("é<p>x</p>".repeat(100_000 / 9));
            let email = Some(crate::Email { subject: "x".to_owned(), text: None, html });
            let bodies = crate::Bodies { email, ..crate::Bodies::default() };
            new.draft.languages.insert(language.parse().unwrap(), bodies);
        }
        let made = create(&table, &staff(), new).await.unwrap();
        assert_eq!(version(&table, made.id, 1).await.unwrap().content.languages().len(), 3);
    }

    /// C-01
    #[tokio::test]
    async fn what_is_too_long_is_told_field_by_field() {
        let table = clinic().await;
        let mut new = new(&"n".repeat(101), "Hi");
        new.description = "d".repeat(501);
        new.tags = vec!["t".repeat(41)];
        let fault = create(&table, &staff(), new).await.unwrap_err();
        let at: Vec<_> = fault.details().into_iter().map(|detail| detail.at).collect();
        assert_eq!(at, ["/name", "/description", "/tags/0"]);
    }
}
