//! Waiting for a condition, never for a time.

use std::thread;
use std::time::{Duration, Instant};

/// Asks `check` until it gives a value; fails the test when `bound` has passed without one.
#[track_caller]
pub fn until<T>(what: &str, bound: Duration, mut check: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + bound;
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(Instant::now() < end, "not within {bound:?}: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
