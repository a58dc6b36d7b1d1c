//! Posts statuses and replies to the product, signed, until they are answered or given up.

use std::time::Duration;

use super::{signature::sign, status::Status};
use crate::simulators::{
    Simulators,
    fact::{Fact, Text},
    twilio::segments::segments,
};

/// Moves a text through its script and tells each step, from where an earlier run left off.
pub(in crate::simulators) async fn tell(simulators: Simulators, sid: String) {
    loop {
        let (text, told) = {
            let books = simulators.books();
            let Some(bubble) = books.state.bubble(&sid) else { return };
            (bubble.text.clone(), bubble.told)
        };
        let Some(step) = text.script.get(told).cloned() else { return };
        tokio::time::sleep(simulators.0.settings.step).await;
        let moved = Fact::TextMoved { sid: sid.clone(), status: step.status, code: step.code };
        if let Err(error) = simulators.record(moved) {
            tracing::error!(%error, "a status of the simulators is not written down; the next start repeats it");
            return;
        }
        let answer = match &text.callback {
            Some(url) => {
                let params = status_params(&simulators.0.settings.account, &text, step.status, step.code);
                simulators.post(url, &params).await
            }
            None => Some(204),
        };
        if let Err(error) = simulators.record(Fact::TextTold { sid: sid.clone(), told: told + 1, answer }) {
            tracing::error!(%error, "a callback is not written down; the next start repeats it");
            return;
        }
    }
}

/// Posts a reply to the inbound webhook.
pub(in crate::simulators) async fn pass_on(simulators: Simulators, sid: String) {
    let text = {
        let books = simulators.books();
        let Some(bubble) = books.state.bubble(&sid) else { return };
        bubble.text.clone()
    };
    let answer = match &simulators.0.settings.inbound_url {
        Some(url) => simulators.post(url, &inbound_params(&simulators.0.settings.account, &text)).await,
        None => Some(204),
    };
    if let Err(error) = simulators.record(Fact::ReplyTold { sid, answer }) {
        tracing::error!(%error, "a webhook is not written down; the next start repeats it");
    }
}

/// Fields of a status callback (Twilio: Track the message status of outbound messages).
fn status_params(account: &str, text: &Text, status: Status, code: Option<u32>) -> Vec<(String, String)> {
    let mut params = pairs([
        ("SmsSid", text.sid.as_str()),
        ("SmsStatus", status.name()),
        ("MessageStatus", status.name()),
        ("To", text.phone.as_str()),
        ("MessageSid", text.sid.as_str()),
        ("AccountSid", account),
        ("From", text.ours.as_str()),
        ("ApiVersion", "2010-04-01"),
    ]);
    let further =
        [("MessagingServiceSid", text.service.clone()), ("ErrorCode", code.map(|code| code.to_string()))];
    params.extend(further.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    params
}

/// Fields of an inbound text (Twilio: Twilio's request to your webhook URL).
fn inbound_params(account: &str, text: &Text) -> Vec<(String, String)> {
    let parts = segments(text.body.reveal()).to_string();
    let country = |number: &str| if number.starts_with("+1") { "US" } else { "" };
    let mut params = pairs([
        ("ToCountry", country(&text.ours)),
        ("ToState", ""),
        ("SmsMessageSid", text.sid.as_str()),
        ("NumMedia", "0"),
        ("ToCity", ""),
        ("FromZip", ""),
        ("SmsSid", text.sid.as_str()),
        ("FromState", ""),
        ("SmsStatus", "received"),
        ("FromCity", ""),
        ("Body", text.body.reveal().as_str()),
        ("FromCountry", country(text.phone.as_str())),
        ("To", text.ours.as_str()),
        ("ToZip", ""),
        ("NumSegments", parts.as_str()),
        ("MessageSid", text.sid.as_str()),
        ("AccountSid", account),
        ("From", text.phone.as_str()),
        ("ApiVersion", "2010-04-01"),
    ]);
    params.extend(text.service.clone().map(|service| ("MessagingServiceSid".to_owned(), service)));
    params
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

impl Simulators {
    /// Posts a form until the other side answers with anything but a fault of its own; `None` when it never did.
    async fn post(&self, url: &str, params: &[(String, String)]) -> Option<u16> {
        let settings = &self.0.settings;
        // What stands behind `#` are wishes to Twilio about the connection, never part of the request.
        let url = url.split('#').next().unwrap_or(url);
        let signature = sign(&settings.token, url, params);
        let form = serde_urlencoded::to_string(params).ok()?;
        let token = self.hex(16);
        let mut pause = settings.retry;
        let mut last = None;
        for attempt in 1..=settings.tries {
            if attempt > 1 {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_mins(1));
            }
            let permit = self.0.couriers.acquire().await;
            let answer = self
                .0
                .http
                .post(url)
                .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
                .header("x-twilio-signature", &signature)
                .header("i-twilio-idempotency-token", &token)
                .body(form.clone())
                .send()
                .await;
            drop(permit);
            match answer {
                Ok(answer) if answer.status().is_server_error() => last = Some(answer.status().as_u16()),
                Ok(answer) => return Some(answer.status().as_u16()),
                Err(error) => {
                    last = None;
                    tracing::debug!(error = %error.without_url(), attempt, "a callback was not answered");
                }
            }
        }
        last
    }
}
