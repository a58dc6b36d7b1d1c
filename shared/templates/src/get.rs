//! Reading a template and its versions.

use kernel::{Cursor, Limit, Page, TemplateId};
use table::{
    ClinicTable, Kept,
    keys::{TemplateKey, TemplateVersionKey},
};

use crate::{
    fault::TemplateFault,
    template::{Template, TemplateVersion},
};

/// A template as it is now.
pub async fn get(table: &ClinicTable, id: TemplateId) -> Result<Kept<Template>, TemplateFault> {
    table.get(&TemplateKey { template: id }).await?.ok_or(TemplateFault::NotFound(id))
}

/// A template that may be changed by whoever read it at revision `rev`.
pub(crate) async fn current(
    table: &ClinicTable,
    id: TemplateId,
    rev: u64,
) -> Result<Kept<Template>, TemplateFault> {
    let kept = get(table, id).await?;
    match (kept.archived_at, kept.rev() == rev) {
        (Some(_), _) => Err(TemplateFault::Archived(id)),
        (None, false) => Err(TemplateFault::Stale(id)),
        (None, true) => Ok(kept),
    }
}

/// One version of a template.
pub async fn version(
    table: &ClinicTable,
    id: TemplateId,
    number: u32,
) -> Result<TemplateVersion, TemplateFault> {
    let found = table.get::<TemplateVersion>(&TemplateVersionKey { template: id, number }).await?;
    found.map(Kept::into_value).ok_or(TemplateFault::NoVersion { id, number })
}

/// The versions of a template, the newest first; none if there is no such template.
pub async fn versions(
    table: &ClinicTable,
    id: TemplateId,
    limit: Limit,
    after: Option<&Cursor>,
) -> Result<Page<TemplateVersion>, TemplateFault> {
    let span = TemplateVersionKey::within(id).backwards();
    Ok(table.list::<TemplateVersion>(&span, limit, after).await?.map(Kept::into_value))
}
