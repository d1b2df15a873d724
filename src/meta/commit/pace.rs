//! When a view may be the base of a merge, and when a writer lets others have their turn: pure.

use crate::store::types::{ObjectMeta, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// How far a view's date must be past its Last-Modified, in seconds. Closer, and a later write may have happened, or
/// still happen, that a condition on Last-Modified + 1 s does not tell from the one seen.
const SETTLED: i64 = 2;

/// How long a mount goes on editing one key before it lets others have their turn.
const TURN: Duration = Duration::from_secs(5);

/// How long that pause is at least: longer than a view takes to settle, so that a mount that keeps the rule comes to
/// write. On top come the requests which that takes.
const PAUSE: Duration = Duration::from_secs(3);

/// The requests that another mount sends between its last look and its write: HEAD, ACL, tags, copy.
const REQUESTS: u32 = 4;

/// What a request is taken to last at most.
const SLOW: Duration = Duration::from_secs(1);

/// How long an edit tries before it fails.
pub(super) const GIVE_UP: Duration = Duration::from_secs(60);

/// Returns how long it takes until a view is settled: looked at again then, it may be the base of a merge. Zero when
/// it may be one already. `unchanged_since` is the Last-Modified that was seen at least [`SETTLED`] seconds ago.
pub(super) fn settles_in(meta: &ObjectMeta, unchanged_since: Option<Timestamp>) -> Duration {
    // Covers servers that tell no date, and objects dated in the future: having watched is as good as their clock.
    if unchanged_since == Some(meta.last_modified) {
        return Duration::ZERO;
    }
    let date = meta.date.unwrap_or(meta.last_modified);
    let left = meta
        .last_modified
        .plus(SETTLED)
        .0
        .saturating_sub(date.0)
        .clamp(0, SETTLED);
    Duration::from_secs(left.unsigned_abs())
}

/// Returns whether a view was settled when it was taken.
pub(super) fn is_settled(meta: &ObjectMeta) -> bool {
    meta.date.is_some() && settles_in(meta, None).is_zero()
}

/// How long a mount has been writing a key without leaving room for others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    began: Instant,
    last: Instant,
    /// How long the write's request took.
    request: Duration,
}

impl Turn {
    /// Returns the turn after a write whose answer came at `now` and whose request took so long.
    pub(super) fn after_write(turn: Option<Self>, now: Instant, request: Duration) -> Self {
        let goes_on = |turn: &Self| now.duration_since(turn.last) < turn.whole_pause();
        Self {
            began: turn.filter(goes_on).map_or(now, |turn| turn.began),
            last: now,
            request,
        }
    }

    fn whole_pause(&self) -> Duration {
        PAUSE + self.request.min(SLOW) * REQUESTS
    }

    /// Returns how long to wait before the next write, so that others get their turn.
    pub(super) fn pause(&self, now: Instant) -> Duration {
        let idle = now.duration_since(self.last);
        let pause = self.whole_pause();
        if idle < pause && now.duration_since(self.began) >= TURN {
            pause - idle
        } else {
            Duration::ZERO
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case(Some(100), 100, None => 2; "written this second")]
    #[test_case(Some(101), 100, None => 1)]
    #[test_case(Some(102), 100, None => 0)]
    #[test_case(Some(100), 5000, None => 2; "dated in the future")]
    #[test_case(Some(100), 5000, Some(5000) => 0; "dated in the future and watched")]
    #[test_case(Some(100), 100, Some(99) => 2; "written while it was watched")]
    #[test_case(None, 100, None => 2; "a server without a clock")]
    #[test_case(None, 100, Some(100) => 0; "a server without a clock, watched")]
    fn a_view_settles(date: Option<i64>, last_modified: i64, watched: Option<i64>) -> u64 {
        let meta = ObjectMeta {
            date: date.map(Timestamp),
            last_modified: Timestamp(last_modified),
            ..Default::default()
        };
        let left = settles_in(&meta, watched.map(Timestamp)).as_secs();
        assert!(watched.is_some() || is_settled(&meta) == (left == 0));
        left
    }

    // Writes at these tenths of a second; the pause due at the last number.
    #[test_case(&[0], 10, 0 => 0)]
    #[test_case(&[0, 20, 40], 49, 0 => 0; "within the turn")]
    #[test_case(&[0, 20, 40, 51], 51, 0 => 3000; "the turn is over")]
    #[test_case(&[0, 20, 40, 51], 61, 0 => 2000; "part of the pause has passed")]
    #[test_case(&[0, 20, 40, 51], 81, 0 => 0; "all of the pause has passed")]
    #[test_case(&[0, 20, 51], 52, 0 => 0; "an idle time is a pause")]
    #[test_case(&[0, 20, 40, 51], 51, 300 => 4200; "others have slow requests to make")]
    #[test_case(&[0, 20, 40, 51], 51, 9000 => 7000; "within bounds")]
    fn a_turn_ends_in_a_pause(writes: &[u64], now: u64, request: u64) -> u128 {
        let start = Instant::now();
        let at = |tenths| start + Duration::from_millis(100 * tenths);
        let turn = writes.iter().fold(None, |turn, w| {
            Some(Turn::after_write(
                turn,
                at(*w),
                Duration::from_millis(request),
            ))
        });
        turn.expect("there was a write").pause(at(now)).as_millis()
    }
}
