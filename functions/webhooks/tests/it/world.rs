//! A clinic with a number, its callbacks signed as Twilio signs them, and a database that can go away.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use automations::links::{Link, Purpose, make};
use aws_sdk_dynamodb::{Client, config::retry::RetryConfig};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
    result::ConnectorError,
};
use axum::{
    Router,
    body::{Body, to_bytes},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use embedded::Embedded;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Request};
use jiff::SignedDuration;
use kernel::{
    AppointmentId, Category, Channel, ClinicId, Clock, Id as _, Lane, Limit, Masked, MessageId, PersonId,
    RawJob, Timestamp,
};
use messaging::{Attempt, AttemptStatus, Body as Words, Draft, Message, Route, Source, Status};
use people::{
    Appointment, Clinic, Person,
    appointments::{self, Confirmation},
    clinic::TextSender,
    origin::Origin,
};
use platform::{
    Platform, Settings,
    inside::{FixedSecrets, InsideQueue, Nothing},
};
use sha1::Sha1;
use table::{ClinicTable, Table, keys};
use tower::ServiceExt as _;

pub(crate) const NOW: &str = "2026-12-08T15:00:30Z";
pub(crate) const PUBLIC: &str = "https://comms.example.com";
pub(crate) const OURS: &str = "+12125550100";
pub(crate) const THEIRS: &str = "+12125550123";
pub(crate) const CLINIC_PHONE: &str = "+12125550111";
pub(crate) const TOKEN: &str = "test_auth_token";
const LINKS: &[u8] = b"the secret of links";

/// The embedded database, with a switch; and with a pause before each call, so that what runs at once mingles.
#[derive(Debug, Clone)]
struct Line {
    db: Embedded,
    down: Arc<AtomicBool>,
    writes: Arc<AtomicUsize>,
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let line = self.clone();
        HttpConnectorFuture::new(async move {
            tokio::task::yield_now().await;
            if line.down.load(Ordering::Relaxed) {
                return Err(ConnectorError::io("the database is away".into()));
            }
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            if ["PutItem", "TransactWriteItems", "UpdateItem", "DeleteItem"]
                .iter()
                .any(|it| target.ends_with(it))
            {
                line.writes.fetch_add(1, Ordering::Relaxed);
            }
            line.db.call(request).await
        })
    }
}

pub(crate) struct World {
    pub(crate) platform: Platform,
    pub(crate) clock: Clock,
    pub(crate) queue: InsideQueue,
    pub(crate) id: ClinicId,
    pub(crate) clinic: ClinicTable,
    pub(crate) router: Router,
    down: Arc<AtomicBool>,
    writes: Arc<AtomicUsize>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn code(&self) -> String {
        let problem: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        problem["code"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The signature of a form, by Twilio's own description: address, then each field's name and value by name.
pub(crate) fn sign(token: &str, url: &str, body: &str) -> String {
    let fields: BTreeMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(url.as_bytes());
    for (name, value) in fields {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// A form body.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_secrets(&[
            ("twilio-hook", "token_before, test_auth_token"),
            ("links", "the secret of links"),
        ])
        .await
    }

    pub(crate) async fn with_secrets(secrets: &[(&str, &str)]) -> Self {
        let clock = Clock::fixed(at(NOW), 7);
        let db = Embedded::memory().unwrap();
        let (down, writes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let line =
            SharedHttpConnector::new(Line { db: db.clone(), down: down.clone(), writes: writes.clone() });
        let config = db
            .client()
            .config()
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| line.clone()))
            .build();
        db.table(clock.clone()).await.unwrap();
        let table = Table::new(move || Client::from_conf(config.clone()), "comms".to_owned(), clock.clone());
        let queue = InsideQueue::new();
        let nothing = Arc::new(Nothing);
        let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let setting = |name: &str| Some(if name == "PUBLIC_URL" { PUBLIC } else { "test" }.to_owned());
        let platform = Platform {
            clock: clock.clone(),
            table: table.clone(),
            queue: Arc::new(queue.clone()),
            files: nothing.clone(),
            secrets: Arc::new(FixedSecrets::new(secrets)),
            http: nothing,
            settings: Arc::new(Settings::from(setting).unwrap()),
        };
        let router = webhooks::open(&platform).unwrap();
        let id = ClinicId::derived(&["one"]);
        let mut clinic = Clinic::new(id, "R & D Dental", "America/New_York".parse().unwrap());
        clinic.text = Some(TextSender::Number { number: OURS.parse().unwrap() });
        clinic.help_phone = Some(CLINIC_PHONE.parse().unwrap());
        clinic.save(&table).await.unwrap();
        writes.store(0, Ordering::Relaxed);
        Self { platform, clock, queue, id, clinic: table.of(id), router, down, writes }
    }

