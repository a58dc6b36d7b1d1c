//! Finding templates.

use kernel::{Category, Channel, Cursor, Limit, Page};
use table::{
    ClinicTable, Kept,
    keys::{ArchivedTemplates, TemplatesByName},
};

use crate::{
    fault::TemplateFault,
    template::{Template, folded},
};

/// Which templates are wanted; all conditions hold together.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this category.
    pub category: Option<Category>,
    /// With a body for this channel.
    pub channel: Option<Channel>,
    /// With this tag.
    pub tag: Option<String>,
    /// With these letters in name, description or a tag, whatever their case.
    pub search: Option<String>,
    /// Those put away instead of those in use.
    pub archived: bool,
}

/// A page of templates by name. Conditions are looked at row by row over a bounded stretch, so a page may be
/// short and still have a next one.
pub async fn list(
    table: &ClinicTable,
    filter: &Filter,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<Kept<Template>>, TemplateFault> {
    let span = if filter.archived { ArchivedTemplates::all() } else { TemplatesByName::all() };
    let tag = filter.tag.as_deref().map(folded);
    let search = filter.search.as_deref().map(|words| folded(words.trim()));
    let wanted = |template: &Template| {
        filter.category.is_none_or(|category| template.category == category)
            && filter.channel.is_none_or(|channel| template.channels.contains(&channel))
            && tag.as_ref().is_none_or(|tag| template.tags.contains(tag))
            && search.as_ref().is_none_or(|words| {
                folded(&template.name).contains(words)
                    || folded(&template.description).contains(words)
                    || template.tags.iter().any(|tag| tag.contains(words))
            })
    };
    Ok(table.list_where(&span, limit, after, wanted).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{create, seams::*};

    /// C-06
    #[tokio::test]
    async fn templates_are_found_by_category_tag_and_words_page_by_page() {
        let table = clinic().await;
        for (name, category, tag) in [
            ("Alpha", Category::Appointment, "visit"),
            ("Bravo", Category::Billing, "money"),
            ("Charlie", Category::Appointment, "Kids"),
            ("Delta bill", Category::Billing, "visit"),
        ] {
            let tags = vec![tag.to_owned()];
            create(&table, &staff(), crate::NewTemplate { category, tags, ..new(name, "Hi") }).await.unwrap();
        }
        let found = async |filter: Filter| -> Vec<String> {
            let (mut names, mut next) = (Vec::new(), None);
            loop {
                let page = list(&table, &filter, Limit::new(1).unwrap(), next.as_ref()).await.unwrap();
                names.extend(page.items.iter().map(|template| template.name.clone()));
                next = page.next;
                if next.is_none() {
                    return names;
                }
            }
        };
        assert_eq!(found(Filter::default()).await, ["Alpha", "Bravo", "Charlie", "Delta bill"]);
        let category = Some(Category::Billing);
        assert_eq!(found(Filter { category, ..Filter::default() }).await, ["Bravo", "Delta bill"]);
        let tag = Some("visit".to_owned());
        assert_eq!(found(Filter { tag: tag.clone(), ..Filter::default() }).await, ["Alpha", "Delta bill"]);
        assert_eq!(found(Filter { category, tag, ..Filter::default() }).await, ["Delta bill"]);
        let search = |words: &str| Filter { search: Some(words.to_owned()), ..Filter::default() };
        assert_eq!(found(search("BILL")).await, ["Delta bill"]);
        assert_eq!(found(search("kid")).await, ["Charlie"]);
    }
}
