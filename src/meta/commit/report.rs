//! What the edits of a mount met, for `status`.

use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Whether the server looks at the conditions of a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conditions {
    /// No edit has tried them yet.
    #[default]
    Unknown,
    /// It refuses a copy whose condition is false.
    Honoured,
    /// It does not: nothing protects an edit from one made elsewhere at the same time.
    Ignored,
}

impl Conditions {
    /// Returns the word for `status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Honoured => "honoured",
            Self::Ignored => "ignored",
        }
    }
}

/// What the edits of a mount met so far.
#[derive(Clone, Debug, Default)]
pub struct EditReport {
    /// What is known of the server's conditions.
    pub conditions: Conditions,
    /// Edits answered, failed ones included.
    pub edits: u64,
    /// Rewrites that took effect; several edits may share one.
    pub rewrites: u64,
    /// Rewrites refused because another writer came first, and merged again.
    pub conflicts: u64,
    /// Times that a write of another had to settle first.
    pub waits: u64,
    /// Answers that were lost and looked up.
    pub unknown_outcomes: u64,
    /// What the server was seen to accept and not keep.
    pub not_kept: Vec<String>,
    /// What a rewrite was seen to lose and that could not be put back, one line each, the last few.
    pub losses: Vec<String>,
}

/// The counts behind a report.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) edits: AtomicU64,
    pub(super) rewrites: AtomicU64,
    pub(super) conflicts: AtomicU64,
    pub(super) waits: AtomicU64,
    pub(super) unknown_outcomes: AtomicU64,
    pub(super) losses: Mutex<Vec<String>>,
}

/// Losses that are remembered.
const LOSSES: usize = 16;

impl Counts {
    pub(super) fn add(&self, counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }

    pub(super) fn lost(&self, what: String) {
        log::error!("{what}");
        let mut losses = self.losses.lock();
        if losses.len() == LOSSES {
            losses.remove(0);
        }
        losses.push(what);
    }
}
