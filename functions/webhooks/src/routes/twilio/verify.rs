//! Whether a call is Twilio's.

use axum::body::Bytes;
use edge::Problem;
use http::{HeaderMap, Method, Uri, header};
use kernel::{Fault, Kind, Masked};
use platform::Platform;
use providers::{Hook, RawCall, TwilioHook, Unverified, Verified};

/// The secret with the auth tokens: one, or two with a comma while the token is being changed.
const SECRET: &str = "twilio-hook";

/// The hook with the tokens in use. Without any nothing can be told apart: the provider shall call again.
pub(super) async fn hook(platform: &Platform) -> Result<TwilioHook, Problem> {
    let away = |reason: &str| {
        tracing::error!(secret.name = SECRET, reason, "no callback can be verified");
        Problem::new(Kind::Unavailable, "callbacks_unverifiable", "this is not possible for a moment")
            .retry_after(60)
    };
    let secret = platform.secrets.get(SECRET).await.map_err(|fault| away(fault.code()))?;
    let tokens: Vec<_> =
        secret.reveal().split(',').map(str::trim).filter(|token| !token.is_empty()).collect();
    if tokens.is_empty() {
        return Err(away("it is empty"));
    }
    Ok(TwilioHook::new(tokens.into_iter().map(|token| Masked::new(token.to_owned()))))
}

/// Verifies a call over the address that providers know us by. An account may have been told another name of
/// ours, such as the gateway's own: if the first does not fit, the name that was called is tried. It is part of
/// what is signed, so that it proves nothing by itself.
pub(super) fn verify(
    hook: &TwilioHook,
    platform: &Platform,
    uri: &Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Verified, Unverified> {
    let public = &platform.settings.public_url;
    let called = uri.path_and_query().map_or_else(|| uri.path(), |all| all.as_str());
    let other = host(&headers, uri).map(|host| {
        let scheme = public.split_once("://").map_or("https", |(scheme, _)| scheme);
        format!("{scheme}://{host}{called}")
    });
    let mut raw = RawCall { method: Method::POST, url: format!("{public}{called}"), headers, body };
    match (hook.verify(&raw), other) {
        (Err(Unverified::Forged), Some(other)) if other != raw.url => {
            raw.url = other;
            hook.verify(&raw)
        }
        (verified, _) => verified,
    }
}

/// The name that was called, if it is a plain one: nothing that would move where the path begins.
fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = host.or_else(|| uri.authority().map(http::uri::Authority::as_str))?;
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b".:-[]".contains(&letter);
    (!host.is_empty() && host.bytes().all(plain)).then_some(host)
}
