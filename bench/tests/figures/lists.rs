//! Lists of a clinic, however much stands in them.

use std::sync::Arc;

use access::Claims;
use axum::{Router, body::Body};
use edge::Callers;
use http::Request;
use http_body_util::BodyExt as _;
use kernel::{CallerId, Category, Channel, Clock, Id as _, MessageId, PersonId};
use messaging::{
    Body as Says, Direction, Draft, Message, Route, Source, Status, conversation::Conversation, desk::NotSent,
};
use serde_json::Value;
use testkit::House;
use tower::ServiceExt as _;

use crate::{figure, size};

/// In how many writes of a transaction a stretch of the clinic's past is put down.
const STRETCH: usize = 20;
/// How long a first page may take.
const WITHIN_MS: i128 = 1000;

/// Puts down messages `from` to `to`: every other one of one patient, the rest of one patient each; every tenth did not
/// reach anybody.
async fn happened(house: &House, patient: PersonId, from: usize, to: usize) {
    let now = house.clock.now();
    let mut write = house.table.write();
    for n in from..to {
        let id = MessageId::derived(&["past", &n.to_string()]);
        let alone = n % 2 == 1;
        let person = if alone { PersonId::derived(&["past", &n.to_string()]) } else { patient };
        let draft = Draft {
            id,
            person,
            route: Route::Only(Channel::Sms),
            category: Category::Appointment,
            body: Says::Text { subject: None, text: "We expect you tomorrow at ten.".to_owned().into() },
            send_at: now,
            not_after: None,
            about: None,
            asks: None,
            source: Source::Staff { by: "bench".to_owned() },
            resend_of: None,
        };
        let message = Message::from_draft(draft, now).moved(Status::Delivered, now);
        write.create(&message);
        if alone {
            write.create(&Conversation {
                person,
                last: id,
                last_direction: Direction::Out,
                last_channel: Some(Channel::Sms),
                last_at: now,
                unread: 0,
                channels: vec![Channel::Sms],
            });
        }
        if n % 10 == 0 {
            write.create(&NotSent {
                message: id,
                person,
                status: Status::Failed,
                channel: Some(Channel::Sms),
                code: "30003".to_owned(),
                says: "The phone was out of reach.".to_owned(),
                at: now,
                resolved: None,
            });
        }
        if (n + 1) % STRETCH == 0 || n + 1 == to {
            write.commit().await.unwrap();
            house.clock.advance(jiff::SignedDuration::from_millis(10));
            write = house.table.write();
        }
    }
}

/// The first page of a list: how many rows it has, how many reads it took and how long.
async fn first_page(house: &House, api: &Router, path: &str) -> (usize, u64, i128) {
    let clock = Clock::system();
    house.embedded.meter().take();
    let began = clock.now();
    let request = Request::get(path).header("authorization", "Bearer clinic_admin").body(Body::empty());
    let answer = api.clone().oneshot(request.unwrap()).await.unwrap();
    let took = clock.now().duration_since(began).as_millis();
    let status = answer.status();
    let body: Value =
        serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!(status, 200, "{path}: {body}");
    (body["items"].as_array().unwrap().len(), house.embedded.meter().take().total_calls(), took)
}

/// The calls to the table are as many with a few messages as with very many.
#[tokio::test]
async fn a_first_page_costs_the_same_however_much_there_is() {
    const FEW: usize = 200;
    let many = size("BENCH_MESSAGES", 2000);
    let house = House::new(212).await;
    let patient = house.patient("Ann").with_text("+12125550110").who_agreed().await;
    let clinic = house.table.clinic().to_string();
    let verify = move |role: &str| {
        let sub = CallerId::derived(&[role]).to_string();
        Some(Claims { sub, role: role.to_owned(), clinics: String::new(), clinic: clinic.clone() })
    };
    let api = api::open(&house.platform, Callers::Tokens(Arc::new(verify))).unwrap();
    let lists = [
        ("thread", format!("/v1/people/{}/messages", patient.id)),
        ("sent", "/v1/messages?category=APPOINTMENT".to_owned()),
        ("not-sent", "/v1/not-sent".to_owned()),
        ("inbox", "/v1/inbox".to_owned()),
    ];
    happened(&house, patient.id, 0, FEW).await;
    let mut with_few = Vec::new();
    for (_, path) in &lists {
        // What is remembered for some time is remembered from here on.
        first_page(&house, &api, path).await;
        with_few.push(first_page(&house, &api, path).await);
    }
    happened(&house, patient.id, FEW, many).await;
    let (mut more, mut slowest) = (0, 0);
    for ((name, path), (rows_few, calls_few, _)) in lists.iter().zip(with_few) {
        first_page(&house, &api, path).await;
        let (rows, calls, took) = first_page(&house, &api, path).await;
        figure(&format!("lists.{name}.calls"), calls);
        figure(&format!("lists.{name}.ms"), took);
        assert!(rows == rows_few && rows > 0, "{name}: {rows} rows, {rows_few} with few");
        more = more.max(calls.saturating_sub(calls_few));
        slowest = slowest.max(took);
    }
    figure("lists.many", many);
    figure("lists.more_calls", more);
    figure("lists.slowest_ms", slowest);
    assert_eq!(more, 0, "more messages take more reads");
    assert!(slowest <= WITHIN_MS, "{slowest} ms");
    house.may_leave_work();
}
