//! The routes of a function, each described and made when it is first asked for.
//!
//! A description of ninety operations with all their schemas is seven times the work of a whole cold start, and a
//! request needs one of them.

use std::sync::Arc;

use axum::{extract::DefaultBodyLimit, routing::MethodRouter};
use utoipa::openapi::{OpenApi, path::Paths};
use utoipa_axum::router::{OpenApiRouter as Described, UtoipaMethodRouter};

/// What makes the operations of one path: schemas, descriptions, handlers.
type Make<S> = Arc<dyn Fn() -> UtoipaMethodRouter<S> + Send + Sync>;

/// The operations of one path.
pub struct PathRoutes<S> {
    path: String,
    make: Make<S>,
}

/// Routes with their descriptions; [`routes!`](crate::routes!) makes those of one path.
pub struct OpenApiRouter<S = ()> {
    head: fn() -> OpenApi,
    paths: Vec<PathRoutes<S>>,
}

/// The operations of one path by their handlers, as `utoipa_axum::routes!` has them. Nothing but the path is made
/// before the first request for it.
#[macro_export]
macro_rules! routes {
    ($first:ident $(:: $rest:ident)* $(, $($more:tt)*)?) => {
        $crate::PathRoutes::new(
            ::utoipa_axum::routes!(@path [path()] of $first $(:: $rest)*),
            || ::utoipa_axum::routes!($first $(:: $rest)* $(, $($more)*)?),
        )
    };
}

impl<S> PathRoutes<S> {
    /// Of what [`routes!`](crate::routes!) knows.
    pub fn new(path: String, make: fn() -> UtoipaMethodRouter<S>) -> Self
    where
        S: 'static,
    {
        Self { path, make: Arc::new(make) }
    }

    pub(crate) fn made(&self) -> (Paths, MethodRouter<S>) {
        let (_, paths, handlers) = (self.make)();
        (paths, handlers)
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Whether a path of a request is one of these, and how: for each of its parts whether it stands there word for
    /// word. Of several that fit, the greatest is meant, as everywhere in axum.
    pub(crate) fn fits(&self, path: &str) -> Option<Vec<bool>> {
        let (mut known, mut asked) = (self.path.split('/'), path.split('/'));
        let mut literal = Vec::new();
        loop {
            match (known.next(), asked.next()) {
                (None, None) => return Some(literal),
                (Some(known), Some(asked)) if known == asked => literal.push(true),
                (Some(known), Some(asked)) if known.starts_with('{') && !asked.is_empty() => {
                    literal.push(false);
                }
                _ => return None,
            }
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Default for OpenApiRouter<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone + Send + Sync + 'static> OpenApiRouter<S> {
    /// No routes yet.
    pub fn new() -> Self {
        Self::with_openapi(OpenApi::default)
    }

    /// No routes yet, and the head of the document.
    pub fn with_openapi(head: fn() -> OpenApi) -> Self {
        Self { head, paths: Vec::new() }
    }

    /// With the operations of one more path.
    #[must_use]
    pub fn routes(mut self, routes: PathRoutes<S>) -> Self {
        self.paths.push(routes);
        self
    }

    /// With all routes of another, whose head is forgotten.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.paths.extend(other.paths);
        self
    }

    /// With what the handlers work on.
    pub fn with_state<T: 'static>(self, state: S) -> OpenApiRouter<T> {
        let bind = |PathRoutes { path, make }: PathRoutes<S>| {
            let state = state.clone();
            let make: Make<T> = Arc::new(move || {
                let (schemas, paths, handlers) = make();
                (schemas, paths, handlers.with_state(state.clone()))
            });
            PathRoutes { path, make }
        };
        OpenApiRouter { head: self.head, paths: self.paths.into_iter().map(bind).collect() }
    }
}

impl<S: Clone + Send + Sync + 'static> OpenApiRouter<S> {
    /// With a limit to the bytes of a body.
    #[must_use]
    pub fn takes_at_most(mut self, bytes: usize) -> Self {
        for path in &mut self.paths {
            let make = path.make.clone();
            path.make = Arc::new(move || {
                let (schemas, paths, handlers) = make();
                (schemas, paths, handlers.layer(DefaultBodyLimit::max(bytes)))
            });
        }
        self
    }
}

impl OpenApiRouter {
    pub(crate) fn paths(&self) -> &[PathRoutes<()>] {
        &self.paths
    }

    /// The whole document.
    pub fn document(&self) -> OpenApi {
        let all = Described::with_openapi((self.head)());
        self.paths.iter().fold(all, |all, path| all.routes((path.make)())).into_openapi()
    }

    /// The path of a route in the words of axum and of the document.
    pub(crate) fn meant(&self, asked: &str) -> Option<&str> {
        let fitting = self.paths.iter().filter_map(|route| Some((route.fits(asked)?, route)));
        fitting.max_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, route)| route.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    async fn nobody() {}

    fn router(paths: &[&str]) -> OpenApiRouter {
        let paths = paths.iter().map(|path| PathRoutes {
            path: (*path).to_owned(),
            make: Arc::new(|| (Vec::new(), Paths::new(), axum::routing::get(nobody))) as Make<()>,
        });
        OpenApiRouter { head: OpenApi::default, paths: paths.collect() }
    }

    #[rstest]
    #[case("/v1/people", Some("/v1/people"))]
    #[case("/v1/people/", None)]
    #[case("/v1/people/7", Some("/v1/people/{id}"))]
    #[case("/v1/people/search", Some("/v1/people/search"))]
    #[case("/v1/people/7/messages", Some("/v1/people/{id}/messages"))]
    #[case("/v1/people/search/messages", Some("/v1/people/{id}/messages"))]
    #[case("/v1/people/7/messages/8", None)]
    #[case("/v1//messages", None)]
    #[case("/", None)]
    fn the_most_literal_route_is_meant(#[case] asked: &str, #[case] meant: Option<&str>) {
        let router =
            router(&["/v1/people/{id}", "/v1/people/search", "/v1/people", "/v1/people/{id}/messages"]);
        assert_eq!(router.meant(asked), meant);
    }
}
