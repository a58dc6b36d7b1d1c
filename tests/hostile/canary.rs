//! A patient with a name, a number, a mailbox, a birth date and words that stand nowhere else goes through the whole
//! product, with all that can go wrong on the way; none of it gets where it has no place.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use access::{Claims, Permission, Rights, Role};
use automations::rules::{Timing, Unit};
use axum::{Router, body::Body};
use edge::Callers;
use http::Request;
use http_body_util::BodyExt as _;
use kernel::{CallerId, Channel, Id as _, Lane, RawJob};
use messaging::Route;
use people::mirror::Kind;
use platform::inside::FolderFiles;
use serde_json::{Value, json};
use testkit::{Answer, House, hours, minutes};
use tower::ServiceExt as _;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt as _};

const GIVEN: &str = "Kanarina";
const FAMILY: &str = "Zwitscherbach";
const PHONE: &str = "+12125550177";
const MAILBOX: &str = "kanarina.zwitscherbach@nest.example";
const BORN: &str = "1957-03-29";
const WORDS: &str = "my molar sings at night";
const WRITTEN: &str = "your feather retainer waits";

/// All that tells who somebody is or what was said, in the spellings that might get somewhere.
const CANARIES: [&str; 12] = [
    GIVEN,
    FAMILY,
    PHONE,
    "2125550177",
    "(212) 555-0177",
    "555-0177",
    MAILBOX,
    "kanarina.zwitscherbach",
    BORN,
    "03/29/1957",
    WORDS,
    WRITTEN,
];

fn canary_in(text: &str) -> Option<&'static str> {
    let folded = text.to_lowercase();
    CANARIES.into_iter().find(|canary| folded.contains(&canary.to_lowercase()))
}

/// Everything that is logged or counted, at every level that a release carries and at our own finest.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use fmt::Write as _;
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // What we stand on says more at finer levels, which no release carries.
        let ours = !["aws", "h2", "hyper", "rustls", "tower"]
            .iter()
            .any(|other| event.metadata().target().starts_with(other));
        if ours || *event.metadata().level() <= Level::WARN {
            let mut line = Line(event.metadata().target().to_owned());
            event.record(&mut line);
            self.note(line.0);
        }
    }

    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if !span.metadata().target().starts_with("aws") {
            let mut line = Line(span.metadata().name().to_owned());
            span.record(&mut line);
            self.note(line.0);
        }
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut line = Line(String::new());
        values.record(&mut line);
        self.note(line.0);
    }
}

