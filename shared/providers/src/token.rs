//! Tokens that prove who we are, made of a private key: JSON Web Tokens (RFC 7519) under RS256, and the access
//! tokens that a service account gets for one (RFC 7523). Asking for one and keeping it is the work of whoever
//! holds secrets, clock and HTTP handle.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use http::{Method, Request, header};
use jiff::SignedDuration;
use kernel::{Masked, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

/// For how long an application's token is good. Short, since one is made for few calls.
const APPLICATION_LASTS: SignedDuration = SignedDuration::from_mins(15);
/// For how long a service account's own token is good: as long as Google lets it.
const GRANT_LASTS: SignedDuration = SignedDuration::from_hours(1);
/// How long before its end a token is no longer used.
const SPARE: SignedDuration = SignedDuration::from_mins(2);
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The secret does not hold what it should; asking again will not change that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// It is no RSA key in PEM, PKCS 8.
    #[error("the secret holds no private key in PKCS 8")]
    NotAKey,
    /// It is no key file of a service account.
    #[error("the secret holds no service account")]
    NotAnAccount,
}

/// The token for [`crate::Auth::ApplicationToken`]. `id` has to be another one for each token.
pub fn application(
    application: &str,
    private_key: &Masked<String>,
    id: &str,
    now: Timestamp,
) -> Result<Masked<String>, BadKey> {
    let end = now.saturating_add(APPLICATION_LASTS).unwrap_or(Timestamp::MAX);
    let claims = json!({
        "application_id": application,
        "iat": now.as_second(),
        "exp": end.as_second(),
        "jti": id,
    });
    signed(&key(private_key.reveal())?, &claims)
}

#[derive(Deserialize)]
struct Account {
    client_email: String,
    private_key: String,
    token_uri: String,
}

/// The call that gets the token for [`crate::Auth::ServiceAccount`], out of the account's key file.
pub fn grant(key_file: &Masked<String>, scope: &str, now: Timestamp) -> Result<Request<Bytes>, BadKey> {
    let account: Account = serde_json::from_str(key_file.reveal()).map_err(|_| BadKey::NotAnAccount)?;
    // What it asks for is worth the account: it goes nowhere unsealed but to our own machine.
    let url = Url::parse(&account.token_uri).map_err(|_| BadKey::NotAnAccount)?;
    if url.scheme() != "https" && !matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
        return Err(BadKey::NotAnAccount);
    }
    let end = now.saturating_add(GRANT_LASTS).unwrap_or(Timestamp::MAX);
    let claims = json!({
        "iss": account.client_email,
        "scope": scope,
        "aud": account.token_uri,
        "iat": now.as_second(),
        "exp": end.as_second(),
    });
    let assertion = signed(&key(&account.private_key)?, &claims)?;
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", GRANT)
        .append_pair("assertion", assertion.reveal())
        .finish();
    Request::builder()
        .method(Method::POST)
        .uri(url.as_str())
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(form))
        .map_err(|_| BadKey::NotAnAccount)
}

/// A token that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// What stands behind `Bearer`.
    pub token: Masked<String>,
    /// Until when it is to be used.
    pub until: Timestamp,
}

/// What the answer to [`grant`] at `now` brought; `None` if nothing.
pub fn granted(response: &http::Response<Bytes>, now: Timestamp) -> Option<Granted> {
    #[derive(Deserialize)]
    struct Answer {
        access_token: String,
        token_type: String,
        expires_in: u32,
    }
    if !response.status().is_success() {
        return None;
    }
    let answer: Answer = serde_json::from_slice(response.body()).ok()?;
    if !answer.token_type.eq_ignore_ascii_case("bearer") || answer.access_token.is_empty() {
        return None;
    }
    let lasts = SignedDuration::from_secs(i64::from(answer.expires_in)) - SPARE;
    Some(Granted { token: Masked::new(answer.access_token), until: now.saturating_add(lasts).ok()? })
}

/// The key out of its PEM (RFC 7468).
fn key(pem: &str) -> Result<RsaKeyPair, BadKey> {
    let body: String = pem
        .trim()
        .strip_prefix("-----BEGIN PRIVATE KEY-----")
        .and_then(|rest| rest.strip_suffix("-----END PRIVATE KEY-----"))
        .ok_or(BadKey::NotAKey)?
        .split_whitespace()
        .collect();
    let der = STANDARD.decode(body).map_err(|_| BadKey::NotAKey)?;
    RsaKeyPair::from_pkcs8(&der).map_err(|_| BadKey::NotAKey)
}

