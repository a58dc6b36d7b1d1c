//! When a queue hands out again what was not done, and how often. `infra/state.yaml` says the same of SQS.

use std::time::Duration;

use kernel::Lane;

/// The patience of a lane.
///
/// Trouble passes: a table that throttles, a database or a region that is away. All that time its jobs stay in their
/// lane, and only what still fails after five hours is put aside as a dead letter: a job that no version can do. That
/// something fails is heard long before, by the age of the oldest job of its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redelivery {
    /// How long a job that was handed out is hidden; it comes again after that unless it was done.
    pub hidden: Duration,
    /// How often it is handed out before it is put aside.
    pub tries: u32,
}

impl Redelivery {
    /// How it is in a lane. A job is hidden for six times as long as its function may take, which AWS asks for: what
    /// is still being worked at must not be handed out again.
    pub fn of(lane: Lane) -> Self {
        let (hidden, tries) = match lane {
            Lane::Outbound | Lane::Inbound => (180, 100),
            Lane::Reminders => (360, 50),
            Lane::Imports => (1800, 10),
        };
        Self { hidden: Duration::from_secs(hidden), tries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_hours_of_trouble_put_nothing_aside() {
        for lane in Lane::ALL {
            let Redelivery { hidden, tries } = Redelivery::of(lane);
            assert!(hidden * tries >= Duration::from_hours(5), "{}", lane.name());
        }
    }
}