impl Log {
    fn note(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Api {
    router: Router,
}

impl Api {
    fn on(house: &House, files: &std::path::Path) -> Self {
        let mut platform = house.platform.clone();
        platform.files = Arc::new(FolderFiles::new(files, "https://files.example".to_owned()));
        let clinic = house.table.clinic();
        let believe = move |role: &str| {
            Some(Claims {
                sub: CallerId::derived(&[role]).to_string(),
                role: role.to_owned(),
                clinics: String::new(),
                clinic: clinic.to_string(),
            })
        };
        let router = api::open(&platform, Callers::Tokens(Arc::new(believe))).unwrap();
        Self { router }
    }

    async fn ask(&self, role: &str, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut request =
            Request::builder().method(method).uri(path).header("authorization", format!("Bearer {role}"));
        if !body.is_empty() {
            request = request.header("content-type", "application/json").header("if-match", "1");
        }
        let response =
            self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let headers = format!("{:?}", response.headers());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, headers + &String::from_utf8_lossy(&bytes))
    }
}

/// Visits, reminders, answers, texts of staff, bounces, calls nobody can read, and the ends that they come to.
async fn story(house: &House) {
    let canary = house.patient(GIVEN).born(BORN).with_text(PHONE).with_email(MAILBOX).who_agreed().await;
    house.mirror_says(Kind::Person, &canary.key, &json!({ "family_name": FAMILY })).await;
    let rule = house.rule("a day before", Timing::Before { amount: 24, unit: Unit::Hours, at: None });
    house.has_rule(&rule).await;
    let visit = canary.books("2026-06-10T14:00").await;
    house.time_passes(hours(28)).await;
    let sent = house.last();
    assert!(sent.text.contains(GIVEN), "the reminder has the name: {}", sent.text);
    house.provider_says(&sent, "delivered").await;
    canary.replies("C").await;
    canary.replies(WORDS).await;
    // Providers that vanish, think and refuse.
    for answer in
        [Answer::Away, Answer::Unreachable, Answer::Busy, Answer::AcceptUnheard, Answer::Refuse("21610")]
    {
        house.providers.will(answer);
        canary.is_written(WRITTEN).await;
        house.time_passes(minutes(20)).await;
    }
    house.twilio_says(&sent, "undelivered", Some("30006")).await;
    let mail = messaging::Draft { route: Route::Only(Channel::Email), ..canary.text_of_staff(WRITTEN) };
    house.makes(mail).await;
    house.time_passes(minutes(1)).await;
    house.provider_says(&house.last(), "bounced").await;
    visit.moves("2026-06-12T09:30").await;
    house.settles().await;
    // Strangers, the same text again, and calls that make no sense.
    house.text_comes("+12125550178", WORDS, "SMstranger").await;
    house.text_comes(PHONE, "STOP", "SMstop").await;
    house.text_comes(PHONE, "STOP", "SMstop").await;
    let inbound = format!("{}/hooks/twilio/inbound", testkit::PUBLIC);
    let strange = [("Body", WORDS), ("From", PHONE), ("ProfileName", GIVEN)];
    house.twilio_calls(&inbound, &strange).await;
    let elsewhere = [
        ("MessageSid", "SM9"),
        ("SmsStatus", "received"),
        ("From", PHONE),
        ("To", "+12125550111"),
        ("Body", WORDS),
    ];
    house.twilio_calls(&inbound, &elsewhere).await;
    let mut forged = House::text_of_twilio(PHONE, WORDS, "SMforged");
    forged.headers_mut().insert("x-twilio-signature", "AAAA".parse().unwrap());
    house.outside(forged).await;
    let path = format!("/l/c/{GIVEN}?name={FAMILY}&mail={MAILBOX}");
    house.outside(Request::get(path).body(Body::empty()).unwrap()).await;
    house.settles().await;
    // Work that cannot be done ends among the dead letters.
    let poison =
        RawJob { r#type: "send_requested.1".to_owned(), lane: Lane::Outbound, data: json!({ "message": 7 }) };
    house.platform.queue.push(&[poison]).await.unwrap();
    house.settles().await;
    house.time_passes(hours(30)).await;
}

/// Requests with the canary in every place, most of which are refused.
async fn refusals(api: &Api) -> Vec<(String, String)> {
    let everywhere = json!({
        "given_name": GIVEN, "family_name": FAMILY, "text": PHONE, "email": MAILBOX, "birth_date": BORN, "note": WORDS,
    });
    let bodies = [
        format!("{{\"{GIVEN}\":1}}"),
        format!("{{\"{MAILBOX}\":"),
        everywhere.to_string(),
        json!([WORDS, PHONE]).to_string(),
        json!(WORDS).to_string(),
        json!({ "data": everywhere, "version": GIVEN }).to_string(),
        json!({ "data": { "text": WORDS, "email": PHONE, "birth_date": GIVEN, "language": FAMILY, "guardians": [{ "person": GIVEN, "relation": WORDS }] }, "version": 1 }).to_string(),
        json!({ "data": { "person": GIVEN, "starts_at": BORN, "status": WORDS, "minutes": PHONE }, "version": 1 }).to_string(),
        json!({ "person": GIVEN, "text": WORDS, "channel": FAMILY, "category": MAILBOX, "send_at": BORN }).to_string(),
        json!({ "address": WORDS, "reason": GIVEN, "why": FAMILY }).to_string(),
        json!({ "address": MAILBOX, "reason": "STAFF", "why": WORDS }).to_string(),
        json!({ "events": [{ "eventId": GIVEN, "eventType": "person.created", "eventVersion": 1, "occurredAt": BORN, "producer": FAMILY, "tenantId": PHONE, "data": everywhere }] }).to_string(),
        json!({ "name": GIVEN, "format": "CSV", "bytes": 9, "mapping": { "source": "old", "entities": [] } }).to_string(),
        json!({ "content": { "profile": { "kind": "SEGMENTS" }, "languages": { "en": { "sms": format!("{WORDS} {{{{nobody.knows}}}}") } } }, "values": { GIVEN: WORDS } }).to_string(),
    ];
    let (status, document) = api.ask("clinic_admin", "GET", "/v1/openapi.json", "").await;
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&document[document.find("{\"openapi").unwrap()..]).unwrap();
    let mut told = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, _) in item.as_object().unwrap() {
            let mut filled = String::new();
            for part in path.split('/').skip(1) {
                filled.push('/');
                filled.push_str(if part == "{kind}" {
                    "person"
                } else if part.starts_with('{') {
                    GIVEN
                } else {
                    part
                });
            }
            let asked = format!("{filled}?q={FAMILY}&cursor={GIVEN}&status={FAMILY}&{GIVEN}=1");
            let method = method.to_uppercase();
            if method == "GET" {
                for path in [
                    &filled,
                    &asked,
                    &format!("{filled}?cursor={PHONE}"),
                    &format!("{filled}?limit={MAILBOX}"),
                ] {
                    told.push((format!("{method} {path}"), api.ask("clinic_admin", &method, path, "").await));
                }
            } else {
                for body in &bodies {
                    told.push((
                        format!("{method} {filled} {body}"),
                        api.ask("clinic_admin", &method, &filled, body).await,
                    ));
                }
            }
        }
    }
    let refused = told.into_iter().filter(|(_, (status, _))| *status >= 400);
    refused.map(|(asked, (status, answer))| (format!("{asked}: {status}"), answer)).collect()
}

