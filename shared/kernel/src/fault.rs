//! Failures, classified once and free of any transport.

/// What a failure means to whoever caused it. HTTP turns it into a status, a queue into retry or drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request cannot be read (400).
    Malformed,
    /// Nobody, or nobody we can believe (401).
    Unauthenticated,
    /// The balance does not allow it (402).
    Payment,
    /// Known caller, not allowed (403).
    Forbidden,
    /// Absent, or another clinic's (404).
    NotFound,
    /// State, version or duplicate (409).
    Conflict,
    /// A link that was used or has expired (410).
    Gone,
    /// More bytes than taken (413).
    TooLarge,
    /// A type that is not taken (415).
    UnsupportedType,
    /// Readable, but it cannot be (422).
    Invalid,
    /// Held by somebody else for now (423).
    Locked,
    /// Too many requests (429).
    TooMany,
    /// Something we stand on is away; the same request may work later (503).
    Unavailable,
    /// Our own defect (500).
    Broken,
}

impl Kind {
    /// The HTTP status that says the same.
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::Payment => 402,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Gone => 410,
            Self::TooLarge => 413,
            Self::UnsupportedType => 415,
            Self::Invalid => 422,
            Self::Locked => 423,
            Self::TooMany => 429,
            Self::Unavailable => 503,
            Self::Broken => 500,
        }
    }

    /// Whether the same work may succeed later without anybody changing it.
    pub fn passes(self) -> bool {
        matches!(self, Self::Unavailable | Self::TooMany | Self::Locked | Self::Broken)
    }
}

/// One fault of one field: where it stands and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Detail {
    /// JSON pointer into the body, or the name of a parameter or header.
    pub at: String,
    /// What is wrong and how to mend it, in one sentence without personal data.
    pub says: String,
}

impl Detail {
    /// A fault at a place.
    pub fn new(at: impl Into<String>, says: impl Into<String>) -> Self {
        Self { at: at.into(), says: says.into() }
    }
}

/// What every error of a use case can tell. `Display` holds ids only, never personal data.
pub trait Fault: std::error::Error + Send + Sync + 'static {
    /// The class of the failure.
    fn kind(&self) -> Kind;
    /// The stable code clients may build on, for example `version_is_stale`.
    fn code(&self) -> &'static str;
    /// The fields at fault, if the failure is about fields.
    fn details(&self) -> Vec<Detail> {
        Vec::new()
    }
}
