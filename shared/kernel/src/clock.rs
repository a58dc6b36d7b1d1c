//! The one door to time, ids and randomness.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{Id, Timestamp};

/// Tells the time and makes ids.
///
/// Cloning gives another handle to the same clock. `system` follows the machine; `moved` follows it at a
/// distance that can be changed while it runs; `fixed` stands still until told otherwise and makes the same
/// ids in every run.
#[derive(Clone)]
pub struct Clock(Arc<Source>);

enum Source {
    System { offset_ms: AtomicI64 },
    Fixed { now: Mutex<Timestamp>, seed: Mutex<u64> },
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::moved(jiff::SignedDuration::ZERO)
    }

    /// The machine's clock, `offset` later.
    pub fn moved(offset: jiff::SignedDuration) -> Self {
        let offset_ms = AtomicI64::new(i64::try_from(offset.as_millis()).unwrap_or(0));
        Self(Arc::new(Source::System { offset_ms }))
    }

    /// A clock that stands at `now`; `seed` decides all ids and random bytes.
    pub fn fixed(now: Timestamp, seed: u64) -> Self {
        Self(Arc::new(Source::Fixed { now: Mutex::new(now), seed: Mutex::new(seed) }))
    }

    /// The instant it is.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            Source::System { offset_ms } => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
                Timestamp::from_millisecond(ms.saturating_add(offset_ms.load(Ordering::Acquire)))
                    .unwrap_or(Timestamp::MAX)
            }
            Source::Fixed { now, .. } => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves the clock; a step back is refused by doing nothing, since nothing here expects time to run back.
    pub fn advance(&self, by: jiff::SignedDuration) {
        if by.is_negative() {
            return;
        }
        match &*self.0 {
            Source::System { offset_ms } => {
                offset_ms.fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::AcqRel);
            }
            Source::Fixed { now, .. } => {
                let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
                *now = now.saturating_add(by).unwrap_or(Timestamp::MAX);
            }
        }
    }

    /// How far this clock is from the machine's; zero for a fixed one.
    pub fn offset(&self) -> jiff::SignedDuration {
        match &*self.0 {
            Source::System { offset_ms } => {
                jiff::SignedDuration::from_millis(offset_ms.load(Ordering::Acquire))
            }
            Source::Fixed { .. } => jiff::SignedDuration::ZERO,
        }
    }

    /// A new id, later in order than those of earlier milliseconds.
    pub fn id<I: Id>(&self) -> I {
        let ms = u64::try_from(self.now().as_millisecond()).unwrap_or(0);
        let mut random = [0; 10];
        self.random(&mut random);
        I::from_uuid(uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid())
    }

    /// Fills `out` with random bytes, fit for tokens.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn random(&self, out: &mut [u8]) {
        match &*self.0 {
            Source::System { .. } => {
                for chunk in out.chunks_mut(8) {
                    // Version 4 keeps six bits for itself: the bytes used here are all random ones.
                    let bytes = uuid::Uuid::new_v4().into_bytes();
                    let plain =
                        [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[9], bytes[10]];
                    chunk.copy_from_slice(&plain[..chunk.len()]);
                }
            }
            Source::Fixed { seed, .. } => {
                let mut seed = seed.lock().unwrap_or_else(PoisonError::into_inner);
                for byte in out {
                    // splitmix64: each step is a good hash of a counter.
                    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
                    let mut z = *seed;
                    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                    *byte = ((z ^ (z >> 31)) & 0xff) as u8;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PersonId;

    #[test]
    fn ids_follow_the_clock_and_the_seed() {
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let (one, two) = (Clock::fixed(start, 7), Clock::fixed(start, 7));
        let first: PersonId = one.id();
        assert_eq!(first, two.id());
        one.advance(jiff::SignedDuration::from_millis(1));
        assert!(one.id::<PersonId>() > first);
        one.advance(jiff::SignedDuration::from_hours(-1));
        assert!(one.now() > start);
    }

    #[test]
    fn system_ids_differ() {
        let clock = Clock::system();
        assert_ne!(clock.id::<PersonId>(), clock.id::<PersonId>());
    }
}
