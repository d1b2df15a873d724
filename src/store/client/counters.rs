//! Counts what was sent, without a lock.

use crate::store::RequestCounts;
use crate::store::types::Operation;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The counts of a client.
#[derive(Debug, Default)]
pub(super) struct Counters {
    sent: [AtomicU64; Operation::ALL.len()],
    retried: AtomicU64,
    bytes_received: AtomicU64,
    bytes_sent: AtomicU64,
}

impl Counters {
    /// Counts a request with a body of `bytes`.
    pub(super) fn sent(&self, operation: Operation, bytes: usize) {
        self.sent[operation as usize].fetch_add(1, Relaxed);
        self.bytes_sent.fetch_add(bytes as u64, Relaxed);
    }

    /// Counts that a request is about to be sent again.
    pub(super) fn retried(&self) {
        self.retried.fetch_add(1, Relaxed);
    }

    /// Counts bytes of an answer's body.
    pub(super) fn received(&self, bytes: usize) {
        self.bytes_received.fetch_add(bytes as u64, Relaxed);
    }

    /// Returns the counts so far.
    pub(super) fn report(&self) -> RequestCounts {
        let mut counts = RequestCounts {
            retried: self.retried.load(Relaxed),
            bytes_received: self.bytes_received.load(Relaxed),
            bytes_sent: self.bytes_sent.load(Relaxed),
            ..RequestCounts::default()
        };
        for operation in Operation::ALL {
            counts.add(operation, self.sent[operation as usize].load(Relaxed));
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_operation() {
        let counters = Counters::default();
        counters.sent(Operation::PutObject, 10);
        counters.sent(Operation::PutObject, 5);
        counters.sent(Operation::HeadObject, 0);
        counters.retried();
        counters.received(7);
        let counts = counters.report();
        assert_eq!(counts.of(Operation::PutObject), 2);
        assert_eq!(counts.total(), 3);
        assert_eq!(
            (counts.retried, counts.bytes_sent, counts.bytes_received),
            (1, 15, 7)
        );
    }
}
