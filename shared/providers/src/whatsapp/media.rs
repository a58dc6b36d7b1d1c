//! Fetching files that came in: first the address of a file is asked for, then the file. Both calls carry the
//! access token, which must reach nobody but Meta.

use bytes::Bytes;
use http::{Method, Request};
use serde::Deserialize;
use url::Url;

use super::Whatsapp;
use crate::{MediaRef, Prepared};

/// Where Meta keeps files.
const HOSTS: [&str; 3] = [".fbsbx.com", ".facebook.com", ".whatsapp.net"];

impl Whatsapp {
    /// The call that asks where a file lies; `None` if it is not one of this provider's.
    pub fn media(&self, file: &MediaRef) -> Option<Prepared> {
        let address = file.url.reveal();
        let id = address.strip_prefix(self.base_url.trim_end_matches('/'))?.strip_prefix('/')?;
        let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        is_id.then(|| self.get(address)).flatten()
    }

    /// The call that fetches the file, out of the answer to the first; `None` if the answer names no address of
    /// Meta's. Addresses last for five minutes.
    pub fn file(&self, response: &http::Response<Bytes>) -> Option<Prepared> {
        #[derive(Deserialize)]
        struct Found {
            url: String,
        }
        if !response.status().is_success() {
            return None;
        }
        let found: Found = serde_json::from_slice(response.body()).ok()?;
        let (url, base) = (Url::parse(&found.url).ok()?, Url::parse(&self.base_url).ok()?);
        let host = url.host_str()?;
        let is_metas = url.scheme() == "https"
            && url.port().is_none()
            && HOSTS.iter().any(|known| host.ends_with(known));
        (is_metas || url.origin() == base.origin()).then(|| self.get(url.as_str())).flatten()
    }

    fn get(&self, address: &str) -> Option<Prepared> {
        let request = Request::builder().method(Method::GET).uri(address).body(Bytes::new()).ok()?;
        Some(Prepared { request, auth: self.auth() })
    }
}

#[cfg(test)]
mod tests {
    use kernel::Masked;
    use rstest::rstest;

    use super::*;
    use crate::Auth;

    fn whatsapp() -> Whatsapp {
        Whatsapp {
            base_url: "https://graph.facebook.com/v23.0".into(),
            phone_number_id: "1".into(),
            secret: "s".into(),
        }
    }

    #[rstest]
    #[case("https://graph.facebook.com/v23.0/1234567", true)]
    #[case("https://graph.facebook.com/v23.0/", false)]
    #[case("https://graph.facebook.com/v23.0/1/../me", false)]
    #[case("https://graph.facebook.com/v23.0/1?redirect=1", false)]
    #[case("https://evil.example.com/v23.0/1234567", false)]
    fn only_files_of_the_provider_are_asked_for(#[case] url: &str, #[case] asked: bool) {
        let file = MediaRef { url: Masked::new(url.into()), content_type: "image/jpeg".into() };
        let prepared = whatsapp().media(&file);
        assert_eq!(prepared.is_some(), asked);
        if let Some(prepared) = prepared {
            assert_eq!(prepared.request.uri(), url);
            assert_eq!(prepared.auth, Auth::Bearer { secret: "s".into() });
        }
    }

    #[rstest]
    #[case("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&hash=x", true)]
    #[case("https://graph.facebook.com/files/1", true)]
    #[case("http://lookaside.fbsbx.com/1", false)]
    #[case("https://lookaside.fbsbx.com:8443/1", false)]
    #[case("https://lookaside.fbsbx.com.evil.example.com/1", false)]
    #[case("https://lookaside.fbsbx.com@evil.example.com/1", false)]
    #[case("https://evilfbsbx.com/1", false)]
    #[case("nothing", false)]
    fn the_token_goes_to_meta_alone(#[case] url: &str, #[case] fetched: bool) {
        let body = serde_json::json!({ "url": url, "mime_type": "image/jpeg", "id": "1" }).to_string();
        assert_eq!(whatsapp().file(&http::Response::new(body.into())).is_some(), fetched);
    }

    #[test]
    fn an_answer_that_is_none_leads_nowhere() {
        let gone = http::Response::builder().status(404).body(Bytes::from("{}")).unwrap();
        assert!(whatsapp().file(&gone).is_none());
        assert!(whatsapp().file(&http::Response::new("<html>".into())).is_none());
    }
}
