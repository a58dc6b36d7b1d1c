//! What a person and a test see of the simulated providers.

mod feed;
mod log;
mod mail;

use axum::{Router, middleware, routing};

use super::{Simulators, twilio};
use crate::loopback;

pub(super) fn routes() -> Router<Simulators> {
    Router::new()
        .route("/feed", routing::get(feed::feed))
        .route("/log", routing::get(log::log))
        .route("/rules", routing::get(feed::rules))
        .route("/mail/{id}", routing::get(mail::show))
        .route("/mail/{id}/html", routing::get(mail::html))
        .route("/mail/{id}/attachments/{index}", routing::get(mail::attachment))
        .route("/mail/{id}/unsubscribe", routing::post(mail::unsubscribe))
        .merge(twilio::reply_routes())
        .layer(middleware::from_fn(loopback::only))
}
