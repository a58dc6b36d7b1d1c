//! The door, from the request to the answer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use access::{Claims, Role};
use audit::{Entry, Outcome, Severity, Who};
use axum::{
    Router,
    body::{Body, to_bytes},
    response::IntoResponse,
};
use edge::{
    Callers, Door, DoorFault, Idempotency, IdempotencyHeader, IfMatch, IfMatchHeader, Json, Paging, Path,
    Problem, Query, Staff, Versioned,
};
use edge::{OpenApiRouter, routes};
use http::{Request, StatusCode};
use jiff::SignedDuration;
use kernel::{CallerId, ClinicId, Clock, Id as _, Limit, PersonId};
use platform::{Platform, Settings, inside::Nothing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::ServiceExt as _;

#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    rank: u8,
}

#[utoipa::path(get, path = "/open", extensions(("x-access" = json!("public"))), responses((status = 200)))]
async fn open() -> &'static str {
    "open"
}

#[utoipa::path(get, path = "/things", params(Paging), extensions(("x-access" = json!("messaging:view"))), responses((status = 200)))]
async fn list(staff: Staff, Query(paging): Query<Paging>) -> Json<Value> {
    Json(json!({ "clinic": staff.clinic.to_string(), "limit": paging.limit.get() }))
}

#[utoipa::path(get, path = "/things/{thing}", params(("thing" = String, Path)), extensions(("x-access" = json!("messaging:view"))), responses((status = 200)))]
async fn show(Path(thing): Path<PersonId>) -> Result<Json<String>, Problem> {
    if thing == PersonId::FIRST { Ok(Json(thing.to_string())) } else { Err(edge::not_found()) }
}

#[utoipa::path(put, path = "/things/{thing}", params(("thing" = String, Path), IfMatchHeader), request_body = New, extensions(("x-access" = json!("messaging:edit"))), responses((status = 200)))]
async fn update(if_match: IfMatch, Json(new): Json<New>) -> Result<Versioned<New>, Problem> {
    if_match.holds(3, || json!({ "version": 3, "name": "as it is" }))?;
    Ok(Versioned(4, new))
}

#[utoipa::path(get, path = "/bulk", extensions(("x-access" = json!("permission comms:send_bulk"))), responses((status = 200)))]
async fn bulk() -> &'static str {
    "bulk"
}

#[utoipa::path(get, path = "/panic", extensions(("x-access" = json!("any staff"))), responses((status = 200)))]
async fn panic() -> &'static str {
    panic!("canary")
}

struct House {
    clock: Clock,
    platform: Platform,
    runs: Arc<AtomicUsize>,
    router: Router,
}

fn clinic(n: &str) -> ClinicId {
    ClinicId::derived(&[n])
}

/// The token of these tests: role, home, further clinics.
fn verify(token: &str) -> Option<Claims> {
    let mut parts = token.split('/');
    let (role, home) = (parts.next()?, parts.next()?);
    Some(Claims {
        sub: CallerId::derived(&[role, home]).to_string(),
        role: role.to_owned(),
        clinic: clinic(home).to_string(),
        clinics: parts.map(|each| clinic(each).to_string()).collect::<Vec<_>>().join(" "),
    })
}

async fn house() -> House {
    let clock = Clock::fixed("2026-11-22T08:00:00Z".parse().unwrap(), 7);
    let settings = Settings::from(|_| Some("test".to_owned())).unwrap();
    let nothing = Arc::new(Nothing);
    let platform = Platform {
        clock: clock.clone(),
        table: embedded::table(clock.clone()).await,
        queue: nothing.clone(),
        files: nothing.clone(),
        secrets: nothing.clone(),
        http: nothing,
        settings: Arc::new(settings),
    };
    let runs = Arc::new(AtomicUsize::new(0));
    let routes = OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(list))
        .routes(routes!(show, update))
        .routes(routes!(bulk))
        .routes(routes!(panic))
        .merge(creating(runs.clone()));
    let door = Door::new(&platform, Callers::Tokens(Arc::new(verify)));
    House { router: door.open(routes).unwrap(), clock, platform, runs }
}

#[utoipa::path(post, path = "/things", params(IdempotencyHeader), request_body = New, extensions(("x-access" = json!("messaging:edit"))), responses((status = 201)))]
async fn create(
    axum::extract::State(runs): axum::extract::State<Arc<AtomicUsize>>,
    ids: Idempotency,
    Json(new): Json<New>,
) -> Result<impl IntoResponse, Problem> {
    let run = runs.fetch_add(1, Ordering::SeqCst);
    match new.name.as_str() {
        "refuse" if run == 0 => Err(Problem::new(kernel::Kind::Conflict, "refused", "not now")),
        "break" if run == 0 => panic!("canary"),
        _ => {
            let id: PersonId = ids.id("thing");
            Ok((
                StatusCode::CREATED,
                [("location", format!("/things/{id}"))],
                Json(json!({ "id": id, "run": run, "again": ids.is_again() })),
            ))
        }
    }
}

