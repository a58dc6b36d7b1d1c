//! What is read before the claim and before the call.

use serde_json::json;
use testkit::{Mistake, Seen};

use super::{Named, any, by_sender, calls_off, cancels, moves, named, opts_out, two};

pub(super) const MISTAKES: &[Named] = &[
    named("the consent was read before the claim", || Mistake::of_stale("standing"), opts_out),
    named("the visit was read before the claim", || Mistake::of_stale("appointment"), moves),
    named(
        "the consent is not found",
        || {
            Mistake::in_reading(|reader, kind, _| {
                if kind == "standing" && by_sender(reader) { Seen::NotAtAll } else { Seen::AsIs }
            })
        },
        any,
    ),
    named(
        "the visit is not found",
        || {
            Mistake::in_reading(|reader, kind, _| {
                if kind == "appointment" && by_sender(reader) { Seen::NotAtAll } else { Seen::AsIs }
            })
        },
        any,
    ),
    named(
        "an opt-out is overlooked",
        || {
            Mistake::in_reading(|reader, kind, entity| {
                if kind == "standing" && by_sender(reader) && entity["stops"].is_array() {
                    entity["stops"] = json!([]);
                }
                Seen::AsIs
            })
        },
        opts_out,
    ),
    named(
        "a visit that was called off is read as it was before",
        || {
            Mistake::in_reading(|reader, kind, entity| {
                if kind == "appointment" && by_sender(reader) && entity["status"] == "CANCELLED" {
                    entity["status"] = json!("SCHEDULED");
                    entity["generation"] = json!(1);
                }
                Seen::AsIs
            })
        },
        calls_off,
    ),
    named(
        "a visit that was moved is read as the same visit",
        || {
            Mistake::in_reading(|reader, kind, entity| {
                if kind == "appointment" && by_sender(reader) && entity["generation"].is_number() {
                    entity["generation"] = json!(1);
                }
                Seen::AsIs
            })
        },
        moves,
    ),
    named(
        "the last of several messages is not read",
        || {
            Mistake::in_reading(|reader, kind, _| {
                let last = reader.among > 1 && reader.index + 1 == reader.among;
                if kind == "message" && by_sender(reader) && last { Seen::NotAtAll } else { Seen::AsIs }
            })
        },
        any,
    ),
    named(
        "a message that was taken back is read as waiting",
        || {
            Mistake::in_reading(|reader, kind, entity| {
                if kind == "message" && by_sender(reader) && entity["status"] == "CANCELLED" {
                    entity["status"] = json!("QUEUED");
                }
                Seen::AsIs
            })
        },
        cancels,
    ),
    named(
        "a message that was sent is read as waiting",
        || {
            Mistake::in_reading(|reader, kind, entity| {
                if kind == "message" && reader.who.starts_with("sender") && entity["status"] == "SENT" {
                    entity["status"] = json!("QUEUED");
                }
                Seen::AsIs
            })
        },
        any,
    ),
    named(
        "a message that another one sends is read as waiting",
        || {
            Mistake::in_reading(|reader, kind, entity| {
                if kind == "message" && by_sender(reader) && entity["status"] == "SENDING" {
                    entity["status"] = json!("QUEUED");
                }
                Seen::AsIs
            })
        },
        two,
    ),
];
