//! The files of the pages.

use axum::{
    Router,
    http::header,
    response::{IntoResponse, Response},
    routing,
};

/// Own files only; the sandboxed frame that shows a mail is one of them.
const FENCE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                     connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
                     frame-ancestors 'none'";

struct File(&'static str, &'static str);

impl IntoResponse for File {
    fn into_response(self) -> Response {
        let Self(kind, content) = self;
        let headers = [
            (header::CONTENT_TYPE, kind),
            (header::CONTENT_SECURITY_POLICY, FENCE),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        (headers, content).into_response()
    }
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// The phone and mailbox page.
pub(super) fn phone() -> Router {
    let page = async || File(HTML, include_str!("phone.html"));
    Router::new()
        .route("/phone", routing::get(page))
        .route("/pages/look.css", routing::get(async || File(CSS, include_str!("look.css"))))
        .route("/pages/phone.css", routing::get(async || File(CSS, include_str!("phone.css"))))
        .route("/pages/clock.js", routing::get(async || File(JS, include_str!("clock.js"))))
        .route("/pages/mail.js", routing::get(async || File(JS, include_str!("mail.js"))))
        .route("/pages/phone.js", routing::get(async || File(JS, include_str!("phone.js"))))
}

/// All pages with files.
pub(super) fn routes() -> Router {
    phone()
        .route("/", routing::get(async || File(HTML, include_str!("start.html"))))
        .route("/pages/start.css", routing::get(async || File(CSS, include_str!("start.css"))))
        .route("/pages/start.js", routing::get(async || File(JS, include_str!("start.js"))))
}
