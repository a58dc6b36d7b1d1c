//! Whether a call is SendGrid's:
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>.
//! ECDSA on P-256 with SHA-256 over the timestamp's digits and the body's bytes, its last end of line included.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use kernel::Timestamp;

use crate::{
    Provider, RawCall, Unverified, Verified,
    hook::{Call, only},
};

const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// Bytes of an uncompressed point on P-256.
pub(super) const POINT: usize = 65;
/// What stands before the point in a `SubjectPublicKeyInfo` (RFC 5480): id-ecPublicKey on secp256r1.
const BEFORE_POINT: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The key that SendGrid shows.
pub(super) fn point(key: &str) -> Option<[u8; POINT]> {
    let der = STANDARD.decode(key.trim()).ok()?;
    der.strip_prefix(&BEFORE_POINT)?.try_into().ok()
}

pub(super) fn verify(keys: &[[u8; POINT]], now: Timestamp, raw: &RawCall) -> Result<Verified, Unverified> {
    let signature = STANDARD.decode(only(raw, SIGNATURE)?).map_err(|_| Unverified::Forged)?;
    let written = only(raw, TIMESTAMP)?;
    if !is_signed(keys, written, &raw.body, &signature) {
        return Err(Unverified::Forged);
    }
    // Digits only: where the time ends and the body begins is not signed, but a body begins with `[` or `-`.
    let digits = str::from_utf8(written).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let at = digits
        .and_then(|digits| digits.parse().ok())
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or(Unverified::Misshapen)?;
    if !super::classes().is_fresh(at, now) {
        return Err(Unverified::Stale);
    }
    // The content type is not signed either: the body says itself what it is.
    let call = match raw.body.first() {
        Some(b'[') => Call::Json(raw.body.clone()),
        Some(b'-') => {
            let boundary = super::form::boundary(&raw.body).ok_or(Unverified::Misshapen)?.to_owned();
            Call::Multipart { boundary, body: raw.body.clone() }
        }
        _ => return Err(Unverified::Misshapen),
    };
    Ok(Verified { provider: Provider::Sendgrid, call })
}

