//! What providers tell of what went out.

use kernel::MessageId;
use messaging::{AttemptStatus, Status};
use people::ContactStatus;
use serde_json::json;
use testkit::{Answer, House, PUBLIC, Patient, Sent, minutes};

async fn sent(house: &House) -> (Patient<'_>, Sent) {
    let ana = house.patient("Ana").with_text("+12125550123").with_email("ana@example.com").who_agreed().await;
    let message = ana.is_written("Hello").await;
    house.settles().await;
    let sent = house.sent(message).unwrap();
    (ana, sent)
}

///
#[tokio::test]
async fn a_receipt_moves_the_message_and_its_attempt_and_says_the_same_twice() {
    let house = House::new(30).await;
    let (_, sent) = sent(&house).await;
    for _ in 0..3 {
        house.provider_says(&sent, "delivered").await;
        let kept = house.message(sent.message).await;
        assert_eq!((kept.status, kept.attempts[0].status), (Status::Delivered, AttemptStatus::Delivered));
        // Written when the sender claimed it, when it was sent and when it arrived.
        assert_eq!(kept.rev(), 4);
    }
}

///
#[tokio::test]
async fn receipts_that_come_late_never_move_a_message_back() {
    let house = House::new(31).await;
    let (_, sent) = sent(&house).await;
    for status in ["delivered", "sent", "queued", "sending"] {
        house.provider_says(&sent, status).await;
    }
    assert_eq!(house.status(sent.message).await, Status::Delivered);
    house.provider_says(&sent, "undelivered").await;
    assert_eq!(house.status(sent.message).await, Status::Delivered);
    assert!(house.not_sent().await.is_empty());
}

///
#[tokio::test]
async fn a_failure_that_is_told_before_the_delivery_is_taken_from_the_desk() {
    let house = House::new(32).await;
    let (_, sent) = sent(&house).await;
    house.twilio_says(&sent, "undelivered", Some("30008")).await;
    house.settles().await;
    assert_eq!((house.status(sent.message).await, house.not_sent().await.len()), (Status::Failed, 1));
    house.provider_says(&sent, "delivered").await;
    assert_eq!((house.status(sent.message).await, house.not_sent().await.len()), (Status::Delivered, 0));
}

async fn thought_about(house: &House, message: MessageId, tells: &[(&str, Option<&str>)]) {
    house.providers.will(Answer::AcceptSlowly);
    let meanwhile = async {
        house.providers.is_called().await;
        let sent = house.sent(message).unwrap();
        for (status, code) in tells {
            house.twilio_says(&sent, status, *code).await;
        }
        house.providers.go_on();
    };
    tokio::join!(house.settles(), meanwhile);
}

///
#[tokio::test]
async fn a_receipt_may_come_before_the_call_has_returned() {
    for (tells, ends) in [
        (&[("delivered", None)][..], Status::Delivered),
        (&[("sent", None), ("delivered", None), ("sent", None)], Status::Delivered),
        (&[("queued", None)], Status::Sent),
        (&[("undelivered", Some("30008"))], Status::Failed),
    ] {
        let house = House::new(33).await;
        let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
        let message = ana.is_written("Hello").await;
        thought_about(&house, message, tells).await;
        let kept = house.message(message).await;
        assert_eq!(kept.status, ends, "{tells:?}");
        assert_eq!(kept.attempts.len(), 1);
        assert_eq!(kept.attempts[0].provider_id, Some(house.last().provider_id));
        assert!(kept.times.contains_key(&Status::Sent), "{tells:?}: {:?}", kept.times);
        assert_eq!(kept.claimed_until, None);
        assert_eq!(house.outbox().len(), 1);
        assert_eq!(house.not_sent().await.len(), usize::from(ends == Status::Failed));
    }
}

///
#[tokio::test]
async fn a_receipt_settles_what_nobody_knew() {
    for (status, code, ends) in [
        ("delivered", None, Status::Delivered),
        ("sent", None, Status::Sent),
        ("undelivered", Some("30008"), Status::Failed),
    ] {
        let house = House::new(34).await;
        let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
        house.providers.will(Answer::AcceptUnheard);
        let message = ana.is_written("Hello").await;
        house.settles().await;
        assert_eq!((house.status(message).await, house.not_sent().await.len()), (Status::Unknown, 1));
        house.twilio_says(&house.last(), status, code).await;
        house.settles().await;
        let kept = house.message(message).await;
        assert_eq!(kept.status, ends);
        assert_eq!(house.not_sent().await.len(), usize::from(ends == Status::Failed));
        // What arrived was sent, whoever was the first to say so: it counts for the caps and in the thread.
        assert!(kept.times.contains_key(&Status::Sent), "{status}");
        house.time_passes(minutes(90)).await;
        assert_eq!((house.status(message).await, house.providers.heard().len()), (ends, 1));
    }
}

