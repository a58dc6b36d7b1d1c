//! Events of a mail as SES publishes them and SNS wraps them.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::simulators::fact::Mail;

/// What happens to a mail after it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::simulators) enum MailEvent {
    /// It left.
    Send,
    /// It is in the mailbox.
    Delivery,
    /// There is no such mailbox.
    PermanentBounce,
    /// Nobody takes it for now.
    AwayBounce,
    /// The mailbox is full.
    FullBounce,
    /// It was reported as spam.
    Complaint,
}

impl MailEvent {
    /// What the mail did, for the log.
    pub(in crate::simulators) fn phrase(self) -> &'static str {
        match self {
            Self::Send => "sent",
            Self::Delivery => "delivered",
            Self::PermanentBounce => "bounced for good",
            Self::AwayBounce => "bounced for now",
            Self::FullBounce => "bounced: mailbox full",
            Self::Complaint => "reported as spam",
        }
    }
}

/// An event ready to be handed on. Handing it on twice gives the same ids, so the other side can tell.
#[derive(Debug, Clone)]
pub struct Published {
    /// The topic it belongs to.
    pub topic: String,
    /// The id SNS gives the notification.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What SES says.
    pub event: Value,
}

impl Published {
    /// The notification as an SQS queue subscribed without raw delivery receives it. The signature is not one:
    /// a queue is trusted by its policy, nobody checks signatures there.
    pub fn envelope(&self) -> Value {
        json!({
            "Type": "Notification",
            "MessageId": self.id,
            "TopicArn": self.topic,
            "Message": self.event.to_string(),
            "Timestamp": self.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "SignatureVersion": "1",
            "Signature": "c2ltdWxhdGVk",
            "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
            "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        })
    }
}

/// The `step`-th event of a mail that was taken at `sent`.
pub(super) fn published(
    topic: &str,
    mail: &Mail,
    step: usize,
    sent: Timestamp,
    at: Timestamp,
) -> Option<Published> {
    let event = *mail.script.get(step)?;
    let id = derived_uuid(&mail.id, step);
    let to: Vec<&str> = mail.to.iter().map(|to| to.reveal().as_str()).collect();
    let stamp = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let mut tags: Map<String, Value> =
        mail.tags.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
    if let Some(set) = &mail.configuration_set {
        tags.insert("ses:configuration-set".to_owned(), json!([set]));
    }
    let from_domain = mail.from.rsplit('@').next().unwrap_or_default().trim_end_matches('>');
    tags.insert("ses:from-domain".to_owned(), json!([from_domain]));
    tags.insert("ses:source-ip".to_owned(), json!(["127.0.0.1"]));
    let headers: Vec<Value> =
        mail.headers.iter().map(|(name, value)| json!({"name": name, "value": value.reveal()})).collect();
    let mut json = json!({
        "eventType": name(event),
        "mail": {
            "timestamp": stamp(sent),
            "source": mail.from,
            "sourceArn": format!("arn:aws:ses:us-east-1:000000000000:identity/{from_domain}"),
            "sendingAccountId": "000000000000",
            "messageId": mail.id,
            "destination": to,
            "headersTruncated": false,
            "headers": headers,
            "commonHeaders": {
                "from": [mail.from],
                "to": to,
                "messageId": mail.id,
                "subject": mail.subject.reveal(),
            },
            "tags": tags,
        },
    });
    let (key, detail) = detail(event, &to, &stamp(at), &id);
    json[key] = detail;
    Some(Published { topic: topic.to_owned(), id, at, event: json })
}

fn name(event: MailEvent) -> &'static str {
    match event {
        MailEvent::Send => "Send",
        MailEvent::Delivery => "Delivery",
        MailEvent::PermanentBounce | MailEvent::AwayBounce | MailEvent::FullBounce => "Bounce",
        MailEvent::Complaint => "Complaint",
    }
}

fn detail(event: MailEvent, to: &[&str], at: &str, id: &str) -> (&'static str, Value) {
    let bounce = |kind: &str, sub: &str, status: &str, code: &str| {
        let one = |address: &&str| json!({"emailAddress": address, "action": "failed", "status": status, "diagnosticCode": code});
        let recipients: Vec<Value> = to.iter().map(one).collect();
        json!({
            "bounceType": kind,
            "bounceSubType": sub,
            "bouncedRecipients": recipients,
            "timestamp": at,
            "feedbackId": format!("{id}-000000"),
            "reportingMTA": "dns; mailbox.simulated",
        })
    };
    match event {
        MailEvent::Send => ("send", json!({})),
        MailEvent::Delivery => (
            "delivery",
            json!({
                "timestamp": at,
                "processingTimeMillis": 420,
                "recipients": to,
                "smtpResponse": "250 2.0.0 OK",
                "reportingMTA": "mailbox.simulated",
            }),
        ),
        MailEvent::PermanentBounce => {
            ("bounce", bounce("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown"))
        }
        MailEvent::AwayBounce => {
            ("bounce", bounce("Transient", "General", "4.0.0", "smtp; 450 4.0.0 away until further notice"))
        }
        MailEvent::FullBounce => {
            ("bounce", bounce("Transient", "MailboxFull", "4.2.2", "smtp; 452 4.2.2 mailbox full"))
        }
        MailEvent::Complaint => {
            let recipients: Vec<Value> = to.iter().map(|address| json!({"emailAddress": address})).collect();
            let complaint = json!({
                "complainedRecipients": recipients,
                "timestamp": at,
                "feedbackId": format!("{id}-000000"),
                "complaintSubType": null,
                "userAgent": "mailbox.simulated",
                "complaintFeedbackType": "abuse",
                "arrivalDate": at,
            });
            ("complaint", complaint)
        }
    }
}

/// An id that is the same for the same event of the same mail.
fn derived_uuid(mail: &str, step: usize) -> String {
    let digest: [u8; 32] = Sha256::digest(format!("{mail}#{step}")).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
