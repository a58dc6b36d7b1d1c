//! What the changes of messages mean for those who watch over the product: counted once here, whoever wrote them.
//! A change that is told twice counts twice; alarms and a dashboard can bear that.

use jiff::SignedDuration;
use messaging::{Direction, Message, Source, Status};
use platform::count;
use providers::ErrorClass;

/// A reminder that went out longer after its time than this was late.
const LATE: SignedDuration = SignedDuration::from_mins(5);
/// What Twilio says of a message that a carrier filtered: <https://www.twilio.com/docs/api/errors/30007>.
const FILTERED: &str = "30007";

/// Statuses whose first time is counted, and the figure's name.
const REACHED: [(Status, &str); 8] = [
    (Status::Sent, "sent"),
    (Status::Delivered, "delivered"),
    (Status::Failed, "failed"),
    (Status::Bounced, "bounced"),
    (Status::Unknown, "unknown"),
    (Status::Skipped, "refused"),
    (Status::Expired, "expired"),
    (Status::Cancelled, "cancelled"),
];

/// Counts what is new in a message.
pub(crate) fn of(before: Option<&Message>, after: &Message) {
    let channel = after.channel.map_or("none", |channel| channel.name()).to_lowercase();
    if after.direction == Direction::In {
        if before.is_none() {
            count(format!("replies.{channel}"), 1);
        }
        return;
    }
    let reminder = matches!(after.source, Source::Reminder { .. });
    if before.is_none() && reminder {
        count("reminders.planned", 1);
    }
    for (status, name) in REACHED {
        let Some(at) = after.times.get(&status) else { continue };
        if before.is_some_and(|before| before.times.contains_key(&status)) {
            continue;
        }
        count(format!("messages.{name}.{channel}"), 1);
        match status {
            Status::Unknown => count("messages.unknown", 1),
            Status::Sent if reminder && at.duration_since(after.send_at) > LATE => {
                count("reminders.late", 1);
            }
            _ => {}
        }
    }
    let known = |n: u32| before.and_then(|before| before.attempts.iter().find(|attempt| attempt.n == n));
    for attempt in &after.attempts {
        let Some(error) = &attempt.error else { continue };
        if known(attempt.n).is_some_and(|attempt| attempt.error.is_some()) {
            continue;
        }
        if error.code.as_deref() == Some(FILTERED) {
            count("messages.filtered", 1);
        }
        if error.class == ErrorClass::Config {
            count("provider.refuses_us", 1);
        }
    }
}
