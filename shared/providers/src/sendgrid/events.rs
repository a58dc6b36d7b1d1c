//! What SendGrid tells: <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>.

use kernel::{EmailAddress, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::{classes, parse};
use crate::{
    Address, Event, Provider, Receipt, ReceiptError, ReceiptStatus, Unread, Unreadable, Verified, hook::Call,
    ids::Ids,
};

#[derive(Deserialize)]
struct Told {
    event: String,
    sg_message_id: String,
    email: Option<String>,
    timestamp: Option<i64>,
    reason: Option<String>,
    response: Option<String>,
    status: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    sg_machine_open: bool,
    /// Ours.
    reference: Option<String>,
}

pub(super) fn read(verified: &Verified) -> Result<Vec<Event>, Unreadable> {
    match (verified.provider, &verified.call) {
        (Provider::Sendgrid, Call::Json(body)) => {
            let all: Vec<Value> = serde_json::from_slice(body).map_err(|_| Unreadable::NotAnEvent)?;
            Ok(all.into_iter().map(one).collect())
        }
        (Provider::Sendgrid, Call::Multipart { boundary, body }) => {
            Ok(vec![Event::Mail(Box::new(parse::read(boundary, body)?))])
        }
        _ => Err(Unreadable::Foreign),
    }
}

/// One call brings many facts: one that cannot be read takes none of the others with it.
fn one(value: Value) -> Event {
    let id = value["sg_event_id"].as_str().unwrap_or_default();
    let unread = Unread::of(Provider::Sendgrid, id, "event", &value);
    match serde_json::from_value::<Told>(value) {
        Ok(told) => Event::Receipt(receipt(&told)),
        Err(_) => Event::Unread(unread),
    }
}

fn receipt(told: &Told) -> Receipt {
    let (status, error) = fate(told);
    let is_about_address =
        error.is_some() || matches!(status, ReceiptStatus::Complained | ReceiptStatus::Unsubscribed);
    let address = told.email.as_deref().and_then(|email| email.parse::<EmailAddress>().ok());
    let ids = told.reference.as_deref().map(Ids::in_reference).unwrap_or_default();
    Receipt {
        provider: Provider::Sendgrid,
        // What stands behind the dot tells servers and recipients apart; the mail's id is before it.
        provider_id: told.sg_message_id.split('.').next().unwrap_or_default().to_owned(),
        message: ids.message,
        clinic: ids.clinic,
        attempt: ids.attempt,
        status,
        error,
        at: told.timestamp.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        address: address.filter(|_| is_about_address).map(Address::Email),
        machine_open: told.sg_machine_open,
    }
}

fn fate(told: &Told) -> (ReceiptStatus, Option<ReceiptError>) {
    let words = || {
        let parts = [told.status.as_deref(), told.reason.as_deref().or(told.response.as_deref())];
        Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    };
    let back = |kind: &str, sub: &str| {
        let (status, error) = classes().bounced(kind, sub, words());
        (status, Some(error))
    };
    let plain = match told.event.as_str() {
        "processed" => ReceiptStatus::Queued,
        "deferred" => ReceiptStatus::Delayed,
        "delivered" => ReceiptStatus::Delivered,
        "open" => ReceiptStatus::Opened,
        "click" => ReceiptStatus::Clicked,
        "spamreport" => ReceiptStatus::Complained,
        "unsubscribe" => return back("unsubscribe", "all"),
        "group_unsubscribe" => return back("unsubscribe", "group"),
        "bounce" => return back("bounce", told.kind.as_deref().unwrap_or("unnamed")),
        "dropped" => return back("dropped", &told.reason.as_deref().unwrap_or("unnamed").replace(' ', "_")),
        other => ReceiptStatus::Other(other.chars().take(64).collect()),
    };
    (plain, None)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::ErrorClass;

    fn told(events: &Value) -> Vec<Event> {
        let call = Call::Json(events.to_string().into());
        read(&Verified { provider: Provider::Sendgrid, call }).unwrap()
    }

    fn receipt(parts: &Value) -> Receipt {
        let mut event = json!({
            "email": "ana@example.com", "sg_message_id": "LRzXl.filter-1.0", "timestamp": 1_795_359_600,
            "reference": "cln_7zzzzzzzzzzzzzzzzzzzzzzzzz.msg_00000000000000000000000000.2",
        });
        for (name, part) in parts.as_object().unwrap() {
            event[name] = part.clone();
        }
        match told(&json!([event])).remove(0) {
            Event::Receipt(receipt) => receipt,
            other => panic!("a receipt and not {other:?}"),
        }
    }

    #[rstest]
    #[case("processed", ReceiptStatus::Queued)]
    #[case("deferred", ReceiptStatus::Delayed)]
    #[case("delivered", ReceiptStatus::Delivered)]
    #[case("open", ReceiptStatus::Opened)]
    #[case("click", ReceiptStatus::Clicked)]
    #[case("spamreport", ReceiptStatus::Complained)]
    #[case("group_resubscribe", ReceiptStatus::Other("group_resubscribe".into()))]
    fn events_have_their_places(#[case] event: &str, #[case] status: ReceiptStatus) {
        let receipt = receipt(&json!({ "event": event, "attempt": "5", "response": "250 OK" }));
        assert_eq!((&receipt.status, receipt.error), (&status, None));
        assert_eq!(receipt.provider_id, "LRzXl");
        assert_eq!(
            (receipt.attempt, receipt.message.is_some(), receipt.clinic.is_some()),
            (Some(2), true, true)
        );
        assert_eq!(receipt.address.is_some(), status == ReceiptStatus::Complained);
    }

    #[rstest]
    #[case("bounce", json!({ "type": "bounce" }), ReceiptStatus::HardBounced, ErrorClass::Address)]
    #[case("bounce", json!({ "type": "blocked" }), ReceiptStatus::SoftBounced, ErrorClass::TransientOnce)]
    #[case("bounce", json!({}), ReceiptStatus::SoftBounced, ErrorClass::TransientOnce)]
    #[case("unsubscribe", json!({}), ReceiptStatus::Unsubscribed, ErrorClass::OptOut)]
    #[case("group_unsubscribe", json!({ "asm_group_id": 10 }), ReceiptStatus::Unsubscribed, ErrorClass::OptOut)]
    #[case("dropped", json!({ "reason": "Bounced Address" }), ReceiptStatus::HardBounced, ErrorClass::Address)]
    #[case("dropped", json!({ "reason": "Invalid" }), ReceiptStatus::HardBounced, ErrorClass::Address)]
    #[case("dropped", json!({ "reason": "Unsubscribed Address" }), ReceiptStatus::Unsubscribed, ErrorClass::OptOut)]
    #[case("dropped", json!({ "reason": "Spam Reporting Address" }), ReceiptStatus::Complained, ErrorClass::OptOut)]
    #[case("dropped", json!({ "reason": "Spam Content" }), ReceiptStatus::Rejected, ErrorClass::Content)]
    #[case("dropped", json!({ "reason": "Something new" }), ReceiptStatus::Failed, ErrorClass::TransientOnce)]
    fn what_comes_back_suppresses_only_if_it_is_for_good(
        #[case] event: &str,
        #[case] parts: Value,
        #[case] status: ReceiptStatus,
        #[case] class: ErrorClass,
    ) {
        let mut parts = parts;
        parts["event"] = event.into();
        parts["status"] = "5.0.0".into();
        let receipt = receipt(&parts);
        let error = receipt.error.unwrap();
        assert_eq!((receipt.status, error.class), (status, class));
        assert!(error.text.unwrap().reveal().starts_with("5.0.0"));
        assert_eq!(receipt.address, Some(Address::Email("ana@example.com".parse().unwrap())));
    }

    #[test]
    fn a_machine_that_opens_is_told_from_a_person() {
        assert!(receipt(&json!({ "event": "open", "sg_machine_open": true })).machine_open);
        assert!(!receipt(&json!({ "event": "open" })).machine_open);
    }

    #[test]
    fn one_fact_that_cannot_be_read_takes_no_other_with_it() {
        let events = told(&json!([
            { "event": "delivered", "sg_message_id": "a.b" }, { "sg_event_id": "x" }, 7,
            { "event": "open", "sg_message_id": "c" },
        ]));
        let kinds: Vec<_> = events.iter().map(|event| matches!(event, Event::Receipt(_))).collect();
        assert_eq!(kinds, [true, false, false, true]);
        let Event::Unread(unread) = &events[1] else { panic!("unread") };
        assert_eq!(unread.provider_id, "x");
    }

    #[test]
    fn what_is_no_list_cannot_be_read() {
        let verified = Verified { provider: Provider::Sendgrid, call: Call::Json("[".into()) };
        assert_eq!(read(&verified), Err(Unreadable::NotAnEvent));
        let foreign = Verified { provider: Provider::WhatsappCloud, call: Call::Json("[]".into()) };
        assert_eq!(read(&foreign), Err(Unreadable::Foreign));
    }
}
