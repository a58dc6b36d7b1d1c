//! The grammar against its vectors.

use kernel::Id as _;
use proptest::prelude::*;

use super::*;

#[derive(Deserialize)]
struct Vectors {
    replies: Vec<Vector>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    text: String,
    context: String,
    intent: Intent,
    because: Option<Because>,
    also_task: Option<bool>,
    also_opt_in: Option<bool>,
    wrong_number: Option<bool>,
    visits: Option<Vec<u8>>,
}

fn visit(number: u8) -> AppointmentId {
    AppointmentId::derived(&[&number.to_string()])
}

fn prompt(message: &str, sent_at: &str, answers: Answers, visits: &[u8]) -> Prompt {
    Prompt {
        message: MessageId::derived(&[message]),
        sent_at: sent_at.parse().unwrap(),
        until: "2026-12-10T15:00:00Z".parse().unwrap(),
        answers,
        visits: visits.iter().map(|number| visit(*number)).collect(),
    }
}

const NOON: &str = "2026-12-08T17:00:00Z";

/// The situations that the vectors name: prompts, opted out, provider, language.
fn situation(name: &str) -> (Vec<Prompt>, bool, Option<ProviderSays>, &'static str) {
    let first = || prompt("a", "2026-12-07T15:00:00Z", Answers::Words, &[1]);
    let siblings = || prompt("s", "2026-12-07T15:00:00Z", Answers::Numbered, &[1, 2]);
    let later = |visits| prompt("b", "2026-12-08T15:00:00Z", Answers::Words, visits);
    match name {
        "one" => (vec![first()], false, None, "en"),
        "es" => (vec![first()], false, None, "es-MX"),
        "fr" => (vec![first()], false, None, "fr"),
        "none" => (vec![], false, None, "en"),
        "late" => (vec![Prompt { until: NOON.parse().unwrap(), ..first() }], false, None, "en"),
        "early" => {
            (vec![Prompt { sent_at: "2026-12-09T00:00:00Z".parse().unwrap(), ..first() }], false, None, "en")
        }
        "digits" => (vec![Prompt { answers: Answers::Digits, ..first() }], false, None, "en"),
        "siblings" => (vec![siblings()], false, None, "en"),
        "two" => (vec![first(), later(&[3])], false, None, "en"),
        "again" => (vec![later(&[1]), first()], false, None, "en"),
        "siblings_and_one" => (vec![siblings(), later(&[3])], false, None, "en"),
        "opted_out" => (vec![], true, None, "en"),
        "opted_out_asked" => (vec![first()], true, None, "en"),
        "lifted_asked" => (vec![first()], true, Some(ProviderSays::OptIn), "en"),
        "lifted" => (vec![], false, Some(ProviderSays::OptIn), "en"),
        "blocked" => (vec![first()], false, Some(ProviderSays::OptOut), "en"),
        other => panic!("no situation {other}"),
    }
}

fn read_in(name: &str, text: &str, rules: &Rules) -> Reading {
    let (prompts, opted_out, provider, language) = situation(name);
    let language = language.parse().unwrap();
    let context = Context {
        at: NOON.parse().unwrap(),
        opted_out,
        provider,
        language: Some(&language),
        prompts: &prompts,
        rules,
    };
    read(text, &context)
}

/// D-09, E-18, E-19
#[test]
fn answers_are_read_as_the_vectors_say() {
    let vectors: Vectors = crate::rules::read(include_str!("../../data/reply_vectors.json"));
    assert!(vectors.replies.len() > 200);
    let wrong: Vec<_> = vectors
        .replies
        .iter()
        .map(|vector| (vector, read_in(&vector.context, &vector.text, Rules::standard())))
        .filter(|(vector, read)| {
            let visits = vector.visits.as_ref().map(|all| all.iter().map(|n| visit(*n)).collect::<Vec<_>>());
            let same = vector.intent == read.intent
                && vector.because.is_none_or(|because| because == read.because)
                && vector.also_task.is_none_or(|also| also == read.also_task)
                && vector.also_opt_in.is_none_or(|also| also == read.also_opt_in)
                && vector.wrong_number.is_none_or(|wrong| wrong == read.wrong_number)
                && visits.is_none_or(|visits| visits == read.visits);
            !same
        })
        .map(|(vector, read)| {
            format!("{:?} in {}: {:?}, {:?}", vector.text, vector.context, vector.intent, read)
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_clinic_may_count_thanks_and_words_of_its_own_as_yes() {
    let own = crate::Overrides {
        courtesy_confirms: true,
        confirm_words: vec!["Smile on!".into(), "stop".into()],
        ..Default::default()
    };
    let rules = Rules::of(own);
    assert_eq!(read_in("one", "thank you", &rules).intent, Intent::Confirm);
    assert_eq!(read_in("one", "smile on", &rules).intent, Intent::Confirm);
    assert_eq!(read_in("one", "stop", &rules).intent, Intent::OptOut);
    assert_eq!(read_in("one", "smile on", Rules::standard()).intent, Intent::Unclear);
}

#[test]
fn only_the_question_that_was_answered_is_confirmed() {
    let read = read_in("siblings_and_one", "2", Rules::standard());
    assert_eq!(read.prompt, Some(MessageId::derived(&["s"])));
    assert_eq!(read_in("again", "C", Rules::standard()).prompt, Some(MessageId::derived(&["b"])));
}

proptest! {
    /// E-19
    #[test]
    fn nothing_is_confirmed_that_was_not_asked(text in "\\PC{0,40}|(c|yes|ok|1|2|r|no| |👍|stop|my appt){1,6}") {
        for name in ["none", "late", "two", "opted_out"] {
            let read = read_in(name, &text, Rules::standard());
            prop_assert!(read.intent != Intent::Confirm && read.visits.is_empty(), "{name}: {read:?}");
        }
        let read = read_in("one", &text, Rules::standard());
        prop_assert!(read.visits.iter().all(|v| *v == visit(1)));
        if text.contains('?') && read.intent != Intent::OptOut {
            prop_assert!(!matches!(read.intent, Intent::Confirm | Intent::Decline | Intent::Reschedule));
        }
    }
}
