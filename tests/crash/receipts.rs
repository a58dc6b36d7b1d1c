//! R4: receipts in any order and number end in the same state.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Category, Channel, Id, MessageId, PersonId};
use messaging::{Attempt, AttemptStatus, Body, Draft, Message, Route, Status, desk::NotSent};
use providers::Provider;
use rstest::rstest;
use table::keys::NotSentKey;
use testkit::{House, PUBLIC, Sent};

/// All orders in which these may come, each once.
fn permutations<T: Clone + Ord>(these: &[T]) -> BTreeSet<Vec<T>> {
    let Some((first, rest)) = these.split_first() else { return BTreeSet::from([Vec::new()]) };
    let mut all = BTreeSet::new();
    for order in permutations(rest) {
        for at in 0..=order.len() {
            let mut order = order.clone();
            order.insert(at, first.clone());
            all.insert(order);
        }
    }
    all
}

/// A text that a provider has taken, or one whose sender has claimed it and is still at it.
async fn taken(house: &House, name: &str, under_way: bool) -> Sent {
    let now = house.clock.now();
    let draft = Draft {
        id: MessageId::derived_at(now, &[name]),
        person: PersonId::derived(&[name]),
        route: Route::Only(Channel::Sms),
        category: Category::General,
        body: Body::Text { subject: None, text: "Hello".to_owned().into() },
        send_at: now,
        not_after: None,
        about: None,
        asks: None,
        source: messaging::Source::Staff { by: "crash".to_owned() },
        resend_of: None,
    };
    let provider_id = format!("SM{name:0>32}");
    let mut message =
        Message::from_draft(draft, now).moved(if under_way { Status::Sending } else { Status::Sent }, now);
    message.channel = Some(Channel::Sms);
    message.claimed_until = under_way.then(|| now + testkit::minutes(1));
    message.attempts.push(Attempt {
        n: 1,
        provider: (!under_way).then_some(Provider::Twilio),
        account: None,
        status: if under_way { AttemptStatus::Pending } else { AttemptStatus::Sent },
        provider_id: (!under_way).then(|| provider_id.clone()),
        at: now,
        ended_at: None,
        error: None,
        machine_open: false,
    });
    let mut write = house.table.write();
    write.create(&message);
    write.commit().await.unwrap();
    let clinic = house.table.clinic();
    Sent {
        provider: providers::Provider::Twilio,
        channel: Channel::Sms,
        to: "+12125550123".to_owned(),
        from: testkit::OUR_NUMBER.to_owned(),
        subject: None,
        text: "Hello".to_owned(),
        clinic,
        message: message.id,
        attempt: 1,
        provider_id,
        callback: format!("{PUBLIC}/hooks/twilio/status?attempt=1&clinic={clinic}&message={}", message.id),
        at: now,
    }
}

/// What a message and everything about it stand at, without the times.
async fn state(house: &House, sent: &Sent) -> String {
    let kept = house.message(sent.message).await;
    let desk = house.table.get::<NotSent>(&NotSentKey { message: sent.message }).await.unwrap();
    let attempts: Vec<_> = kept
        .attempts
        .iter()
        .map(|attempt| {
            let code = attempt.error.as_ref().and_then(|error| error.code.clone());
            (attempt.n, attempt.status, attempt.provider_id.is_some(), code, attempt.machine_open)
        })
        .collect();
    let shown = desk.map(|desk| (desk.status, desk.resolved.is_some()));
    let ended = kept.ended.as_ref().map(|ended| ended.code.clone());
    format!(
        "{:?} {:?} {attempts:?} {ended:?} open on the desk: {:?}",
        kept.status,
        kept.claimed_until,
        shown.filter(|shown| !shown.1)
    )
}

/// Every order of up to six words of Twilio's, with some told twice, through the door as Twilio calls it.
///
///
#[rstest]
#[case(&["queued", "sent", "delivered", "undelivered", "read", "delivered"], false)]
#[case(&["sent", "sent", "delivered", "delivered"], true)]
#[case(&["queued", "sent", "delivered", "undelivered"], true)]
#[case(&["sent", "undelivered", "undelivered", "failed"], false)]
#[tokio::test]
async fn receipts_of_texts_converge(#[case] words: &[&'static str], #[case] under_way: bool) {
    let house = House::new(1).await;
    let webhooks = webhooks::open(&house.platform).unwrap();
    let mut ends: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (number, order) in permutations(words).into_iter().enumerate() {
        let sent = taken(&house, &number.to_string(), under_way).await;
        for word in &order {
            let code = matches!(*word, "undelivered" | "failed").then_some("30005");
            let call = House::receipt_of_twilio(&sent, word, code);
            assert!(Box::pin(House::through(&webhooks, call)).await.0.is_success());
        }
        ends.entry(state(&house, &sent).await).or_insert(order);
    }
    house.settles().await;
    assert_eq!(ends.len(), 1, "{ends:#?}");
}

/// Everything a provider can tell, in every sequence of up to five, repetitions included: only the set decides.
///
///
#[test]
fn only_what_was_told_decides_and_not_when_or_how_often() {
    const NEWS: [Status; 6] =
        [Status::Unknown, Status::Sent, Status::Failed, Status::Delivered, Status::Bounced, Status::Read];
    let mut ends: BTreeMap<u32, Status> = BTreeMap::new();
    for length in 0..=6_u32 {
        for number in 0..6_usize.pow(length) {
            let (mut told, mut status, mut rest) = (0, Status::Sending, number);
            for _ in 0..length {
                let index = rest % NEWS.len();
                rest /= NEWS.len();
                told |= 1 << index;
                let next = status.joined(NEWS[index]);
                assert_eq!(status.joined(next), next, "a status never falls");
                status = next;
            }
            assert_eq!(*ends.entry(told).or_insert(status), status, "{told:b}");
        }
    }
    assert_eq!(ends.len(), 64);
}

/// Every order of what SES tells of a mail, with one event told twice, through the queue it comes by.
///
///
#[tokio::test]
async fn receipts_of_mails_converge() {
    use serde_json::json;
    let house = House::new(2).await;
    let now = house.clock.now();
    let says = |kind: &str| match kind {
        "Bounce" => json!({
            "bounceType": "Permanent", "bounceSubType": "General", "timestamp": now,
            "bouncedRecipients": [{ "emailAddress": "ana@example.com", "status": "5.1.1" }],
        }),
        "Complaint" => json!({
            "timestamp": now, "complainedRecipients": [{ "emailAddress": "ana@example.com" }],
        }),
        "Delivery" => json!({ "timestamp": now, "recipients": ["ana@example.com"] }),
        _ => json!({ "timestamp": now }),
    };
    let mut ends: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let orders = permutations(&["Bounce", "Complaint", "Delivery", "Delivery", "Open"]);
    for (number, order) in orders.into_iter().enumerate() {
        let mut sent = taken(&house, &number.to_string(), false).await;
        (sent.channel, sent.to) = (Channel::Email, "ana@example.com".to_owned());
        for kind in &order {
            house.ses_says(&sent, kind, says(kind)).await;
        }
        house.settles().await;
        ends.entry(state(&house, &sent).await).or_insert(order);
    }
    assert_eq!(ends.len(), 1, "{ends:#?}");
}
