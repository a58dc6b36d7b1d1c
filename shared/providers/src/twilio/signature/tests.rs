use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn verify(tokens: &[Masked<String>], raw: &RawCall) -> Result<Verified, Unverified> {
    super::verify(Provider::Twilio, tokens, raw)
}

const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const FORM: &str =
    "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";

fn tokens(all: &[&str]) -> Vec<Masked<String>> {
    all.iter().map(|token| Masked::new((*token).to_owned())).collect()
}

fn call(url: &str, body: &str, signature: &str) -> RawCall {
    let mut headers = HeaderMap::new();
    headers.insert(HEADER, HeaderValue::from_str(signature).unwrap());
    RawCall { method: Method::POST, url: url.into(), headers, body: Bytes::from(body.to_owned()) }
}

fn check(token: &str, call: &RawCall) -> Result<(), Unverified> {
    verify(&tokens(&[token]), call).map(|_| ())
}

fn sign(token: &str, url: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(url.as_bytes());
    mac.update(&joined(&form::strict(body).unwrap()));
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Twilio's published vectors (the tests of its Node library); the numbers are those they have there.
///
/// R-01
#[rstest]
#[case::t1(URL, FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
#[case::t2_signed_with_the_port(URL, FORM, "kvajT1Ptam85bY51eRf/AJRuM3w=")]
#[case::t2_called_with_the_port(
    "https://mycompany.com:443/myapp.php?foo=1&bar=2",
    FORM,
    "kvajT1Ptam85bY51eRf/AJRuM3w="
)]
#[case::t2_called_with_and_signed_without(
    "https://mycompany.com:443/myapp.php?foo=1&bar=2",
    FORM,
    "RSOYDt4T1cUTdK1PDd93/VVr8B8="
)]
#[case::t3("http://mycompany.com:1234/myapp.php?foo=1&bar=2", FORM, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=")]
#[case::t4_signed_with_the_port(
    "http://mycompany.com/myapp.php?foo=1&bar=2",
    FORM,
    "0ZXoZLH/DfblKGATFgpif+LLRf4="
)]
#[case::t4("http://mycompany.com:80/myapp.php?foo=1&bar=2", FORM, "0ZXoZLH/DfblKGATFgpif+LLRf4=")]
#[case::t5("https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", FORM, "CukzLTc1tT5dXEDIHm/tKBanW10=")]
#[case::t5_with_port(
    "https://user:pass@mycompany.com/myapp.php?foo=1&bar=2",
    FORM,
    "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="
)]
#[case::t5_name_only(
    "https://user@mycompany.com/myapp.php?foo=1&bar=2",
    FORM,
    "2YRLlVAflCqxaNicjMpJcSTgzSs="
)]
#[case::t6(
    "https://mycompany.com/myapp.php?foo=1&bar=2&Body=It's+amazing",
    FORM,
    "TfZzewPq8wqrGlMfyAud8+/IvJ0="
)]
#[case::t7(
    URL,
    "MessagingBinding.Address=%2B1325xxxxxxx&MessagingBinding.Address=%2B1415xxxxxxx",
    "83O6e2vORAoJHUNzJjDWN1jz+BA="
)]
#[case::t7_in_another_order(
    URL,
    "MessagingBinding.Address=%2B1415xxxxxxx&MessagingBinding.Address=%2B1325xxxxxxx",
    "83O6e2vORAoJHUNzJjDWN1jz+BA="
)]
#[case::t8(
    URL,
    "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234",
    "IK+Dwps556ElfBT0I3Rgjkr1wJU="
)]
#[case::t9(
    "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
    r#"{"property": "value", "boolean": true}"#,
    "a9nBmqA0ju/hNViExpshrM61xv4="
)]
#[case::t10(
    "https://mycompany.com/myapp.php?bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
    r#"{"property": "value", "boolean": true}"#,
    "y77kIzt2vzLz71DgmJGsen2scGs="
)]
#[case::t11(
    "https://mycompany.com:443/myapp.php?foo=1&bar=2&bodySHA256=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    "{}",
    "Ldidvp12m26NI7eqEvxnEpkd9Hc="
)]
#[case::t12(
    URL,
    "CallSid=CA1234567890ABCDE&Caller=%2B12349013030&Digits=1234&From=%2B12349013030&To=%2B18005551212",
    "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
)]
fn published_signatures_are_accepted(#[case] url: &str, #[case] body: &str, #[case] signature: &str) {
    let call = call(url, body, signature);
    assert_eq!(check("12345", &call), Ok(()));
    assert_eq!(check("12346", &call), Err(Unverified::Forged), "another token");
    assert!(verify(&tokens(&["new", "12345"]), &call).is_ok(), "while the token is being changed");
    assert_eq!(verify(&[], &call).map(|_| ()), Err(Unverified::Forged), "without a token");
}

