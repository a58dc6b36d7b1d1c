//! What can go wrong with a step of a plan.

use kernel::{AppointmentId, Fault, Kind};
use messaging::Status;
use table::{TableFault, WriteFault};

/// A plan that cannot be read, or a step that cannot be sent or taken back.
#[derive(Debug, thiserror::Error)]
pub enum StepFault {
    /// There is no such visit, or it belongs to another clinic.
    #[error("there is no appointment {0}")]
    NotFound(AppointmentId),
    /// The plan has no such step any more.
    #[error("the plan of appointment {appointment} has no step {n}")]
    NoStep {
        /// The visit.
        appointment: AppointmentId,
        /// The step.
        n: u32,
    },
    /// The visit is over, called off or has begun: nothing more is sent about it.
    #[error("appointment {0} is not ahead any more")]
    NotAhead(AppointmentId),
    /// The message is on its way, or has ended.
    #[error("the message is {}", .0.name())]
    TooLate(Status),
    /// The step has no message that could be taken back.
    #[error("step {0} has no message")]
    NothingPlanned(u32),
    /// The table.
    #[error(transparent)]
    Write(#[from] WriteFault),
}

impl From<TableFault> for StepFault {
    fn from(fault: TableFault) -> Self {
        Self::Write(fault.into())
    }
}

impl Fault for StepFault {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) | Self::NoStep { .. } => Kind::NotFound,
            Self::NotAhead(_) | Self::TooLate(_) | Self::NothingPlanned(_) => Kind::Conflict,
            Self::Write(fault) => fault.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "appointment_not_found",
            Self::NoStep { .. } => "step_not_found",
            Self::NotAhead(_) => "appointment_closed",
            Self::TooLate(_) => "message_too_late",
            Self::NothingPlanned(_) => "step_not_planned",
            Self::Write(fault) => fault.code(),
        }
    }
}
