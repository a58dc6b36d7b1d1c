//! Two clinics, eight roles, every operation of the document: nobody reaches what is another clinic's, and the
//! database is not even asked for it.

use std::{collections::BTreeMap, sync::Arc};

use access::{Claims, Need, Rights, Role};
use axum::{Router, body::Body};
use edge::Callers;
use http::Request;
use http_body_util::BodyExt as _;
use kernel::{CallerId, ClinicId, EventId, Id as _};
use platform::inside::FolderFiles;
use serde_json::{Value, json};
use testkit::{Fuse, House, Trace};
use tower::ServiceExt as _;

struct Operation {
    method: String,
    path: String,
    need: Need,
    takes_version: bool,
    body: Option<Value>,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Two clinics on one table, and what every request asks the table for.
struct Town {
    _house: House,
    _files: tempfile::TempDir,
    trace: Trace,
    api: Router,
    /// Ours, and what is ours by the kind of its id.
    ours: (ClinicId, BTreeMap<String, String>),
    theirs: (ClinicId, BTreeMap<String, String>),
}

/// The token is `role@clinic`.
fn believe(token: &str) -> Option<Claims> {
    let (role, clinic) = token.split_once('@')?;
    Some(Claims {
        sub: CallerId::derived(&[role, clinic]).to_string(),
        role: role.to_owned(),
        clinics: clinic.to_owned(),
        clinic: clinic.to_owned(),
    })
}

impl Town {
    async fn new() -> Self {
        let house = House::new(820).await;
        house.may_leave_work();
        let trace = Trace::default();
        let mut platform = house.worker(&Fuse::of("api", &trace));
        let files = tempfile::tempdir().unwrap();
        platform.files = Arc::new(FolderFiles::new(files.path(), "https://files.example".to_owned()));
        let api = api::open(&platform, Callers::Tokens(Arc::new(believe))).unwrap();
        let (ours, theirs) = (house.table.clinic(), ClinicId::derived(&["across the street"]));
        let mut next = people::Clinic::new(theirs, "Dr. Across", "America/Chicago".parse().unwrap());
        next.text = Some(people::clinic::TextSender::Number { number: "+13125550100".parse().unwrap() });
        next.save(&house.platform.table).await.unwrap();
        templates::seed(&house.platform.table.of(theirs)).await.unwrap();
        let mut town = Self {
            _house: house,
            _files: files,
            trace,
            api,
            ours: (ours, BTreeMap::new()),
            theirs: (theirs, BTreeMap::new()),
        };
        town.ours.1 = town.things(ours).await;
        town.theirs.1 = town.things(theirs).await;
        town
    }

    /// Puts one thing of each kind into a clinic.
    async fn things(&self, clinic: ClinicId) -> BTreeMap<String, String> {
        let admin = format!("clinic_admin@{clinic}");
        let mut things = BTreeMap::new();
        let person = json!({ "version": 1, "data": {
            "given_name": "Ana", "family_name": "Reyes", "text": "+12125550123", "email": "ana@example.com",
        } });
        let visit = json!({ "version": 1, "data": {
            "person": "p1", "location": "l1", "practitioner": "d1", "starts_at": "2026-06-20T14:00:00Z", "minutes": 30,
        } });
        for (kind, id, body) in [
            (
                "location",
                "l1",
                json!({ "version": 1, "data": { "name": "Main", "zone": "America/New_York" } }),
            ),
            ("practitioner", "d1", json!({ "version": 1, "data": { "name": "Dr. Chen" } })),
            ("person", "p1", person),
            ("appointment", "a1", visit),
        ] {
            let path = format!("/v1/mirror/{kind}/pms/{id}");
            let made = self.works(&admin, "PUT", &path, &body).await;
            let id = made["id"].as_str().unwrap().to_owned();
            things.insert(id[..3].to_owned(), id);
        }
        let person = things["per"].clone();
        let shown = self.works(&admin, "GET", &format!("/v1/people/{person}"), &Value::Null).await;
        things.insert("con".to_owned(), shown["contacts"][0]["id"].as_str().unwrap().to_owned());
        let template = json!({
            "name": "Hello", "category": "GENERAL",
            "content": { "profile": { "kind": "SEGMENTS" }, "languages": { "en": { "sms": "Hello {{patient.first_name}}" } } },
        });
        let made = self.works(&admin, "POST", "/v1/templates", &template).await;
        things.insert("tpl".to_owned(), made["id"].as_str().unwrap().to_owned());
        let rule = json!({
            "name": "Two days before", "timing": { "kind": "BEFORE", "amount": 48, "unit": "HOURS" },
            "channels": { "FIRST_OF": ["SMS"] }, "template": things["tpl"],
        });
        let made = self.works(&admin, "POST", "/v1/reminder-rules", &rule).await;
        things.insert("rul".to_owned(), made["id"].as_str().unwrap().to_owned());
        let message = json!({
            "person": person, "channel": "SMS", "category": "GENERAL", "text": "Your permit is at the desk.",
            "send_at": "2026-06-09T15:00:00Z",
        });
        let made = self.works(&admin, "POST", "/v1/messages", &message).await;
        things.insert("msg".to_owned(), made["id"].as_str().unwrap().to_owned());
        let import = json!({ "name": "November", "format": "CSV", "bytes": 100, "mapping": {
            "source": "pms", "entities": [{ "kind": "person", "id": { "column": "Id", "shape": "id" },
                "fields": { "given_name": { "column": "First" } } }],
        } });
        let made = self.works(&admin, "POST", "/v1/imports", &import).await;
        things.insert("imp".to_owned(), made["id"].as_str().unwrap().to_owned());
        let suppression = json!({ "address": "+12125550177", "reason": "STAFF", "why": "asked at the desk" });
        let made = self.works(&admin, "POST", "/v1/suppressions", &suppression).await;
        things.insert("digest".to_owned(), made["id"].as_str().unwrap_or_default().to_owned());
        things.insert("cln".to_owned(), clinic.to_string());
        things.insert("evt".to_owned(), EventId::FIRST.to_string());
        things
    }

