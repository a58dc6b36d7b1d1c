//! The envelope in which a topic puts a notice before it goes on a queue.

use serde::Deserialize;

use crate::{Provider, RawCall, Unverified, Verified, hook::Call};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    r#type: String,
    topic_arn: String,
    message: String,
}

pub(super) fn verify(topic_arn: &str, raw: &RawCall) -> Result<Verified, Unverified> {
    let envelope: Envelope = serde_json::from_slice(&raw.body).map_err(|_| Unverified::Misshapen)?;
    if topic_arn.is_empty() || envelope.topic_arn != topic_arn {
        return Err(Unverified::WrongTopic);
    }
    if envelope.r#type != "Notification" {
        return Err(Unverified::Misshapen);
    }
    Ok(Verified { provider: Provider::Ses, call: Call::Notice(envelope.message) })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{Hook, SesHook};

    const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:mail-events";

    #[rstest]
    #[case("Notification", TOPIC, Ok(()))]
    #[case("Notification", "arn:aws:sns:us-east-1:210987654321:mail-events", Err(Unverified::WrongTopic))]
    #[case("Notification", "", Err(Unverified::WrongTopic))]
    #[case("SubscriptionConfirmation", TOPIC, Err(Unverified::Misshapen))]
    fn only_notices_of_our_topic_are_taken(
        #[case] kind: &str,
        #[case] topic: &str,
        #[case] taken: Result<(), Unverified>,
    ) {
        let body = serde_json::json!({ "Type": kind, "TopicArn": topic, "Message": "{}" }).to_string();
        let hook = SesHook::new(TOPIC);
        assert_eq!(hook.verify(&RawCall::queued(body.clone())).map(|_| ()), taken);
        assert!(
            SesHook::new("").verify(&RawCall::queued(body)).is_err(),
            "without a topic nothing is believed"
        );
    }

    #[rstest]
    #[case("")]
    #[case("{}")]
    #[case("[1]")]
    #[case(r#"{"eventType":"Bounce"}"#)]
    fn what_is_no_envelope_is_refused(#[case] body: &'static str) {
        let refused = SesHook::new(TOPIC).verify(&RawCall::queued(body)).map(|_| ());
        assert_eq!(refused, Err(Unverified::Misshapen));
    }
}
