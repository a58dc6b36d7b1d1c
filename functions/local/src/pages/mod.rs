//! What a person opens in a browser: the start page, the phone and mailbox page, the API docs. Everything is in
//! the binary; nothing is fetched from elsewhere.

mod docs;
mod files;
mod start;

use axum::{Router, middleware, response::Redirect, routing};

pub use self::start::{Fact, Holdings};
use crate::loopback;

/// `/`, `/phone`, `/docs` and their files. `holdings` tells what the demo clinic holds; `openapi` is the address of
/// the API's document, such as `/v1/openapi.json`.
pub fn router(holdings: impl Holdings, openapi: &'static str) -> Router {
    files::routes()
        .merge(start::routes(holdings))
        .layer(middleware::from_fn(loopback::only))
        .merge(docs::routes(openapi))
}

/// `/phone` alone, for where the rest of the product runs elsewhere; `/` leads there.
pub fn phone() -> Router {
    let there = async || Redirect::temporary("/phone");
    files::phone().route("/", routing::get(there)).layer(middleware::from_fn(loopback::only))
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        extract::ConnectInfo,
        http::{Request, Response, StatusCode, header},
    };
    use futures::FutureExt as _;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn get(path: &str) -> Response<Body> {
        let holdings =
            || async { vec![Fact { label: "People".into(), value: "2".into(), path: None }] }.boxed();
        let mut request = Request::get(path).header(header::HOST, "127.0.0.1").body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo("127.0.0.1:9".parse::<std::net::SocketAddr>().unwrap()));
        router(holdings, "/v1/openapi.json").oneshot(request).await.unwrap()
    }

    async fn text(path: &str) -> String {
        let answer = get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    /// Each file a page names is there, and none is from elsewhere.
    #[tokio::test]
    async fn pages_find_all_they_name_and_fetch_nothing_from_elsewhere() {
        for page in ["/", "/phone"] {
            let html = text(page).await;
            assert!(
                !html.contains("style=") && !html.contains("onclick="),
                "{page} would break its own fence"
            );
            for name in html.split('"').filter(|part| part.starts_with("/pages/")) {
                let file = text(name).await;
                assert!(!file.contains("@import"), "{name}");
                for part in file.split(['"', '`']).filter(|part| part.starts_with("/pages/")) {
                    text(part).await;
                }
            }
            assert!(!html.contains("://"), "{page} names a place elsewhere");
        }
        assert_eq!(text("/dev/holdings").await, r#"{"facts":[{"label":"People","value":"2"}]}"#);
    }

    #[tokio::test]
    async fn the_docs_are_offline_and_read_the_apis_document() {
        assert!(text("/docs/swagger-initializer.js").await.contains("/v1/openapi.json"));
        let html = text("/docs/").await;
        assert!(html.contains("swagger-ui") && !html.contains("https://"), "{html}");
        assert!(text("/docs/swagger-ui-bundle.js").await.len() > 100_000);
    }

    #[tokio::test]
    async fn pages_are_only_for_this_machine() {
        let request = Request::get("/phone").header(header::HOST, "127.0.0.1").body(Body::empty()).unwrap();
        let holdings = || async { Vec::new() }.boxed();
        let answer = router(holdings, "/v1/openapi.json").oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "a caller that cannot be seen to be near");
        let fence = get("/phone").await.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(fence.starts_with("default-src 'none'"), "{fence}");
    }
}
