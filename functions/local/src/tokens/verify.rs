//! Checks tokens: what the authorizer in front of the deployed API does, here in the process.

use std::collections::HashSet;

use access::Claims;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value};

use super::Issuer;

/// Longer texts are not tokens of ours.
const LONGEST: usize = 8_192;
/// How far the clock of whoever issued a token may be ahead, in seconds.
const AHEAD: i64 = 60;

/// Why a token is not believed. Callers only ever hear "unauthenticated".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not three parts, not base64url, not JSON, or too long.
    #[error("the token cannot be read")]
    Unreadable,
    /// Another algorithm than ours, `none` included, or a header that asks for more than we know.
    #[error("the token is not signed the way we sign")]
    Algorithm,
    /// A key we do not have.
    #[error("the token names a key we do not have")]
    Key,
    /// Changed, or signed by somebody else.
    #[error("the signature does not fit")]
    Signature,
    /// Past its end, or without one.
    #[error("the token has ended")]
    Ended,
    /// Before its start.
    #[error("the token is not valid yet")]
    Early,
    /// From another issuer.
    #[error("the token is from another issuer")]
    Issuer,
    /// For another product.
    #[error("the token is for somebody else")]
    Audience,
    /// Neither an id nor an access token, or for nobody.
    #[error("the token is not one to call with")]
    Use,
}

/// The claims of a token that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified(Map<String, Value>);

impl Verified {
    /// A claim that is text.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// All claims.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl Issuer {
    /// Believes a token or says why not.
    pub fn verify(&self, token: &str) -> Result<Verified, Refused> {
        if token.len() > LONGEST || token.split('.').count() != 3 {
            return Err(Refused::Unreadable);
        }
        self.header(token)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        // The library would ask the machine's clock and read a missing claim as consent: claims are checked
        // below, here only the signature is.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims = HashSet::new();
        let token = jsonwebtoken::decode::<Map<String, Value>>(token, &self.0.check, &validation);
        let claims = Verified(token.map_err(|_| Refused::Signature)?.claims);
        self.claims(&claims)?;
        Ok(claims)
    }

    /// What the front door of the API asks: who a token is for, if it is believed.
    pub fn verifier(&self) -> impl Fn(&str) -> Option<Claims> + Send + Sync + use<> {
        let issuer = self.clone();
        move |token| match issuer.verify(token) {
            Ok(verified) => Some(Claims::read(|name| verified.claim(name))),
            Err(refused) => {
                tracing::info!(%refused, "a token was refused");
                None
            }
        }
    }

    fn header(&self, token: &str) -> Result<(), Refused> {
        let encoded = token.split('.').next().unwrap_or_default();
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| Refused::Unreadable)?;
        let header: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|_| Refused::Unreadable)?;
        let typed = header.get("typ").is_none_or(|typ| typ == "JWT");
        if header.get("alg").is_none_or(|alg| alg != "EdDSA") || !typed || header.contains_key("crit") {
            return Err(Refused::Algorithm);
        }
        match header.get("kid").and_then(Value::as_str) {
            Some(kid) if kid == self.0.kid => Ok(()),
            _ => Err(Refused::Key),
        }
    }

    fn claims(&self, token: &Verified) -> Result<(), Refused> {
        let now = self.now().as_second();
        let second =
            |name: &str| token.0.get(name).map(|at| at.as_i64().ok_or(Refused::Unreadable)).transpose();
        if second("exp")?.is_none_or(|exp| now >= exp) {
            return Err(Refused::Ended);
        }
        let early = |name: &str| Ok(second(name)?.is_some_and(|from| from > now + AHEAD));
        if early("nbf")? || early("iat")? {
            return Err(Refused::Early);
        }
        if token.claim("iss") != Some(&self.0.name) {
            return Err(Refused::Issuer);
        }
        // The user pool writes the client into `aud` of id tokens and into `client_id` of access tokens.
        let client = match token.claim("token_use") {
            Some("id") => token.0.get("aud"),
            Some("access") => token.0.get("client_id"),
            _ => return Err(Refused::Use),
        };
        if client.and_then(Value::as_str) != Some(&self.0.audience) {
            return Err(Refused::Audience);
        }
        match token.claim("sub") {
            Some(sub) if !sub.is_empty() => Ok(()),
            _ => Err(Refused::Use),
        }
    }
}

