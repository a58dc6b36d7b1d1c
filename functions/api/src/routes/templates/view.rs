//! A template as it is shown, and its faults as problems.

use edge::{Problem, Versioned};
use kernel::{Category, Channel, Detail, Fault, TemplateId, Timestamp};
use serde::Serialize;
use table::{ClinicTable, Kept};
use templates::{Content, Template, TemplateFault};
use utoipa::ToSchema;

/// A template: what it is called and, where one template is shown, what its newest version says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "tpl_01m8cz00000000000000000000",
    "version": 3,
    "name": "Day before",
    "description": "The evening before a visit",
    "category": "APPOINTMENT",
    "tags": ["reminder"],
    "active": true,
    "latest": 2,
    "channels": ["SMS"],
    "created_at": "2026-11-22T08:00:00Z",
    "updated_at": "2026-11-22T08:05:00Z",
    "content": {
        "default_language": "en",
        "languages": { "en": { "sms": "Hi {{patient.first_name}}, see you {{appointment.date_time}}." } },
        "variables": [
            { "path": "patient.first_name", "required": true },
            { "path": "appointment.date_time", "required": true }
        ],
        "profile": { "kind": "SEGMENTS" },
        "fold_accents": false,
        "proof": { "en": {
            "limit": 1600, "worst": 52, "room": 1564, "remaining": 1548, "encoding": "GSM7",
            "segments": 1, "segments_unicode": 1
        } }
    }
}))]
pub(super) struct TemplateView {
    /// The same through all versions and names.
    #[schema(value_type = String)]
    id: TemplateId,
    /// Counts every change of the template; an update names it in `If-Match`.
    version: u64,
    name: String,
    description: String,
    /// What its messages are about; decides consent and hours.
    #[schema(value_type = String)]
    category: Category,
    tags: Vec<String>,
    /// Whether it can be newly used.
    active: bool,
    /// When it was put away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
    /// The number of its newest version of content.
    latest: u32,
    /// The channels that the newest version has a body for.
    #[schema(value_type = Vec<String>)]
    channels: Vec<Channel>,
    /// Which of the product's own templates it began as.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// What the newest version says: `default_language`, `languages` with bodies per channel, `variables`,
    /// `profile`, `fold_accents`, and in `proof` how long each text message can get. Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    content: Option<Content>,
}

impl TemplateView {
    pub(super) fn of(kept: &Kept<Template>) -> Self {
        let template = Template::clone(kept);
        Self {
            id: template.id,
            version: kept.rev(),
            name: template.name,
            description: template.description,
            category: template.category,
            tags: template.tags,
            active: template.active,
            archived_at: template.archived_at,
            latest: template.latest,
            channels: template.channels,
            seed: template.seed,
            created_at: template.created_at,
            updated_at: template.updated_at,
            content: None,
        }
    }

    /// With the content of the newest version.
    pub(super) async fn whole(table: &ClinicTable, kept: &Kept<Template>) -> Result<Self, TemplateFault> {
        let version = templates::version(table, kept.id, kept.latest).await?;
        Ok(Self { content: Some(version.content), ..Self::of(kept) })
    }

    pub(super) fn versioned(self) -> Versioned<Self> {
        Versioned(self.version, self)
    }
}

/// The problem of a fault that has to do with a template: one that was changed meanwhile is shown as it is now,
/// and what is wrong with a text stands under `/content`.
pub(super) async fn problem(table: &ClinicTable, id: Option<TemplateId>, fault: TemplateFault) -> Problem {
    match (&fault, id) {
        (TemplateFault::Stale(_), Some(id)) => match templates::get(table, id).await {
            Ok(kept) => match TemplateView::whole(table, &kept).await {
                Ok(view) => Problem::stale(&view),
                Err(fault) => fault.into(),
            },
            Err(fault) => fault.into(),
        },
        (TemplateFault::Content(flaws), _) => below("/content", flaws),
        _ => fault.into(),
    }
}

/// A fault of something that stands deeper in the body than it knows.
pub(super) fn below(place: &str, fault: &impl Fault) -> Problem {
    let details =
        fault.details().into_iter().map(|detail| Detail::new(place.to_owned() + &detail.at, detail.says));
    Problem::new(fault.kind(), fault.code(), fault.to_string()).at(details)
}
