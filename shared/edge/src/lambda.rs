//! A function's way into Lambda.

use std::convert::Infallible;

use axum::Router;
use kernel::{Lane, RawJob};
use lambda_runtime::{LambdaEvent, service_fn};
use platform::Worked;
use table::Change;
use tower::ServiceExt;

use crate::{
    function::Function,
    log::log,
    work::{Answer, Incoming, Stream},
};

/// What ends a function.
pub type Error = lambda_runtime::Error;

/// The first thing a function does: begins to log and makes what it works with. Nothing that `make` makes should
/// cost anything before its first use: what stands before the first request is paid for at every cold start.
pub fn start<P, E: Into<Error>>(make: impl FnOnce() -> Result<P, E>) -> Result<P, Error> {
    log();
    make().map_err(Into::into)
}

/// Answers HTTP requests. The router is made when the first one comes.
pub async fn serve<E: std::error::Error>(make: impl Fn() -> Result<Router, E> + Sync) -> Result<(), Error> {
    let made = std::sync::OnceLock::<Router>::new();
    let (make, made) = (&make, &made);
    lambda_http::run(service_fn(move |request: lambda_http::Request| async move {
        let router = if let Some(router) = made.get() {
            router.clone()
        } else {
            let router = make().map_err(|fault| fault.to_string())?;
            made.get_or_init(|| router).clone()
        };
        Ok::<_, String>(router.oneshot(request).await.unwrap_or_else(|never: Infallible| match never {}))
    }))
    .await
}

/// Works from a queue. The handler gets each batch whole and answers for each job in order.
pub async fn jobs<H>(lane: Lane, handler: H) -> Result<(), Error>
where
    H: AsyncFn(Vec<RawJob>) -> Vec<Worked>,
{
    let (handler, function) = (&handler, &Function::of_environment());
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Incoming>| async move {
        let records = event.payload.records.unwrap_or_default();
        Ok::<_, Infallible>(function.batch(&event.context.request_id, lane, records, handler).await)
    }))
    .await
}

/// Works from a queue and on the tick of the schedule.
pub async fn jobs_and_tick<H, T>(lane: Lane, handler: H, tick: T) -> Result<(), Error>
where
    H: AsyncFn(Vec<RawJob>) -> Vec<Worked>,
    T: AsyncFn() -> Worked,
{
    let (handler, tick, function) = (&handler, &tick, &Function::of_environment());
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Incoming>| async move {
        let id = &event.context.request_id;
        match event.payload.records {
            Some(records) => Ok(function.batch(id, lane, records, handler).await),
            None => match function.tick(id, tick).await {
                Ok(()) => Ok(Answer::default()),
                Err(fault) => Err(fault.to_string()),
            },
        }
    }))
    .await
}

/// Works on the tick of the schedule.
pub async fn tick<T: AsyncFn() -> Worked>(tick: T) -> Result<(), Error> {
    jobs_and_tick(Lane::Reminders, async |jobs: Vec<RawJob>| jobs.iter().map(unasked).collect(), tick).await
}

fn unasked(job: &RawJob) -> Worked {
    Err(platform::JobFault::unknown(&job.r#type))
}

/// Follows the changes of the table.
pub async fn stream<H: AsyncFn(Vec<Change>) -> Worked>(handler: H) -> Result<(), Error> {
    let (handler, function) = (&handler, &Function::of_environment());
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Stream>| async move {
        Ok::<_, Infallible>(function.stream(&event.context.request_id, event.payload, handler).await)
    }))
    .await
}
