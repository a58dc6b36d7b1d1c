//! `POST /l/v/{token}`

use automations::{
    confirm::Answer,
    links::{LinkLife, act, look},
};
use axum::extract::State;
use edge::Path;
use http::StatusCode;
use platform::Platform;

use super::{
    gone,
    keys::Keys,
    page::{Shown, field},
};
use crate::{
    form::Form,
    page::{Page, Reader},
};

/// Answer about the visit behind a link
///
/// The form says `answer=confirm`, `reschedule` or `decline`. The same answer again changes nothing.
#[utoipa::path(
    post,
    path = "/l/v/{token}",
    operation_id = "answer_visit_link",
    tag = "visit",
    extensions(("x-access" = json!("public"))),
    params(("token" = String, Path, description = "The token of the link.")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The answer is taken.", body = String, content_type = "text/html"),
        (status = 404, description = "No link of ours.", body = String, content_type = "text/html"),
        (status = 410, description = "Used, too late, or the visit has changed; says whom to call.", body = String, content_type = "text/html"),
        (status = 422, description = "Not an answer that the link offers.", body = String, content_type = "text/html"),
    ),
)]
pub(super) async fn answer(
    State(platform): State<Platform>,
    Path(token): Path<String>,
    reader: Reader,
    form: Form,
) -> Page {
    let unread = |fault: &dyn kernel::Fault| Page::failed(reader.words(None, None), fault);
    let keys = match Keys::of(&platform).await {
        Ok(keys) => keys,
        Err(fault) => return unread(&fault),
    };
    let (keys, life) = (keys.all(), LinkLife::default());
    let shown = match look(&platform.table, &keys, &life, &token).await {
        Ok(looked) => match Shown::of(&platform, reader, looked).await {
            Ok(shown) => shown,
            Err(fault) => return unread(&fault),
        },
        Err(fault) => return gone::page(reader, &fault),
    };
    let answers = [Answer::Confirm, Answer::Reschedule, Answer::Decline];
    let said = answers.into_iter().find(|answer| form.get("answer") == Some(field(*answer)));
    let Some(said) = said.filter(|said| shown.offers(*said)) else {
        return shown.asking(&shown.words.visit.choose).status(StatusCode::UNPROCESSABLE_ENTITY);
    };
    match act(&platform.table, &keys, &life, &token, said).await {
        Ok(_) => shown.answered(said),
        Err(fault) => gone::page(reader, &fault),
    }
}
