//! What lets the outside in: HTTP requests through the [`Door`], queue records, table changes and the tick; and
//! what goes out when it fails: [`Problem`]s and log lines.

mod body;
mod describe;
mod door;
mod enter;
mod function;
mod lambda;
mod log;
mod named;
mod once;
mod problem;
mod query;
mod routes;
mod strict;
mod version;
mod work;

pub use body::Json;
pub use door::{Callers, Document, Door, DoorFault, Verify};
pub use enter::{Staff, Visit};
pub use function::Function;
pub use lambda::{Error, jobs, jobs_and_tick, serve, start, stream, tick};
pub use log::{lines_to, log};
pub use named::by_name;
pub use once::{Idempotency, IdempotencyHeader};
pub use problem::{Problem, ProblemDetail};
pub use query::{Page, Paging, Path, Query, limit, limit_up_to, not_found};
pub use routes::{OpenApiRouter, PathRoutes};
pub use version::{IfMatch, IfMatchHeader, Versioned};
pub use work::OUTSIDE;
