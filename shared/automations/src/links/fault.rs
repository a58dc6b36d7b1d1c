//! Why a link leads nowhere.

use kernel::{Detail, Fault, Kind, Phone};
use people::appointments::ChangeFault;
use table::{TableFault, WriteFault};

use super::NotALink;

/// A link that leads nowhere. Where it once led somewhere, the number of the clinic comes along, so that nobody
/// stands before a closed door.
#[derive(Debug, thiserror::Error)]
pub enum LinkFault {
    /// It is no link of ours, or its visit is unknown.
    #[error("not a link of ours")]
    Unknown,
    /// The visit has been moved since; there is a newer link.
    #[error("the visit of this link has changed since")]
    Moved(Option<Phone>),
    /// The visit is over or was called off.
    #[error("the visit of this link is over or was called off")]
    Closed(Option<Phone>),
    /// Its time is up.
    #[error("the time of this link is up")]
    Expired(Option<Phone>),
    /// What it asks for was asked for already.
    #[error("this link was used")]
    Used(Option<Phone>),
    /// The link does not offer this answer.
    #[error("this link does not offer this answer")]
    NotOffered,
    /// The answer could not be taken.
    #[error(transparent)]
    Change(#[from] ChangeFault),
}

impl From<NotALink> for LinkFault {
    fn from(_: NotALink) -> Self {
        Self::Unknown
    }
}

impl From<TableFault> for LinkFault {
    fn from(fault: TableFault) -> Self {
        Self::Change(fault.into())
    }
}

impl From<WriteFault> for LinkFault {
    fn from(fault: WriteFault) -> Self {
        Self::Change(fault.into())
    }
}

impl LinkFault {
    /// The number to call instead.
    pub fn phone(&self) -> Option<&Phone> {
        match self {
            Self::Moved(phone) | Self::Closed(phone) | Self::Expired(phone) | Self::Used(phone) => {
                phone.as_ref()
            }
            _ => None,
        }
    }
}

impl Fault for LinkFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown => Kind::NotFound,
            Self::Moved(_) | Self::Closed(_) | Self::Expired(_) | Self::Used(_) => Kind::Gone,
            Self::NotOffered => Kind::Invalid,
            Self::Change(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "link_unknown",
            Self::Moved(_) => "link_visit_moved",
            Self::Closed(_) => "link_visit_closed",
            Self::Expired(_) => "link_expired",
            Self::Used(_) => "link_used",
            Self::NotOffered => "answer_not_offered",
            Self::Change(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Change(fault) => fault.details(),
            _ => self.phone().map(|phone| Detail::new("clinic_phone", phone.as_str())).into_iter().collect(),
        }
    }
}
