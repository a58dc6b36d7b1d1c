//! What can be wrong with a template on save.

use kernel::{Channel, Detail, Fault, Kind};

use crate::{sensitivity::Sensitivity, variables::Type};

/// Something wrong with a draft.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A name that no variable has.
    #[error("unknown variable {0}")]
    UnknownVariable(String),
    /// Braces that never close.
    #[error("braces open with {{{{ and never close")]
    Unclosed,
    /// Default words that are too long or hold braces.
    #[error("the default words of {0} have braces, control characters or more than 100 characters")]
    BadDefault(String),
    /// A variable in the text that the template does not declare.
    #[error("the variable {0} is used but not declared")]
    Undeclared(String),
    /// A variable declared twice.
    #[error("the variable {0} is declared twice")]
    DeclaredTwice(String),
    /// A declared type that the variable does not have.
    #[error("the variable {path} is of type {}", is.name())]
    WrongType {
        /// Which variable.
        path: String,
        /// What it is.
        is: Type,
    },
    /// A variable that gives away more than the channel may carry.
    #[error("{path} is {} and {} carries {} at most", class.name(), channel.name(), ceiling.name())]
    TooSensitive {
        /// Which variable.
        path: String,
        /// What it gives away.
        class: Sensitivity,
        /// Where it was to go.
        channel: Channel,
        /// What may go there.
        ceiling: Sensitivity,
    },
    /// A variable that never goes by this channel.
    #[error("{path} does not go by {}", channel.name())]
    WrongChannel {
        /// Which variable.
        path: String,
        /// Where it was to go.
        channel: Channel,
    },
    /// No words.
    #[error("there is no text")]
    Empty,
    /// A text that is longer than allowed, or becomes it with the longest values.
    #[error("{over} characters too long with the longest values; {limit} are allowed, remaining -{over}")]
    TooLong {
        /// Characters allowed.
        limit: usize,
        /// Characters too many.
        over: usize,
    },
    /// A line break in a subject or title.
    #[error("it is one line and holds a line break")]
    LineBreak,
    /// HTML that runs or loads something.
    #[error("{0} is not allowed in an e-mail")]
    ActiveContent(String),
    /// HTML that ends within a tag.
    #[error("the HTML ends within a tag, a comment or a style")]
    BrokenHtml,
    /// A variable at a place where escaping cannot protect.
    #[error("{0} stands where its value cannot be made safe: use it in text or in a quoted attribute")]
    UnsafePlace(String),
    /// A language without any body, or no body in the default language.
    #[error("there is no body")]
    NoBody,
    /// An e-mail of nothing but a subject.
    #[error("an e-mail needs text or html")]
    NoMailBody,
    /// Too many languages.
    #[error("there are more than 10 languages")]
    TooManyLanguages,
    /// More bytes than a version may have.
    #[error("the version has more than 350,000 bytes")]
    TooBig,
}

impl Flaw {
    /// The stable code of this flaw.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownVariable(_) => "variable_unknown",
            Self::Unclosed => "braces_unclosed",
            Self::BadDefault(_) => "default_invalid",
            Self::Undeclared(_) => "variable_undeclared",
            Self::DeclaredTwice(_) => "variable_declared_twice",
            Self::WrongType { .. } => "variable_type_wrong",
            Self::TooSensitive { .. } => "variable_too_sensitive",
            Self::WrongChannel { .. } => "variable_not_on_channel",
            Self::Empty => "body_empty",
            Self::TooLong { .. } => "body_too_long",
            Self::LineBreak => "line_break_in_header",
            Self::ActiveContent(_) => "html_active",
            Self::BrokenHtml => "html_broken",
            Self::UnsafePlace(_) => "variable_place_unsafe",
            Self::NoBody => "body_missing",
            Self::NoMailBody => "mail_body_missing",
            Self::TooManyLanguages => "languages_too_many",
            Self::TooBig => "version_too_big",
        }
    }
}

/// A draft that cannot be saved, with all that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the template cannot be saved: {}", code_of(.0))]
pub struct ContentFault(pub Vec<(String, Flaw)>);

fn code_of(flaws: &[(String, Flaw)]) -> &'static str {
    flaws.first().map_or("template_invalid", |(_, flaw)| flaw.code())
}

impl Fault for ContentFault {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    /// The code of the first flaw; the details tell them all.
    fn code(&self) -> &'static str {
        code_of(&self.0)
    }

    fn details(&self) -> Vec<Detail> {
        self.0.iter().map(|(at, flaw)| Detail::new(at.clone(), flaw.to_string())).collect()
    }
}
