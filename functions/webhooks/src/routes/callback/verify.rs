//! Whether a call is the provider's.

use axum::body::Bytes;
use http::{HeaderMap, Method, Uri, header};
use platform::Platform;
use providers::{Hook, RawCall, Unverified, Verified};

/// Verifies a call over the address that providers know us by. An account may have been told another name of
/// ours, such as the gateway's own: if the first does not fit, the name that was called is tried. It is part of
/// what is signed, so that it proves nothing by itself.
pub(super) fn verify(
    hook: &dyn Hook,
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
