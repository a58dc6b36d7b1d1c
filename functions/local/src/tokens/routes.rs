//! `/dev/tokens` and the public key.

use access::Role;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse as _, Response},
    routing,
};
use kernel::ClinicId;
use serde_json::json;

use super::{Bearer, Issuer};
use crate::{loopback, problem::problem};

/// A clinic that tokens are given out for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clinic {
    /// Its id.
    pub id: ClinicId,
    /// What it is called on the page.
    pub name: String,
}

/// `GET /dev/tokens`: one token per clinic and role, only for this machine; `GET /dev/.well-known/jwks.json`.
pub fn routes(issuer: Issuer, clinics: Vec<Clinic>) -> Router {
    Router::new()
        .route("/dev/tokens", routing::get(tokens))
        .layer(middleware::from_fn(loopback::only))
        .route("/dev/.well-known/jwks.json", routing::get(jwks))
        .with_state((issuer, clinics))
}

type Held = State<(Issuer, Vec<Clinic>)>;

async fn jwks(State((issuer, _)): Held) -> Response {
    Json(issuer.jwks()).into_response()
}

async fn tokens(State((issuer, clinics)): Held) -> Response {
    let all: Vec<ClinicId> = clinics.iter().map(|clinic| clinic.id).collect();
    let mut rows = Vec::new();
    for clinic in &clinics {
        for role in Role::ALL {
            let bearer = Bearer::demo(*role, clinic.id, &all);
            let (token, ends) = match issuer.token(&bearer) {
                Ok(token) => token,
                Err(error) => {
                    tracing::error!(%error, "a token cannot be signed");
                    return problem(StatusCode::INTERNAL_SERVER_ERROR, "key_is_unusable", "see the log");
                }
            };
            rows.push(json!({
                "clinic": clinic.id,
                "clinic_name": clinic.name,
                "role": role,
                "caller": bearer.id,
                "expires": ends,
                "token": token,
            }));
        }
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(json!({"tokens": rows}))).into_response()
}
