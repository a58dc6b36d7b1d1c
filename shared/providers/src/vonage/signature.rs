//! Whether a call is Vonage's: <https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks>.
//! A JSON Web Token (RFC 7519) in `Authorization`, signed with the account's signature secret under HS256, names
//! the application, the time and the SHA-256 of the body.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use http::header::AUTHORIZATION;
use kernel::{Masked, Timestamp};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::{
    Provider, RawCall, Unverified, Verified,
    hook::{Call, only},
};

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    iat: i64,
    exp: Option<i64>,
    payload_hash: Option<String>,
    application_id: Option<String>,
}

pub(super) fn verify(
    secrets: &[Masked<String>],
    application: &str,
    now: Timestamp,
    raw: &RawCall,
) -> Result<Verified, Unverified> {
    let header = only(raw, AUTHORIZATION.as_str())?;
    let token = str::from_utf8(header)
        .ok()
        .and_then(|header| header.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token)
        .ok_or(Unverified::Unsigned)?;
    let keys: Vec<_> = secrets.iter().map(|secret| secret.reveal().as_bytes()).collect();
    let claims = claims(&keys, token).ok_or(Unverified::Forged)?;
    let claims: Claims = serde_json::from_slice(&claims).map_err(|_| Unverified::Misshapen)?;

    let instant = |seconds| Timestamp::from_second(seconds).map_err(|_| Unverified::Misshapen);
    if !super::classes().is_fresh(instant(claims.iat)?, now) {
        return Err(Unverified::Stale);
    }
    if let Some(end) = claims.exp
        && instant(end)? < now
    {
        return Err(Unverified::Stale);
    }
    if application.is_empty() || claims.application_id.as_deref() != Some(application) {
        return Err(Unverified::WrongAccount);
    }
    // A token alone proves nothing about the body beside it.
    let hash = claims.payload_hash.ok_or(Unverified::BodyChanged)?;
    let right = hex::encode(Sha256::digest(&raw.body));
    if !bool::from(right.as_bytes().ct_eq(hash.to_ascii_lowercase().as_bytes())) {
        return Err(Unverified::BodyChanged);
    }
    Ok(Verified { provider: Provider::Vonage, call: Call::Json(raw.body.clone()) })
}