/// A file with the canary in rows that cannot be taken.
async fn imports(api: &Api, house: &House, files: &std::path::Path) -> Vec<(String, String)> {
    let file = format!(
        "Id,First,Last,Mobile,Mail,Born\n1,{GIVEN},{FAMILY},{WORDS},{PHONE},{BORN}x\n,{GIVEN},{FAMILY},{PHONE},{MAILBOX},{BORN}\n\
         3,\"=HYPERLINK(\"\"{WORDS}\"\")\",{FAMILY},=1+1,@{MAILBOX},{WORDS}\n4,{GIVEN}\n\"5,{GIVEN}\n"
    );
    let column = |name: &str| json!({ "column": name });
    let body = json!({ "name": "June", "format": "CSV", "bytes": file.len(), "mapping": {
        "source": "old", "entities": [{ "kind": "person", "id": { "column": "Id", "shape": "id" }, "fields": {
            "given_name": column("First"), "family_name": column("Last"), "text": column("Mobile"),
            "email": column("Mail"), "birth_date": { "column": "Born", "shape": "date" },
        } }],
    } });
    let (status, made) = api.ask("clinic_admin", "POST", "/v1/imports", &body.to_string()).await;
    assert_eq!(status, 201, "{made}");
    let made: Value = serde_json::from_str(&made[made.find("{\"id\"").unwrap()..]).unwrap();
    let id = made["id"].as_str().unwrap();
    let key = made["upload"]["url"].as_str().unwrap().strip_prefix("https://files.example/").unwrap();
    let place = files.join(key);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(place, file).unwrap();
    let mut platform = house.platform.clone();
    platform.files = Arc::new(FolderFiles::new(files, "https://files.example".to_owned()));
    let work = imports::Work::on(&platform);
    let mut told = Vec::new();
    for dry_run in [true, false] {
        let start = json!({ "dry_run": dry_run }).to_string();
        told.push((
            "start".to_owned(),
            api.ask("clinic_admin", "POST", &format!("/v1/imports/{id}/start"), &start).await.1,
        ));
        loop {
            let taken = house.queue.take(Lane::Imports, 10);
            if taken.is_empty() {
                break;
            }
            let worked = work.run(taken.iter().map(|delivery| delivery.job.clone()).collect()).await;
            house.queue.settle(taken.into_iter().zip(worked).collect());
        }
    }
    for rest in ["", "/errors?limit=100"] {
        let (status, shown) = api.ask("clinic_admin", "GET", &format!("/v1/imports/{id}{rest}"), "").await;
        assert_eq!(status, 200, "{shown}");
        told.push((format!("import{rest}"), shown));
    }
    let findings = &told.last().unwrap().1;
    assert!(findings.contains("\"row\":"), "rows were refused: {findings}");
    told
}

