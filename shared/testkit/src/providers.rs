//! Providers that do as they are told: they speak enough of Twilio's and SES's answers, keep all they hear, and
//! make sure that no message is taken twice.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request, Response};
use jiff::{fmt::rfc2822, tz::TimeZone};
use kernel::{Channel, ClinicId, Clock, MessageId, Timestamp};
use platform::{Auth, Http, HttpFault};
use providers::Provider;
use serde_json::{Value, json};
use tokio::sync::Notify;
use url::{Url, form_urlencoded};

/// What a provider does with a call to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Takes the message and says so.
    Accept,
    /// Refuses with this code: a number of Twilio's, or a name of SES's.
    Refuse(&'static str),
    /// Does not know who calls (401).
    Denied,
    /// Asks for patience (429).
    Busy,
    /// Fails in the middle (503): nobody can tell what became of the message.
    Away,
    /// Cannot be reached at all.
    Unreachable,
    /// Takes the message, and the answer gets lost.
    AcceptUnheard,
    /// Does not take the message, and no answer comes.
    Silence,
    /// Takes the message and thinks until it is told to go on.
    AcceptSlowly,
}

/// A message as a provider has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Through whom it goes.
    pub provider: Provider,
    /// Over which channel it goes.
    pub channel: Channel,
    /// To whom.
    pub to: String,
    /// From whom.
    pub from: String,
    /// The subject of a mail.
    pub subject: Option<String>,
    /// The text.
    pub text: String,
    /// For whom it is sent.
    pub clinic: ClinicId,
    /// Our id of it.
    pub message: MessageId,
    /// Which attempt it is.
    pub attempt: u32,
    /// The provider's id of it.
    pub provider_id: String,
    /// Where receipts go; empty for mail.
    pub callback: String,
    /// When it was taken.
    pub at: Timestamp,
}

/// The providers. Cloning gives another handle.
#[derive(Clone)]
pub struct FakeProviders(Arc<Inner>);

struct Inner {
    clock: Clock,
    state: Mutex<State>,
    called: Notify,
    go_on: Notify,
}

#[derive(Default)]
struct State {
    answers: VecDeque<Answer>,
    always: Option<Answer>,
    /// Calls to send, whatever became of them.
    heard: Vec<Sent>,
    /// Messages that were taken.
    taken: Vec<Sent>,
    /// Where each of them stands there, the first time it was taken.
    places: HashMap<MessageId, usize>,
    looked_up: usize,
    twice: Vec<String>,
}

