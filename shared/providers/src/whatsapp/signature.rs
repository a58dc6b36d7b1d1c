//! Whether a call is Meta's: <https://developers.facebook.com/docs/graph-api/webhooks/getting-started>. The
//! signature is over the bytes as they came; Meta escapes what is not ASCII, and JSON written anew differs.

use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use kernel::Masked;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use url::Url;

use crate::{
    Provider, RawCall, Unverified, Verified,
    hook::{Call, only},
};

const HEADER: &str = "x-hub-signature-256";

pub(super) fn verify(secrets: &[Masked<String>], raw: &RawCall) -> Result<Verified, Unverified> {
    if raw.method != Method::POST {
        return Err(Unverified::Misshapen);
    }
    let given: [u8; 32] = only(raw, HEADER)?
        .strip_prefix(b"sha256=")
        .and_then(|hex| hex::decode(hex).ok())
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(Unverified::Forged)?;
    let mut fits = Choice::from(0);
    for secret in secrets {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes())
            .expect("HMAC takes keys of any length (RFC 2104)");
        mac.update(&raw.body);
        let right: [u8; 32] = mac.finalize().into_bytes().into();
        fits |= right.ct_eq(&given);
    }
    if !bool::from(fits) {
        return Err(Unverified::Forged);
    }
    Ok(Verified { provider: Provider::WhatsappCloud, call: Call::Json(raw.body.clone()) })
}

