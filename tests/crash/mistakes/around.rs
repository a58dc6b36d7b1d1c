//! The minute, the queue and the stream.

use testkit::{Fate, Mistake};

use super::{Named, any, kills, lost_if, named, writes};

pub(super) const MISTAKES: &[Named] = &[
    named(
        "what the minute pushes gets lost",
        || Mistake::default().and_does_not_push(|job| job.r#type.starts_with("send")),
        any,
    ),
    named(
        "of what is pushed together only the first arrives",
        || {
            Mistake::in_pushing(|job| {
                let sends = job.data.get_mut("sends").and_then(|sends| sends.as_array_mut());
                sends.is_some_and(|sends| {
                    let many = sends.len();
                    sends.truncate(1);
                    many > 1
                })
            })
        },
        any,
    ),
    named("the minute looks into one shard only", || Mistake::in_looking(|bucket| bucket.shard == 0), any),
    named(
        "a job is off its queue before it is done, and no minute looks again",
        || Mistake::in_looking(|bucket| !bucket.again).and_forgets_jobs(),
        kills,
    ),
    named(
        "the minute passes hours over",
        || {
            Mistake::in_writing(|act| {
                if act.puts("swept") {
                    act.write("/upto", "2026-06-08T20:00:00Z");
                }
                Fate::Stays
            })
        },
        any,
    ),
    named(
        "a change is counted as often as it is told",
        || Mistake::in_writing(|act| lost_if(act.puts("counted"))),
        any,
    ),
    named(
        "a change is added and never taken away",
        || Mistake::in_writing(|act| lost_if(act.adds().is_some_and(|by| by < 0))),
        any,
    ),
    named(
        "a text is shown as unread each time it is told",
        || Mistake::in_writing(|act| lost_if(act.puts("once") && act.text("/what") == Some("unread"))),
        writes,
    ),
    named(
        "the inbox is not told of a text",
        || Mistake::in_writing(|act| lost_if(act.puts("conversation"))),
        writes,
    ),
];
