//! What the claim, the lease, the call and its outcome stand on.

use serde_json::json;
use testkit::{Fate, Mistake, Sending};

use super::{
    Named, answers, any, claims, in_batch, is_busy, is_silent, kills, loses_an_answer, lost_if, named,
    says_sent, tells, two,
};

pub(super) const MISTAKES: &[Named] = &[
    named(
        "a claim is written whatever stands there",
        || {
            Mistake::in_writing(|act| {
                if claims(act) {
                    act.unconditionally();
                }
                Fate::Stays
            })
        },
        two,
    ),
    named(
        "the second of two workers does not hear that its claim was refused",
        || Mistake::in_writing(|act| if claims(act) { Fate::Unrefused } else { Fate::Stays }),
        two,
    ),
    named(
        "a claim is not written",
        || Mistake::in_writing(|act| lost_if(claims(act) && act.who != "house")),
        two,
    ),
    named(
        "claims that travel together are written whatever stands there",
        || {
            Mistake::in_writing(|act| {
                if claims(act) && in_batch(act) {
                    act.unconditionally();
                }
                Fate::Stays
            })
        },
        any,
    ),
    named(
        "the last claim of several is not written",
        || Mistake::in_writing(|act| lost_if(claims(act) && in_batch(act) && act.index > 0)),
        any,
    ),
    named(
        "a claim does not raise the revision",
        || {
            Mistake::in_writing(|act| {
                if claims(act) {
                    act.keeps_revision();
                }
                Fate::Stays
            })
        },
        two,
    ),
    named(
        "a claim forgets its lease",
        || {
            Mistake::in_writing(|act| {
                if claims(act) {
                    act.forget("claimed_until");
                }
                Fate::Stays
            })
        },
        two,
    ),
    named(
        "a lease never ends",
        || {
            Mistake::in_writing(|act| {
                if claims(act) {
                    act.write("/claimed_until", "2036-01-01T00:00:00Z");
                }
                Fate::Stays
            })
        },
        kills,
    ),
    named(
        "a lease has ended when it is written",
        || {
            Mistake::in_writing(|act| {
                if claims(act) {
                    act.write("/claimed_until", "2026-06-08T00:00:00Z");
                }
                Fate::Stays
            })
        },
        two,
    ),
    named(
        "a claim notes no attempt",
        || {
            Mistake::in_writing(|act| {
                if claims(act) || says_sent(act) {
                    act.forget_last("attempts");
                }
                Fate::Stays
            })
        },
        any,
    ),
    named(
        "every attempt has the number 1",
        || {
            Mistake::in_writing(|act| {
                if act.by_sender() && act.puts("message") {
                    act.set("/attempts/-1/n", json!(1));
                }
                Fate::Stays
            })
        },
        any,
    ),
    named(
        "a write cannot be told from another's",
        || {
            Mistake::in_writing(|act| {
                if claims(act) {
                    act.blanks("mark");
                }
                Fate::Stays
            })
        },
        loses_an_answer,
    ),
    named("the outcome is not written", || Mistake::in_writing(|act| lost_if(says_sent(act))), any),
    named(
        "the last outcome of several is not written",
        || Mistake::in_writing(|act| lost_if(says_sent(act) && in_batch(act) && act.index > 0)),
        any,
    ),
    named(
        "the outcome is written whatever stands there",
        || {
            Mistake::in_writing(|act| {
                if says_sent(act) {
                    act.unconditionally();
                }
                Fate::Stays
            })
        },
        tells,
    ),
    named(
        "an outcome that was refused is taken for written",
        || Mistake::in_writing(|act| if says_sent(act) { Fate::Unrefused } else { Fate::Stays }),
        tells,
    ),
    named(
        "the provider's id is not kept",
        || {
            Mistake::in_writing(|act| {
                if says_sent(act) {
                    act.write("/attempts/-1/provider_id", "SMother");
                }
                Fate::Stays
            })
        },
        any,
    ),
    named(
        "what was said is not kept",
        || {
            Mistake::in_writing(|act| {
                if says_sent(act) {
                    act.forget("said");
                }
                Fate::Stays
            })
        },
        any,
    ),
    named(
        "a refusal is taken for an acceptance",
        || {
            Mistake::in_writing(|act| {
                if act.by_sender() && act.puts_message("FAILED") {
                    act.write("/status", "SENT");
                }
                Fate::Stays
            })
        },
        answers,
    ),
    named(
        "what failed is tried again at once and for ever",
        || {
            Mistake::in_writing(|act| {
                if act.by_sender() && act.puts_message("FAILED") {
                    act.write("/status", "QUEUED");
                }
                Fate::Stays
            })
        },
        answers,
    ),
    named(
        "a further try is planned and its work is lost",
        || {
            Mistake::in_writing(|act| lost_if(act.by_sender() && act.plans("send_requested.1")))
                .and_does_not_push(|_| false)
        },
        is_busy,
    ),
    named(
        "the work of another clinic is planned",
        || {
            Mistake::in_writing(|act| {
                if act.by_sender() && act.plans("send_requested.1") {
                    act.write("/job/data/clinic", "cln_00000000000000000000000001");
                }
                Fate::Stays
            })
        },
        is_busy,
    ),
    named(
        "what is unknown is sent again",
        || {
            Mistake::in_writing(|act| {
                if act.puts_message("UNKNOWN") {
                    act.write("/status", "QUEUED");
                }
                Fate::Stays
            })
        },
        kills,
    ),
    named(
        "a claim that ran out is left alone",
        || Mistake::in_writing(|act| lost_if(act.puts_message("UNKNOWN"))),
        kills,
    ),
    named(
        "what is unknown is taken for sent",
        || {
            Mistake::in_writing(|act| {
                if act.puts_message("UNKNOWN") {
                    act.write("/status", "SENT");
                }
                Fate::Stays
            })
        },
        kills,
    ),
    named(
        "nobody asks about what is unknown",
        || Mistake::in_writing(|act| lost_if(act.plans("settle_unknown.1"))),
        is_silent,
    ),
    named("the desk is not told", || Mistake::in_writing(|act| lost_if(act.puts("not_sent"))), kills),
    named(
        "what was settled stays on the desk",
        || {
            Mistake::in_writing(|act| {
                if act.puts("not_sent") {
                    act.forget("resolved");
                }
                Fate::Stays
            })
        },
        is_silent,
    ),
    named("a provider is called twice", || Mistake::in_sending(Sending::Twice), any),
    named("a provider is not called", || Mistake::in_sending(Sending::Never), any),
    named(
        "a call without an answer is made again",
        || Mistake::in_sending(Sending::AgainAfterSilence),
        is_silent,
    ),
    named(
        "a call that failed inside is made again",
        || Mistake::in_sending(Sending::AgainAfterFault),
        answers,
    ),
    named("silence is taken for yes", || Mistake::in_sending(Sending::SilenceIsYes), is_silent),
    named("silence is taken for no", || Mistake::in_sending(Sending::SilenceIsNo), is_silent),
    named("a request for patience is taken for yes", || Mistake::in_sending(Sending::BusyIsYes), is_busy),
];
