//! How many requests are in flight at once, and how many of them may move bodies.
//!
//! Bulk data gets a share, never all: a lookup that a person waits for does not queue behind a hundred ranges.

use super::types::Class;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bounds the requests in flight.
#[derive(Debug)]
pub struct Limit {
    all: Arc<Semaphore>,
    data: Arc<Semaphore>,
}

/// The right to have one request in flight; given back when dropped. For a streamed body that is its end.
#[derive(Debug)]
pub struct Permit {
    _all: OwnedSemaphorePermit,
    _data: Option<OwnedSemaphorePermit>,
}

impl Limit {
    /// Bounds the requests in flight to `max`, of which data takes at most three quarters.
    pub fn new(max: usize) -> Self {
        let max = max.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            all: Arc::new(Semaphore::new(max)),
            data: Arc::new(Semaphore::new(data_share(max))),
        }
    }

    /// Waits for the right to send a request.
    pub async fn acquire(&self, class: Class) -> Permit {
        // The data permit is taken first: whoever waits for it holds none of those that metadata needs.
        let data = match class {
            Class::Data => Some(take(&self.data).await),
            Class::Metadata => None,
        };
        Permit {
            _all: take(&self.all).await,
            _data: data,
        }
    }
}

/// Returns how many of `max` requests may move bodies: all but a quarter, and all but one at least, where there is
/// more than one.
fn data_share(max: usize) -> usize {
    (max - (max / 4).max(1)).max(1)
}

async fn take(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(semaphore)
        .acquire_owned()
        .await
        .expect("the semaphores of a limit are never closed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use test_case::test_case;

    #[test_case(1 => 1)]
    #[test_case(2 => 1)]
    #[test_case(4 => 3)]
    #[test_case(64 => 48)]
    fn data_leaves_a_quarter_to_metadata(max: usize) -> usize {
        data_share(max)
    }

    #[tokio::test]
    async fn metadata_goes_ahead_of_any_amount_of_waiting_data() {
        let limit = Limit::new(4);
        let mut data = Vec::new();
        for _ in 0..3 {
            data.push(limit.acquire(Class::Data).now_or_never().expect("free"));
        }
        let mut waiting = Box::pin(limit.acquire(Class::Data));
        assert!(waiting.as_mut().now_or_never().is_none());
        let metadata = limit.acquire(Class::Metadata).now_or_never();
        assert!(metadata.is_some());
        assert!(limit.acquire(Class::Metadata).now_or_never().is_none());
        drop(data.pop());
        assert!(waiting.now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_single_slot_serves_both() {
        let limit = Limit::new(1);
        let permit = limit.acquire(Class::Data).now_or_never().expect("free");
        assert!(limit.acquire(Class::Metadata).now_or_never().is_none());
        drop(permit);
        assert!(limit.acquire(Class::Metadata).now_or_never().is_some());
    }
}
