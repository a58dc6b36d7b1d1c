//! The API as its document describes it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use access::{Claims, Need, Rights, Role};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use edge::Callers;
use kernel::{CallerId, ClinicId, Clock, Id as _, PersonId};
use platform::{Platform, Settings, inside::Nothing};
use serde_json::Value;
use tower::ServiceExt as _;

fn verify(role: &str) -> Option<Claims> {
    (!role.is_empty()).then(|| Claims {
        sub: CallerId::derived(&[role]).to_string(),
        role: role.to_owned(),
        clinics: String::new(),
        clinic: ClinicId::derived(&["test"]).to_string(),
    })
}

async fn api() -> Router {
    let clock = Clock::fixed("2026-11-22T08:00:00Z".parse().unwrap(), 7);
    let nothing = Arc::new(Nothing);
    let platform = Platform {
        clock: clock.clone(),
        table: embedded::table(clock).await,
        queue: nothing.clone(),
        files: nothing.clone(),
        secrets: nothing.clone(),
        http: nothing,
        settings: Arc::new(Settings::from(|_| Some("test".to_owned())).unwrap()),
    };
    api::open(&platform, Callers::Tokens(Arc::new(verify))).unwrap()
}

async fn ask(api: &Router, token: Option<&str>, method: &str, path: &str) -> (u16, Value) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = api.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(pairs.into_iter().collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// Method in capitals, path, operation.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn the_document_is_as_it_was() {
    let (_, document) = ask(&api().await, None, "GET", "/v1/openapi.json").await;
    insta::assert_json_snapshot!(sorted(document));
}

#[tokio::test]
async fn every_operation_has_a_name_a_sentence_a_need_and_an_example() {
    let (_, document) = ask(&api().await, None, "GET", "/v1/openapi.json").await;
    assert_eq!(document["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    let resolve =
        |reference: &Value| document.pointer(&reference.as_str().unwrap()[1..]).cloned().unwrap_or_default();
    let shown = |content: &Value| {
        let json = &content["application/json"];
        let schema = &json["schema"];
        let schema = if schema["$ref"].is_string() { resolve(&schema["$ref"]) } else { schema.clone() };
        let row = &schema["properties"]["items"]["items"];
        let row = if row["$ref"].is_string() { resolve(&row["$ref"]) } else { row.clone() };
        !json["example"].is_null() || !schema["example"].is_null() || !row["example"].is_null()
    };
    let mut names = Vec::new();
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{at} has no name"));
        names.push(name.to_owned());
        assert!(operation["summary"].is_string(), "{at} has no summary");
        assert!(operation["x-access"].as_str().unwrap().parse::<Need>().is_ok(), "{at} says no need");
        assert!(operation["responses"]["500"].is_object(), "{at} has no problems");
        if !operation["requestBody"].is_null() {
            assert!(shown(&operation["requestBody"]["content"]), "{at} shows no body");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            if status.starts_with('2') && !response["content"]["application/json"].is_null() {
                assert!(shown(&response["content"]), "{at} shows no answer");
            }
        }
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "operation names are unique");
}

/// P-01, P-02, P-03
#[tokio::test]
async fn every_operation_lets_in_exactly_the_roles_that_the_tables_say() {
    let api = api().await;
    let (_, document) = ask(&api, None, "GET", "/v1/openapi.json").await;
    for (method, pattern, operation) in operations(&document) {
        let need: Need = operation["x-access"].as_str().unwrap().parse().unwrap();
        let path: String = pattern
            .split('/')
            .map(|part| if part.starts_with('{') { PersonId::LAST.to_string() } else { part.to_owned() })
            .collect::<Vec<_>>()
            .join("/");
        let at = format!("{method} {pattern}");
        let (anonymous, _) = ask(&api, None, &method, &path).await;
        assert_eq!(anonymous == 401, need != Need::Public, "{at}");
        for role in Role::ALL {
            let (status, body) = ask(&api, Some(role.name()), &method, &path).await;
            let refused = status == 403 && body["code"] == "not_allowed";
            assert_eq!(refused, !Rights::of(*role, None).meets(need), "{at} as {role}: {status}");
            assert_ne!(status, 401, "{at} as {role}");
            assert_ne!(status, 500, "{at} as {role}");
        }
        if need != Need::Public {
            let (status, body) = ask(&api, Some("owner"), &method, &path).await;
            assert_eq!((status, body["code"].as_str()), (403, Some("role_unknown")), "{at}");
        }
    }
}