/// P-06
#[tokio::test]
async fn what_tells_of_a_patient_stays_where_it_has_its_place() {
    let log = Log::default();
    // Where all tests run in one process, what one of them does not listen to is not forgotten for the others.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    let _log = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
    let house = House::new(830).await;
    house.may_leave_work();
    let files = tempfile::tempdir().unwrap();
    Box::pin(story(&house)).await;
    let api = Api::on(&house, files.path());

    // It is there, for those who may see it.
    let (_, people) = api.ask("doctor", "GET", "/v1/people", "").await;
    assert!(canary_in(&people).is_some(), "{people}");
    let person = house.conversations().await[0].person;
    let (_, thread) = api.ask("doctor", "GET", &format!("/v1/people/{person}/messages"), "").await;
    assert!(thread.contains(WORDS) && thread.contains(WRITTEN), "{thread}");

    // Problems and findings of imports.
    let mut told = refusals(&api).await;
    assert!(told.len() > 300, "{}", told.len());
    told.extend(imports(&api, &house, files.path()).await);
    for (asked, answer) in &told {
        // A name as the key of a field is named by its place; that is the only thing that comes back.
        let answer = answer.replace(&format!("/{GIVEN}\""), "").replace(&format!("/{MAILBOX}\""), "");
        let answer = answer.replace(&format!("\"parameter\":\"{GIVEN}\""), "");
        assert_eq!(canary_in(&answer), None, "{asked}\n{answer}");
    }

    // The audit log, and every list for those who may not see patients.
    let (status, audit) = api.ask("clinic_admin", "GET", "/v1/audit?limit=100", "").await;
    assert_eq!((status, canary_in(&audit)), (200, None), "{audit}");
    for role in Role::ALL.iter().filter(|role| !Rights::of(**role, None).may(Permission::PatientViewPhi)) {
        for path in [
            "/v1/people",
            "/v1/appointments?from=2026-06-01T00:00:00Z&to=2026-07-01T00:00:00Z",
            "/v1/inbox",
            "/v1/tasks",
            "/v1/unmatched",
            "/v1/not-sent",
            "/v1/suppressions",
            "/v1/audit",
            &format!("/v1/people/{person}"),
            &format!("/v1/people/{person}/messages"),
            &format!("/v1/people/{person}/consents"),
            &format!("/v1/people/{person}/preferences"),
            "/v1/figures/messages?month=2026-06",
        ] {
            let (_, shown) = api.ask(role.name(), "GET", path, "").await;
            assert_eq!(canary_in(&shown), None, "{path} as {role}: {shown}");
        }
    }

    // What lies among the dead letters.
    let dead = house.queue.dead();
    assert!(!dead.is_empty(), "something cannot be done");
    for (job, fault) in &dead {
        let letter = format!("{} {} {} {}", job.r#type, job.data, fault.code, fault.says);
        assert_eq!(canary_in(&letter), None, "{letter}");
    }
    assert!(due_work(&house).await > 20);

    // The log.
    let lines = log.lines();
    assert!(lines.len() > 100, "{} lines", lines.len());
    for line in &lines {
        assert_eq!(canary_in(line), None, "{line}");
    }
}

/// What lies in the queues is what would lie among the dead letters: whatever fails, nothing of a patient is in a job,
/// in the due work behind it, nor in what is said of its failure.
#[tokio::test]
async fn no_job_tells_of_a_patient_whether_it_is_done_or_dies() {
    let house = House::new(831).await;
    house.may_leave_work();
    let canary = house.patient(GIVEN).born(BORN).with_text(PHONE).with_email(MAILBOX).who_agreed().await;
    let visit = canary.books("2026-07-10T14:00").await;
    canary.is_written(WRITTEN).await;
    house.time_passes(minutes(1)).await;
    let sent = house.last();
    // From here on nobody does anything.
    house.text_comes(PHONE, WORDS, "SMdies").await;
    house.text_comes("+12125550178", WORDS, "SMstranger").await;
    house.twilio_says(&sent, "undelivered", Some("30006")).await;
    visit.moves("2026-07-12T09:30").await;
    let rule = house.rule("an hour before", Timing::Before { amount: 1, unit: Unit::Hours, at: None });
    automations::rules::create(&house.table, &audit::Actor::system("tests"), &rule).await.unwrap();
    house.clock.advance(minutes(1));
    house.ticks().await;
    for lane in Lane::ALL {
        loop {
            let taken = house.queue.take(lane, 10);
            if taken.is_empty() {
                break;
            }
            let fault = platform::JobFault::unknown("nobody works");
            house.queue.settle(taken.into_iter().map(|one| (one, Err(fault.clone()))).collect());
        }
    }
    let dead = house.queue.dead();
    let types: std::collections::BTreeSet<_> = dead.iter().map(|(job, _)| job.r#type.as_str()).collect();
    assert!(types.contains("inbound_received.2") && types.len() >= 3, "{types:?}");
    for (job, fault) in &dead {
        let letter = format!("{} {} {} {}", job.r#type, job.data, fault.code, fault.says);
        assert_eq!(canary_in(&letter), None, "{letter}");
    }
    assert!(due_work(&house).await > 5);
}

/// Looks through every job that was ever due, for it travels as it stands there; how many there are.
async fn due_work(house: &House) -> usize {
    let client = house.embedded.client();
    let tables = client.list_tables().send().await.unwrap();
    let (mut due, mut from) = (0, None);
    loop {
        let scan = client.scan().table_name(&tables.table_names()[0]).set_exclusive_start_key(from);
        let page = scan.send().await.unwrap();
        for item in page.items() {
            if item["pk"].as_s().is_ok_and(|pk| pk.starts_with("all#due#")) {
                let text = format!("{item:?}");
                assert_eq!(canary_in(&text), None, "{text}");
                due += 1;
            }
        }
        from = page.last_evaluated_key().cloned();
        if from.is_none() {
            return due;
        }
    }
}