    async fn works(&self, token: &str, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer, _) = self.ask(Some(token), None, method, path, body, None).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// Status, answer, and what the table was asked.
    async fn ask(
        &self,
        token: Option<&str>,
        clinic: Option<ClinicId>,
        method: &str,
        path: &str,
        body: &Value,
        version: Option<&str>,
    ) -> (u16, Value, String) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in [
            ("authorization", token.map(|token| format!("Bearer {token}"))),
            ("x-clinic", clinic.map(|clinic| clinic.to_string())),
            ("if-match", version.map(str::to_owned)),
            ("content-type", (!body.is_null()).then(|| "application/json".to_owned())),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.trace.take();
        let response = self.api.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let asked = self.trace.take().into_iter().map(|call| call.body).collect::<Vec<_>>().join("\n");
        (status, serde_json::from_slice(&bytes).unwrap_or_default(), asked)
    }

    /// Every operation, with bodies as the document shows them and ids of one clinic in them.
    async fn operations(&self, things: &BTreeMap<String, String>) -> Vec<Operation> {
        let (_, document, _) = self.ask(None, None, "GET", "/v1/openapi.json", &Value::Null, None).await;
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
                let mut filled = path.clone();
                for parameter in parameters.iter().filter(|parameter| parameter["in"] == "path") {
                    let name = parameter["name"].as_str().unwrap();
                    let example = parameter["example"].as_str().unwrap_or_default();
                    let of_kind = example.get(..3).and_then(|kind| things.get(kind));
                    let value = match (path.as_str(), of_kind) {
                        ("/v1/suppressions/{id}/release", _) => things["digest"].clone(),
                        (_, Some(id)) => id.clone(),
                        (_, None) => match name {
                            "kind" => "person".to_owned(),
                            "source" => "pms".to_owned(),
                            "id" => "p1".to_owned(),
                            "step" | "number" => "1".to_owned(),
                            "role" => "doctor".to_owned(),
                            _ if example.is_empty() => "x".to_owned(),
                            _ => example.to_owned(),
                        },
                    };
                    filled = filled.replace(&format!("{{{name}}}"), &value);
                }
                let takes_version =
                    parameters.iter().any(|parameter| parameter["name"].as_str() == Some("If-Match"));
                let content = &operation["requestBody"]["content"]["application/json"];
                let reference = content["schema"]["$ref"].as_str().unwrap_or("#/none");
                let schema = document.pointer(&reference[1..]).unwrap_or(&Value::Null);
                let mut body = [&content["example"], &schema["example"]]
                    .into_iter()
                    .find(|example| !example.is_null())
                    .cloned();
                if let Some(body) = &mut body {
                    exchange(body, things);
                }
                all.push(Operation {
                    method: method.to_uppercase(),
                    path: filled,
                    need: operation["x-access"].as_str().unwrap().parse().unwrap(),
                    takes_version,
                    body,
                });
            }
        }
        assert!(all.len() > 70, "{} operations", all.len());
        all
    }

    async fn tries(
        &self,
        operation: &Operation,
        token: Option<&str>,
        clinic: Option<ClinicId>,
    ) -> (u16, Value, String) {
        let version = operation.takes_version.then_some("1");
        let body = operation.body.clone().unwrap_or_default();
        self.ask(token, clinic, &operation.method, &operation.path, &body, version).await
    }
}