fn is_signed(keys: &[[u8; POINT]], at: &[u8], body: &[u8], signature: &[u8]) -> bool {
    let signed = [at, body].concat();
    keys.iter()
        .any(|key| UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(&signed, signature).is_ok())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
    };
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method};
    use proptest::prelude::*;
    use rstest::rstest;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::{Hook, SendgridHook};

    /// The vector that SendGrid's own libraries are tested with.
    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
    const OTHER_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA==";
    const GIVEN: &str =
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=";
    const AT: &str = "1600112502";
    const BODY: &str = concat!(
        r#"[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","#,
        r#""sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","#,
        r#""sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","#,
        r#""smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]"#,
        "\r\n"
    );

    fn call(at: &str, body: &str, signature: &str) -> RawCall {
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE, HeaderValue::from_str(signature).unwrap());
        headers.insert(TIMESTAMP, HeaderValue::from_str(at).unwrap());
        let body = Bytes::from(body.to_owned());
        RawCall { method: Method::POST, url: "https://api.example.com/h".into(), headers, body }
    }

    fn later(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_600_112_502 + minutes * 60).unwrap()
    }

    fn check(keys: &[&str], now: Timestamp, call: &RawCall) -> Result<(), Unverified> {
        SendgridHook::new(keys.iter().copied(), now).verify(call).map(|_| ())
    }

    #[test]
    fn the_published_signature_is_accepted() {
        assert_eq!(BODY.len(), 327);
        let digest = "ef3e4606385ea6adbc55fceb6117cf2784040cf145a010e5ef4afc2bc7c70452";
        assert_eq!(hex::encode(Sha256::digest(BODY)), digest);
        let call = call(AT, BODY, GIVEN);
        assert_eq!(check(&[KEY], later(0), &call), Ok(()));
        assert_eq!(check(&[OTHER_KEY, KEY], later(0), &call), Ok(()), "one of several keys");
        assert_eq!(check(&[OTHER_KEY], later(0), &call), Err(Unverified::Forged), "the published wrong key");
        assert_eq!(check(&[], later(0), &call), Err(Unverified::Forged));
    }

    /// The vector of older versions of SendGrid's libraries, with what they show to be refused. Its body is no
    /// list, so that it gets no further than this.
    #[test]
    fn the_older_published_signature_is_accepted() {
        let key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==";
        let given = "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0=";
        let body = r#"{"category":"example_payload","event":"test_event","message_id":"message_id"}"#;
        let holds = |key: &str, at: &str, body: &str, given: &str| {
            is_signed(
                &[point(key).unwrap()],
                at.as_bytes(),
                body.as_bytes(),
                &STANDARD.decode(given).unwrap(),
            )
        };
        assert!(holds(key, "1588788367", body, given));
        assert!(!holds(OTHER_KEY, "1588788367", body, given));
        assert!(!holds(key, "timestamp", body, given));
        assert!(!holds(key, "1588788367", "payload", given));
        assert!(!holds(key, "1588788367", body, &given.replace("YNH2", "YNH3")));
        let call = call("1588788367", body, given);
        assert_eq!(
            check(&[key], Timestamp::from_second(1_588_788_367).unwrap(), &call),
            Err(Unverified::Misshapen)
        );
    }

    #[rstest]
    #[case(0, Ok(()))]
    #[case(3 * 24 * 60, Ok(()))]
    #[case(4380, Ok(()))]
    #[case(4381, Err(Unverified::Stale))]
    #[case(-5, Ok(()))]
    #[case(-6, Err(Unverified::Stale))]
    fn an_old_call_is_not_believed_again(#[case] minutes: i64, #[case] taken: Result<(), Unverified>) {
        assert_eq!(check(&[KEY], later(minutes), &call(AT, BODY, GIVEN)), taken);
    }

    #[rstest]
    #[case::no_last_end_of_line(AT, BODY.trim_end())]
    #[case::another_end_of_line(AT, &BODY.replace("\r\n", "\n"))]
    #[case::another_time("1600112503", BODY)]
    #[case::time_moved_into_the_body("160011250", &format!("2{BODY}"))]
    #[case::another_reason(AT, &BODY.replace("Bounced", "Unbounced"))]
    #[case::nothing(AT, "")]
    fn what_was_not_signed_is_refused(#[case] at: &str, #[case] body: &str) {
        let refused = check(&[KEY], later(0), &call(at, body, GIVEN)).unwrap_err();
        // Moved digits leave the signed bytes as they were; no body begins with one.
        assert!(matches!(refused, Unverified::Forged | Unverified::Stale | Unverified::Misshapen));
    }

    #[rstest]
    #[case("")]
    #[case("not base64")]
    #[case("MEUCIGHQ")]
    #[case(&format!("{GIVEN}, {GIVEN}"))]
    fn what_is_no_signature_is_refused(#[case] signature: &str) {
        assert_eq!(check(&[KEY], later(0), &call(AT, BODY, signature)), Err(Unverified::Forged));
    }

    #[test]
    fn headers_stand_there_once() {
        for name in [SIGNATURE, TIMESTAMP] {
            let mut twice = call(AT, BODY, GIVEN);
            twice.headers.append(name, HeaderValue::from_static("1"));
            assert_eq!(check(&[KEY], later(0), &twice), Err(Unverified::SignedTwice));
            twice.headers.remove(name);
            assert_eq!(check(&[KEY], later(0), &twice), Err(Unverified::Unsigned));
        }
    }

    #[rstest]
    #[case("")]
    #[case("AAAA")]
    #[case(&KEY[4..])]
    fn what_is_no_key_verifies_nothing(#[case] key: &str) {
        assert_eq!(check(&[key], later(0), &call(AT, BODY, GIVEN)), Err(Unverified::Forged));
    }

    #[rstest]
    #[case("1600112502", "{}")]
    #[case("soon", "[]")]
    #[case("+1600112502", "[]")]
    #[case("1600112502", "--\r\n")]
    fn what_is_signed_has_to_have_the_providers_shape(#[case] at: &str, #[case] body: &str) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let key = STANDARD.encode([&BEFORE_POINT[..], pair.public_key().as_ref()].concat());
        let signature = pair.sign(&SystemRandom::new(), format!("{at}{body}").as_bytes()).unwrap();
        let call = call(at, body, &STANDARD.encode(signature));
        assert_eq!(check(&[&key], later(0), &call), Err(Unverified::Misshapen));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn one_byte_changed_in_the_body_is_refused(at in 0_usize..BODY.len(), byte in any::<u8>()) {
            let mut body = BODY.as_bytes().to_vec();
            prop_assume!(body[at] != byte);
            body[at] = byte;
            let mut call = call(AT, "", GIVEN);
            call.body = body.into();
            prop_assert_eq!(check(&[KEY], later(0), &call), Err(Unverified::Forged));
        }

        #[test]
        fn one_letter_changed_in_the_signature_is_refused(at in 0_usize..96, letter in "[0-9A-Za-z+/=]") {
            let mut wrong = GIVEN.to_owned();
            wrong.replace_range(at..=at, &letter);
            prop_assume!(wrong != GIVEN);
            prop_assert!(check(&[KEY], later(0), &call(AT, BODY, &wrong)).is_err());
        }
    }
}