impl FakeProviders {
    /// Providers that take everything.
    pub fn new(clock: Clock) -> Self {
        let inner = Inner { clock, state: Mutex::default(), called: Notify::new(), go_on: Notify::new() };
        Self(Arc::new(inner))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What becomes of the next call to send, after those told before.
    pub fn will(&self, answer: Answer) {
        self.state().answers.push_back(answer);
    }

    /// What becomes of every call to send that nothing else was told for.
    pub fn always(&self, answer: Answer) {
        self.state().always = Some(answer);
    }

    /// Takes everything from here on, whatever was told before.
    pub fn forgets(&self) {
        let mut state = self.state();
        state.answers.clear();
        state.always = None;
    }

    /// Every call to send that was heard.
    pub fn heard(&self) -> Vec<Sent> {
        self.state().heard.clone()
    }

    /// Every message that was taken, in order.
    pub fn taken(&self) -> Vec<Sent> {
        self.state().taken.clone()
    }

    /// A message as it was taken, if it was.
    pub fn taken_of(&self, message: MessageId) -> Option<Sent> {
        let state = self.state();
        state.places.get(&message).map(|place| state.taken[*place].clone())
    }

    /// Every call to send a message that was heard, in order.
    pub fn heard_of(&self, message: MessageId) -> Vec<Sent> {
        self.state().heard.iter().filter(|sent| sent.message == message).cloned().collect()
    }

    /// How often a message was taken.
    pub fn times_taken(&self, message: MessageId) -> usize {
        self.state().taken.iter().filter(|sent| sent.message == message).count()
    }

    /// How often somebody asked what became of a message.
    pub fn looked_up(&self) -> usize {
        self.state().looked_up
    }

    /// Waits until a call is being thought about.
    pub async fn is_called(&self) {
        self.0.called.notified().await;
    }

    /// Lets the call that is being thought about be answered.
    pub fn go_on(&self) {
        self.0.go_on.notify_one();
    }

    /// Messages that were taken more than once; what must never be.
    pub fn taken_twice(&self) -> Vec<String> {
        self.state().twice.clone()
    }

    /// Hears a call; gives back what to do and what to say if it is taken.
    fn hear(&self, request: &Request<Bytes>) -> (Answer, Provider, String) {
        let mut state = self.state();
        let number = state.heard.len() + 1;
        let mut sent = read(request, self.0.clock.now());
        sent.provider_id = match sent.provider {
            Provider::Twilio => format!("SM{number:032}"),
            Provider::Vonage => format!("00000000-0000-4000-8000-{number:012}"),
            _ => format!("0100{number:012}"),
        };
        let told = state.answers.pop_front().or_else(|| state.always.clone());
        let answer = told.unwrap_or(Answer::Accept);
        state.heard.push(sent.clone());
        let (provider, id) = (sent.provider, sent.provider_id.clone());
        if matches!(answer, Answer::Accept | Answer::AcceptUnheard | Answer::AcceptSlowly) {
            let place = state.taken.len();
            if *state.places.entry(sent.message).or_insert(place) != place {
                state.twice.push(format!("{} at attempt {}", sent.message, sent.attempt));
            }
            state.taken.push(sent);
        }
        (answer, provider, id)
    }

    /// The list of messages, as Twilio tells what became of them.
    fn list(&self, url: &Url) -> Response<Bytes> {
        let mut state = self.state();
        state.looked_up += 1;
        let to = url.query_pairs().find(|(name, _)| name == "To").map(|(_, value)| value.into_owned());
        let rows: Vec<Value> = state
            .taken
            .iter()
            .filter(|sent| sent.channel == Channel::Sms && Some(&sent.to) == to.as_ref())
            .map(|sent| {
                let created = rfc2822::to_string(&sent.at.to_zoned(TimeZone::UTC)).unwrap_or_default();
                json!({
                    "sid": sent.provider_id, "status": "sent", "to": sent.to, "from": sent.from,
                    "messaging_service_sid": null, "body": sent.text, "date_created": created,
                })
            })
            .collect();
        respond(200, &json!({ "messages": rows, "next_page_uri": null }))
    }
}

fn respond(status: u16, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status.try_into().expect("a status of HTTP");
    response
}

/// The provider has taken it.
fn accepted(provider: Provider, id: &str) -> Response<Bytes> {
    match provider {
        Provider::Vonage => respond(202, &json!({ "message_uuid": id })),
        Provider::Sendgrid => {
            let mut response = respond(202, &Value::Null);
            response.headers_mut().insert("x-message-id", id.parse().expect("an id fits into a header"));
            response
        }
        Provider::Ses => respond(200, &json!({ "MessageId": id })),
        _ => respond(201, &json!({ "sid": id, "status": "queued" })),
    }
}

fn refused(provider: Provider, status: u16, code: &str) -> Response<Bytes> {
    match provider {
        Provider::Ses => respond(status, &json!({ "__type": code, "message": "refused" })),
        Provider::Vonage => {
            let kind = format!("https://developer.vonage.com/api-errors/messages#{code}");
            respond(status, &json!({ "type": kind, "title": "refused" }))
        }
        Provider::Sendgrid => respond(status, &json!({ "errors": [{ "message": "refused" }] })),
        _ => respond(
            status,
            &json!({ "code": code.parse::<u32>().ok(), "message": "refused", "status": status }),
        ),
    }
}

impl Http for FakeProviders {
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        _: &'a Auth,
    ) -> BoxFuture<'a, Result<Response<Bytes>, HttpFault>> {
        Box::pin(async move {
            if request.method() == Method::GET {
                let url = Url::parse(&request.uri().to_string()).expect("carriers make whole addresses");
                return Ok(self.list(&url));
            }
            let (answer, provider, id) = self.hear(&request);
            let accepted = accepted(provider, &id);
            match answer {
                Answer::Accept => Ok(accepted),
                Answer::AcceptSlowly => {
                    self.0.called.notify_one();
                    self.0.go_on.notified().await;
                    Ok(accepted)
                }
                Answer::Refuse(code) => Ok(refused(provider, 400, code)),
                Answer::Denied => Ok(refused(provider, 401, "20003")),
                Answer::Busy if provider == Provider::Ses => {
                    Ok(refused(provider, 429, "TooManyRequestsException"))
                }
                Answer::Busy => Ok(refused(provider, 429, "20429")),
                Answer::Away => Ok(refused(provider, 503, "20503")),
                Answer::Unreachable => Err(HttpFault::NotSent("connection refused".to_owned())),
                Answer::AcceptUnheard | Answer::Silence => Err(HttpFault::NoAnswer("timed out".to_owned())),
            }
        })
    }
}