/// Puts the ids of one clinic where the example has made-up ones.
fn exchange(value: &mut Value, things: &BTreeMap<String, String>) {
    match value {
        Value::String(text) if text.len() == 30 && text.as_bytes()[3] == b'_' => {
            if let Some(id) = things.get(&text[..3]) {
                text.clone_from(id);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| exchange(value, things)),
        Value::Object(map) => map.values_mut().for_each(|value| exchange(value, things)),
        _ => {}
    }
}

/// Whether the answer holds anything that is theirs. What was asked for comes back in places.
fn shows(answer: &Value, things: &BTreeMap<String, String>, asked: &Operation) -> Option<String> {
    let text = answer.to_string();
    let sent = format!("{} {}", asked.path, asked.body.clone().unwrap_or_default());
    let found = things.iter().find(|(kind, id)| {
        !["evt", "digest"].contains(&kind.as_str())
            && !id.is_empty()
            && text.contains(*id)
            && !sent.contains(*id)
    });
    found.map(|(_, id)| id.clone())
}

/// P-05, Z-01
#[tokio::test]
async fn no_role_reaches_another_clinic_by_any_operation() {
    let town = Town::new().await;
    let (theirs, things) = (&town.theirs.0, &town.theirs.1);
    let foreign_key = format!("\"{theirs}#");
    let operations = town.operations(things).await;
    let mut tried = 0;
    for role in Role::ALL {
        let token = format!("{role}@{}", town.ours.0);
        for operation in &operations {
            let what = format!("{} as {role}", operation.name());
            // With their ids, in our clinic.
            let (status, answer, asked) = town.tries(operation, Some(&token), None).await;
            tried += 1;
            assert!(!asked.contains(&foreign_key), "{what} touches keys of another clinic: {asked}");
            // Our own audit log tells which ids were asked for in vain.
            if operation.path != "/v1/audit" {
                assert_eq!(shows(&answer, things, operation), None, "{what}: {answer}");
            }
            assert!(status < 500, "{what}: {status}");
            let named = operation.path.split('/').any(|part| {
                things.iter().any(|(kind, id)| {
                    part == id && kind != "cln" && !["evt", "digest"].contains(&kind.as_str())
                })
            });
            if named {
                assert!([403, 404, 409, 422].contains(&status), "{what}: {status} {answer}");
            }
            // In their clinic.
            let (status, answer, asked) = town.tries(operation, Some(&token), Some(*theirs)).await;
            if *role == Role::SuperAdmin || operation.need == Need::Public {
                continue;
            }
            tried += 1;
            assert!(!asked.contains(&foreign_key), "{what} touches keys of another clinic: {asked}");
            assert_eq!((status, answer["code"].as_str()), (404, Some("clinic_not_found")), "{what}");
        }
    }
    assert!(tried > 1_100, "{tried}");
}

/// P-01, P-02, P-03
#[tokio::test]
async fn every_role_is_let_in_where_the_tables_say_and_nobody_without_a_name() {
    let town = Town::new().await;
    let clinic = town.ours.0;
    let operations = town.operations(&town.ours.1).await;
    for operation in &operations {
        let what = operation.name();
        for token in [None, Some("nobody"), Some("@"), Some("owner@")] {
            let (status, _, asked) = town.tries(operation, token, Some(clinic)).await;
            if operation.need == Need::Public {
                assert_eq!(status, 200, "{what}");
            } else {
                assert!([401, 403].contains(&status), "{what} without a name: {status}");
                assert!(asked.is_empty(), "{what} asks the table for nobody: {asked}");
            }
        }
        // Whoever may do nothing comes first: what the others do changes things.
        for role in Role::ALL.iter().rev() {
            let token = format!("{role}@{clinic}");
            let (status, answer, _) = town.tries(operation, Some(&token), None).await;
            let refused = status == 403 && answer["code"] == "not_allowed";
            assert_eq!(
                refused,
                !Rights::of(*role, None).meets(operation.need),
                "{what} as {role}: {status} {answer}"
            );
            assert!(status < 500, "{what} as {role}: {status}");
        }
        // Grants may have changed by the operation itself.
        for role in Role::ALL.iter().filter(|role| **role != Role::SuperAdmin) {
            let path = format!("/v1/roles/{role}/grants");
            let admin = format!("super_admin@{clinic}");
            let (_, now, _) = town.ask(Some(&admin), None, "GET", &path, &Value::Null, None).await;
            if now["version"].as_u64().unwrap_or(0) > 0 {
                let bare = json!({ "levels": {}, "given": [], "withheld": [] });
                let version = now["version"].to_string();
                let (status, answer, _) =
                    town.ask(Some(&admin), None, "PUT", &path, &bare, Some(&version)).await;
                assert_eq!(status, 200, "{path}: {answer}");
            }
        }
    }
}