const OWN: &str = "https://api.example.test/webhooks/twilio/sms";
const STATUS: &str = "https://api.example.test/webhooks/twilio/status?tenant=t1&msg=m1";

fn own(body: &str) -> String {
    format!(
        "AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01&Body={body}&From=%2B12125550123\
         &MessageSid=SM00000000000000000000000000000001&MessagingServiceSid=MG00000000000000000000000000000001\
         &NumMedia=0&NumSegments=1&SmsSid=SM00000000000000000000000000000001&To=%2B12125550100&ToCountry=US"
    )
}

/// R-01
#[rstest]
#[case(OWN, &own("C"), "jnJwehj6Okb2rRzqJMlzix6Q4Vk=")]
#[case(OWN, &own("S%C3%AD%2C+confirmo+%F0%9F%91%8D"), "/KeIAPoBNkx+h2hw++vC8vK7sOg=")]
#[case(OWN, &own(""), "59AEs8HfNjnIi5P1XrgeJPx4bZw=")]
#[case(
    STATUS,
    "AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01&ErrorCode=30003&From=%2B12125550100\
     &MessageSid=SM00000000000000000000000000000001&MessageStatus=undelivered\
     &SmsSid=SM00000000000000000000000000000001&SmsStatus=undelivered&To=%2B12125550123",
    "9XfPNO6vgRXe819RXlUHmL4s5Jg="
)]
#[case("https://api.example.test/x", "b=2&A=1&a=3&B=4", "PwGsPr0ZgHxI6wvtlnKTf1Bq8HI=")]
fn calls_as_we_get_them_are_accepted(#[case] url: &str, #[case] body: &str, #[case] signature: &str) {
    assert_eq!(check("test_auth_token", &call(url, body, signature)), Ok(()));
}

#[test]
fn old_escapings_of_the_query_are_accepted() {
    let called = "https://api.example.test/x?b=It%27s+fine&a=1&b=2";
    for signed in [
        "https://api.example.test/x?b=It's%20fine&b=2&a=1",
        "https://api.example.test:443/x?b=It's%20fine&b=2&a=1",
        called,
    ] {
        let signature = sign("t", signed, b"A=1");
        assert_eq!(check("t", &call(called, "A=1", &signature)), Ok(()), "{signed}");
    }
}

#[test]
fn a_get_is_signed_by_its_address_alone_and_read_from_it() {
    let url = "https://api.example.test/x?MessageSid=SM1&MessageStatus=sent";
    let mut get = call(url, "MessageSid=SM2", &sign("t", url, b""));
    get.method = Method::GET;
    let Ok(Verified { call: Call::Form { fields, .. }, .. }) = verify(&tokens(&["t"]), &get) else {
        panic!("the signature is right");
    };
    assert_eq!(fields[0], ("MessageSid".into(), "SM1".into()));
    assert_eq!(fields.len(), 2, "the unsigned body is not read");
}

