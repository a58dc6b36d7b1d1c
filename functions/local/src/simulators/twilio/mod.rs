//! Twilio's Messages resource (2010-04-01), its status callbacks and its inbound webhook.
//!
//! Shapes: <https://www.twilio.com/docs/messaging/api/message-resource>; signatures:
//! <https://www.twilio.com/docs/usage/security>.

mod answer;
mod courier;
mod create;
mod look_up;
mod reply;
mod rules;
mod segments;
mod signature;
mod status;

use axum::{Router, http::HeaderMap, routing};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::ExposeSecret as _;

use self::answer::Refusal;
pub(super) use self::{
    courier::{pass_on, tell},
    reply::routes as reply_routes,
    rules::Rules,
    status::Status,
};
use super::{Settings, Simulators};

pub(super) fn routes() -> Router<Simulators> {
    Router::new()
        .route(
            "/2010-04-01/Accounts/{account}/Messages.json",
            routing::post(create::create).get(look_up::list),
        )
        .route("/2010-04-01/Accounts/{account}/Messages/{sid}", routing::get(look_up::one))
        .fallback(async || Refusal(20404))
}

/// Basic authentication with the account's sid and auth token, for that account's own resources.
fn admit(settings: &Settings, account: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|encoded| BASE64_STANDARD.decode(encoded).ok())
        .ok_or(Refusal(20003))?;
    let right = format!("{}:{}", settings.account, settings.token.expose_secret());
    match given == right.as_bytes() {
        false => Err(Refusal(20003)),
        true if account != settings.account => Err(Refusal(20404)),
        true => Ok(()),
    }
}