#[cfg(test)]
mod tests {
    use access::Role;
    use jiff::SignedDuration;
    use jsonwebtoken::{EncodingKey, Header};
    use kernel::{ClinicId, Clock};
    use serde_json::json;

    use super::*;
    use crate::tokens::Bearer;

    const NAME: &str = "http://127.0.0.1:4500/dev";

    fn issuer(clock: &Clock) -> (tempfile::TempDir, Issuer) {
        let dir = tempfile::tempdir().unwrap();
        let issuer = Issuer::open(dir.path(), NAME, "local", clock.clone()).unwrap();
        (dir, issuer)
    }

    fn clock() -> Clock {
        Clock::fixed("2026-11-22T08:00:00Z".parse().unwrap(), 7)
    }

    fn bearer() -> Bearer {
        Bearer::demo(Role::ClinicAdmin, ClinicId::FIRST, &[ClinicId::FIRST, ClinicId::LAST])
    }

    fn part(json: &Value) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
    }

    #[test]
    fn a_token_says_what_the_user_pool_says() {
        let (_dir, issuer) = issuer(&clock());
        let (token, ends) = issuer.token(&bearer()).unwrap();
        assert_eq!(ends.to_string(), "2026-11-22T20:00:00Z");
        let claims = issuer.verifier()(&token).unwrap();
        assert_eq!(issuer.verifier()(&format!("{token}x")), None);
        assert_eq!((claims.id(), claims.home()), (Some(bearer().id), Some(ClinicId::FIRST)));
        assert_eq!(claims.role, "clinic_admin");
        assert_eq!(claims.clinics, format!("{},{}", ClinicId::FIRST, ClinicId::LAST));
    }

    #[test]
    fn the_key_survives_a_restart_and_nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let (dir, first) = issuer(&clock());
        let (token, _) = first.token(&bearer()).unwrap();
        let again = Issuer::open(dir.path(), NAME, "local", Clock::fixed(first.now(), 99)).unwrap();
        assert!(again.verify(&token).is_ok());
        assert_eq!(again.jwks(), first.jwks());
        assert!(first.jwks()["keys"][0].get("d").is_none());
        let mode = std::fs::metadata(dir.path().join("key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn whoever_moves_the_products_clock_stays_signed_in() {
        let clock = Clock::system();
        let (_dir, issuer) = issuer(&clock);
        let (token, _) = issuer.token(&bearer()).unwrap();
        clock.advance(SignedDuration::from_hours(72));
        assert!(issuer.verify(&token).is_ok());
    }

    #[test]
    fn a_token_ends_to_the_second() {
        let clock = clock();
        let (_dir, issuer) = issuer(&clock);
        let (token, _) = issuer.token(&bearer()).unwrap();
        clock.advance(SignedDuration::from_secs(12 * 3_600 - 1));
        assert!(issuer.verify(&token).is_ok());
        clock.advance(SignedDuration::from_secs(1));
        assert_eq!(issuer.verify(&token), Err(Refused::Ended));
    }

    /// Every way to forge or bend a token that is known to have worked somewhere.
    #[test]
    #[expect(clippy::too_many_lines, reason = "one table of forgeries")]
    fn no_token_but_our_own_is_believed() {
        let (_dir, issuer) = issuer(&clock());
        let (_other_dir, other) = {
            let dir = tempfile::tempdir().unwrap();
            let other = Issuer::open(dir.path(), NAME, "local", Clock::fixed(issuer.now(), 8)).unwrap();
            (dir, other)
        };
        let now = issuer.now().as_second();
        let (good, _) = issuer.token(&bearer()).unwrap();
        let parts: Vec<&str> = good.split('.').collect();
        let (head, body, signature) = (parts[0], parts[1], parts[2]);
        let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
        let jwks = issuer.jwks();
        let public = jwks["keys"][0]["x"].as_str().unwrap();
        let kid = issuer.0.kid.clone();

        // Signed by us, with other claims.
        let with = |name: &str, value: Value| {
            let mut claims = claims.clone();
            claims[name] = value;
            issuer.sign(&claims).unwrap()
        };
        let without = |name: &str| {
            let mut claims = claims.clone();
            claims.as_object_mut().unwrap().remove(name);
            issuer.sign(&claims).unwrap()
        };
        // Not signed by us.
        let unsigned = |header: Value, signature: &str| format!("{}.{body}.{signature}", part(&header));
        let hmac = |secret: &[u8]| {
            let mut header = Header::new(Algorithm::HS256);
            header.kid = Some(kid.clone());
            jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap()
        };
        let mut promoted = claims.clone();
        promoted["custom:role"] = json!("super_admin");
        let mut flipped = signature.to_owned().into_bytes();
        flipped[0] = if flipped[0] == b'A' { b'B' } else { b'A' };
        let flipped = String::from_utf8(flipped).unwrap();
        // 64 bytes leave four unused bits in the last letter: setting one must not give a second valid text.
        let loose = format!(
            "{}{}",
            &signature[..signature.len() - 1],
            match signature.as_bytes().last() {
                Some(b'A') => "B",
                Some(b'Q') => "R",
                Some(b'g') => "h",
                _ => "x",
            }
        );

        let corpus = [
            ("empty", String::new(), Refused::Unreadable),
            ("words", "not a token".to_owned(), Refused::Unreadable),
            ("two dots alone", "..".to_owned(), Refused::Unreadable),
            ("two parts", format!("{head}.{body}"), Refused::Unreadable),
            ("four parts", format!("{good}.x"), Refused::Unreadable),
            ("five parts as in JWE", format!("{good}.x.y"), Refused::Unreadable),
            ("too long", format!("{good}{}", "A".repeat(9_000)), Refused::Unreadable),
            ("space before", format!(" {good}"), Refused::Unreadable),
            (
                "header not JSON",
                format!("{}.{body}.{signature}", BASE64_URL_SAFE_NO_PAD.encode("x")),
                Refused::Unreadable,
            ),
            ("header an array", format!("{}.{body}.{signature}", part(&json!([]))), Refused::Unreadable),
            ("padding in header", format!("{head}=.{body}.{signature}"), Refused::Unreadable),
            ("alg none", unsigned(json!({"alg": "none", "kid": kid}), ""), Refused::Algorithm),
            ("alg None", unsigned(json!({"alg": "None", "kid": kid}), ""), Refused::Algorithm),
            (
                "alg nOnE, old signature",
                unsigned(json!({"alg": "nOnE", "kid": kid}), signature),
                Refused::Algorithm,
            ),
            ("alg missing", unsigned(json!({"kid": kid}), signature), Refused::Algorithm),
            ("alg a list", unsigned(json!({"alg": ["EdDSA"], "kid": kid}), signature), Refused::Algorithm),
            ("alg lower case", unsigned(json!({"alg": "eddsa", "kid": kid}), signature), Refused::Algorithm),
            ("HS256 with the public key as text", hmac(public.as_bytes()), Refused::Algorithm),
            (
                "HS256 with the public key as bytes",
                hmac(&BASE64_URL_SAFE_NO_PAD.decode(public).unwrap()),
                Refused::Algorithm,
            ),
            ("HS256 with nothing", hmac(b""), Refused::Algorithm),
            ("RS256 claimed", unsigned(json!({"alg": "RS256", "kid": kid}), signature), Refused::Algorithm),
            (
                "ES256 claimed, zero signature",
                unsigned(json!({"alg": "ES256", "kid": kid}), &"A".repeat(86)),
                Refused::Algorithm,
            ),
            (
                "crit",
                unsigned(json!({"alg": "EdDSA", "kid": kid, "crit": ["exp"]}), signature),
                Refused::Algorithm,
            ),
            (
                "another type",
                unsigned(json!({"alg": "EdDSA", "kid": kid, "typ": "secevent+jwt"}), signature),
                Refused::Algorithm,
            ),
            ("kid missing", unsigned(json!({"alg": "EdDSA"}), signature), Refused::Key),
            ("kid unknown", unsigned(json!({"alg": "EdDSA", "kid": "other"}), signature), Refused::Key),
            (
                "kid a path",
                unsigned(json!({"alg": "EdDSA", "kid": "../../dev/null"}), signature),
                Refused::Key,
            ),
            (
                "own key in the header",
                unsigned(
                    json!({"alg": "EdDSA", "kid": other.0.kid, "jwk": other.jwks()["keys"][0]}),
                    signature,
                ),
                Refused::Key,
            ),
            ("another issuer's key", other.token(&bearer()).unwrap().0, Refused::Key),
            (
                "another issuer's key under our kid",
                format!("{head}.{}", other.token(&bearer()).unwrap().0.split_once('.').unwrap().1),
                Refused::Signature,
            ),
            (
                "key address added",
                unsigned(
                    json!({"typ": "JWT", "alg": "EdDSA", "kid": kid, "jku": "https://evil.example"}),
                    signature,
                ),
                Refused::Signature,
            ),
            ("signature missing", format!("{head}.{body}."), Refused::Signature),
            ("signature cut", format!("{head}.{body}.{}", &signature[..40]), Refused::Signature),
            ("signature flipped", format!("{head}.{body}.{flipped}"), Refused::Signature),
            ("signature with loose bits", format!("{head}.{body}.{loose}"), Refused::Signature),
            ("signature zero", format!("{head}.{body}.{}", "A".repeat(86)), Refused::Signature),
            ("role changed", format!("{head}.{}.{signature}", part(&promoted)), Refused::Signature),
            ("ended", with("exp", json!(now - 1)), Refused::Ended),
            ("ends this second", with("exp", json!(now)), Refused::Ended),
            ("end missing", without("exp"), Refused::Ended),
            ("end as text", with("exp", json!("99999999999")), Refused::Unreadable),
            ("end with a fraction", with("exp", json!(9e18)), Refused::Unreadable),
            ("not yet", with("nbf", json!(now + 3_600)), Refused::Early),
            ("issued tomorrow", with("iat", json!(now + 86_400)), Refused::Early),
            (
                "another issuer",
                with("iss", json!("https://cognito-idp.us-east-1.amazonaws.com/x")),
                Refused::Issuer,
            ),
            ("issuer with a slash", with("iss", json!(format!("{NAME}/"))), Refused::Issuer),
            ("issuer missing", without("iss"), Refused::Issuer),
            ("another audience", with("aud", json!("other")), Refused::Audience),
            ("audience a list", with("aud", json!(["local", "other"])), Refused::Audience),
            ("audience missing", without("aud"), Refused::Audience),
            ("access token without client", with("token_use", json!("access")), Refused::Audience),
            ("refresh token", with("token_use", json!("refresh")), Refused::Use),
            ("use missing", without("token_use"), Refused::Use),
            ("for nobody", with("sub", json!("")), Refused::Use),
            ("sub missing", without("sub"), Refused::Use),
        ];
        for (what, token, refused) in &corpus {
            assert_eq!(issuer.verify(token).map(|_| ()), Err(*refused), "{what}");
        }
        assert!(corpus.len() >= 50);
        assert!(issuer.verify(&good).is_ok());
    }
}
