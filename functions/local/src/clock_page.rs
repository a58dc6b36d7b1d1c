//! The product's clock as something a person can move: `GET` and `POST /dev/clock`.

use std::{
    fmt,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    middleware,
    response::{IntoResponse as _, Response},
    routing,
};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Span, SpanRelativeTo, civil::Time};
use kernel::{Clock, Timestamp, Zone};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Notify};

use crate::{loopback, problem::problem};

/// The farthest one move may go.
const FARTHEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// A clock that can be moved forward and stays moved over a restart. Cloning gives another handle.
#[derive(Clone)]
pub struct MovableClock(Arc<Inner>);

struct Inner {
    clock: Clock,
    zone: Zone,
    path: Option<PathBuf>,
    moving: Mutex<()>,
    moved: Arc<Notify>,
    each: OnceLock<Each>,
}

/// What is done after each step of a move.
pub type Each = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A long move is made in steps of this, so that what is due on the way happens near its time and not all at
/// the end.
const STEP: SignedDuration = SignedDuration::from_mins(5);

impl fmt::Debug for MovableClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MovableClock({:?}, {:?})", self.0.clock, self.0.zone)
    }
}

/// Why the clock stays where it is.
#[derive(Debug, thiserror::Error)]
enum Stays {
    #[error(
        "say either how far (`advance`: an ISO 8601 duration such as PT1H) or until when (`to`: a time such as 08:00)"
    )]
    Unclear,
    #[error("time only runs forward, and at most 366 days at once")]
    OutOfRange,
    #[error("the move cannot be kept: {0}")]
    NotKept(#[from] io::Error),
}

/// How far, or until the clock on the wall next shows a time; one of the two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    advance: Option<Span>,
    to: Option<Time>,
}

impl MovableClock {
    /// Takes up the offset kept in `path`, if any. `zone` is the clinic's.
    pub fn open(path: &Path, zone: Zone) -> io::Result<Self> {
        let offset = match std::fs::read_to_string(path) {
            Ok(text) => text.trim().parse::<SignedDuration>().map_err(|error| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display()))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => SignedDuration::ZERO,
            Err(error) => return Err(error),
        };
        Ok(Self::of(Clock::moved(offset), zone, Some(path.to_owned())))
    }

    /// A clock whose moves are forgotten with the process.
    pub fn unkept(clock: Clock, zone: Zone) -> Self {
        Self::of(clock, zone, None)
    }

    fn of(clock: Clock, zone: Zone, path: Option<PathBuf>) -> Self {
        Self(Arc::new(Inner {
            clock,
            zone,
            path,
            moving: Mutex::new(()),
            moved: Arc::new(Notify::new()),
            each: OnceLock::new(),
        }))
    }

    /// The clock itself.
    pub fn clock(&self) -> Clock {
        self.0.clock.clone()
    }

    /// Rings after each move; for the ticker.
    pub fn moved(&self) -> Arc<Notify> {
        self.0.moved.clone()
    }

    /// Makes every move go in steps, with `each` done to its end after each of them.
    pub fn walking(&self, each: Each) {
        // Said twice, the first stands: there is one product to a clock.
        let _ = self.0.each.set(each);
    }

    /// The two routes, only for this machine.
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/dev/clock", routing::get(show).post(advance))
            .layer(middleware::from_fn(loopback::only))
            .with_state(self.clone())
    }

    fn show(&self) -> Value {
        let Inner { clock, zone, .. } = &*self.0;
        let now = clock.now();
        let wall = zone.wall(now);
        json!({
            "now": now,
            "zone": zone,
            "local": wall.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            "says": wall.strftime("%A, %B %-d, %Y, %-I:%M %p").to_string(),
            "offset_seconds": clock.offset().as_secs(),
        })
    }

    async fn advance(&self, by: &Move) -> Result<(), Stays> {
        let Inner { clock, zone, moving, moved, each, .. } = &*self.0;
        let _one_at_a_time = moving.lock().await;
        let now = clock.now();
        let by = match (by.advance, by.to) {
            (Some(span), None) => {
                span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| Stays::OutOfRange)?
            }
            (None, Some(time)) => next(zone, now, time).duration_since(now),
            _ => return Err(Stays::Unclear),
        };
        if by.is_negative() || by > FARTHEST {
            return Err(Stays::OutOfRange);
        }
        match each.get() {
            None => self.step(by)?,
            Some(each) => {
                let mut left = by;
                while left.is_positive() {
                    let step = left.min(STEP);
                    self.step(step)?;
                    each().await;
                    left -= step;
                }
            }
        }
        moved.notify_one();
        Ok(())
    }

    fn step(&self, by: SignedDuration) -> Result<(), Stays> {
        let Inner { clock, path, .. } = &*self.0;
        // Kept first: a kill in between leaves a clock that is late to move, never one that moves back.
        if let Some(path) = path {
            keep(path, clock.offset() + by)?;
        }
        clock.advance(by);
        Ok(())
    }
}

/// When the clock on the wall next shows a time.
fn next(zone: &Zone, now: Timestamp, time: Time) -> Timestamp {
    let today = zone.wall(now).date();
    let at = |date: jiff::civil::Date| zone.instant(date.to_datetime(time));
    if at(today) > now { at(today) } else { at(today.tomorrow().unwrap_or(today)) }
}