///
#[tokio::test]
async fn a_receipt_of_an_earlier_try_does_not_end_the_later_one() {
    let house = House::new(35).await;
    let ana = house.patient("Ana").with_text("+12125550123").who_agreed().await;
    house.providers.will(Answer::Busy);
    let message = ana.is_written("Hello").await;
    house.settles().await;
    let first = house.providers.heard()[0].clone();
    // While the second try is under way and will be asked for patience, something is told of the first.
    house.clock.advance(minutes(1));
    house.ticks().await;
    house.providers.will(Answer::Busy);
    let later = async {
        house.twilio_says(&first, "failed", Some("30001")).await;
    };
    tokio::join!(later, house.settles());
    house.time_passes(minutes(30)).await;
    let kept = house.message(message).await;
    assert_eq!((kept.status, house.outbox().len()), (Status::Sent, 1));
}

///
#[tokio::test]
async fn a_receipt_for_something_unknown_is_kept() {
    let house = House::new(36).await;
    let url = format!("{PUBLIC}/hooks/twilio/status");
    let fields = [("MessageSid", "SM404"), ("MessageStatus", "delivered"), ("To", "+12125550123")];
    for _ in 0..2 {
        assert_eq!(house.twilio_calls(&url, &fields).await, 200);
    }
    let strays = house.platform.table.shared().strays_of("TWILIO", "SM404").await.unwrap();
    assert_eq!(strays.len(), 1);
}

///
#[tokio::test]
async fn what_becomes_of_a_mail_is_noted_on_its_attempt() {
    let house = House::new(37).await;
    let ana = house.patient("Ana").with_email("ana@example.com").who_agreed().await;
    let message = house.mails(&ana, "Hello").await;
    house.settles().await;
    let sent = house.sent(message).unwrap();
    house.provider_says(&sent, "delivered").await;
    let now = house.clock.now();
    let attempt = async || house.message(message).await.attempts[0].clone();
    // A machine that opens mail is noted and counts as nothing.
    let machine = json!({ "timestamp": now, "userAgent": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)" });
    house.ses_says(&sent, "Open", machine).await;
    house.settles().await;
    assert_eq!((attempt().await.status, attempt().await.machine_open), (AttemptStatus::Delivered, true));
    house.time_passes(minutes(5)).await;
    let now = house.clock.now();
    house
        .ses_says(
            &sent,
            "Open",
            json!({ "timestamp": now, "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Thunderbird/140.0" }),
        )
        .await;
    house.settles().await;
    assert_eq!(
        (attempt().await.status, house.status(message).await),
        (AttemptStatus::Opened, Status::Delivered)
    );
    house.ses_says(&sent, "Click", json!({ "timestamp": now })).await;
    house.settles().await;
    assert_eq!(attempt().await.status, AttemptStatus::Clicked);
    let complained = json!({ "timestamp": now, "complaintFeedbackType": "abuse", "complainedRecipients": [{ "emailAddress": "ana@example.com" }] });
    house.ses_says(&sent, "Complaint", complained).await;
    house.settles().await;
    assert_eq!(attempt().await.status, AttemptStatus::Complained);
    // Who complains gets no more.
    let next = house.mails(&ana, "Hello again").await;
    house.settles().await;
    assert_eq!((house.status(next).await, house.why(next).await.as_str()), (Status::Skipped, "COMPLAINT"));
}

///
#[tokio::test]
async fn mail_that_comes_back_for_good_ends_mail_to_the_address() {
    let house = House::new(38).await;
    let ana = house.patient("Ana").with_email("ana@example.com").who_agreed().await;
    let message = house.mails(&ana, "Hello").await;
    house.settles().await;
    let sent = house.sent(message).unwrap();
    house.provider_says(&sent, "bounced").await;
    house.provider_says(&sent, "delivered").await;
    let kept = house.message(message).await;
    assert_eq!((kept.status, kept.attempts[0].status), (Status::Bounced, AttemptStatus::Bounced));
    assert_eq!(house.not_sent().await.len(), 1);
    let next = house.mails(&ana, "Hello again").await;
    house.settles().await;
    assert_eq!(
        (house.status(next).await, house.why(next).await.as_str()),
        (Status::Skipped, "SUPPRESSED_HARD_BOUNCE")
    );
}

#[tokio::test]
async fn a_number_that_takes_no_texts_is_marked() {
    let house = House::new(39).await;
    let (ana, sent) = sent(&house).await;
    house.twilio_says(&sent, "undelivered", Some("30006")).await;
    house.settles().await;
    let record = ana.record().await;
    let contact = record.contacts.iter().find(|contact| contact.phone().is_some()).unwrap();
    assert_eq!((contact.status, contact.status_reason.as_deref()), (ContactStatus::Bad, Some("30006")));
}

///
#[tokio::test]
async fn a_forged_receipt_changes_nothing() {
    let house = House::new(40).await;
    let (_, sent) = sent(&house).await;
    let body = format!("MessageSid={}&MessageStatus=delivered", sent.provider_id);
    let path = sent.callback.strip_prefix(PUBLIC).unwrap();
    for (signature, wanted) in [(None, 401), (Some("bm90IHRoZSBzaWduYXR1cmU="), 403)] {
        let mut request = http::Request::post(path)
            .header("host", "comms.example.com")
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(signature) = signature {
            request = request.header("x-twilio-signature", signature);
        }
        let answered = house.outside(request.body(body.clone().into()).unwrap()).await;
        assert_eq!(answered.0, wanted);
    }
    assert_eq!(house.status(sent.message).await, Status::Sent);
}
