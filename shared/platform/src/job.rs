//! What becomes of a job.

use kernel::{Fault, Kind};

/// A job that was not done. It comes back later and, after some tries, goes to the dead-letter queue; a job
/// that is pointless now is done, not failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFault {
    /// The class of the failure.
    pub kind: Kind,
    /// Its stable code.
    pub code: &'static str,
    /// One sentence, ids only.
    pub says: String,
}

/// What became of a job.
pub type Worked = Result<(), JobFault>;

impl JobFault {
    /// The failure of a use case, as a job's.
    pub fn from_fault(fault: &dyn Fault) -> Self {
        Self { kind: fault.kind(), code: fault.code(), says: fault.to_string() }
    }

    /// A job that no part of this program knows, or that cannot be read.
    pub fn unknown(kind: &str) -> Self {
        Self { kind: Kind::Invalid, code: "job_unknown", says: format!("no reader for a job of type {kind}") }
    }
}

impl std::fmt::Display for JobFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the job failed ({}): {}", self.code, self.says)
    }
}

impl<F: Fault> From<F> for JobFault {
    fn from(fault: F) -> Self {
        Self::from_fault(&fault)
    }
}
