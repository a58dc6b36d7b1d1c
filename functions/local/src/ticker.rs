//! The minute: what EventBridge does for the deployed product.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use kernel::{Clock, Timestamp};
use tokio::sync::Notify;

/// Calls something once per minute of the product's clock.
#[derive(Debug, Clone)]
pub struct Ticker {
    clock: Clock,
    moved: Arc<Notify>,
}

impl Ticker {
    /// A ticker for a clock that rings `moved` when somebody moves it.
    pub fn new(clock: Clock, moved: Arc<Notify>) -> Self {
        Self { clock, moved }
    }

    /// Ticks at once, for what a stop left behind, then at each full minute and right after each move of the
    /// clock. A tick ends before the next begins; minutes that pass meanwhile make one tick together. A request
    /// to stop lets a running tick end.
    pub async fn run(&self, mut tick: impl AsyncFnMut(Timestamp), stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let now = self.clock.now();
            tick(now).await;
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = self.moved.notified() => {}
                () = tokio::time::sleep(self.until_next(now)) => {}
            }
        }
    }

    /// How long to wait after a tick that saw `ticked`: to the next full minute, or not at all if one has passed
    /// since.
    fn until_next(&self, ticked: Timestamp) -> Duration {
        let minute = 60_000;
        let next = ticked.as_millisecond().div_euclid(minute) * minute + minute;
        Duration::from_millis(u64::try_from(next - self.clock.now().as_millisecond()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use jiff::SignedDuration;

    use super::*;

    struct Setup {
        clock: Clock,
        moved: Arc<Notify>,
        seen: Arc<Mutex<Vec<String>>>,
    }

    fn setup() -> Setup {
        let clock = Clock::fixed("2026-11-22T08:00:20Z".parse().unwrap(), 1);
        Setup { clock, moved: Arc::new(Notify::new()), seen: Arc::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn it_ticks_at_once_and_then_at_each_full_minute() {
        let Setup { clock, moved, seen } = setup();
        let ticker = Ticker::new(clock.clone(), moved);
        // The clock of the test stands still: each tick moves it to where the wait will have ended.
        let tick = async |now: Timestamp| {
            seen.lock().unwrap().push(now.to_string());
            let wait = ticker.until_next(now);
            assert_eq!(wait, Duration::from_secs(if now.as_second() % 60 == 20 { 40 } else { 60 }));
            let clock = clock.clone();
            tokio::spawn(async move {
                tokio::time::sleep(wait.saturating_sub(Duration::from_millis(1))).await;
                clock.advance(SignedDuration::try_from(wait).unwrap());
            });
        };
        ticker.run(tick, tokio::time::sleep(Duration::from_secs(150))).await;
        assert_eq!(
            *seen.lock().unwrap(),
            ["2026-11-22T08:00:20Z", "2026-11-22T08:01:00Z", "2026-11-22T08:02:00Z"]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_ticks_right_after_the_clock_was_moved() {
        let Setup { clock, moved, seen } = setup();
        let ticker = Ticker::new(clock.clone(), moved.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            clock.advance(SignedDuration::from_hours(24));
            moved.notify_one();
        });
        let tick = async |now: Timestamp| seen.lock().unwrap().push(now.to_string());
        ticker.run(tick, tokio::time::sleep(Duration::from_secs(10))).await;
        assert_eq!(*seen.lock().unwrap(), ["2026-11-22T08:00:20Z", "2026-11-23T08:00:20Z"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_tick_is_never_overlapped_and_is_let_end_on_a_stop() {
        let Setup { clock, moved, seen } = setup();
        let ticker = Ticker::new(clock.clone(), moved.clone());
        let tick = async |now: Timestamp| {
            seen.lock().unwrap().push(format!("begins {now}"));
            moved.notify_one();
            moved.notify_one();
            clock.advance(SignedDuration::from_secs(200));
            tokio::time::sleep(Duration::from_secs(200)).await;
            seen.lock().unwrap().push("ends".to_owned());
        };
        ticker.run(tick, tokio::time::sleep(Duration::from_mins(5))).await;
        let seen = seen.lock().unwrap();
        assert_eq!(*seen, ["begins 2026-11-22T08:00:20Z", "ends", "begins 2026-11-22T08:03:40Z", "ends"]);
    }
}