    /// Switches the database off or on.
    pub(crate) fn database(&self, there: bool) {
        self.down.store(!there, Ordering::Relaxed);
    }

    /// Writes since it was last asked.
    pub(crate) fn writes(&self) -> usize {
        self.writes.swap(0, Ordering::Relaxed)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// A signed call.
    pub(crate) async fn twilio(&self, path: &str, body: &str) -> Answer {
        self.send(signed(path, body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, kind: &str, body: &str) -> Answer {
        let request = Request::post(path).header("content-type", kind);
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// The address a message gives for its callbacks.
    pub(crate) fn callback(&self, message: MessageId) -> String {
        format!("/hooks/twilio/status?clinic={}&message={message}&attempt=1", self.id)
    }

    /// A text that a sender has claimed: the provider is being called, nothing is known yet.
    pub(crate) async fn claimed(&self, person: PersonId) -> MessageId {
        let now = self.clock.now();
        let draft = Draft {
            id: self.clock.id(),
            person,
            route: Route::Only(Channel::Sms),
            category: Category::Appointment,
            body: Words::Text { subject: None, text: Masked::new("See you".to_owned()) },
            send_at: now,
            not_after: None,
            about: None,
            asks: None,
            source: Source::Staff { by: "usr".to_owned() },
            resend_of: None,
        };
        let mut message = Message::from_draft(draft, now).moved(Status::Sending, now);
        message.channel = Some(Channel::Sms);
        message.address = Some(providers::Address::Phone(THEIRS.parse().unwrap()));
        message.claimed_until = now.checked_add(SignedDuration::from_secs(60)).ok();
        message.attempts.push(Attempt {
            n: 1,
            provider: None,
            account: None,
            status: AttemptStatus::Pending,
            provider_id: None,
            at: now,
            ended_at: None,
            error: None,
            machine_open: false,
        });
        let mut write = self.clinic.write();
        write.create(&message);
        write.commit().await.unwrap();
        self.writes();
        message.id
    }

    pub(crate) async fn message(&self, message: MessageId) -> Message {
        self.clinic.get::<Message>(&keys::MessageKey { message }).await.unwrap().unwrap().into_value()
    }

    /// The messages in a person's thread.
    pub(crate) async fn thread(&self, person: PersonId) -> Vec<Message> {
        let page = self.clinic.list::<Message>(&keys::MessagesOfPerson::all(person), Limit::MOST, None).await;
        page.unwrap().items.into_iter().map(table::Kept::into_value).collect()
    }

    /// Work that waits in the due buckets, for the minute tick.
    pub(crate) async fn due(&self) -> Vec<RawJob> {
        let sweep = self.platform.table.shared().sweep(self.clock.now()).await.unwrap();
        sweep.fresh.into_iter().chain(sweep.again).map(|due| due.job).collect()
    }

    /// Hints in the queue of a lane; takes them.
    pub(crate) fn hints(&self, lane: Lane) -> Vec<RawJob> {
        self.queue.take(lane, 1_000).into_iter().map(|delivery| delivery.job).collect()
    }

    pub(crate) async fn strays(&self, id: &str) -> usize {
        self.platform.table.shared().strays_of("TWILIO", id).await.unwrap().len()
    }

    pub(crate) async fn log(&self) -> Vec<audit::Entry> {
        audit::by_clinic(&self.clinic, None, Limit::MOST, None).await.unwrap().items
    }

    /// A patient.
    pub(crate) async fn person(&self, language: Option<&str>) -> PersonId {
        let now = self.clock.now();
        let mut person = Person::new(PersonId::derived(&["ana"]), Origin::new("pms", "1", None, now), now);
        person.names.given = "Ana <3".to_owned().into();
        person.names.family = "Souza".to_owned().into();
        person.language = language.map(|tag| tag.parse().unwrap());
        let mut write = self.clinic.write();
        write.create(&person);
        write.commit().await.unwrap();
        person.id
    }

    /// A visit of the patient, a week ahead at nine in the morning in New York.
    pub(crate) async fn visit(&self, language: Option<&str>) -> Appointment {
        let person = self.person(language).await;
        let starts_at = at("2026-12-15T14:00:00Z");
        let zone: kernel::Zone = "America/New_York".parse().unwrap();
        let visit = Appointment {
            id: AppointmentId::derived(&["visit"]),
            person,
            practitioner: None,
            location: None,
            service_type: Some("root canal".to_owned()),
            starts_at,
            ends_at: at("2026-12-15T15:00:00Z"),
            wall: zone.wall(starts_at),
            zone,
            status: appointments::Status::Scheduled,
            confirmation: Confirmation::default(),
            out_of_reach: false,
            first_visit: false,
            online: false,
            created_at: self.clock.now(),
            cancel_reason: None,
            generation: 0,
            deleted_at: None,
            origin: Origin::new("pms", "1", None, self.clock.now()),
        };
        let mut write = self.clinic.write();
        write.create(&visit);
        write.commit().await.unwrap();
        self.writes();
        visit
    }

    pub(crate) async fn now_of(&self, visit: &Appointment) -> table::Kept<Appointment> {
        let key = keys::AppointmentKey { appointment: visit.id };
        self.clinic.get::<Appointment>(&key).await.unwrap().unwrap()
    }

    /// The path of a link about a visit.
    pub(crate) fn link(&self, visit: &Appointment, purpose: Purpose) -> String {
        let (clinic, appointment, generation) = (self.id, visit.id, visit.generation);
        format!("/l/v/{}", make(LINKS, &Link { clinic, appointment, generation, purpose }))
    }
}

/// A call as Twilio makes it.
pub(crate) fn signed(path: &str, body: &str) -> Request<Body> {
    unsigned(path)
        .header("x-twilio-signature", sign(TOKEN, &format!("{PUBLIC}{path}"), body))
        .body(Body::from(body.to_owned()))
        .unwrap()
}

pub(crate) fn unsigned(path: &str) -> http::request::Builder {
    Request::post(path)
        .header("host", "abc123.execute-api.example.com")
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .header("user-agent", "TwilioProxy/1.1")
}

/// What Twilio tells of a text of ours.
pub(crate) fn status(sid: &str, status: &str, error: Option<&str>) -> String {
    let mut fields = vec![
        ("AccountSid", "AC00000000000000000000000000000001"),
        ("ApiVersion", "2010-04-01"),
        ("From", OURS),
        ("MessageSid", sid),
        ("MessageStatus", status),
        ("SmsSid", sid),
        ("SmsStatus", status),
        ("To", THEIRS),
    ];
    fields.extend(error.map(|code| ("ErrorCode", code)));
    form(&fields)
}

/// A text that somebody wrote.
pub(crate) fn text(sid: &str, to: &str, body: &str) -> String {
    form(&[
        ("AccountSid", "AC00000000000000000000000000000001"),
        ("ApiVersion", "2010-04-01"),
        ("Body", body),
        ("From", THEIRS),
        ("MessageSid", sid),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
        ("SmsMessageSid", sid),
        ("SmsSid", sid),
        ("SmsStatus", "received"),
        ("To", to),
    ])
}
