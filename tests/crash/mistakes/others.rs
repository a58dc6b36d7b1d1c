//! What others write.

use serde_json::json;
use testkit::{Fate, Mistake};

use super::{Named, cancels, lost_if, moves, moves_a_reminder, named, opts_out, tells, writes};

pub(super) const MISTAKES: &[Named] = &[
    named(
        "a message is taken back whatever stands there",
        || {
            Mistake::in_writing(|act| {
                if act.who == "others" && act.puts_message("CANCELLED") {
                    act.unconditionally();
                }
                Fate::Stays
            })
        },
        cancels,
    ),
    named(
        "a message is taken back in words only",
        || Mistake::in_writing(|act| lost_if(act.who == "others" && act.puts_message("CANCELLED"))),
        cancels,
    ),
    named(
        "an opt-out is noted and changes nothing",
        || Mistake::in_writing(|act| lost_if(!act.by_sender() && act.puts("standing"))),
        opts_out,
    ),
    named(
        "a visit is moved and stays where it was",
        || Mistake::in_writing(|act| lost_if(act.who == "others" && act.puts("appointment"))),
        moves,
    ),
    named(
        "a visit that is moved stays the same visit",
        || {
            Mistake::in_writing(|act| {
                if act.who == "others" && act.puts("appointment") {
                    act.set("/generation", json!(1));
                }
                Fate::Stays
            })
        },
        moves,
    ),
    named(
        "a reminder is planned anew and its work is lost",
        || Mistake::in_writing(|act| lost_if(act.who == "others" && act.plans("send_requested.1"))),
        moves_a_reminder,
    ),
    named(
        "a reminder is planned anew and is not written",
        || {
            Mistake::in_writing(|act| {
                let new = act.puts_message("SCHEDULED") || act.puts_message("QUEUED");
                lost_if(act.who == "others" && new)
            })
        },
        moves_a_reminder,
    ),
    named(
        "a receipt is swallowed",
        || Mistake::in_writing(|act| lost_if(act.who == "provider" && act.puts_message("DELIVERED"))),
        tells,
    ),
    named(
        "a receipt lowers the status",
        || {
            Mistake::in_writing(|act| {
                if act.who == "provider" && act.puts_message("DELIVERED") {
                    act.write("/status", "SENT");
                }
                Fate::Stays
            })
        },
        tells,
    ),
    named(
        "a receipt is written whatever stands there",
        || {
            Mistake::in_writing(|act| {
                let told =
                    ["SENT", "DELIVERED", "READ", "FAILED"].iter().any(|status| act.puts_message(status));
                if act.who == "provider" && told {
                    act.unconditionally();
                }
                Fate::Stays
            })
        },
        tells,
    ),
    named(
        "a text that came is not kept",
        || Mistake::in_writing(|act| lost_if(act.puts("inbound") && act.field("/reading").is_none())),
        writes,
    ),
    named(
        "the work of a text that came is lost",
        || {
            Mistake::in_writing(|act| {
                lost_if(
                    act.puts("due") && act.text("/job/type").is_some_and(|job| job.starts_with("inbound")),
                )
            })
            .and_does_not_push(|job| job.r#type.starts_with("inbound"))
        },
        writes,
    ),
    named(
        "a text is taken as done before it is",
        || {
            Mistake::in_writing(|act| {
                if act.puts("inbound") && act.field("/reading").is_some() {
                    act.set("/done", json!(true));
                }
                Fate::Stays
            })
        },
        writes,
    ),
    named(
        "a text does not come into the thread",
        || Mistake::in_writing(|act| lost_if(act.puts("message") && act.text("/direction") == Some("IN"))),
        writes,
    ),
    named(
        "a text is never done",
        || {
            Mistake::in_writing(|act| {
                if act.puts("inbound") {
                    act.set("/done", json!(false));
                }
                Fate::Stays
            })
        },
        writes,
    ),
    named(
        "an answer to a text is not written",
        || {
            Mistake::in_writing(|act| {
                lost_if(act.puts_message("QUEUED") && act.text("/source/kind") == Some("REPLY"))
            })
        },
        writes,
    ),
    named(
        "a confirmation changes nothing",
        || Mistake::in_writing(|act| lost_if(act.who == "inbound" && act.puts("appointment"))),
        writes,
    ),
];
