//! A template and its versions, as they are kept.

use audit::{Plain, Who};
use kernel::{Category, Channel, Language, TemplateId, Timestamp};
use serde::{Deserialize, Serialize};
use table::{
    Digest, Entity,
    keys::{ArchivedTemplates, Place, TemplateKey, TemplateNameKey, TemplateVersionKey, TemplatesByName},
};
use unicode_normalization::UnicodeNormalization;

use crate::{
    content::Content,
    render::{RenderFault, Rendered, Strictness},
    value::Values,
};

/// What a clinic says again and again, through all its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The same through all versions and names.
    pub id: TemplateId,
    /// At most 100 characters; unique in the clinic among those in use, whatever the letter case.
    pub name: String,
    /// At most 500 characters.
    pub description: String,
    /// What its messages are about; decides consent and windows.
    pub category: Category,
    /// Words to find it by: lower case, in order, at most 20 of at most 40 characters.
    pub tags: Vec<String>,
    /// Whether it can be newly used.
    pub active: bool,
    /// When it was put away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// The number of its newest version.
    pub latest: u32,
    /// The channels that the newest version has a body for.
    pub channels: Vec<Channel>,
    /// Which of the product's own templates it began as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Template {
    /// Whether a rule or a person can start to use it.
    pub fn is_usable(&self) -> bool {
        self.active && self.archived_at.is_none()
    }

    pub(crate) fn name_key(&self) -> TemplateNameKey {
        name_key(&self.name)
    }

    /// Its channels, as the log tells them.
    pub(crate) fn channels_told(&self) -> Plain {
        Plain::words(self.channels.iter().map(|channel| channel.name()))
    }

    pub(crate) fn holds(&self) -> TemplateName {
        TemplateName { name: folded(&self.name), template: self.id }
    }
}

impl Entity for Template {
    type Key = TemplateKey;

    fn key(&self) -> TemplateKey {
        TemplateKey { template: self.id }
    }

    fn listed(&self) -> Option<Place> {
        let (name, template) = (folded(&self.name), self.id);
        Some(match self.archived_at {
            None => TemplatesByName { name, template }.into(),
            Some(_) => ArchivedTemplates { name, template }.into(),
        })
    }
}

/// One saved state of a template. It is created and never changed; messages point to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateVersion {
    /// Of which template.
    pub template: TemplateId,
    /// Counted from 1.
    pub number: u32,
    /// What it says, with the proof of its length.
    pub content: Content,
    /// Who saved it.
    pub author: Who,
    /// When.
    pub at: Timestamp,
    /// Why, in the author's words; at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Entity for TemplateVersion {
    type Key = TemplateVersionKey;

    fn key(&self) -> TemplateVersionKey {
        TemplateVersionKey { template: self.template, number: self.number }
    }
}

impl TemplateVersion {
    /// The message for one recipient. Text messages come back with their weight; `truncated` names the values
    /// that were cut to their room, never the text around them.
    pub fn render(
        &self,
        channel: Channel,
        language: &Language,
        values: &Values,
    ) -> Result<Rendered, RenderFault> {
        let rendered = self.content.fill(channel, language, values, Strictness::Sending)?;
        if !rendered.truncated.is_empty() {
            tracing::info!(
                template.id = %self.template,
                template.version = self.number,
                template.truncated = %rendered.truncated.join(","),
                "values were cut to their room"
            );
        }
        Ok(rendered)
    }
}

/// That a name is taken, by a template in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TemplateName {
    name: String,
    template: TemplateId,
}

impl Entity for TemplateName {
    type Key = TemplateNameKey;

    fn key(&self) -> TemplateNameKey {
        name_key(&self.name)
    }
}

fn name_key(name: &str) -> TemplateNameKey {
    TemplateNameKey { name: Digest::of(&folded(name)) }
}

/// The form under which two spellings are the same name.
pub(crate) fn folded(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).collect()
}
