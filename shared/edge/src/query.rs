//! Parameters in the query and in the path.

use axum::extract::{FromRequestParts, Path as AxumPath};
use http::request::Parts;
use kernel::{Cursor, Kind, Limit};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
use utoipa::{IntoParams, ToSchema};

use crate::{Problem, strict};

/// The parameters of the query; what is not known, twice there or of another form is 422 with its name. Derive
/// `Deserialize` with `deny_unknown_fields`.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        strict::query(parts.uri.query().unwrap_or_default()).map(Query).map_err(|detail| {
            Problem::new(Kind::Invalid, "query_invalid", "a parameter of the query is wrong").at([detail])
        })
    }
}

/// Which page of a list: the query of lists without filters. Lists with filters repeat its two fields, since
/// what is flattened cannot be strict.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many rows, 1 to 100.
    #[serde(default, deserialize_with = "limit")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20, example = 20)]
    pub limit: Limit,
    /// Where the page begins: `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

/// Some rows and, if there are more, where they begin.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page as it was read, with each row as it is shown.
    pub fn of<U>(page: kernel::Page<U>, show: impl FnMut(U) -> T) -> Self {
        let page = page.map(show);
        Self { items: page.items, next: page.next }
    }
}

/// Reads a page size of 1 to 100, for `deserialize_with`.
pub fn limit<'de, D: Deserializer<'de>>(d: D) -> Result<Limit, D::Error> {
    limit_up_to::<100, D>(d)
}

/// Reads a page size with a smaller maximum, for `deserialize_with`.
pub fn limit_up_to<'de, const MOST: u16, D: Deserializer<'de>>(d: D) -> Result<Limit, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
    let wrong = || D::Error::custom(format_args!("must be a number from 1 to {MOST}"));
    Limit::up_to(text.parse().map_err(|_| wrong())?, MOST).map_err(|_| wrong())
}

/// The parameters of the path. What has not the form of an id leads nowhere: 404.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match AxumPath::from_request_parts(parts, state).await {
            Ok(AxumPath(value)) => Ok(Self(value)),
            Err(_) => Err(not_found()),
        }
    }
}

/// Nothing is there, or nothing that the caller may know of.
pub fn not_found() -> Problem {
    Problem::new(Kind::NotFound, "not_found", "there is no such thing")
}