#[test]
fn a_call_without_or_with_two_signatures_is_refused() {
    let mut call = call(URL, FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    call.headers.append(HEADER, HeaderValue::from_static("RSOYDt4T1cUTdK1PDd93/VVr8B8="));
    assert_eq!(check("12345", &call), Err(Unverified::SignedTwice));
    call.headers.clear();
    assert_eq!(check("12345", &call), Err(Unverified::Unsigned));
}

#[rstest]
#[case("")]
#[case("not base64")]
#[case("RSOYDt4T1cUTdK1PDd93/VVr8B8")]
#[case("RSOYDt4T1cUTdK1PDd93/VVr8B9=")]
#[case("RSOYDt4T1cUTdK1PDd93/VVr8B8=,RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
#[case("AAAA")]
fn what_is_no_signature_is_refused(#[case] signature: &str) {
    assert_eq!(check("12345", &call(URL, FORM, signature)), Err(Unverified::Forged));
}

#[test]
fn a_body_other_than_the_hashed_one_is_refused() {
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let call = call(url, r#"{"property": "value", "boolean": false}"#, "a9nBmqA0ju/hNViExpshrM61xv4=");
    assert_eq!(check("12345", &call), Err(Unverified::BodyChanged));
}

#[test]
fn a_hash_in_the_query_does_not_free_a_form_from_its_signature() {
    // The attacker adds the hash of a body of their own to a signed address.
    let body = "Body=STOP";
    let url = format!("{OWN}?bodySHA256={}", hex::encode(Sha256::digest(body)));
    assert_eq!(
        check("test_auth_token", &call(&url, body, "jnJwehj6Okb2rRzqJMlzix6Q4Vk=")),
        Err(Unverified::Forged)
    );
}

#[rstest]
#[case("no address")]
#[case("ftp://api.example.test/x")]
#[case("")]
fn an_address_that_is_none_is_refused(#[case] url: &str) {
    assert_eq!(check("t", &call(url, "", &sign("t", url, b""))), Err(Unverified::Misshapen));
}

#[test]
fn a_field_without_its_equals_sign_is_refused() {
    let url = "https://api.example.test/x";
    let signature = sign("t", url, b"ToCountry=US");
    assert_eq!(check("t", &call(url, "ToCountry=US", &signature)), Ok(()));
    // Run together the two read the same.
    assert_eq!(check("t", &call(url, "ToCountry&US", &signature)), Err(Unverified::Misshapen));
}

#[test]
fn a_blank_token_verifies_nothing() {
    use crate::{Hook, TwilioHook};
    let call = call(OWN, "A=1", &sign("", OWN, b"A=1"));
    let hook = TwilioHook::new(tokens(&["", " "]));
    assert_eq!(hook.verify(&call).map(|_| ()), Err(Unverified::Forged));
}

/// What the fields say, however they are escaped and ordered.
fn meaning(body: &[u8]) -> Option<BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>> {
    let mut map: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (name, value) in form::strict(body)? {
        map.entry(name).or_default().insert(value);
    }
    Some(map)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn one_byte_changed_in_the_body_is_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = own("S%C3%AD%2C+confirmo+%F0%9F%91%8D").into_bytes();
        let before = meaning(&body);
        let at = at.index(body.len());
        prop_assume!(body[at] != byte);
        body[at] = byte;
        // `%c3` for `%C3` says the same.
        prop_assume!(meaning(&body) != before);
        let mut call = call(OWN, "", "/KeIAPoBNkx+h2hw++vC8vK7sOg=");
        call.body = Bytes::from(body);
        prop_assert!(check("test_auth_token", &call).is_err());
    }

    #[test]
    fn one_letter_changed_in_the_address_is_refused(at in any::<prop::sample::Index>(), letter in "[0-9A-Za-z./?&=:_-]") {
        let at = at.index(STATUS.len());
        let mut url = STATUS.to_owned();
        url.replace_range(at..=at, &letter);
        // Host and scheme are the same in capitals.
        prop_assume!(Url::parse(&url) != Url::parse(STATUS));
        let call = call(&url, "A=1", &sign("t", STATUS, b"A=1"));
        prop_assert!(check("t", &call).is_err(), "{url}");
    }

    #[test]
    fn one_letter_changed_in_the_signature_is_refused(at in 0_usize..28, letter in "[0-9A-Za-z+/=]") {
        let right = "/KeIAPoBNkx+h2hw++vC8vK7sOg=";
        let mut wrong = right.to_owned();
        wrong.replace_range(at..=at, &letter);
        prop_assume!(wrong != right);
        let call = call(OWN, &own("S%C3%AD%2C+confirmo+%F0%9F%91%8D"), &wrong);
        prop_assert_eq!(check("test_auth_token", &call), Err(Unverified::Forged));
    }

    #[test]
    fn what_twilio_signs_is_accepted(
        fields in prop::collection::vec(("[A-Za-z][A-Za-z0-9.]{0,8}", any::<String>()), 0..12),
        query in prop::option::of("[a-zA-Z0-9%+'=&~-]{0,20}"),
    ) {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let url = format!("https://api.example.test/x{}", query.map(|q| format!("?{q}")).unwrap_or_default());
        let call = call(&url, &body, &sign("t", &url, body.as_bytes()));
        let Ok(Verified { call: Call::Form { fields: read, .. }, .. }) = verify(&tokens(&["t"]), &call) else {
            return Err(TestCaseError::fail("refused"));
        };
        prop_assert_eq!(read, fields);
    }
}
