//! The signature on everything Twilio posts.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;

/// HMAC-SHA1 over the address and each parameter's name and value, ordered by name, equal pairs once.
pub(super) fn sign(token: &SecretString, url: &str, params: &[(String, String)]) -> String {
    let mut pairs: Vec<&(String, String)> = params.iter().collect();
    pairs.sort();
    pairs.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(url.as_bytes());
    for (name, value) in pairs {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(token: &str, url: &str, params: &[(&str, &str)]) -> String {
        let params: Vec<_> =
            params.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        sign(&token.into(), url, &params)
    }

    /// Vectors published in the tests of Twilio's Node library, and one of our own.
    #[test]
    fn signatures_are_those_that_twilio_publishes() {
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let call = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ];
        assert_eq!(signed("12345", url, &call), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        let twice = [
            ("Sid", "CA123"),
            ("SidAccount", "AC123"),
            ("Digits", "5678"),
            ("Digits", "1234"),
            ("Digits", "1234"),
        ];
        assert_eq!(signed("12345", url, &twice), "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
        let mixed = [("b", "2"), ("A", "1"), ("a", "3"), ("B", "4")];
        assert_eq!(
            signed("test_auth_token", "https://api.example.test/x", &mixed),
            "PwGsPr0ZgHxI6wvtlnKTf1Bq8HI="
        );
    }
}
