//! Time in the house.

use jiff::SignedDuration;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use table::{Entity, Kept, keys::SweptKey};

use crate::House;

/// So many minutes.
pub fn minutes(many: i64) -> SignedDuration {
    SignedDuration::from_mins(many)
}

/// So many hours.
pub fn hours(many: i64) -> SignedDuration {
    SignedDuration::from_hours(many)
}

/// After how many minutes a bucket is looked at once more.
const LOOKS: [i64; 5] = [0, 1, 2, 4, 11];

/// How far the tick has swept, as the table keeps it.
#[derive(Serialize, Deserialize)]
struct Swept {
    upto: Timestamp,
}

impl Entity for Swept {
    type Key = SweptKey;
    fn key(&self) -> SweptKey {
        SweptKey {}
    }
}

fn minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() - at.as_second().rem_euclid(60)).expect("an instant of this age")
}

impl House {
    /// Lets time pass minute by minute: each is ticked and all that follows from it is done.
    pub async fn time_passes(&self, by: SignedDuration) {
        self.time_is(self.clock.now() + by).await;
    }

    /// Lets time pass until it is `then`, an instant such as `2026-06-08T18:00:00Z`.
    pub async fn until(&self, then: &str) {
        self.time_is(crate::at(then)).await;
    }

    /// Lets time pass until it is `then`. Minutes in which a tick would find nothing are passed over: what the
    /// ticks remember is moved along as if each had been looked at.
    pub async fn time_is(&self, then: Timestamp) {
        self.settles().await;
        if self.swept().await.upto < minute(self.clock.now()) {
            // The clock was moved by hand: nothing ran in between, and now it does again.
            self.ticks().await;
            self.settles().await;
        }
        while self.clock.now() < then {
            let now = self.clock.now();
            let next = self.next_minute(now);
            let to = next.unwrap_or(then).min(then);
            self.skips_to(to).await;
            self.clock.advance(to.duration_since(now));
            if next == Some(to) {
                self.ticks().await;
                self.settles().await;
            }
        }
    }

    /// The next minute after `now` in which a tick finds something.
    fn next_minute(&self, now: Timestamp) -> Option<Timestamp> {
        let buckets = self.buckets.borrow();
        // Older ones have had all their looks.
        let young = buckets.range(now - minutes(12)..);
        let looks = young.flat_map(|bucket| LOOKS.map(|look| *bucket + minutes(look)));
        looks.filter(|at| *at > now).min()
    }

    /// What the clinic's clock shows at an instant, as `2026-06-10T14:00`.
    pub fn wall(&self, at: Timestamp) -> String {
        let zone: kernel::Zone = "America/New_York".parse().unwrap();
        zone.wall(at).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    async fn swept(&self) -> Kept<Swept> {
        let swept = self.platform.table.shared().get::<Swept>(&SweptKey {}).await.unwrap();
        swept.expect("the house has ticked")
    }

    async fn skips_to(&self, to: Timestamp) {
        let upto = minute(to) - minutes(1);
        let kept = self.swept().await;
        if kept.upto < upto {
            let mut write = self.platform.table.shared().write();
            write.replace(&kept, &Swept { upto });
            write.commit().await.unwrap();
        }
    }
}
