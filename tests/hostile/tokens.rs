//! Tokens that somebody made, changed, kept or stole: none opens the door.

use std::{collections::BTreeSet, sync::Arc};

use access::Role;
use axum::{Router, body::Body};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use edge::Callers;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Request;
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kernel::{ClinicId, Clock, Id as _};
use local::tokens::{Bearer, Issuer};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;
use testkit::House;
use tower::ServiceExt as _;

use crate::dice::{Dice, tries};

const ISSUER: &str = "https://comms.example.com";
const AUDIENCE: &str = "staff";
/// What stands before the 32 bytes of an Ed25519 key (RFC 8410 §7).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

struct Door {
    house: House,
    keys: TempDir,
    issuer: Issuer,
    api: Router,
}

fn part(json: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
}

impl Door {
    async fn new() -> Self {
        let house = House::new(810).await;
        house.may_leave_work();
        let keys = tempfile::tempdir().unwrap();
        let issuer = Issuer::open(keys.path(), ISSUER, AUDIENCE, house.clock.clone()).unwrap();
        let verify = issuer.verifier();
        let api = api::open(&house.platform, Callers::Tokens(Arc::new(verify))).unwrap();
        Self { house, keys, issuer, api }
    }

    fn clinic(&self) -> ClinicId {
        self.house.table.clinic()
    }

    fn doctor(&self) -> Bearer {
        Bearer::demo(Role::Doctor, self.clinic(), &[])
    }

    fn token(&self) -> String {
        self.issuer.token(&self.doctor()).unwrap().0
    }

    fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.issuer.jwks()["keys"][0]["kid"].as_str().unwrap().to_owned());
        header
    }

    fn claims(&self) -> Value {
        let token = self.token();
        let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        serde_json::from_slice(&claims).unwrap()
    }

    fn key(&self) -> EncodingKey {
        let seed = std::fs::read(self.keys.path().join("key")).unwrap();
        EncodingKey::from_ed_der(&[PKCS8.as_slice(), &seed].concat())
    }

    /// Signed with the right key, whatever it says.
    fn signed(&self, claims: &Value) -> String {
        jsonwebtoken::encode(&self.header(), claims, &self.key()).unwrap()
    }

    fn with(&self, claim: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims[claim] = value;
        self.signed(&claims)
    }

    fn without(&self, claim: &str) -> String {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().remove(claim);
        self.signed(&claims)
    }

    /// Signed by HMAC with a secret that everybody can know.
    fn hmac(&self, header: &Value, secret: &[u8]) -> String {
        let said = format!("{}.{}", part(header), part(&self.claims()));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(said.as_bytes());
        format!("{said}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    async fn ask(&self, request: Request<Body>) -> (u16, Value) {
        let response = self.api.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn shows(&self, headers: &[(&str, &str)]) -> (u16, Value) {
        let mut request = Request::get("/v1/people");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    async fn with_token(&self, token: &str) -> u16 {
        self.shows(&[("authorization", &format!("Bearer {token}"))]).await.0
    }
}

#[tokio::test]
async fn the_token_of_a_doctor_opens_the_door() {
    let door = Door::new().await;
    assert_eq!(door.with_token(&door.token()).await, 200);
    assert_eq!(door.with_token(&door.signed(&door.claims())).await, 200);
}

#[tokio::test]
async fn no_token_that_was_made_or_changed_opens_the_door() {
    let door = Door::new().await;
    let now = door.house.clock.now().as_second();
    let good = door.token();
    let parts: Vec<&str> = good.split('.').collect();
    let public = door.issuer.jwks()["keys"][0].clone();
    let x = BASE64_URL_SAFE_NO_PAD.decode(public["x"].as_str().unwrap()).unwrap();
    let kid = public["kid"].clone();
    let (claims, signature) = (parts[1], parts[2]);
    let headed = |header: Value| format!("{}.{claims}.{signature}", part(&header));
    let unsigned = |header: Value| format!("{}.{claims}.", part(&header));
    let elsewhere = tempfile::tempdir().unwrap();
    let stranger =
        Issuer::open(elsewhere.path(), ISSUER, AUDIENCE, Clock::fixed(door.house.clock.now(), 99)).unwrap();
    let same_key = |issuer: &str, audience: &str, clock: Clock| {
        Issuer::open(door.keys.path(), issuer, audience, clock).unwrap().token(&door.doctor()).unwrap().0
    };
    let at = |hours: i64| Clock::fixed(door.house.clock.now() + SignedDuration::from_hours(hours), 1);
    let mut admin = door.claims();
    admin["custom:role"] = json!("super_admin");
    let corpus = [
        ("nothing", String::new()),
        ("a word", "token".to_owned()),
        ("two parts", format!("{}.{claims}", parts[0])),
        ("four parts", format!("{good}.x")),
        ("five parts, as an encrypted one has", format!("{good}.x.y")),
        ("alg none", unsigned(json!({ "alg": "none", "typ": "JWT", "kid": kid }))),
        ("alg None", unsigned(json!({ "alg": "None", "kid": kid }))),
        ("alg nOnE with the signature", headed(json!({ "alg": "nOnE", "kid": kid }))),
        ("no alg", headed(json!({ "typ": "JWT", "kid": kid }))),
        ("alg null", headed(json!({ "alg": null, "kid": kid }))),
        ("alg a list", headed(json!({ "alg": ["EdDSA"], "kid": kid }))),
        ("HMAC over the public key", door.hmac(&json!({ "alg": "HS256", "kid": kid }), &x)),
        (
            "HMAC over the key as text",
            door.hmac(&json!({ "alg": "HS256", "kid": kid }), public["x"].as_str().unwrap().as_bytes()),
        ),
        (
            "HMAC over the whole JWK",
            door.hmac(&json!({ "alg": "HS256", "kid": kid }), public.to_string().as_bytes()),
        ),
        ("HMAC that says EdDSA", door.hmac(&json!({ "alg": "EdDSA", "kid": kid }), &x)),
        ("HMAC over nothing", door.hmac(&json!({ "alg": "HS256", "kid": kid }), b"")),
        ("RS256 with our signature", headed(json!({ "alg": "RS256", "kid": kid }))),
        ("ES256 with our signature", headed(json!({ "alg": "ES256", "kid": kid }))),
        ("another kid", headed(json!({ "alg": "EdDSA", "kid": "other" }))),
        ("no kid", headed(json!({ "alg": "EdDSA" }))),
        ("kid a path", headed(json!({ "alg": "EdDSA", "kid": "../../dev/null" }))),
        ("kid an injection", headed(json!({ "alg": "EdDSA", "kid": "x' UNION SELECT 'a" }))),
        ("its own key", headed(json!({ "alg": "EdDSA", "kid": kid, "jwk": stranger.jwks()["keys"][0] }))),
        (
            "its own key set",
            headed(json!({ "alg": "EdDSA", "kid": kid, "jku": "https://evil.example/jwks" })),
        ),
        ("a certificate", headed(json!({ "alg": "EdDSA", "kid": kid, "x5u": "https://evil.example/c.pem" }))),
        ("critical extensions", headed(json!({ "alg": "EdDSA", "kid": kid, "crit": ["b64"], "b64": false }))),
        ("of another type", headed(json!({ "alg": "EdDSA", "kid": kid, "typ": "at+jwt" }))),
        ("another key of the same name", stranger.token(&door.doctor()).unwrap().0),
        ("no signature", format!("{}.{claims}.", parts[0])),
        ("half the signature", format!("{}.{claims}.{}", parts[0], &signature[..signature.len() / 2])),
        ("a zero signature", format!("{}.{claims}.{}", parts[0], BASE64_URL_SAFE_NO_PAD.encode([0u8; 64]))),
        ("the signature padded", format!("{good}==")),
        ("other claims", format!("{}.{}.{signature}", parts[0], part(&admin))),
        ("cut short", good[..good.len() - 1].to_owned()),
        ("turned around", good.chars().rev().collect()),
        ("ended", same_key(ISSUER, AUDIENCE, at(-13))),
        ("ended just now", door.with("exp", json!(now))),
        ("without end", door.without("exp")),
        ("end a text", door.with("exp", json!("9999999999"))),
        ("end null", door.with("exp", Value::Null)),
        ("end a fraction", door.with("exp", json!(9_999_999_999.5))),
        ("not yet valid", door.with("nbf", json!(now + 3_600))),
        ("made tomorrow", same_key(ISSUER, AUDIENCE, at(24))),
        ("another issuer", same_key("https://evil.example", AUDIENCE, at(0))),
        ("issuer with a slash", same_key("https://comms.example.com/", AUDIENCE, at(0))),
        ("without issuer", door.without("iss")),
        ("issuer a list", door.with("iss", json!([ISSUER]))),
        ("another audience", same_key(ISSUER, "portal", at(0))),
        ("without audience", door.without("aud")),
        ("audiences", door.with("aud", json!([AUDIENCE, "other"]))),
        ("a refresh token", door.with("token_use", json!("refresh"))),
        ("an access token of another client", door.with("token_use", json!("access"))),
        ("without use", door.without("token_use")),
        ("for nobody", door.with("sub", json!(""))),
        ("for a name", door.with("sub", json!("ana"))),
        ("for somebody like ''; --", door.with("sub", json!("'; DROP TABLE comms; --"))),
        ("without a subject", door.without("sub")),
        ("too long", door.with("padding", json!("x".repeat(9_000)))),
    ];
    for (what, token) in &corpus {
        assert_eq!(door.with_token(token).await, 401, "{what}");
    }
    assert_eq!(corpus.iter().map(|(what, _)| what).collect::<BTreeSet<_>>().len(), corpus.len());
}

#[tokio::test]
async fn a_true_token_without_a_place_here_is_not_let_in() {
    let door = Door::new().await;
    let other = ClinicId::derived(&["another"]).to_string();
    for (what, token, status) in [
        ("an unknown role", door.with("custom:role", json!("owner")), 403),
        ("a role in capitals", door.with("custom:role", json!("DOCTOR")), 403),
        ("two roles", door.with("custom:role", json!("doctor,clinic_admin")), 403),
        ("roles as a list", door.with("custom:role", json!(["clinic_admin"])), 403),
        ("no role", door.without("custom:role"), 403),
        ("no clinic", door.without("custom:clinic"), 422),
        ("a clinic that is no id", door.with("custom:clinic", json!("*")), 422),
    ] {
        assert_eq!(door.with_token(&token).await, status, "{what}");
    }
    // Of another clinic: it leads there, and never here.
    let token = door.with("custom:clinic", json!(other));
    let bearer = format!("Bearer {token}");
    let (status, people) = door.shows(&[("authorization", &bearer)]).await;
    assert_eq!((status, &people["items"]), (200, &json!([])));
    let ours = door.clinic().to_string();
    let (status, _) = door.shows(&[("authorization", &bearer), ("x-clinic", &ours)]).await;
    assert_eq!(status, 404);
    // The list of assigned clinics is for administrators only.
    let mut claims = door.claims();
    claims["custom:clinics"] = json!(format!("{ours},{other}"));
    let bearer = format!("Bearer {}", door.signed(&claims));
    let (status, _) = door.shows(&[("authorization", &bearer), ("x-clinic", &other)]).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_header_that_is_there_twice_or_strange_is_not_believed() {
    let door = Door::new().await;
    let good = format!("Bearer {}", door.token());
    let bad = "Bearer x.y.z";
    let ours = door.clinic().to_string();
    for headers in [
        vec![("authorization", good.as_str()), ("authorization", bad)],
        vec![("authorization", bad), ("authorization", good.as_str())],
        vec![("authorization", good.as_str()), ("authorization", good.as_str())],
        vec![("x-authorization", good.as_str())],
        vec![("proxy-authorization", good.as_str())],
        vec![("cookie", good.as_str())],
        vec![("authorization", &good["Bearer ".len()..])],
        vec![("authorization", &format!("Basic {}", &good["Bearer ".len()..]))],
        vec![("authorization", &format!("Bearer,{}", &good["Bearer ".len()..]))],
        vec![("authorization", &format!("{good}, {good}"))],
        vec![("authorization", &format!("{good} {good}"))],
    ] {
        assert_eq!(
            door.shows(&headers).await.0,
            401,
            "{:?}",
            headers.iter().map(|(name, _)| name).collect::<Vec<_>>()
        );
    }
    // Whose clinic it is may be said once.
    let other = ClinicId::derived(&["another"]).to_string();
    for twice in [[&ours, &other], [&other, &ours], [&ours, &ours]] {
        let headers = [("authorization", good.as_str()), ("x-clinic", twice[0]), ("x-clinic", twice[1])];
        assert_eq!(door.shows(&headers).await.0, 404);
    }
    let token = format!("/v1/people?access_token={}", door.token());
    let (status, _) = door.ask(Request::get(&token).body(Body::empty()).unwrap()).await;
    assert_eq!(status, 401, "a token in the address is none");
}

#[tokio::test]
async fn no_token_with_a_mistake_in_it_opens_the_door() {
    let door = Door::new().await;
    let good = door.token();
    let mut dice = Dice::new(9);
    for _ in 0..tries(20_000) {
        let broken = dice.break_text(&good, &["=", ".", "AAAA", "-", "eyJ", "\u{e9}"]);
        assert_eq!(door.issuer.verify(&broken).is_ok(), broken == good, "{broken}");
    }
}

/// In the cloud the gateway checks tokens: every way to the staff API has to lead past it.
#[test]
fn the_gateway_asks_for_a_token_wherever_the_staff_api_is_reached() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
    let template: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).unwrap();
    let resources = template["Resources"].as_mapping().unwrap();
    let plain = |value: &serde_yaml_ng::Value| match value {
        serde_yaml_ng::Value::Tagged(tagged) => tagged.value.as_str().unwrap_or_default().to_owned(),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let of = |kind: &str| {
        let kind = kind.to_owned();
        resources.iter().filter(move |(_, resource)| resource["Type"] == kind.as_str())
    };
    let authorizers: Vec<_> = of("AWS::ApiGatewayV2::Authorizer").collect();
    assert_eq!(authorizers.len(), 1, "one place decides who is believed");
    let (name, authorizer) = authorizers[0];
    let settings = &authorizer["Properties"];
    assert_eq!(settings["AuthorizerType"], "JWT");
    assert_eq!(settings["IdentitySource"].as_sequence().map(Vec::len), Some(1), "one header");
    assert_eq!(settings["IdentitySource"][0], "$request.header.Authorization");
    assert!(!settings["JwtConfiguration"]["Issuer"].is_null(), "tokens of one issuer");
    assert!(settings["JwtConfiguration"]["Audience"].as_sequence().is_some_and(|all| all.len() == 1));
    let mut open = BTreeSet::new();
    let mut shut = 0;
    for (_, route) in of("AWS::ApiGatewayV2::Route") {
        let route = &route["Properties"];
        let key = route["RouteKey"].as_str().unwrap().to_owned();
        if route["AuthorizationType"] == "JWT" {
            assert_eq!(Some(plain(&route["AuthorizerId"]).as_str()), name.as_str(), "{key}");
            shut += 1;
        } else {
            open.insert(key);
        }
    }
    assert!(shut > 0);
    // What is open has its own proof (signatures, links) or shows nothing of anybody.
    for key in &open {
        let path = key.split(' ').nth(1).unwrap_or(key);
        let public = ["/health", "/v1/openapi.json"].contains(&path);
        assert!(public || path.starts_with("/hooks/") || path.starts_with("/l/"), "{key} asks for no token");
    }
}