/// Reads a call as the provider would.
fn read(request: &Request<Bytes>, at: Timestamp) -> Sent {
    match request.uri().path() {
        "/v1/messages" => vonage(request.body(), at),
        "/v3/mail/send" => sendgrid(request.body(), at),
        path if path.starts_with("/v2/email/") => mail(request.body(), at),
        _ => text(request.body(), at),
    }
}

/// What a reference of ours names.
fn referred(reference: &Value) -> (ClinicId, MessageId, u32) {
    let mut parts = reference.as_str().expect("our reference travels along").split('.');
    let mut next = || parts.next().expect("three parts");
    let clinic = next().parse().expect("the clinic travels along");
    let message = next().parse().expect("the message travels along");
    (clinic, message, next().parse().expect("the attempt travels along"))
}

fn vonage(body: &[u8], at: Timestamp) -> Sent {
    let said: Value = serde_json::from_slice(body).expect("Vonage takes JSON");
    let field = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    let (clinic, message, attempt) = referred(&said["client_ref"]);
    Sent {
        provider: Provider::Vonage,
        channel: Channel::Sms,
        to: format!("+{}", field("to")),
        from: format!("+{}", field("from")),
        subject: None,
        text: field("text"),
        clinic,
        message,
        attempt,
        provider_id: String::new(),
        callback: field("webhook_url"),
        at,
    }
}

fn sendgrid(body: &[u8], at: Timestamp) -> Sent {
    let said: Value = serde_json::from_slice(body).expect("SendGrid takes JSON");
    let text = |pointer: &str| said.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (clinic, message, attempt) = referred(&said["personalizations"][0]["custom_args"]["reference"]);
    Sent {
        provider: Provider::Sendgrid,
        channel: Channel::Email,
        to: text("/personalizations/0/to/0/email"),
        from: text("/from/email"),
        subject: Some(text("/subject")),
        text: text("/content/0/value"),
        clinic,
        message,
        attempt,
        provider_id: String::new(),
        callback: String::new(),
        at,
    }
}

fn text(body: &[u8], at: Timestamp) -> Sent {
    let fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let field = |wanted: &str| {
        fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let mut url = Url::parse(&field("StatusCallback")).expect("every text says where its receipts go");
    // What stands behind `#` is a wish about the connection: Twilio neither sends nor signs it.
    url.set_fragment(None);
    let id = |wanted: &str| {
        url.query_pairs()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    Sent {
        provider: Provider::Twilio,
        channel: Channel::Sms,
        to: field("To"),
        from: field("From"),
        subject: None,
        text: field("Body"),
        clinic: id("clinic").parse().expect("the clinic travels along"),
        message: id("message").parse().expect("the message travels along"),
        attempt: id("attempt").parse().expect("the attempt travels along"),
        provider_id: String::new(),
        callback: url.into(),
        at,
    }
}

fn mail(body: &[u8], at: Timestamp) -> Sent {
    let said: Value = serde_json::from_slice(body).expect("SES takes JSON");
    let tag = |wanted: &str| {
        let tags = said["EmailTags"].as_array().into_iter().flatten();
        tags.filter(|tag| tag["Name"] == wanted)
            .find_map(|tag| tag["Value"].as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let text = |pointer: &str| said.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    Sent {
        provider: Provider::Ses,
        channel: Channel::Email,
        to: text("/Destination/ToAddresses/0"),
        from: text("/FromEmailAddress"),
        subject: Some(text("/Content/Simple/Subject/Data")),
        text: text("/Content/Simple/Body/Text/Data"),
        clinic: tag("clinic").parse().expect("the clinic travels along"),
        message: tag("message").parse().expect("the message travels along"),
        attempt: tag("attempt").parse().expect("the attempt travels along"),
        provider_id: String::new(),
        callback: String::new(),
        at,
    }
}
