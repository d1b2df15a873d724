//! The time that requests are signed with: this machine's, put right by the server's when they differ too much.
//!
//! A service refuses signatures that are more than 15 minutes off. The refusal carries the server's `Date`; from then
//! on the difference is added here, so that a mount works on a machine whose clock is wrong.

use super::types::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

/// A clock with a learned offset. Shared by all requests of a client.
pub struct Clock {
    source: Box<dyn Fn() -> SystemTime + Send + Sync>,
    /// Seconds that the server is ahead of `source`.
    offset: AtomicI64,
}

impl Clock {
    /// Makes a clock that runs on this machine's.
    pub fn system() -> Self {
        Self::new(SystemTime::now)
    }

    /// Makes a clock that runs on `source`.
    pub fn new(source: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            source: Box::new(source),
            offset: AtomicI64::new(0),
        }
    }

    /// Returns the server's time as far as it is known.
    pub fn now(&self) -> Timestamp {
        self.local().plus(self.offset.load(Ordering::Relaxed))
    }

    /// Learns the server's time from the `Date` of an answer; returns by how many seconds the two differ.
    pub fn learn(&self, date: Timestamp) -> i64 {
        let offset = date.0.saturating_sub(self.local().0);
        self.offset.store(offset, Ordering::Relaxed);
        offset
    }

    fn local(&self) -> Timestamp {
        (self.source)().into()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock")
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn signs_with_the_servers_time_once_it_is_known() {
        let clock = Clock::new(|| UNIX_EPOCH + Duration::from_secs(1_000_000));
        assert_eq!(clock.now(), Timestamp(1_000_000));
        assert_eq!(clock.learn(Timestamp(1_003_600)), 3_600);
        assert_eq!(clock.now(), Timestamp(1_003_600));
        assert_eq!(clock.learn(Timestamp(999_000)), -1_000);
        assert_eq!(clock.now(), Timestamp(999_000));
    }
}
