//! Mail that SES received for us: <https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html>.
//! The receipt rule puts the mail into a bucket and tells the topic; small mails may come within the notice.

use base64::{Engine, engine::general_purpose::STANDARD};
use kernel::{EmailAddress, Timestamp};
use serde::Deserialize;

use crate::{Event, MailPlace, MailStored, Provider, Unreadable, Verdict, Verdicts, mail};

#[derive(Deserialize)]
struct Notice {
    mail: Mail,
    receipt: Receipt,
    content: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    timestamp: Option<Timestamp>,
    #[serde(default)]
    source: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    #[serde(default)]
    recipients: Vec<String>,
    action: Action,
    spam_verdict: Option<Check>,
    virus_verdict: Option<Check>,
    spf_verdict: Option<Check>,
    dkim_verdict: Option<Check>,
    dmarc_verdict: Option<Check>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    #[serde(rename = "type")]
    kind: String,
    bucket_name: Option<String>,
    object_key: Option<String>,
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct Check {
    status: String,
}

pub(super) fn read(notice: &str) -> Result<Event, Unreadable> {
    let Notice { mail, receipt, content } =
        serde_json::from_str(notice).map_err(|_| Unreadable::Wrong("receipt"))?;
    let verdicts = Verdicts {
        spam: verdict(receipt.spam_verdict.as_ref()),
        virus: verdict(receipt.virus_verdict.as_ref()),
        spf: verdict(receipt.spf_verdict.as_ref()),
        dkim: verdict(receipt.dkim_verdict.as_ref()),
        dmarc: verdict(receipt.dmarc_verdict.as_ref()),
    };
    let place = match (receipt.action.kind.as_str(), receipt.action.bucket_name, receipt.action.object_key) {
        ("S3", Some(bucket), Some(key)) => MailPlace::Bucket { bucket, key },
        ("SNS", ..) => MailPlace::Call,
        _ => return Err(Unreadable::Wrong("action")),
    };
    let recipients: Vec<EmailAddress> = receipt.recipients.iter().filter_map(|to| to.parse().ok()).collect();
    if recipients.is_empty() {
        return Err(Unreadable::Wrong("recipients"));
    }
    let stored = MailStored {
        provider: Provider::Ses,
        provider_id: mail.message_id,
        recipients,
        envelope_from: mail.source.parse().ok(),
        verdicts,
        place,
        at: mail.timestamp,
    };
    if stored.place != MailPlace::Call {
        return Ok(Event::MailStored(Box::new(stored)));
    }
    let content = content.ok_or(Unreadable::Absent("content"))?;
    let raw = match receipt.action.encoding.as_deref() {
        Some("BASE64") => STANDARD.decode(&content).map_err(|_| Unreadable::Wrong("content"))?,
        _ => content.into_bytes(),
    };
    Ok(Event::Mail(Box::new(mail::read(stored, &raw)?)))
}

fn verdict(check: Option<&Check>) -> Verdict {
    match check.map(|check| check.status.as_str()) {
        Some("PASS") => Verdict::Pass,
        Some("FAIL") => Verdict::Fail,
        // GRAY, PROCESSING_FAILED, DISABLED: not known is not passed.
        _ => Verdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn notice() -> Value {
        json!({
            "notificationType": "Received",
            "mail": { "messageId": "m1", "source": "ana@example.com", "timestamp": "2026-11-22T15:00:00.000Z" },
            "receipt": {
                "recipients": ["reply@in.example.com"],
                "spamVerdict": { "status": "PASS" }, "virusVerdict": { "status": "PASS" },
                "spfVerdict": { "status": "GRAY" }, "dkimVerdict": { "status": "PASS" },
                "dmarcVerdict": { "status": "PASS" },
                "action": { "type": "S3", "bucketName": "mail", "objectKey": "in/m1" },
            },
        })
    }

    fn stored(notice: &Value) -> MailStored {
        match read(&notice.to_string()).unwrap() {
            Event::MailStored(stored) => *stored,
            other => panic!("a mail in a bucket and not {other:?}"),
        }
    }

    #[test]
    fn a_mail_in_a_bucket_is_told_with_its_place() {
        let stored = stored(&notice());
        assert_eq!(stored.place, MailPlace::Bucket { bucket: "mail".into(), key: "in/m1".into() });
        assert!(stored.verdicts.is_proven() && !stored.verdicts.is_harmful());
        assert_eq!(stored.verdicts.spf, Verdict::Unknown);
    }

    #[rstest]
    #[case("dmarcVerdict", "FAIL", false, false)]
    #[case("dmarcVerdict", "GRAY", false, false)]
    #[case("dmarcVerdict", "DISABLED", false, false)]
    #[case("virusVerdict", "FAIL", true, true)]
    #[case("virusVerdict", "PROCESSING_FAILED", true, false)]
    fn only_what_passed_is_believed(
        #[case] check: &str,
        #[case] status: &str,
        #[case] proven: bool,
        #[case] harmful: bool,
    ) {
        let mut notice = notice();
        notice["receipt"][check]["status"] = status.into();
        let verdicts = stored(&notice).verdicts;
        assert_eq!((verdicts.is_proven(), verdicts.is_harmful()), (proven, harmful));
    }

    #[rstest]
    #[case(None, "From: ana@example.com\r\n\r\nYes\r\n")]
    #[case(Some("UTF-8"), "From: ana@example.com\r\n\r\nYes\r\n")]
    #[case(Some("BASE64"), "RnJvbTogYW5hQGV4YW1wbGUuY29tDQoNClllcw0K")]
    fn a_small_mail_comes_within_the_notice(#[case] encoding: Option<&str>, #[case] content: &str) {
        let mut notice = notice();
        notice["receipt"]["action"] = json!({ "type": "SNS", "encoding": encoding });
        notice["content"] = content.into();
        let Ok(Event::Mail(mail)) = read(&notice.to_string()) else { panic!("a mail") };
        assert_eq!(mail.said.reveal(), "Yes");
    }

    #[rstest]
    #[case("/receipt/action", json!({ "type": "Lambda" }), Unreadable::Wrong("action"))]
    #[case("/receipt/action", json!({ "type": "S3" }), Unreadable::Wrong("action"))]
    #[case("/receipt/action", json!({ "type": "SNS" }), Unreadable::Absent("content"))]
    #[case("/receipt/recipients", json!([]), Unreadable::Wrong("recipients"))]
    #[case("/receipt", json!(null), Unreadable::Wrong("receipt"))]
    fn what_is_missing_is_named(#[case] at: &str, #[case] value: Value, #[case] why: Unreadable) {
        let mut notice = notice();
        *notice.pointer_mut(at).unwrap() = value;
        assert_eq!(read(&notice.to_string()), Err(why));
    }
}
