//! `POST /l/unsubscribe/{token}`

use axum::extract::State;
use consent::unsubscribe;
use edge::Path;
use http::StatusCode;
use platform::Platform;

use super::page::{self, Shown};
use crate::{
    form::Form,
    page::{Page, Reader},
};

/// End messages
///
/// From the page (`scope=this` or `scope=all`), or by one click in a mail program (RFC 8058:
/// `List-Unsubscribe=One-Click`, as either kind of form, without a cookie and without a redirect). One click ends
/// the kind of message it was clicked in. Doing it again changes nothing.
#[utoipa::path(
    post,
    path = "/l/unsubscribe/{token}",
    operation_id = "follow_unsubscribe_link",
    tag = "unsubscribe",
    extensions(("x-access" = json!("public"))),
    params(("token" = String, Path, description = "The token of the link.")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "They have ended.", body = String, content_type = "text/html"),
        (status = 404, description = "Unknown, or too old.", body = String, content_type = "text/html"),
        (status = 422, description = "Nothing said what to end.", body = String, content_type = "text/html"),
    ),
)]
pub(super) async fn follow(
    State(platform): State<Platform>,
    Path(token): Path<String>,
    reader: Reader,
    form: Form,
) -> Page {
    let Some((table, token)) = page::read(&platform, &token) else { return page::unknown(reader) };
    let shown = match Shown::of(&table, reader, &token).await {
        Ok(Some(shown)) => shown,
        Ok(None) => return page::unknown(reader),
        Err(fault) => return Page::failed(reader.words(None, None), &fault),
    };
    let Some(everything) = everything(&form) else {
        return shown.asking().status(StatusCode::UNPROCESSABLE_ENTITY);
    };
    match unsubscribe::follow(&table, &token, everything).await {
        Ok(Some(_)) => shown.done(everything),
        Ok(None) => page::unknown(reader),
        Err(fault) => Page::failed(reader.words(None, None), &fault),
    }
}

/// Whether everything is to end; nothing if the form does not say that anything is.
fn everything(form: &Form) -> Option<bool> {
    match (form.get("scope"), form.get("List-Unsubscribe")) {
        (Some("all"), _) => Some(true),
        (Some("this"), _) => Some(false),
        (None, Some(said)) if said.trim().eq_ignore_ascii_case("One-Click") => Some(false),
        _ => None,
    }
}
