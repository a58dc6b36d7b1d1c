//! `/dev/holdings`: what the demo clinic holds, for the start page.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing};
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::{Value, json};

/// One line of the start page, such as "People: 412".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What is counted or named.
    pub label: String,
    /// How many or which.
    pub value: String,
    /// The path in the API where it comes from, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Tells what the demo clinic holds right now.
pub trait Holdings: Send + Sync + 'static {
    /// The lines, in the order they are shown.
    fn facts(&self) -> BoxFuture<'_, Vec<Fact>>;
}

impl<F> Holdings for F
where
    F: Fn() -> BoxFuture<'static, Vec<Fact>> + Send + Sync + 'static,
{
    fn facts(&self) -> BoxFuture<'_, Vec<Fact>> {
        self()
    }
}

pub(super) fn routes(holdings: impl Holdings) -> Router {
    let holdings: Arc<dyn Holdings> = Arc::new(holdings);
    Router::new().route("/dev/holdings", routing::get(show)).with_state(holdings)
}

async fn show(State(holdings): State<Arc<dyn Holdings>>) -> Json<Value> {
    Json(json!({"facts": holdings.facts().await}))
}