fn keep(path: &Path, offset: SignedDuration) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let aside = path.with_extension("new");
    let mut file = std::fs::File::create(&aside)?;
    writeln!(file, "{offset}")?;
    file.sync_all()?;
    std::fs::rename(aside, path)
}

async fn show(State(clock): State<MovableClock>) -> Json<Value> {
    Json(clock.show())
}

async fn advance(State(clock): State<MovableClock>, body: Result<Json<Move>, JsonRejection>) -> Response {
    let by = match body {
        Ok(Json(by)) => by,
        Err(rejection) => return problem(rejection.status(), "body_is_unreadable", &rejection.body_text()),
    };
    match clock.advance(&by).await {
        Ok(()) => {
            tracing::info!(now = %clock.0.clock.now(), "the clock was moved");
            Json(clock.show()).into_response()
        }
        Err(Stays::NotKept(error)) => {
            tracing::error!(%error, "the clock's offset cannot be kept");
            problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "clock_not_kept",
                "the clock stays: its offset cannot be kept",
            )
        }
        Err(stays) => problem(StatusCode::UNPROCESSABLE_ENTITY, "move_is_invalid", &stays.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        extract::ConnectInfo,
        http::{Request, header},
    };
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(clock: &MovableClock, body: Option<&str>) -> (u16, Value) {
        let request = Request::builder().uri("/dev/clock").header(header::HOST, "127.0.0.1:4500");
        let request = match body {
            Some(body) => request
                .method("POST")
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_owned())),
            None => request.body(Body::empty()),
        };
        let mut request = request.unwrap();
        let peer: std::net::SocketAddr = "127.0.0.1:9".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = clock.routes().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    fn zone() -> Zone {
        "America/New_York".parse().unwrap()
    }

    fn standing() -> MovableClock {
        MovableClock::unkept(Clock::fixed("2026-11-22T15:30:00Z".parse().unwrap(), 1), zone())
    }

    #[tokio::test]
    async fn the_clock_moves_by_a_duration_or_to_a_time_on_the_wall() {
        let clock = standing();
        let (_, shown) = ask(&clock, None).await;
        assert_eq!(shown["says"], "Sunday, November 22, 2026, 10:30 AM");
        let (_, shown) = ask(&clock, Some(r#"{"advance":"PT1H"}"#)).await;
        assert_eq!(shown["local"], "2026-11-22T11:30:00");
        let (_, shown) = ask(&clock, Some(r#"{"to":"08:00"}"#)).await;
        assert_eq!(shown["local"], "2026-11-23T08:00:00");
        let (_, shown) = ask(&clock, Some(r#"{"to":"08:00"}"#)).await;
        assert_eq!(shown["local"], "2026-11-24T08:00:00");
        let (_, shown) = ask(&clock, Some(r#"{"advance":"P1D"}"#)).await;
        assert_eq!(shown["local"], "2026-11-25T08:00:00");
        tokio::time::timeout(std::time::Duration::from_secs(1), clock.moved().notified()).await.unwrap();
    }

    #[tokio::test]
    async fn a_move_that_cannot_be_is_refused_and_changes_nothing() {
        let clock = standing();
        for (body, status) in [
            (r#"{"advance":"-PT1H"}"#, 422),
            (r#"{"advance":"P2Y"}"#, 422),
            (r#"{"advance":"P400D"}"#, 422),
            (r#"{"advance":"PT1H","to":"08:00"}"#, 422),
            ("{}", 422),
            (r#"{"advance":"an hour"}"#, 422),
            (r#"{"to":"25:00"}"#, 422),
            (r#"{"advance":"PT1H","by":1}"#, 422),
            ("{", 400),
        ] {
            assert_eq!(ask(&clock, Some(body)).await.0, status, "{body}");
        }
        assert_eq!(clock.clock().now().to_string(), "2026-11-22T15:30:00Z");
    }

    #[tokio::test]
    async fn a_moved_clock_stays_moved_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/clock");
        let clock = MovableClock::open(&path, zone()).unwrap();
        assert_eq!(clock.clock().offset(), SignedDuration::ZERO);
        ask(&clock, Some(r#"{"advance":"PT90M"}"#)).await;
        ask(&clock, Some(r#"{"advance":"P1D"}"#)).await;
        drop(clock);
        let again = MovableClock::open(&path, zone()).unwrap();
        assert_eq!(again.clock().offset(), SignedDuration::from_mins(25 * 60 + 30));
    }

    #[tokio::test]
    async fn nobody_from_elsewhere_moves_the_clock() {
        let clock = standing();
        let request = |host: &str, peer: &str| {
            let mut request =
                Request::get("/dev/clock").header(header::HOST, host).body(Body::empty()).unwrap();
            request.extensions_mut().insert(ConnectInfo(peer.parse::<std::net::SocketAddr>().unwrap()));
            request
        };
        for (host, peer) in [("127.0.0.1", "192.0.2.7:80"), ("clinic.example", "127.0.0.1:80")] {
            let answer = clock.routes().oneshot(request(host, peer)).await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{host} {peer}");
        }
    }
}
