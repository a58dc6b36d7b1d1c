//! The front door of a function that speaks HTTP: who may come in where.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use access::{Claims, Need, NotANeed};
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequestParts, Request},
    middleware::from_fn_with_state,
    response::Response,
    routing::MethodRouter,
};
use bytes::Bytes;
use http::{Method, request::Parts};
use kernel::Kind;
use platform::Platform;
use table::Table;
use tower::{Service, ServiceExt as _, util::Oneshot};
use utoipa::openapi::path::{Operation, PathItem};

use crate::{OpenApiRouter, Problem, describe, enter, once, query::not_found};

/// Bytes a body may have unless its route says otherwise.
const MOST_BYTES: usize = 1024 * 1024;

/// The name of the extension that says what an operation needs.
const ACCESS: &str = "x-access";

/// What tells from a bearer token who is calling; nothing if the token is not to be believed.
pub type Verify = Arc<dyn Fn(&str) -> Option<Claims> + Send + Sync>;

/// Where the callers' claims come from: one place only.
#[derive(Clone)]
pub enum Callers {
    /// The gateway's authorizer has checked the token and hands over its claims.
    Authorizer,
    /// Nobody has checked anything yet: the bearer token goes through this.
    Tokens(Verify),
    /// There are none; every operation is public.
    Nobody,
}

/// Opens a router to the outside.
#[derive(Clone)]
pub struct Door {
    table: Table,
    clock: kernel::Clock,
    callers: Callers,
}

/// Why a router cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DoorFault {
    /// An operation does not say what it needs.
    #[error("{0} has no `x-access`")]
    NoAccess(String),
    /// What it says is no need.
    #[error("the `x-access` of {operation} is wrong: {why}")]
    StrangeAccess {
        /// Method and path.
        operation: String,
        /// What is wrong with it.
        why: NotANeed,
    },
    /// A need for callers where there are none.
    #[error("{0} needs a caller, and here are none")]
    NoCallers(String),
    /// Creates of the public cannot be told apart by a key: it would be everybody's.
    #[error("{0} is public and takes an idempotency key")]
    PublicKey(String),
}

/// What the door knows of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) need: Need,
    pub(crate) once: bool,
    pub(crate) operation: String,
}

pub(crate) struct Gate {
    pub(crate) table: Table,
    pub(crate) clock: kernel::Clock,
    pub(crate) callers: Callers,
    router: OpenApiRouter,
    known: BTreeMap<String, OnceLock<Result<Known, DoorFault>>>,
    written: OnceLock<Bytes>,
}

/// The operations of a path, once they were asked for.
struct Known {
    rules: Vec<(Method, Rule)>,
    handlers: MethodRouter,
}

type Operations<'a> = [(Method, &'a Option<Operation>); 5];

fn operations(item: &PathItem) -> Operations<'_> {
    [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
    ]
}

impl Gate {
    /// What is known of a path of the document; nothing if it is not in there, or cannot be let in.
    pub(crate) fn rules(&self, path: &str) -> Option<&[(Method, Rule)]> {
        Some(&self.known(path)?.as_ref().ok()?.rules)
    }

    pub(crate) fn rule(&self, path: &str, method: &Method) -> Option<&Rule> {
        // axum answers HEAD with the handler of GET.
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.rules(path)?.iter().find(|(of, _)| of == method).map(|(_, rule)| rule)
    }

    fn known(&self, path: &str) -> Option<&Result<Known, DoorFault>> {
        Some(self.known.get(path)?.get_or_init(|| self.make(path)))
    }

    fn make(&self, path: &str) -> Result<Known, DoorFault> {
        let mut known = Known { rules: Vec::new(), handlers: MethodRouter::new() };
        for routes in self.router.paths().iter().filter(|routes| routes.path() == path) {
            let (paths, handlers) = routes.made();
            known.handlers = known.handlers.merge(handlers);
            for (path, item) in &paths.paths {
                for (method, operation) in operations(item) {
                    let Some(operation) = operation else { continue };
                    let rule = self.read(&format!("{method} {path}"), operation)?;
                    known.rules.push((method, rule));
                }
            }
        }
        Ok(known)
    }

