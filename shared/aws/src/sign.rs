//! Signatures of calls to the services that take JSON: `POST /` with a body.
//!
//! The SDKs' own signer is made for every kind of request and makes the day's key anew for each: two fifths of what a
//! call costs. This one writes the same signature of Signature Version 4, over the headers that have to be signed:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use aws_credential_types::Credentials;
use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac::{HMAC_SHA256, Key, sign},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        auth::{AuthScheme, AuthSchemeEndpointConfig, AuthSchemeId, Sign},
        identity::{Identity, SharedIdentityResolver},
        orchestrator::HttpRequest,
        runtime_components::{GetIdentityResolver, RuntimeComponents},
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use jiff::Timestamp;

use crate::Base;

/// Stands in the place of the scheme of the same name that an SDK brings.
#[derive(Debug)]
pub(crate) struct Scheme(Signer);

struct Signer {
    credentials: Credentials,
    region: String,
    service: &'static str,
    /// The key of a day, and the day.
    key: Mutex<Option<(String, Key)>>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("service", &self.service).finish_non_exhaustive()
    }
}

impl Scheme {
    /// For calls to a service, with the credentials of the environment.
    pub(crate) fn of(base: &Base, service: &'static str) -> Self {
        let region = base.region.as_ref().to_owned();
        Self(Signer { credentials: base.credentials.clone(), region, service, key: Mutex::default() })
    }
}

impl AuthScheme for Scheme {
    fn scheme_id(&self) -> AuthSchemeId {
        "sigv4".into()
    }

    fn identity_resolver(&self, resolvers: &dyn GetIdentityResolver) -> Option<SharedIdentityResolver> {
        resolvers.identity_resolver(self.scheme_id())
    }

    fn signer(&self) -> &dyn Sign {
        &self.0
    }
}

impl Sign for Signer {
    fn sign_http_request(
        &self,
        request: &mut HttpRequest,
        _: &Identity,
        _: AuthSchemeEndpointConfig<'_>,
        components: &RuntimeComponents,
        _: &ConfigBag,
    ) -> Result<(), BoxError> {
        let now = Timestamp::try_from(components.time_source().unwrap_or_default().now())?;
        let at = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        request.headers_mut().insert("x-amz-date", at.clone());
        if let Some(token) = self.credentials.session_token() {
            request.headers_mut().insert("x-amz-security-token", token.to_owned());
        }
        let body = request.body().bytes().ok_or("a body that is not at hand cannot be signed")?;
        let address: http::Uri = request.uri().parse()?;
        let proof = self.proof(&at, &host(&address), address.path(), request.headers().iter(), body);
        request.headers_mut().insert("authorization", proof);
        Ok(())
    }
}

/// The host as the header names it.
fn host(address: &http::Uri) -> String {
    let name = address.host().unwrap_or_default();
    let usual = if address.scheme_str() == Some("http") { 80 } else { 443 };
    match address.port_u16().filter(|port| *port != usual) {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    }
}

impl Signer {
    /// The header that proves whose call it is: signed are the host, the type of the body and what is AWS's own.
    fn proof<'a>(
        &'a self,
        at: &str,
        host: &'a str,
        path: &str,
        headers: impl Iterator<Item = (&'a str, &'a str)>,
        body: &[u8],
    ) -> String {
        let wanted = |(name, _): &(&str, &str)| *name == "content-type" || name.starts_with("x-amz-");
        let mut signed: Vec<(&str, &str)> = headers.filter(wanted).collect();
        signed.push(("host", host));
        signed.sort_unstable();
        let mut canonical = format!("POST\n{path}\n\n");
        for (name, value) in &signed {
            canonical.extend([name, ":", value.trim(), "\n"]);
        }
        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        canonical.extend(["\n", &names, "\n"]);
        canonical.push_str(&hex::encode(digest(&SHA256, body)));
        let canonical = hex::encode(digest(&SHA256, canonical.as_bytes()));
        let day = &at[..8];
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let whole = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{canonical}");
        let signature = hex::encode(sign(&self.key_of(day), whole.as_bytes()));
        let id = self.credentials.access_key_id();
        format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
    }

    fn key_of(&self, day: &str) -> Key {
        let mut kept = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, key)) = &*kept
            && of == day
        {
            return key.clone();
        }
        let secret = format!("AWS4{}", self.credentials.secret_access_key());
        let mut key = Key::new(HMAC_SHA256, secret.as_bytes());
        for part in [day, &self.region, self.service, "aws4_request"] {
            key = Key::new(HMAC_SHA256, sign(&key, part.as_bytes()).as_ref());
        }
        *kept = Some((day.to_owned(), key.clone()));
        key
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use aws_sigv4::{
        http_request::{SignableBody, SignableRequest, SigningSettings, sign},
        sign::v4,
    };

    use super::*;

    /// What AWS's own signer makes of the same call.
    fn theirs(signer: &Signer, second: u64, headers: &[(&str, &str)], address: &str, body: &[u8]) -> String {
        let identity = signer.credentials.clone().into();
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = aws_sigv4::http_request::PercentEncodingMode::Single;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&signer.region)
            .name(signer.service)
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(second))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let request = SignableRequest::new(
            "POST",
            address,
            headers.iter().map(|(name, value)| (*name, *value)),
            SignableBody::Bytes(body),
        );
        let (instructions, _) = sign(request.unwrap(), &params).unwrap().into_parts();
        let headers = instructions.headers();
        headers.into_iter().find(|(name, _)| *name == "authorization").unwrap().1.to_owned()
    }

    #[test]
    fn a_signature_is_the_one_that_aws_makes() {
        let credentials = |token: Option<&str>| {
            Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", token.map(str::to_owned), None, "tests")
        };
        let calls = [
            ("https://dynamodb.us-east-1.amazonaws.com/", "dynamodb.us-east-1.amazonaws.com", None),
            ("http://127.0.0.1:4566/", "127.0.0.1:4566", Some("a-token")),
            ("https://sqs.us-east-1.amazonaws.com:443/", "sqs.us-east-1.amazonaws.com", Some("other")),
        ];
        for (address, host_of, token) in calls {
            let signer = Signer {
                credentials: credentials(token),
                region: "us-east-1".to_owned(),
                service: "dynamodb",
                key: Mutex::default(),
            };
            let of = address.parse().unwrap();
            assert_eq!(host(&of), host_of);
            // Two calls of one day and one of the next.
            for (second, body) in [(1_795_334_400, "{}"), (1_795_334_401, ""), (1_795_420_800, "{\"a\":1}")] {
                let at = Timestamp::from_second(second).unwrap().strftime("%Y%m%dT%H%M%SZ").to_string();
                let mut headers = vec![
                    ("content-type", "application/x-amz-json-1.0"),
                    ("x-amz-target", "DynamoDB_20120810.GetItem"),
                    ("x-amz-user-agent", "aws-sdk-rust/1"),
                ];
                let second = u64::try_from(second).unwrap();
                let expected = theirs(&signer, second, &headers, address, body.as_bytes());
                headers.extend([("x-amz-date", at.as_str()), ("amz-sdk-request", "attempt=1")]);
                headers.extend(token.map(|token| ("x-amz-security-token", token)));
                let ours = signer.proof(&at, &host(&of), "/", headers.into_iter(), body.as_bytes());
                assert_eq!(ours, expected, "{address} {body}");
            }
        }
    }
}
