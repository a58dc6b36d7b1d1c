//! Calls about accounts that clinics have brought.

use audit::Actor;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use axum::body::Body;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use http::Request;
use kernel::{ClinicId, Id as _, Lane, MessageId, PersonId};
use messaging::{
    Status,
    accounts::{self, Account, Accounts},
};
use providers::Provider;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{Answer, OURS, PUBLIC, THEIRS, TOKEN, World, form, sign, status, unsigned};

const OWN_TOKEN: &str = "token_of_the_clinics_own_account";
const SID: &str = "SM00000000000000000000000000000002";
const APPLICATION: &str = "78d335fa-323d-0114-9c3d-d6f0d48968cf";

async fn world(more: &[(&str, &str)]) -> World {
    let clinic = ClinicId::derived(&["one"]);
    let own = format!("clinics/{clinic}/own/hook");
    let mut secrets = vec![("twilio-hook", TOKEN), ("links", "the secret of links"), (&*own, OWN_TOKEN)];
    secrets.extend(more);
    World::with_secrets(&secrets).await
}

async fn twilio(world: &World, token: &str, path: &str, body: &str) -> Answer {
    let signature = sign(token, &format!("{PUBLIC}{path}"), body);
    let request = unsigned(path).header("x-twilio-signature", signature);
    world.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

fn receipts(clinic: ClinicId, message: MessageId, account: &str) -> String {
    format!("/hooks/twilio/status?account={account}&clinic={clinic}&message={message}&attempt=1")
}

///
#[tokio::test]
async fn a_clinics_own_account_tells_of_its_messages_with_its_own_proof() {
    let world = world(&[]).await;
    has_account(&world, world.id, Provider::Twilio).await;
    let id = world.claimed(PersonId::FIRST).await;
    let (path, body) = (receipts(world.id, id, "own"), status(SID, "delivered", None));
    let refused = twilio(&world, TOKEN, &path, &body).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "signature_wrong"));
    assert_eq!(world.message(id).await.status, Status::Sending);
    assert_eq!(twilio(&world, OWN_TOKEN, &path, &body).await.status, 200);
    assert_eq!(world.message(id).await.status, Status::Delivered);
}

#[tokio::test]
async fn an_account_that_nobody_has_set_up_is_believed_nothing() {
    let world = world(&[]).await;
    has_account(&world, world.id, Provider::Twilio).await;
    let id = world.claimed(PersonId::FIRST).await;
    let body = status(SID, "delivered", None);
    for account in ["other", "..%2F..%2Flinks", "", "own%2Fhook"] {
        let path = receipts(world.id, id, account);
        let refused = twilio(&world, OWN_TOKEN, &path, &body).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "signed_account_unknown"), "{account}");
    }
    // The proof of one's own account proves nothing about the deployment's.
    assert_eq!(twilio(&world, OWN_TOKEN, &world.callback(id), &body).await.status, 403);
    assert_eq!(world.message(id).await.status, Status::Sending);
}

/// P-03
#[tokio::test]
async fn what_an_account_tells_of_another_clinic_changes_nothing_there() {
    let thief = ClinicId::derived(&["thief"]);
    let secret = format!("clinics/{thief}/own/hook");
    let world = world(&[(&secret, "token_of_the_thief")]).await;
    has_account(&world, thief, Provider::Twilio).await;
    let id = world.claimed(PersonId::FIRST).await;
    // The first of two names in an address is the one that counts, and it is the one that was proven.
    let path = format!("{}&clinic={}", receipts(thief, id, "own"), world.id);
    let told = twilio(&world, "token_of_the_thief", &path, &status(SID, "delivered", None)).await;
    assert!(told.status == 200 || told.status == 403, "{told:?}");
    assert_eq!(world.message(id).await.status, Status::Sending);
    let path = format!("/hooks/twilio/inbound?clinic={thief}&account=own");
    let text =
        form(&[("MessageSid", SID), ("From", THEIRS), ("To", OURS), ("Body", "STOP"), ("NumMedia", "0")]);
    assert_eq!(twilio(&world, "token_of_the_thief", &path, &text).await.status, 200);
    assert!(world.due().await.is_empty() && world.hints(Lane::Inbound).is_empty());
    // Both are kept aside, for whoever wants to know.
    assert_eq!(world.strays(SID).await, 2);
}

///
#[tokio::test]
async fn a_text_to_a_number_of_ones_own_account_is_taken() {
    let world = world(&[]).await;
    has_account(&world, world.id, Provider::Twilio).await;
    let path = format!("/hooks/twilio/inbound?clinic={}&account=own", world.id);
    let text = form(&[("MessageSid", SID), ("From", THEIRS), ("To", OURS), ("Body", "C"), ("NumMedia", "0")]);
    assert_eq!(twilio(&world, OWN_TOKEN, &path, &text).await.status, 200);
    assert_eq!((world.due().await.len(), world.hints(Lane::Inbound).len()), (1, 1));
}

async fn has_account(world: &World, clinic: ClinicId, provider: Provider) {
    let account = Account {
        id: "own".to_owned(),
        provider,
        priority: 1,
        enabled: true,
        own: Some(APPLICATION.to_owned()),
        number: (provider == Provider::Vonage).then(|| "+12125550155".parse().unwrap()),
    };
    let actor = Actor::system("tests");
    let new = Accounts { accounts: vec![account] };
    let table = &world.platform.table;
    accounts::set(table, &table.of(clinic), &actor, 0, new).await.unwrap();
}