    fn read(&self, operation: &str, described: &Operation) -> Result<Rule, DoorFault> {
        let text = described
            .extensions
            .as_ref()
            .and_then(|extensions| extensions.get(ACCESS))
            .and_then(|access| access.as_str())
            .ok_or_else(|| DoorFault::NoAccess(operation.to_owned()))?;
        let need: Need =
            text.parse().map_err(|why| DoorFault::StrangeAccess { operation: operation.to_owned(), why })?;
        let once = describe::takes_header(described, once::HEADER);
        match (&self.callers, need) {
            (Callers::Nobody, need) if need != Need::Public => {
                Err(DoorFault::NoCallers(operation.to_owned()))
            }
            (_, Need::Public) if once => Err(DoorFault::PublicKey(operation.to_owned())),
            _ => {
                let name = described.operation_id.clone().unwrap_or_else(|| operation.to_owned());
                Ok(Rule { need, once, operation: name })
            }
        }
    }

    /// The whole document, written when somebody asks for it: no other request pays for it.
    fn describe(&self) -> Bytes {
        let mut document = self.router.document();
        for (path, item) in &mut document.paths.paths {
            let operations = [
                (Method::GET, &mut item.get),
                (Method::PUT, &mut item.put),
                (Method::POST, &mut item.post),
                (Method::DELETE, &mut item.delete),
                (Method::PATCH, &mut item.patch),
            ];
            for (method, operation) in operations {
                if let (Some(operation), Some(rule)) = (operation, self.rule(path, &method)) {
                    describe::operation(operation, rule.need);
                }
            }
        }
        describe::components(&mut document);
        // A document is made of maps and text: there is nothing in it JSON cannot hold.
        Bytes::from(serde_json::to_vec(&document).unwrap_or_default())
    }
}

/// Leads a request to the routes of its path, behind the door; they are made when the first request comes.
#[derive(Clone)]
struct Porch {
    gate: Arc<Gate>,
    opened: Arc<BTreeMap<String, OnceLock<Router>>>,
    nowhere: Router,
}

impl Porch {
    fn new(gate: Gate) -> Self {
        let gate = Arc::new(gate);
        let opened = gate.known.keys().map(|path| (path.clone(), OnceLock::new())).collect();
        let nowhere = Self::behind_the_door(&gate, Router::new());
        Self { gate, opened: Arc::new(opened), nowhere }
    }

    fn behind_the_door(gate: &Arc<Gate>, router: Router) -> Router {
        router
            .fallback(async || not_found())
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .layer(from_fn_with_state(gate.clone(), enter::enter))
    }

    fn to(&self, asked: &str) -> &Router {
        let path = self.gate.router.meant(asked);
        let opened = path.and_then(|path| self.opened.get_key_value(path));
        let Some((path, opened)) = opened else { return &self.nowhere };
        opened.get_or_init(|| {
            let handlers = match self.gate.known(path) {
                Some(Ok(known)) => known.handlers.clone(),
                // The door answers before it is reached.
                _ => MethodRouter::new().fallback(async || not_found()),
            };
            Self::behind_the_door(&self.gate, Router::new().route(path, handlers))
        })
    }
}

impl Service<Request> for Porch {
    type Response = Response;
    type Error = Infallible;
    type Future = Oneshot<Router, Request>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.to(request.uri().path()).clone().oneshot(request)
    }
}

impl Door {
    /// A door for callers from one place.
    pub fn new(platform: &Platform, callers: Callers) -> Self {
        Self { table: platform.table.clone(), clock: platform.clock.clone(), callers }
    }

    /// Puts itself before every route. The description of an operation decides who comes in: it says what it
    /// needs as `x-access`, and one that does not, or says nonsense, is answered with 500 and never reached. Where
    /// such things are still being written, in debug builds, it keeps the whole router shut.
    pub fn open(self, router: OpenApiRouter) -> Result<Router, DoorFault> {
        let known = router.paths().iter().map(|routes| (routes.path().to_owned(), OnceLock::new())).collect();
        let gate = Gate {
            table: self.table,
            clock: self.clock,
            callers: self.callers,
            router,
            known,
            written: OnceLock::new(),
        };
        if cfg!(debug_assertions) {
            for path in gate.known.keys() {
                gate.make(path)?;
            }
        }
        Ok(Router::new().fallback_service(Porch::new(gate)))
    }
}

/// The `OpenAPI` document of the router that the request came through, as JSON.
#[derive(Debug, Clone)]
pub struct Document(pub Bytes);

impl<S: Send + Sync> FromRequestParts<S> for Document {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let gate = parts.extensions.get::<Arc<Gate>>().ok_or_else(|| {
            tracing::error!("an operation wants the document but was reached without the door");
            Problem::new(Kind::Broken, "internal", "something is wrong on our side")
        })?;
        Ok(Self(gate.written.get_or_init(|| gate.describe()).clone()))
    }
}