pub(super) fn challenge(token: &Masked<String>, raw: &RawCall) -> Result<String, Unverified> {
    let url = Url::parse(&raw.url).map_err(|_| Unverified::Misshapen)?;
    let of = |wanted: &str| {
        let mut all =
            url.query_pairs().filter(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
        let first = all.next();
        if all.next().is_some() { None } else { first }
    };
    if raw.method != Method::GET || of("hub.mode").as_deref() != Some("subscribe") {
        return Err(Unverified::Misshapen);
    }
    let shown = of("hub.verify_token").ok_or(Unverified::Unsigned)?;
    let expected = token.reveal();
    if expected.trim().is_empty() || !bool::from(shown.as_bytes().ct_eq(expected.as_bytes())) {
        return Err(Unverified::Forged);
    }
    // It is sent back to whoever knew the token; still, nothing but what Meta sends.
    of("hub.challenge")
        .filter(|challenge| {
            (1..=256).contains(&challenge.len()) && challenge.bytes().all(|b| b.is_ascii_alphanumeric())
        })
        .ok_or(Unverified::Misshapen)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::{Hook, WhatsappHook};

    const OWN: &str = concat!(
        r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"value":{"messaging_product":"#,
        r#""whatsapp","metadata":{"display_phone_number":"15550001234","phone_number_id":"123456789"},"#,
        r#""statuses":[{"id":"wamid.TEST","status":"delivered","timestamp":"1735689600","#,
        r#""recipient_id":"12125550123"}]},"field":"messages"}]}]}"#
    );
    const SIGNED: &str = "2610b1d5b0ea66f8d94e520cf3e6e26a5a5ebdd03f50a083865c5b4f41f9f739";

    fn call(body: &str, signature: &str) -> RawCall {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_str(&format!("sha256={signature}")).unwrap());
        let body = Bytes::from(body.to_owned());
        RawCall { method: Method::POST, url: "https://api.example.com/h".into(), headers, body }
    }

    fn hook(secrets: &[&str], token: &str) -> WhatsappHook {
        let secrets = secrets.iter().map(|secret| Masked::new((*secret).to_owned()));
        WhatsappHook::new(secrets, Masked::new(token.into()), "https://graph.facebook.com/v23.0")
    }

    fn check(secret: &str, call: &RawCall) -> Result<(), Unverified> {
        hook(&[secret], "").verify(call).map(|_| ())
    }

    /// The first is the vector that GitHub publishes for the same scheme; the last two are one JSON text with its
    /// letter escaped, as Meta signs it, and not escaped.
    #[rstest]
    #[case(
        "It's a Secret to Everybody",
        "Hello, World!",
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )]
    #[case("test_app_secret", OWN, SIGNED)]
    #[case(
        "test_app_secret",
        r#"{"text":"S\u00ed"}"#,
        "7f201b9e56ae3b6772ecdb47a6303aa2f2777a0b1217c80ca8cfeb9906199040"
    )]
    #[case(
        "test_app_secret",
        r#"{"text":"Sí"}"#,
        "a73e924b4c5a5c28c7bf25ee359b4ecbb87f76398e7c9aa0c9e4e93bcb0bfa75"
    )]
    fn published_signatures_are_accepted(#[case] secret: &str, #[case] body: &str, #[case] signature: &str) {
        let call = call(body, signature);
        assert_eq!(check(secret, &call), Ok(()));
        assert_eq!(check("another secret", &call), Err(Unverified::Forged));
        assert!(hook(&["new", secret], "").verify(&call).is_ok(), "while the secret is being changed");
        assert_eq!(hook(&[], "").verify(&call).map(|_| ()), Err(Unverified::Forged));
    }

    #[test]
    fn the_same_json_written_otherwise_is_refused() {
        let escaped = "7f201b9e56ae3b6772ecdb47a6303aa2f2777a0b1217c80ca8cfeb9906199040";
        assert_eq!(check("test_app_secret", &call(r#"{"text":"Sí"}"#, escaped)), Err(Unverified::Forged));
    }

    #[rstest]
    #[case("")]
    #[case("00")]
    #[case("not hex")]
    #[case(&SIGNED[..62])]
    #[case(&format!("{SIGNED}00"))]
    fn what_is_no_signature_is_refused(#[case] signature: &str) {
        assert_eq!(check("test_app_secret", &call(OWN, signature)), Err(Unverified::Forged));
    }

    #[test]
    fn a_call_without_or_with_two_signatures_or_with_the_older_kind_alone_is_refused() {
        let mut call = call(OWN, SIGNED);
        call.headers.append(HEADER, HeaderValue::from_static("sha256=00"));
        assert_eq!(check("test_app_secret", &call), Err(Unverified::SignedTwice));
        call.headers.clear();
        call.headers.insert("x-hub-signature", HeaderValue::from_static("sha1=00"));
        assert_eq!(check("test_app_secret", &call), Err(Unverified::Unsigned));
    }

    #[test]
    fn a_blank_secret_verifies_nothing() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"").unwrap();
        mac.update(b"{}");
        let signature = hex::encode(mac.finalize().into_bytes());
        assert_eq!(hook(&["", " "], "").verify(&call("{}", &signature)).map(|_| ()), Err(Unverified::Forged));
    }

    fn get(query: &str) -> RawCall {
        let url = format!("https://api.example.com/h?{query}");
        RawCall { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    #[rstest]
    #[case("hub.mode=subscribe&hub.verify_token=our%20token&hub.challenge=1158201444", Ok("1158201444"))]
    #[case("hub.mode=subscribe&hub.verify_token=other&hub.challenge=1", Err(Unverified::Forged))]
    #[case("hub.mode=subscribe&hub.verify_token=&hub.challenge=1", Err(Unverified::Forged))]
    #[case("hub.mode=subscribe&hub.challenge=1", Err(Unverified::Unsigned))]
    #[case("hub.mode=unsubscribe&hub.verify_token=our%20token&hub.challenge=1", Err(Unverified::Misshapen))]
    #[case("hub.mode=subscribe&hub.verify_token=our%20token", Err(Unverified::Misshapen))]
    #[case(
        "hub.mode=subscribe&hub.verify_token=our%20token&hub.challenge=%3Cscript%3E",
        Err(Unverified::Misshapen)
    )]
    #[case(
        "hub.mode=subscribe&hub.verify_token=other&hub.verify_token=our%20token&hub.challenge=1",
        Err(Unverified::Unsigned)
    )]
    fn the_challenge_is_answered_to_whoever_knows_the_token(
        #[case] query: &str,
        #[case] answer: Result<&str, Unverified>,
    ) {
        assert_eq!(hook(&[], "our token").challenge(&get(query)), answer.map(str::to_owned));
    }

    #[test]
    fn without_a_token_no_challenge_is_answered_and_none_is_posted() {
        let query = "hub.mode=subscribe&hub.verify_token=&hub.challenge=1";
        assert_eq!(hook(&[], "").challenge(&get(query)), Err(Unverified::Forged));
        let mut post = get("hub.mode=subscribe&hub.verify_token=t&hub.challenge=1");
        post.method = Method::POST;
        assert_eq!(hook(&[], "t").challenge(&post), Err(Unverified::Misshapen));
        let mut unposted = call(OWN, SIGNED);
        unposted.method = Method::GET;
        assert_eq!(check("test_app_secret", &unposted), Err(Unverified::Misshapen));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn one_byte_changed_in_the_body_is_refused(at in 0_usize..OWN.len(), byte in any::<u8>()) {
            let mut body = OWN.as_bytes().to_vec();
            prop_assume!(body[at] != byte);
            body[at] = byte;
            let mut call = call("", SIGNED);
            call.body = body.into();
            prop_assert_eq!(check("test_app_secret", &call), Err(Unverified::Forged));
        }

        #[test]
        fn one_letter_changed_in_the_signature_is_refused(at in 0_usize..64, letter in "[0-9a-zA-Z]") {
            let mut wrong = SIGNED.to_owned();
            wrong.replace_range(at..=at, &letter);
            prop_assume!(!wrong.eq_ignore_ascii_case(SIGNED));
            prop_assert_eq!(check("test_app_secret", &call(OWN, &wrong)), Err(Unverified::Forged));
        }
    }
}