fn vonage(world: &World, secret: &str, body: &str) -> Request<Body> {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "iat": world.clock.now().as_second(), "jti": "1", "iss": "Vonage", "application_id": APPLICATION,
        "payload_hash": hex::encode(Sha256::digest(body)),
    });
    let signed = format!("{}.{}", part(&json!({ "typ": "JWT", "alg": "HS256" })), part(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
    Request::post(format!("/hooks/vonage/{}/own", world.id))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// What one provider's calls are checked with may be known to everybody, such as SendGrid's public key: it proves
/// nothing of another one's.
#[tokio::test]
async fn the_proof_of_one_provider_is_none_of_another() {
    let world = world(&[]).await;
    let id = world.claimed(PersonId::FIRST).await;
    has_account(&world, world.id, Provider::Sendgrid).await;
    let told = status(SID, "delivered", None);
    let refused = twilio(&world, OWN_TOKEN, &receipts(world.id, id, "own"), &told).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "signed_account_unknown"));
    let told = json!({
        "message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab", "status": "delivered",
        "client_ref": format!("{}.{id}.1", world.id),
    });
    assert_eq!(world.send(vonage(&world, OWN_TOKEN, &told.to_string())).await.status, 403);
    assert_eq!(world.message(id).await.status, Status::Sending);
    // Who tried is in the log of the clinic.
    assert!(world.log().await.iter().any(|entry| entry.action == "callback.refused"));
}

///
#[tokio::test]
async fn vonage_tells_how_a_text_fares_and_brings_answers() {
    let world = world(&[]).await;
    let id = world.claimed(PersonId::FIRST).await;
    let receipt = json!({
        "message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab", "status": "delivered", "channel": "sms",
        "to": "12125550123", "from": "12125550155", "timestamp": "2026-12-08T15:00:29Z",
        "client_ref": format!("{}.{id}.1", world.id),
    })
    .to_string();
    // Before the clinic has said that it has such an account.
    assert_eq!(world.send(vonage(&world, OWN_TOKEN, &receipt)).await.status, 403);
    has_account(&world, world.id, Provider::Vonage).await;
    assert_eq!(world.send(vonage(&world, "another", &receipt)).await.status, 403);
    assert_eq!(world.message(id).await.status, Status::Sending);
    assert_eq!(world.send(vonage(&world, OWN_TOKEN, &receipt)).await.status, 204);
    assert_eq!(world.message(id).await.status, Status::Delivered);
    let text = json!({
        "message_uuid": "bbbbbbbb-bbbb-4ccc-8ddd-0123456789ab", "message_type": "text", "text": "C",
        "channel": "sms", "to": "12125550155", "from": "12125550123", "timestamp": "2026-12-08T15:00:29Z",
    });
    assert_eq!(world.send(vonage(&world, OWN_TOKEN, &text.to_string())).await.status, 204);
    assert_eq!(world.due().await.len(), 1);
}

///
#[tokio::test]
async fn sendgrid_tells_of_many_mails_at_once_and_of_its_own_clinic_alone() {
    const BEFORE_POINT: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let key = [&hex::decode(BEFORE_POINT).unwrap()[..], pair.public_key().as_ref()].concat();
    let clinic = ClinicId::derived(&["one"]);
    let secret = format!("clinics/{clinic}/own/hook");
    let world = world(&[(&secret, &STANDARD.encode(key))]).await;
    has_account(&world, world.id, Provider::Sendgrid).await;
    let (mine, theirs) =
        (world.claimed(PersonId::FIRST).await, world.claimed(PersonId::derived(&["other"])).await);
    let event = |clinic: ClinicId, message: MessageId| {
        json!({
            "event": "delivered", "sg_message_id": format!("{message}.recvd"), "sg_event_id": message.to_string(),
            "email": "ana@example.com", "timestamp": world.clock.now().as_second(),
            "reference": format!("{clinic}.{message}.1"),
        })
    };
    let body = json!([event(world.id, mine), event(ClinicId::derived(&["elsewhere"]), theirs)]).to_string();
    let at = world.clock.now().as_second().to_string();
    let call = |body: &str| {
        let signature = pair.sign(&SystemRandom::new(), format!("{at}{body}").as_bytes()).unwrap();
        Request::post(format!("/hooks/sendgrid/{clinic}/own"))
            .header("content-type", "application/json")
            .header("x-twilio-email-event-webhook-signature", STANDARD.encode(signature))
            .header("x-twilio-email-event-webhook-timestamp", &at)
    };
    let forged = call("[]").body(Body::from(body.clone())).unwrap();
    assert_eq!(world.send(forged).await.status, 403);
    let unsigned =
        Request::post(format!("/hooks/sendgrid/{clinic}/own")).header("content-type", "application/json");
    assert_eq!(world.send(unsigned.body(Body::from(body.clone())).unwrap()).await.status, 401);
    assert_eq!(world.message(mine).await.status, Status::Sending);
    let told = world.send(call(&body).body(Body::from(body.clone())).unwrap()).await;
    assert_eq!(told.status, 204, "{}", told.body);
    assert_eq!(world.message(mine).await.status, Status::Delivered);
    assert_eq!(world.message(theirs).await.status, Status::Sending);
}