/// What a token claims, if it is signed with one of the keys under HS256 and nothing else: a token does not
/// choose how it is checked (RFC 8725 §3.1).
fn claims(keys: &[&[u8]], token: &str) -> Option<Vec<u8>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let given: [u8; 32] = URL_SAFE_NO_PAD.decode(signature).ok()?.try_into().ok()?;
    let mut fits = Choice::from(0);
    for key in keys {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length (RFC 2104)");
        mac.update(signed.as_bytes());
        let right: [u8; 32] = mac.finalize().into_bytes().into();
        fits |= right.ct_eq(&given);
    }
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    (bool::from(fits) && header.alg == "HS256").then_some(claims)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::{Hook, VonageHook};

    const SECRET: &str = "test_signature_secret";
    const APPLICATION: &str = "78d335fa-323d-0114-9c3d-d6f0d48968cf";
    const BODY: &str =
        r#"{"channel":"sms","message_uuid":"a","status":"delivered","timestamp":"2026-11-22T15:00:00Z"}"#;
    const NOW: i64 = 1_795_359_600;

    fn token(secret: &str, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn good() -> Value {
        json!({
            "iat": NOW, "jti": "c6bbe5d6", "iss": "Vonage", "api_key": "a1b2c3d4",
            "application_id": APPLICATION, "payload_hash": hex::encode(Sha256::digest(BODY)),
        })
    }

    fn hs256() -> Value {
        json!({ "typ": "JWT", "alg": "HS256" })
    }

    fn call(token: &str) -> RawCall {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
        let body = Bytes::from_static(BODY.as_bytes());
        RawCall { method: Method::POST, url: "https://api.example.com/h".into(), headers, body }
    }

    fn hook(secrets: &[&str]) -> VonageHook {
        let secrets = secrets.iter().map(|secret| Masked::new((*secret).to_owned()));
        VonageHook::new(secrets, APPLICATION, Timestamp::from_second(NOW).unwrap())
    }

    fn check(call: &RawCall) -> Result<(), Unverified> {
        hook(&[SECRET]).verify(call).map(|_| ())
    }

    /// The vector of RFC 7515 A.1.
    #[test]
    fn the_published_signature_is_accepted() {
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\
                     .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
                     .dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let claims = claims(&[&key], token).unwrap();
        assert_eq!(
            claims,
            b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
        );
        assert!(super::claims(&[b"another key"], token).is_none());
        assert!(super::claims(&[], token).is_none());
    }

    #[test]
    fn a_signed_call_is_accepted_also_while_the_secret_is_being_changed() {
        let call = call(&token(SECRET, &hs256(), &good()));
        assert_eq!(check(&call), Ok(()));
        assert!(hook(&["new", SECRET]).verify(&call).is_ok());
        assert_eq!(hook(&["new"]).verify(&call).map(|_| ()), Err(Unverified::Forged));
        assert_eq!(hook(&[]).verify(&call).map(|_| ()), Err(Unverified::Forged));
    }

    #[rstest]
    #[case("iat", json!(NOW - 25 * 3600 - 1), Unverified::Stale)]
    #[case("iat", json!(NOW + 301), Unverified::Stale)]
    #[case("iat", json!(i64::MAX), Unverified::Misshapen)]
    #[case("iat", json!("now"), Unverified::Misshapen)]
    #[case("exp", json!(NOW - 1), Unverified::Stale)]
    #[case("application_id", json!("another"), Unverified::WrongAccount)]
    #[case("application_id", json!(null), Unverified::WrongAccount)]
    #[case("payload_hash", json!(hex::encode(Sha256::digest("{}"))), Unverified::BodyChanged)]
    #[case("payload_hash", json!(""), Unverified::BodyChanged)]
    #[case("payload_hash", json!(null), Unverified::BodyChanged)]
    fn what_is_signed_has_to_be_ours_and_of_now(
        #[case] claim: &str,
        #[case] value: Value,
        #[case] why: Unverified,
    ) {
        let mut claims = good();
        claims[claim] = value;
        assert_eq!(check(&call(&token(SECRET, &hs256(), &claims))), Err(why));
    }

    #[rstest]
    #[case("none")]
    #[case("HS512")]
    #[case("RS256")]
    #[case("hs256")]
    fn a_token_does_not_choose_how_it_is_checked(#[case] alg: &str) {
        let token = token(SECRET, &json!({ "typ": "JWT", "alg": alg }), &good());
        assert_eq!(check(&call(&token)), Err(Unverified::Forged));
        let (signed, _) = token.rsplit_once('.').unwrap();
        assert_eq!(check(&call(&format!("{signed}."))), Err(Unverified::Forged));
    }

    #[rstest]
    #[case("")]
    #[case("a.b")]
    #[case("a.b.c")]
    #[case("....")]
    fn what_is_no_token_is_refused(#[case] token: &str) {
        assert_eq!(check(&call(token)), Err(Unverified::Forged));
    }

    #[test]
    fn a_call_without_or_with_two_tokens_or_with_a_password_is_refused() {
        let mut call = call(&token(SECRET, &hs256(), &good()));
        call.headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        assert_eq!(check(&call), Err(Unverified::SignedTwice));
        call.headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
        assert_eq!(check(&call), Err(Unverified::Unsigned));
        call.headers.clear();
        assert_eq!(check(&call), Err(Unverified::Unsigned));
    }

    #[test]
    fn a_blank_secret_verifies_nothing_and_a_hook_without_application_takes_nothing() {
        let call = call(&token("", &hs256(), &good()));
        assert_eq!(hook(&["", " "]).verify(&call).map(|_| ()), Err(Unverified::Forged));
        let mut claims = good();
        claims["application_id"] = "".into();
        let nobody = VonageHook::new([Masked::new(SECRET.into())], "", Timestamp::from_second(NOW).unwrap());
        let call = self::call(&token(SECRET, &hs256(), &claims));
        assert_eq!(nobody.verify(&call).map(|_| ()), Err(Unverified::WrongAccount));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn one_byte_changed_in_the_body_is_refused(at in 0_usize..BODY.len(), byte in any::<u8>()) {
            let mut body = BODY.as_bytes().to_vec();
            prop_assume!(body[at] != byte);
            body[at] = byte;
            let mut call = call(&token(SECRET, &hs256(), &good()));
            call.body = body.into();
            prop_assert_eq!(check(&call), Err(Unverified::BodyChanged));
        }

        #[test]
        fn one_letter_changed_in_the_token_is_refused(at in any::<prop::sample::Index>(), letter in "[0-9a-zA-Z._-]") {
            let right = token(SECRET, &hs256(), &good());
            let mut wrong = right.clone();
            let at = at.index(wrong.len());
            wrong.replace_range(at..=at, &letter);
            prop_assume!(wrong != right);
            prop_assert!(check(&call(&wrong)).is_err());
        }
    }
}
