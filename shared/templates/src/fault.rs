//! What can go wrong with kept templates.

use kernel::{Detail, Fault, Kind, TemplateId};
use table::{TableFault, WriteFault};

use crate::{flaw::ContentFault, sensitivity::NotAcknowledged};

/// A template that cannot be read or changed as asked.
#[derive(Debug, thiserror::Error)]
pub enum TemplateFault {
    /// Absent, or another clinic's.
    #[error("there is no template {0}")]
    NotFound(TemplateId),
    /// The template has no such version.
    #[error("template {id} has no version {number}")]
    NoVersion {
        /// Which template.
        id: TemplateId,
        /// Which version.
        number: u32,
    },
    /// It was put away; only reading is left.
    #[error("template {0} is archived")]
    Archived(TemplateId),
    /// Somebody else changed it since it was read.
    #[error("template {0} was changed since it was read")]
    Stale(TemplateId),
    /// Another template in use has the name.
    #[error("the name belongs to another template")]
    NameTaken,
    /// Name, description, tags or note cannot be.
    #[error("{} fields of the template cannot be", .0.len())]
    Words(Vec<Detail>),
    /// The text cannot be.
    #[error(transparent)]
    Content(#[from] ContentFault),
    /// A ceiling was to be raised without a signature.
    #[error(transparent)]
    NotAcknowledged(#[from] NotAcknowledged),
    /// Somebody else changed the ceilings since they were read.
    #[error("the ceilings were changed since they were read")]
    CeilingsStale,
    /// The write did not happen.
    #[error(transparent)]
    Write(#[from] WriteFault),
    /// The table could not be read.
    #[error(transparent)]
    Table(#[from] TableFault),
}

impl Fault for TemplateFault {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) | Self::NoVersion { .. } => Kind::NotFound,
            Self::Archived(_) | Self::Stale(_) | Self::CeilingsStale | Self::NameTaken => Kind::Conflict,
            Self::Words(_) | Self::NotAcknowledged(_) => Kind::Invalid,
            Self::Content(fault) => fault.kind(),
            Self::Write(fault) => fault.kind(),
            Self::Table(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "template_not_found",
            Self::NoVersion { .. } => "template_version_not_found",
            Self::Archived(_) => "template_archived",
            Self::Stale(_) | Self::CeilingsStale => "version_is_stale",
            Self::NameTaken => "template_name_taken",
            Self::Words(_) => "template_invalid",
            Self::NotAcknowledged(_) => "acknowledgement_missing",
            Self::Content(fault) => fault.code(),
            Self::Write(fault) => fault.code(),
            Self::Table(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::NameTaken => {
                vec![Detail::new("/name", "another template has this name; choose a different one")]
            }
            Self::Words(details) => details.clone(),
            Self::NotAcknowledged(fault) => vec![Detail::new("/acknowledgement", fault.to_string())],
            Self::Content(fault) => fault.details(),
            Self::Write(fault) => fault.details(),
            Self::Table(fault) => fault.details(),
            _ => Vec::new(),
        }
    }
}
