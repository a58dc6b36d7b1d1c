//! Work that travels: requests and facts on a queue or in a due bucket.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Which queue carries a job; one per function that works from a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// To the sender.
    Outbound,
    /// To what takes in replies, receipts and bounces.
    Inbound,
    /// To the imports.
    Imports,
    /// To the planner of reminders.
    Reminders,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Outbound, Self::Inbound, Self::Imports, Self::Reminders];

    /// The name in settings and in the template.
    pub fn name(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
            Self::Imports => "imports",
            Self::Reminders => "reminders",
        }
    }
}

/// A request (`SendRequested`) or a fact (`AppointmentMoved`) that a queue carries.
pub trait Job: Serialize + DeserializeOwned + Send + Sync {
    /// The name on the wire with its version, such as `send_requested.1`. An older reader that meets a newer
    /// version puts it back rather than guessing.
    const TYPE: &'static str;
    /// The queue that carries it.
    const LANE: Lane;

    /// The job as it travels.
    fn raw(&self) -> RawJob {
        // Jobs are plain structs of ids, numbers and text: there is nothing in them JSON cannot hold.
        let data = serde_json::to_value(self).unwrap_or_default();
        RawJob { r#type: Self::TYPE.to_owned(), lane: Self::LANE, data }
    }
}

/// A job as it travels and rests: its type, its queue and its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RawJob {
    /// Name and version.
    pub r#type: String,
    /// The queue that carries it.
    pub lane: Lane,
    /// The content.
    pub data: serde_json::Value,
}

impl RawJob {
    /// The job inside, if it is of this type; `Some(Err)` if it says so but cannot be read.
    pub fn read<J: Job>(&self) -> Option<Result<J, serde_json::Error>> {
        (self.r#type == J::TYPE).then(|| J::deserialize(&self.data))
    }
}
