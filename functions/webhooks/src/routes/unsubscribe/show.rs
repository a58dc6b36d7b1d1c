//! `GET /l/unsubscribe/{token}`

use axum::extract::State;
use edge::Path;
use platform::Platform;

use super::page::{self, Shown};
use crate::page::{Page, Reader};

/// Ask what to end
///
/// Changes nothing: scanners and mail programs follow links.
#[utoipa::path(
    get,
    path = "/l/unsubscribe/{token}",
    operation_id = "show_unsubscribe_link",
    tag = "unsubscribe",
    extensions(("x-access" = json!("public"))),
    params(("token" = String, Path, description = "The token of the link.")),
    responses(
        (status = 200, description = "The question.", body = String, content_type = "text/html"),
        (status = 404, description = "Unknown, or too old.", body = String, content_type = "text/html"),
    ),
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    Path(token): Path<String>,
    reader: Reader,
) -> Page {
    let Some((table, token)) = page::read(&platform, &token) else { return page::unknown(reader) };
    match Shown::of(&table, reader, &token).await {
        Ok(Some(shown)) => shown.asking(),
        Ok(None) => page::unknown(reader),
        Err(fault) => Page::failed(reader.words(None, None), &fault),
    }
}
