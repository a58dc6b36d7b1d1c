//! `/docs`: Swagger UI over the API's document.

use axum::Router;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Swagger UI without anything from outside; a token once entered stays for the browser's session.
pub(super) fn routes(openapi: &'static str) -> Router {
    let config = Config::from(openapi)
        .try_it_out_enabled(true)
        .persist_authorization(true)
        .display_request_duration(true)
        .default_models_expand_depth(0)
        .doc_expansion("none")
        .filter(true)
        .validator_url("none");
    SwaggerUi::new("/docs").config(config).into()
}