fn creating(runs: Arc<AtomicUsize>) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(create)).with_state(runs)
}

struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: Value,
}

impl House {
    async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or(Value::String(String::from_utf8(bytes.to_vec()).unwrap()));
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.ask(request("GET", token, path, &[], "")).await
    }

    async fn log(&self, of: &str) -> Vec<Entry> {
        audit::by_clinic(&self.platform.table.of(clinic(of)), None, Limit::MOST, None).await.unwrap().items
    }

    async fn create(&self, token: &str, key: &str, body: &str) -> Answer {
        self.ask(request(
            "POST",
            token,
            "/things",
            &[("content-type", "application/json"), ("idempotency-key", key)],
            body,
        ))
        .await
    }
}

fn request(method: &str, token: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        builder = builder.header("authorization", format!("Bearer {token}"));
    }
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::from(body.to_owned())).unwrap()
}

fn code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn anybody_comes_in_where_it_is_public_and_nobody_elsewhere() {
    let house = house().await;
    assert_eq!(house.get("", "/open").await.body, "open");
    for token in ["", "nonsense"] {
        let answer = house.get(token, "/things").await;
        assert_eq!(code(&answer), (401, "token_missing"));
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
}

/// P-01, P-02
#[tokio::test]
async fn a_role_comes_in_where_its_level_is_enough() {
    let house = house().await;
    assert_eq!(house.get("read_only/a", "/things").await.status, 200);
    let json = [("content-type", "application/json"), ("if-match", "3")];
    for (role, status) in
        [("doctor/a", 403), ("read_only/a", 403), ("front_desk/a", 200), ("super_admin/a", 200)]
    {
        let answer = house.ask(request("PUT", role, "/things/x", &json, r#"{"name":"a","rank":1}"#)).await;
        assert_eq!(answer.status, status, "{role}");
    }
    assert_eq!(code(&house.get("front_desk/a", "/bulk").await), (403, "not_allowed"));
    assert_eq!(house.get("clinic_admin/a", "/bulk").await.status, 200);
    assert_eq!(code(&house.get("owner/a", "/things").await), (403, "role_unknown"));
}

/// Q-01
#[tokio::test]
async fn a_refusal_is_written_into_the_log() {
    let house = house().await;
    house.get("front_desk/a", "/bulk").await;
    let log = house.log("a").await;
    assert_eq!((log[0].outcome, log[0].severity), (Outcome::Denied, Severity::Warning));
    assert_eq!(log[0].subject.as_ref().unwrap().id, "bulk");
    assert!(matches!(log[0].who, Who::Staff { role: Role::FrontDesk, .. }));
    assert!(log[0].request.is_some());
}

/// P-05
#[tokio::test]
async fn another_clinic_is_reached_by_those_assigned_to_it_and_that_is_logged() {
    let house = house().await;
    let b = clinic("b").to_string();
    let to_b = |token: &str| request("GET", token, "/things", &[("x-clinic", &b)], "");
    let answer = house.ask(to_b("clinic_admin/a/b")).await;
    assert_eq!((answer.status, answer.body["clinic"].as_str().unwrap()), (200, b.as_str()));
    assert_eq!(house.log("b").await[0].action, "clinic.switched");
    for token in ["clinic_admin/a", "doctor/a/b"] {
        assert_eq!(code(&house.ask(to_b(token)).await), (404, "clinic_not_found"));
        let log = house.log("a").await;
        assert_eq!((log[0].outcome, log[0].severity), (Outcome::Denied, Severity::Critical));
    }
    let answer = house.ask(request("GET", "super_admin/a", "/things", &[("x-clinic", "canary")], "")).await;
    assert_eq!(answer.status, 404);
    assert!(!answer.body.to_string().contains("canary"));
}

/// Z-01
#[tokio::test]
async fn an_id_that_leads_nowhere_in_this_clinic_is_404_and_logged() {
    let house = house().await;
    let foreign = PersonId::LAST.to_string();
    assert_eq!(code(&house.get("doctor/a", &format!("/things/{foreign}")).await), (404, "not_found"));
    let log = house.log("a").await;
    assert_eq!((log[0].action.as_str(), log[0].outcome), ("operation.led_nowhere", Outcome::Denied));
    assert_eq!(serde_json::to_value(&log[0].changes[0].after).unwrap(), foreign);
    assert_eq!(house.get("doctor/a", "/things/ana@example.com").await.status, 404);
    assert!(!serde_json::to_string(&house.log("a").await).unwrap().contains("example.com"));
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let house = house().await;
    assert_eq!(code(&house.get("", "/nowhere").await), (404, "not_found"));
    let answer = house.ask(request("DELETE", "super_admin/a", "/things", &[], "")).await;
    assert_eq!(code(&answer), (405, "method_not_allowed"));
    assert_eq!(answer.headers["allow"], "GET, POST, HEAD");
}

#[tokio::test]
async fn a_panic_is_a_problem_without_its_words() {
    let house = house().await;
    let answer = house.get("doctor/a", "/panic").await;
    assert_eq!(code(&answer), (500, "internal"));
    assert!(!answer.body.to_string().contains("canary"));
}

#[tokio::test]
async fn every_answer_names_its_request_and_is_not_to_be_kept() {
    let house = house().await;
    let (fine, problem) = (house.get("", "/open").await, house.get("", "/nowhere").await);
    for answer in [&fine, &problem] {
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert!(answer.headers["x-request-id"].to_str().unwrap().starts_with("req_"));
    }
    assert_eq!(problem.body["request"], problem.headers["x-request-id"].to_str().unwrap());
    assert_eq!(problem.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_body_is_taken_only_in_its_form() {
    let house = house().await;
    let put = async |kind: &str, body: &str| {
        let headers = [("content-type", kind), ("if-match", "\"3\"")];
        house.ask(request("PUT", "super_admin/a", "/things/x", &headers, body)).await
    };
    assert_eq!(code(&put("text/plain", "{}").await), (415, "content_type_unsupported"));
    assert_eq!(code(&put("application/json; charset=latin1", "{}").await), (415, "content_type_unsupported"));
    assert_eq!(code(&put("application/json", "{").await), (400, "body_not_json"));
    let answer = put("application/json; charset=utf-8", r#"{"name":"canary","rank":"canary"}"#).await;
    assert_eq!(code(&answer), (422, "body_invalid"));
    assert_eq!(answer.body["errors"], json!([{ "pointer": "/rank", "detail": "must be u8" }]));
    let answer = put("application/json", r#"{"name":"a","rank":1,"canary":1}"#).await;
    assert_eq!(answer.body["errors"][0]["pointer"], "/canary");
    let large = format!(r#"{{"name":"{}","rank":1}}"#, "a".repeat(1024 * 1024));
    assert_eq!(code(&put("application/json", &large).await), (413, "body_too_large"));
    let answer = put("application/json", r#"{"name":"a","rank":1}"#).await;
    assert_eq!((answer.status, &answer.headers["etag"]), (200, &http::HeaderValue::from_static("\"4\"")));
}

/// Z-11
#[tokio::test]
async fn an_update_needs_the_version_there_is_and_gets_it_shown_if_not() {
    let house = house().await;
    let put = async |version: &[(&str, &str)]| {
        let headers = [version, &[("content-type", "application/json")]].concat();
        house.ask(request("PUT", "super_admin/a", "/things/x", &headers, r#"{"name":"a","rank":1}"#)).await
    };
    assert_eq!(code(&put(&[]).await), (422, "version_required"));
    assert_eq!(code(&put(&[("if-match", "new")]).await), (422, "version_invalid"));
    let answer = put(&[("if-match", "\"2\"")]).await;
    assert_eq!(code(&answer), (409, "version_is_stale"));
    assert_eq!(answer.body["current"]["name"], "as it is");
    assert_eq!(put(&[("if-match", "3")]).await.status, 200);
}

/// Z-06
#[tokio::test]
async fn a_page_holds_20_rows_unless_asked_and_at_most_100() {
    let house = house().await;
    assert_eq!(house.get("doctor/a", "/things").await.body["limit"], 20);
    assert_eq!(house.get("doctor/a", "/things?limit=100").await.body["limit"], 100);
    for query in ["limit=0", "limit=101", "limit=-1", "limit=canary", "limit=2&limit=3", "canary=1"] {
        let answer = house.get("doctor/a", &format!("/things?{query}")).await;
        assert_eq!(code(&answer), (422, "query_invalid"), "{query}");
        let at = query.split('=').next().unwrap();
        assert_eq!(answer.body["errors"][0]["parameter"], at);
    }
}

/// Z-04
#[tokio::test]
async fn a_create_that_is_sent_twice_is_done_once() {
    let house = house().await;
    let body = r#"{"name":"a","rank":1}"#;
    let first = house.create("front_desk/a", "one", body).await;
    let second = house.create("front_desk/a", "one", body).await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.body, second.body);
    assert_eq!(first.headers["location"], second.headers["location"]);
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert_eq!(house.runs.load(Ordering::SeqCst), 1);
    let reused = house.create("front_desk/a", "one", r#"{"name":"b","rank":1}"#).await;
    assert_eq!(code(&reused), (409, "idempotency_key_reused"));
    assert_eq!(house.create("front_desk/b", "one", body).await.body["run"], 1, "another clinic");
    assert_eq!(house.create("clinic_admin/a", "one", body).await.body["run"], 2, "another caller");
    house.clock.advance(SignedDuration::from_hours(25));
    let later = house.create("front_desk/a", "one", body).await;
    assert_eq!(later.body["run"], 3, "a day later the key is free");
    assert_ne!(later.body["id"], first.body["id"]);
    for key in ["", "é", &"k".repeat(201)] {
        assert_eq!(house.create("front_desk/a", key, body).await.status, 422, "{key}");
    }
}

/// Z-04
#[tokio::test]
async fn of_two_at_once_one_is_done_and_the_other_told() {
    let house = house().await;
    let body = r#"{"name":"a","rank":1}"#;
    let (one, two) =
        tokio::join!(house.create("front_desk/a", "k", body), house.create("front_desk/a", "k", body));
    assert_eq!(house.runs.load(Ordering::SeqCst), 1);
    let mut answers = [one, two];
    answers.sort_by_key(|answer| answer.status);
    assert_eq!(answers[0].status, 201);
    assert!(answers[1].status == 201 || code(&answers[1]) == (409, "request_under_way"));
}

#[tokio::test]
async fn a_create_that_was_refused_may_be_tried_again_under_its_key() {
    let house = house().await;
    let body = r#"{"name":"refuse","rank":1}"#;
    assert_eq!(code(&house.create("front_desk/a", "k", body).await), (409, "refused"));
    assert_eq!(house.create("front_desk/a", "k", body).await.status, 201);
}

/// Z-04
#[tokio::test]
async fn a_create_that_died_in_between_makes_the_same_things_when_run_again() {
    let house = house().await;
    let body = r#"{"name":"break","rank":1}"#;
    let dead = house.create("front_desk/a", "k", body).await;
    assert_eq!(code(&dead), (500, "internal"));
    assert_eq!(code(&house.create("front_desk/a", "k", body).await), (409, "request_under_way"));
    house.clock.advance(SignedDuration::from_secs(61));
    let again = house.create("front_desk/a", "k", body).await;
    assert_eq!((again.status, again.body["again"].as_bool()), (201, Some(true)));
    let twice = house.create("front_desk/a", "k", body).await;
    assert_eq!(again.body["id"], twice.body["id"]);
}

#[utoipa::path(get, path = "/bare", responses((status = 200)))]
async fn bare() -> &'static str {
    "bare"
}

#[utoipa::path(get, path = "/odd", extensions(("x-access" = json!("messaging:most"))), responses((status = 200)))]
async fn odd() -> &'static str {
    "odd"
}

/// P-01
#[tokio::test]
async fn a_router_with_an_operation_that_says_no_need_stays_shut() {
    let house = house().await;
    let open = |router, callers| Door::new(&house.platform, callers).open(router).map(|_| ());
    let fault = open(OpenApiRouter::new().routes(routes!(bare)), Callers::Authorizer).unwrap_err();
    assert!(matches!(fault, DoorFault::NoAccess(at) if at == "GET /bare"));
    let fault = open(OpenApiRouter::new().routes(routes!(odd)), Callers::Authorizer).unwrap_err();
    assert!(matches!(fault, DoorFault::StrangeAccess { .. }));
    let fault = open(OpenApiRouter::new().routes(routes!(bulk)), Callers::Nobody).unwrap_err();
    assert!(matches!(fault, DoorFault::NoCallers(_)));
}

#[tokio::test]
async fn with_an_authorizer_a_bearer_token_alone_names_nobody() {
    let house = house().await;
    let door = Door::new(&house.platform, Callers::Authorizer);
    let router = door.open(OpenApiRouter::new().routes(routes!(list))).unwrap();
    let plain = request("GET", "super_admin/a", "/things", &[], "");
    assert_eq!(router.clone().oneshot(plain).await.unwrap().status(), 401);

    let context = json!({
        "accountId": "1", "apiId": "1", "stage": "$default", "requestId": "1", "time": "22/Nov/2026:08:00:00 +0000",
        "timeEpoch": 0, "domainName": "x", "domainPrefix": "x", "routeKey": "$default",
        "http": { "method": "GET", "path": "/things", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "x" },
        "authorizer": { "jwt": { "scopes": null, "claims": {
            "sub": "5f1c4c3e-8f5b-4c0e-9f57-0c2b6f1f7c11", "custom:role": "doctor",
            "custom:clinic": clinic("a").to_string() } } }
    });
    let context = serde_json::from_value(context).unwrap();
    let mut checked = request("GET", "", "/things", &[], "");
    checked.extensions_mut().insert(lambda_http::request::RequestContext::ApiGatewayV2(context));
    assert_eq!(router.oneshot(checked).await.unwrap().status(), 200);
}
