//! What can go wrong with rules.

use kernel::{Detail, Fault, Kind, RuleId};
use table::{TableFault, WriteFault};

use super::MOST_RULES;

/// A rule that cannot be read or changed as asked.
#[derive(Debug, thiserror::Error)]
pub enum RuleFault {
    /// Absent, or another clinic's.
    #[error("there is no rule {0}")]
    NotFound(RuleId),
    /// Somebody else changed it since it was read.
    #[error("rule {id} has version {version} by now")]
    Stale {
        /// The rule.
        id: RuleId,
        /// Its revision.
        version: u64,
    },
    /// Fields cannot be as they are.
    #[error("{} fields of the rule cannot be", .0.len())]
    Invalid(Vec<Detail>),
    /// The clinic has as many as it can have.
    #[error("a clinic has at most {MOST_RULES} rules")]
    TooMany,
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl From<TableFault> for RuleFault {
    fn from(fault: TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for RuleFault {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::Stale { .. } | Self::TooMany => Kind::Conflict,
            Self::Invalid(_) => Kind::Invalid,
            Self::Write(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "rule_not_found",
            Self::Stale { .. } => "version_is_stale",
            Self::Invalid(_) => "rule_invalid",
            Self::TooMany => "too_many_rules",
            Self::Write(fault) => fault.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Invalid(details) => details.clone(),
            Self::Write(fault) => fault.details(),
            _ => Vec::new(),
        }
    }
}
