//! What SES tells: <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>.
//! Events of configuration sets name themselves `eventType`, older notifications `notificationType`.

use std::collections::HashMap;

use kernel::{EmailAddress, Timestamp};
use serde::Deserialize;

use crate::{
    Address, Event, Provider, Receipt, ReceiptError, ReceiptStatus, Unreadable, Verified, hook::Call,
};

/// What SES writes to a topic, as plain text, when the topic is connected to it.
const HELLO: &str = "Successfully validated SNS topic";

pub(super) fn read(verified: &Verified) -> Result<Vec<Event>, Unreadable> {
    let (Provider::Ses, Call::Notice(text)) = (verified.provider, &verified.call) else {
        return Err(Unreadable::Foreign);
    };
    if text.starts_with(HELLO) {
        return Ok(Vec::new());
    }
    let notice: Notice = serde_json::from_str(text).map_err(|_| Unreadable::NotAnEvent)?;
    let kind = notice
        .event_type
        .as_deref()
        .or(notice.notification_type.as_deref())
        .ok_or(Unreadable::Absent("eventType"))?;
    if kind == "Received" {
        return Ok(vec![super::inbound::read(text)?]);
    }
    let Some(mail) = &notice.mail else {
        // The same hello of older notifications; nothing is said about any mail.
        return if kind == "AmazonSnsSubscriptionSucceeded" {
            Ok(Vec::new())
        } else {
            Err(Unreadable::Absent("mail"))
        };
    };
    let told = told(kind, &notice, mail)?;
    Ok(told.into_iter().map(|told| Event::Receipt(receipt(mail, told))).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notice {
    event_type: Option<String>,
    notification_type: Option<String>,
    mail: Option<Mail>,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery: Option<At>,
    open: Option<Open>,
    click: Option<At>,
    reject: Option<Reject>,
    failure: Option<Failure>,
    delivery_delay: Option<At>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    #[serde(default)]
    timestamp: Option<Timestamp>,
    #[serde(default)]
    destination: Vec<String>,
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct At {
    timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    #[serde(default, rename = "bounceType")]
    kind: String,
    #[serde(default, rename = "bounceSubType")]
    sub: String,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
    timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    #[serde(rename = "complaintFeedbackType")]
    feedback: Option<String>,
    #[serde(default)]
    complained_recipients: Vec<Recipient>,
    timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
    status: Option<String>,
    diagnostic_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Open {
    timestamp: Option<Timestamp>,
    #[serde(default)]
    user_agent: String,
}

#[derive(Deserialize)]
struct Reject {
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    error_message: Option<String>,
}

/// What one notice tells about one recipient.
struct Told {
    status: ReceiptStatus,
    at: Option<Timestamp>,
    error: Option<ReceiptError>,
    address: Option<Address>,
    machine_open: bool,
}

impl Told {
    fn new(status: ReceiptStatus, at: Option<Timestamp>) -> Self {
        Self { status, at, error: None, address: None, machine_open: false }
    }

    fn of(status: ReceiptStatus, part: Option<&At>) -> Vec<Self> {
        vec![Self::new(status, part.and_then(|part| part.timestamp))]
    }

    fn with(mut self, error: ReceiptError) -> Self {
        self.error = Some(error);
        self
    }
}

fn told(kind: &str, notice: &Notice, mail: &Mail) -> Result<Vec<Told>, Unreadable> {
    let classes = super::classes();
    Ok(match kind {
        "Send" => vec![Told::new(ReceiptStatus::Sent, mail.timestamp)],
        "Delivery" => Told::of(ReceiptStatus::Delivered, notice.delivery.as_ref()),
        "Click" => Told::of(ReceiptStatus::Clicked, notice.click.as_ref()),
        "DeliveryDelay" => Told::of(ReceiptStatus::Delayed, notice.delivery_delay.as_ref()),
        "Open" => {
            let open = notice.open.as_ref().ok_or(Unreadable::Absent("open"))?;
            let mut told = Told::new(ReceiptStatus::Opened, open.timestamp);
            told.machine_open = classes.machine_opens.holds(&open.user_agent, mail.timestamp, open.timestamp);
            vec![told]
        }
        "Reject" => {
            let reason = notice.reject.as_ref().and_then(|reject| reject.reason.clone());
            vec![Told::new(ReceiptStatus::Rejected, mail.timestamp).with(classes.reported("Reject", reason))]
        }
        "Rendering Failure" => {
            let reason = notice.failure.as_ref().and_then(|failure| failure.error_message.clone());
            vec![
                Told::new(ReceiptStatus::Failed, mail.timestamp)
                    .with(classes.reported("RenderingFailure", reason)),
            ]
        }
        "Bounce" => bounced(notice.bounce.as_ref().ok_or(Unreadable::Absent("bounce"))?),
        "Complaint" => complained(notice.complaint.as_ref().ok_or(Unreadable::Absent("complaint"))?, mail),
        other => vec![Told::new(ReceiptStatus::Other(other.chars().take(64).collect()), mail.timestamp)],
    })
}

fn bounced(bounce: &Bounce) -> Vec<Told> {
    let told = |recipient: Option<&Recipient>| {
        let text = recipient.map(|recipient| {
            let parts = [recipient.status.as_deref(), recipient.diagnostic_code.as_deref()];
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        });
        let (status, error) = super::classes().bounced(&bounce.kind, &bounce.sub, text);
        let mut told = Told::new(status, bounce.timestamp).with(error);
        told.address = recipient.and_then(|recipient| address(&recipient.email_address));
        told
    };
    each(&bounce.bounced_recipients, told)
}

fn complained(complaint: &Complaint, mail: &Mail) -> Vec<Told> {
    // Somebody took the mail out of the junk: the opposite of a complaint.
    let status = match complaint.feedback.as_deref() {
        Some("not-spam") => ReceiptStatus::Other("not-spam".into()),
        _ => ReceiptStatus::Complained,
    };
    let told = |recipient: Option<&Recipient>| {
        let mut told = Told::new(status.clone(), complaint.timestamp);
        told.address = recipient.and_then(|recipient| address(&recipient.email_address));
        told
    };
    // SES may name everybody of the domain; only those the mail went to can have complained.
    let ours: Vec<_> = mail.destination.iter().filter_map(|to| address(to)).collect();
    let named = complaint.complained_recipients.iter().filter(|recipient| {
        ours.is_empty() || address(&recipient.email_address).is_some_and(|named| ours.contains(&named))
    });
    each(named, told)
}

/// One for each recipient, or one alone if none is named.
fn each<'a>(
    recipients: impl IntoIterator<Item = &'a Recipient>,
    told: impl Fn(Option<&'a Recipient>) -> Told,
) -> Vec<Told> {
    let all: Vec<_> = recipients.into_iter().map(|recipient| told(Some(recipient))).collect();
    if all.is_empty() { vec![told(None)] } else { all }
}

/// `ana@example.com` or `Ana <ana@example.com>`.
fn address(text: &str) -> Option<Address> {
    let inner = text.rsplit_once('<').map_or(text, |(_, inner)| inner.trim_end().trim_end_matches('>'));
    inner.trim().parse::<EmailAddress>().ok().map(Address::Email)
}

fn receipt(mail: &Mail, told: Told) -> Receipt {
    let tag = |name: &str| mail.tags.get(name).and_then(|values| values.first());
    Receipt {
        provider: Provider::Ses,
        provider_id: mail.message_id.clone(),
        message: tag("message").and_then(|id| id.parse().ok()),
        clinic: tag("clinic").and_then(|id| id.parse().ok()),
        attempt: tag("attempt").and_then(|number| number.parse().ok()),
        status: told.status,
        error: told.error,
        at: told.at,
        address: told.address,
        machine_open: told.machine_open,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::ErrorClass;

    fn receipts(event: &Value) -> Result<Vec<Receipt>, Unreadable> {
        let verified = Verified { provider: Provider::Ses, call: Call::Notice(event.to_string()) };
        let receipts = read(&verified)?.into_iter().map(|event| match event {
            Event::Receipt(receipt) => receipt,
            other => panic!("a receipt and not {other:?}"),
        });
        Ok(receipts.collect())
    }

    #[rstest]
    #[case("Permanent", "General", ReceiptStatus::HardBounced, ErrorClass::Address)]
    #[case("Permanent", "NoEmail", ReceiptStatus::HardBounced, ErrorClass::Address)]
    #[case("Permanent", "Suppressed", ReceiptStatus::HardBounced, ErrorClass::Address)]
    #[case("Permanent", "OnAccountSuppressionList", ReceiptStatus::HardBounced, ErrorClass::Address)]
    #[case("Permanent", "SomethingNew", ReceiptStatus::HardBounced, ErrorClass::Address)]
    #[case("Transient", "General", ReceiptStatus::SoftBounced, ErrorClass::TransientOnce)]
    #[case("Transient", "MailboxFull", ReceiptStatus::SoftBounced, ErrorClass::Defer)]
    #[case("Transient", "MessageTooLarge", ReceiptStatus::SoftBounced, ErrorClass::Content)]
    #[case("Transient", "ContentRejected", ReceiptStatus::SoftBounced, ErrorClass::Content)]
    #[case("Transient", "AttachmentRejected", ReceiptStatus::SoftBounced, ErrorClass::Content)]
    #[case("Undetermined", "Undetermined", ReceiptStatus::SoftBounced, ErrorClass::TransientOnce)]
    #[case("SomethingNew", "", ReceiptStatus::SoftBounced, ErrorClass::TransientOnce)]
    fn a_bounce_suppresses_only_if_it_is_for_good(
        #[case] kind: &str,
        #[case] sub: &str,
        #[case] status: ReceiptStatus,
        #[case] class: ErrorClass,
    ) {
        let event = json!({
            "eventType": "Bounce", "mail": { "messageId": "m" },
            "bounce": { "bounceType": kind, "bounceSubType": sub, "bouncedRecipients": [] },
        });
        let receipts = receipts(&event).unwrap();
        let error = receipts[0].error.as_ref().unwrap();
        assert_eq!((receipts.len(), &receipts[0].status, error.class), (1, &status, class));
        assert_eq!(error.code, format!("{kind}/{sub}"));
    }

    #[test]
    fn each_bounced_recipient_has_a_receipt_of_its_own() {
        let event = json!({
            "eventType": "Bounce", "mail": { "messageId": "m" },
            "bounce": { "bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [
                { "emailAddress": "Ana <ana@example.com>" }, { "emailAddress": "ben@example.com" },
            ] },
        });
        let found: Vec<_> =
            receipts(&event).unwrap().into_iter().map(|receipt| receipt.address.unwrap()).collect();
        let address = |text: &str| Address::Email(text.parse().unwrap());
        assert_eq!(found, [address("ana@example.com"), address("ben@example.com")]);
        let keys: std::collections::HashSet<_> =
            receipts(&event).unwrap().into_iter().map(|receipt| Event::Receipt(receipt).key()).collect();
        assert_eq!(keys.len(), 2, "they are different facts");
    }

    #[test]
    fn only_those_the_mail_went_to_can_complain() {
        let event = json!({
            "eventType": "Complaint", "mail": { "messageId": "m", "destination": ["ana@example.com"] },
            "complaint": { "complaintFeedbackType": "abuse", "complainedRecipients": [
                { "emailAddress": "ben@example.com" }, { "emailAddress": "ana@example.com" },
            ] },
        });
        let receipts = receipts(&event).unwrap();
        assert_eq!(receipts.len(), 1);
        assert_eq!(receipts[0].address, Some(Address::Email("ana@example.com".parse().unwrap())));
    }

    #[rstest]
    #[case("", "2026-11-22T09:30:00Z", true)]
    #[case("Mozilla/5.0", "2026-11-22T09:30:00Z", true)]
    #[case("Mozilla/5.0 (iPhone)", "2026-11-22T09:30:00Z", false)]
    #[case("Mozilla/5.0 (iPhone)", "2026-11-22T09:00:01Z", true)]
    fn a_machine_that_opens_is_told_from_a_person(
        #[case] agent: &str,
        #[case] at: &str,
        #[case] machine: bool,
    ) {
        let event = json!({
            "eventType": "Open", "mail": { "messageId": "m", "timestamp": "2026-11-22T09:00:00.000Z" },
            "open": { "timestamp": at, "userAgent": agent },
        });
        assert_eq!(receipts(&event).unwrap()[0].machine_open, machine);
    }

    #[test]
    fn the_hellos_of_a_new_topic_tell_nothing() {
        let hello = "Successfully validated SNS topic for Amazon SES event publishing.";
        let verified = Verified { provider: Provider::Ses, call: Call::Notice(hello.into()) };
        assert_eq!(read(&verified), Ok(vec![]));
        let old = json!({ "notificationType": "AmazonSnsSubscriptionSucceeded", "message": "…" });
        assert_eq!(receipts(&old), Ok(vec![]));
    }

    #[rstest]
    #[case(json!("text"), Unreadable::NotAnEvent)]
    #[case(json!({ "mail": { "messageId": "m" } }), Unreadable::Absent("eventType"))]
    #[case(json!({ "eventType": "Bounce" }), Unreadable::Absent("mail"))]
    #[case(json!({ "eventType": "Bounce", "mail": { "messageId": "m" } }), Unreadable::Absent("bounce"))]
    #[case(json!({ "eventType": "Send", "mail": {} }), Unreadable::NotAnEvent)]
    fn what_cannot_be_read_says_why(#[case] event: Value, #[case] why: Unreadable) {
        assert_eq!(receipts(&event), Err(why));
    }
}
