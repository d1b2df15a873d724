//! The last operations that failed, for the log and for `status`.

use super::Error;
use crate::store::types::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::VecDeque;
use std::time::SystemTime;

/// One failed operation.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// When, in ISO 8601.
    pub time: String,
    /// The filesystem operation.
    pub operation: &'static str,
    /// What it was about: a key, or a path below one.
    pub key: String,
    /// What the caller was told.
    pub errno: i32,
    /// Why.
    pub message: String,
}

/// The newest failures, oldest first.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<VecDeque<Failure>>);

impl Failures {
    /// How many are kept.
    const KEPT: usize = 20;
    /// The longest message kept, in bytes: all of them go into one `status`.
    const MESSAGE_BYTES: usize = 1024;

    /// Logs a failure in one line and keeps it.
    pub(super) fn note(&self, operation: &'static str, key: String, error: &Error) {
        let errno = error.errno();
        let mut message = error.to_string();
        log::error!("{operation} {key:?}: {message} [errno {errno}]");
        message.truncate(message.floor_char_boundary(Self::MESSAGE_BYTES));
        let mut kept = self.0.lock();
        if kept.len() == Self::KEPT {
            kept.pop_front();
        }
        kept.push_back(Failure {
            time: Timestamp::from(SystemTime::now()).to_iso8601(),
            operation,
            key,
            errno,
            message,
        });
    }

    pub(super) fn latest(&self) -> Vec<Failure> {
        self.0.lock().iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_newest() {
        let failures = Failures::default();
        for n in 0..25 {
            failures.note("read", format!("k{n}"), &Error::Stale);
        }
        let kept = failures.latest();
        assert_eq!(kept.len(), Failures::KEPT);
        assert_eq!(kept.last().unwrap().key, "k24");
        assert_eq!(kept[0].errno, libc::ESTALE);
    }
}
