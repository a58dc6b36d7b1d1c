//! `GET /l/v/{token}`

use automations::links::{LinkLife, look};
use axum::extract::State;
use edge::Path;
use platform::Platform;

use super::{gone, keys::Keys, page::Shown};
use crate::page::{Page, Reader};

/// Show the visit behind a link, with what can be answered
///
/// Changes nothing: scanners and mail programs follow links.
#[utoipa::path(
    get,
    path = "/l/v/{token}",
    operation_id = "show_visit_link",
    tag = "visit",
    extensions(("x-access" = json!("public"))),
    params(("token" = String, Path, description = "The token of the link.")),
    responses(
        (status = 200, description = "The visit.", body = String, content_type = "text/html"),
        (status = 404, description = "No link of ours.", body = String, content_type = "text/html"),
        (status = 410, description = "Used, too late, or the visit has changed; says whom to call.", body = String, content_type = "text/html"),
    ),
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    Path(token): Path<String>,
    reader: Reader,
) -> Page {
    let keys = match Keys::of(&platform).await {
        Ok(keys) => keys,
        Err(fault) => return Page::failed(reader.words(None, None), &fault),
    };
    match look(&platform.table, &keys.all(), &LinkLife::default(), &token).await {
        Ok(looked) => match Shown::of(&platform, reader, looked).await {
            Ok(shown) => shown.asking(&shown.words.visit.title),
            Err(fault) => Page::failed(reader.words(None, None), &fault),
        },
        Err(fault) => gone::page(reader, &fault),
    }
}
