//! The front door of a function that speaks HTTP: who may come in where.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use access::{Claims, Need, NotANeed};
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequestParts},
    middleware::from_fn_with_state,
};
use bytes::Bytes;
use http::{Method, request::Parts};
use kernel::Kind;
use platform::Platform;
use table::Table;
use utoipa::openapi::{OpenApi, path::Operation};
use utoipa_axum::router::OpenApiRouter;

use crate::{Problem, describe, enter, once, query::not_found};

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
    pub(crate) rules: BTreeMap<String, Vec<(Method, Rule)>>,
    document: OpenApi,
    written: OnceLock<Bytes>,
}

impl Gate {
    pub(crate) fn rule(&self, path: &str, method: &Method) -> Option<&Rule> {
        // axum answers HEAD with the handler of GET.
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.rules.get(path)?.iter().find(|(of, _)| of == method).map(|(_, rule)| rule)
    }

    /// The whole document, written when somebody asks for it: no other request pays for it.
    fn describe(&self) -> Bytes {
        let mut document = self.document.clone();
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

impl Door {
    /// A door for callers from one place.
    pub fn new(platform: &Platform, callers: Callers) -> Self {
        Self { table: platform.table.clone(), clock: platform.clock.clone(), callers }
    }

    /// Puts itself before every route. The document of the router decides who comes in: each operation says
    /// what it needs as `x-access`, and one that does not, or says nonsense, keeps the whole router shut. A
    /// route that is not in the document is answered with 500 and never reached.
    pub fn open(self, router: OpenApiRouter) -> Result<Router, DoorFault> {
        let (router, document) = router.split_for_parts();
        let mut rules = BTreeMap::new();
        for (path, item) in &document.paths.paths {
            let of_path: &mut Vec<_> = rules.entry(path.clone()).or_default();
            let operations = [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::DELETE, &item.delete),
                (Method::PATCH, &item.patch),
            ];
            for (method, operation) in operations {
                let Some(operation) = operation else { continue };
                let rule = self.rule(&format!("{method} {path}"), operation)?;
                of_path.push((method, rule));
            }
        }
        let gate = Arc::new(Gate {
            table: self.table,
            clock: self.clock,
            callers: self.callers,
            rules,
            document,
            written: OnceLock::new(),
        });
        Ok(router
            .fallback(async || not_found())
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .layer(from_fn_with_state(gate, enter::enter)))
    }

    fn rule(&self, operation: &str, described: &Operation) -> Result<Rule, DoorFault> {
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