fn signed(key: &RsaKeyPair, claims: &Value) -> Result<Masked<String>, BadKey> {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": "RS256", "typ": "JWT" })), part(claims));
    let signature = sign(key, text.as_bytes())?;
    Ok(Masked::new(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

/// The signature is the same whenever the same is signed: no chance takes part in PKCS 1 version 1.5.
fn sign(key: &RsaKeyPair, text: &[u8]) -> Result<Vec<u8>, BadKey> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).map_err(|_| BadKey::NotAKey)?;
    Ok(signature)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use rstest::rstest;

    use super::*;

    /// The key of RFC 7515 A.2, as PKCS 8.
    const PUBLISHED: &str = include_str!("token/rfc7515.txt");

    fn pem() -> String {
        let begin = concat!("-----BEGIN ", "PRIVATE KEY-----");
        let end = concat!("-----END ", "PRIVATE KEY-----");
        format!("{begin}\n{PUBLISHED}\n{end}\n")
    }

    fn now() -> Timestamp {
        "2026-11-22T15:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_published_signature_is_made() {
        let text = "eyJhbGciOiJSUzI1NiJ9\
                    .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7\
                         AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4\
                         BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K\
                         0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv\
                         hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB\
                         p0igcN_IoypGlUPQGe77Rw";
        let made = sign(&key(&pem()).unwrap(), text.as_bytes()).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(made), signature);
    }

    /// What a token says, if it is signed with the published key.
    fn read(token: &str) -> Value {
        let (text, signature) = token.rsplit_once('.').unwrap();
        let key = key(&pem()).unwrap();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref())
            .verify(text.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
            .unwrap();
        let (header, claims) = text.split_once('.').unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(header).unwrap(), br#"{"alg":"RS256","typ":"JWT"}"#);
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
    }

    #[test]
    fn an_application_says_who_it_is_for_a_quarter_of_an_hour() {
        let token = application("app-1", &Masked::new(pem()), "id-1", now()).unwrap();
        assert_eq!(
            read(token.reveal()),
            json!({ "application_id": "app-1", "iat": 1_795_359_600, "exp": 1_795_360_500, "jti": "id-1" })
        );
    }

    fn key_file(token_uri: &str) -> Masked<String> {
        let account = json!({
            "type": "service_account", "client_email": "sender@bright-app.iam.gserviceaccount.example",
            "private_key": pem(), "token_uri": token_uri,
        });
        Masked::new(account.to_string())
    }

    #[test]
    fn a_service_account_asks_for_its_token() {
        let file = key_file("https://oauth2.googleapis.com/token");
        let request = grant(&file, "https://www.googleapis.com/auth/firebase.messaging", now()).unwrap();
        assert_eq!(
            (request.method(), request.uri().to_string().as_str()),
            (&Method::POST, "https://oauth2.googleapis.com/token")
        );
        let form: Vec<_> = form_urlencoded::parse(request.body()).into_owned().collect();
        assert_eq!(form[0], ("grant_type".to_owned(), GRANT.to_owned()));
        assert_eq!(form[1].0, "assertion");
        assert_eq!(
            read(&form[1].1),
            json!({
                "iss": "sender@bright-app.iam.gserviceaccount.example",
                "scope": "https://www.googleapis.com/auth/firebase.messaging",
                "aud": "https://oauth2.googleapis.com/token",
                "iat": 1_795_359_600, "exp": 1_795_363_200,
            })
        );
    }

    #[rstest]
    #[case(
        200,
        r#"{"access_token":"ya29.a","expires_in":3599,"token_type":"Bearer"}"#,
        Some("2026-11-22T15:57:59Z")
    )]
    #[case(200, r#"{"access_token":"","expires_in":3599,"token_type":"Bearer"}"#, None)]
    #[case(200, r#"{"access_token":"a","expires_in":3599,"token_type":"mac"}"#, None)]
    #[case(200, "<html>", None)]
    #[case(400, r#"{"error":"invalid_grant"}"#, None)]
    fn a_token_is_used_until_shortly_before_its_end(
        #[case] status: u16,
        #[case] body: &'static str,
        #[case] until: Option<&str>,
    ) {
        let response = http::Response::builder().status(status).body(Bytes::from(body)).unwrap();
        let granted = granted(&response, now());
        assert_eq!(granted.as_ref().map(|granted| granted.until.to_string()).as_deref(), until);
        assert!(!format!("{granted:?}").contains("ya29"));
    }

    #[rstest]
    #[case("")]
    #[case("no key")]
    #[case("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    #[case("-----BEGIN PRIVATE KEY-----")]
    fn what_is_no_key_signs_nothing(#[case] text: &str) {
        let refused = application("app-1", &Masked::new(text.to_owned()), "id-1", now());
        assert_eq!(refused.unwrap_err(), BadKey::NotAKey);
    }

    #[rstest]
    #[case("http://oauth2.googleapis.com/token")]
    #[case("nowhere")]
    #[case("http://localhost.evil.example/token")]
    fn the_account_is_shown_to_nobody_else(#[case] token_uri: &str) {
        assert_eq!(grant(&key_file(token_uri), "s", now()).unwrap_err(), BadKey::NotAnAccount);
        assert!(grant(&key_file("http://127.0.0.1:9/token"), "s", now()).is_ok());
        assert_eq!(grant(&Masked::new("{}".into()), "s", now()).unwrap_err(), BadKey::NotAnAccount);
    }
}
