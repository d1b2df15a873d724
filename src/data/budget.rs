//! The bound on memory that holds bodies, shared by all readers of a mount.
//!
//! Two pools: one for reading ahead, which is only ever tried for, so that nobody waits for memory that an idle reader
//! holds; and one for the bytes that a caller is waiting for, which are soon given back and are waited for in turn.

use super::reader::Reader;
use bytes::Bytes;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// A bound on memory, counted in steps of 4 KiB.
#[derive(Debug)]
pub struct Budget {
    ahead: Arc<Semaphore>,
    ahead_bytes: u64,
    exact: Arc<Semaphore>,
    exact_bytes: u64,
    /// Sequential reads under way, among which `ahead` is shared.
    streams: AtomicUsize,
    readers: Mutex<Readers>,
}

/// Readers that may hold memory for nobody.
#[derive(Debug, Default)]
struct Readers {
    open: Vec<Weak<Reader>>,
    /// When they were last asked to give it back.
    asked: Option<Instant>,
}

/// Readers are asked to give memory back at most this often: there may be thousands.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// Memory taken out of a budget; given back when dropped.
#[derive(Debug)]
pub(super) struct Permit(OwnedSemaphorePermit);

/// One sequential read's part in the sharing.
#[derive(Debug)]
pub(super) struct Share(Arc<Budget>);

const STEP: u64 = 4096;

impl Budget {
    /// Bounds bodies in memory to `bytes`, though not below what a single read needs.
    pub fn new(bytes: u64) -> Arc<Self> {
        let exact_bytes = (bytes / 4).clamp(1 << 20, 32 << 20);
        let ahead_bytes = bytes.saturating_sub(exact_bytes);
        let pool = |bytes| Arc::new(Semaphore::new(steps(bytes) as usize));
        Arc::new(Self {
            ahead: pool(ahead_bytes),
            ahead_bytes,
            exact: pool(exact_bytes),
            exact_bytes,
            streams: AtomicUsize::new(0),
            readers: Mutex::default(),
        })
    }

    /// Returns the bytes held now.
    pub fn in_use(&self) -> u64 {
        let free = self.ahead.available_permits() + self.exact.available_permits();
        (u64::from(steps(self.ahead_bytes) + steps(self.exact_bytes)) - free as u64) * STEP
    }

    /// Takes memory to read ahead into, if there is any.
    pub(super) fn try_ahead(&self, bytes: u64) -> Option<Permit> {
        let taken = || Arc::clone(&self.ahead).try_acquire_many_owned(steps(bytes));
        taken().ok().map(Permit)
    }

    /// Waits for memory for bytes that a caller needs now.
    pub(super) async fn exact(&self, bytes: u64) -> Permit {
        let steps = steps(bytes.min(self.exact_bytes));
        let taken = Arc::clone(&self.exact).acquire_many_owned(steps).await;
        Permit(taken.expect("the pools of a budget are never closed"))
    }

    /// Returns how much one sequential read may hold: an equal share of all that read now.
    pub(super) fn share_bytes(&self) -> u64 {
        self.ahead_bytes / self.streams.load(Ordering::Relaxed).max(1) as u64
    }

    /// Counts a sequential read until its share is dropped.
    pub(super) fn join(self: &Arc<Self>) -> Share {
        self.streams.fetch_add(1, Ordering::Relaxed);
        Share(Arc::clone(self))
    }

    /// Makes a reader known that may come to hold memory.
    pub(super) fn register(&self, reader: Weak<Reader>) {
        let mut readers = self.readers.lock();
        readers.open.retain(|reader| reader.strong_count() > 0);
        readers.open.push(reader);
    }

    /// Makes readers that nobody has read from lately give their memory back.
    pub(super) fn reclaim(&self) {
        let now = Instant::now();
        let open: Vec<_> = {
            let mut readers = self.readers.lock();
            if readers.asked.is_some_and(|asked| now < asked + ASK_EVERY) {
                return;
            }
            readers.asked = Some(now);
            readers.open.iter().filter_map(Weak::upgrade).collect()
        };
        for reader in open {
            reader.give_back_idle();
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Permit {
    /// Takes the part for `bytes` out of this permit, as far as it goes.
    pub(super) fn split(&mut self, bytes: u64) -> Self {
        let steps = (steps(bytes) as usize).min(self.0.num_permits());
        Self(self.0.split(steps).expect("no more than there is"))
    }
}

/// Makes shared bytes of a vector whose memory is given back with the last of them.
pub(super) fn into_bytes(data: Vec<u8>, permit: Permit) -> Bytes {
    struct Held {
        data: Vec<u8>,
        _permit: Permit,
    }
    impl AsRef<[u8]> for Held {
        fn as_ref(&self) -> &[u8] {
            &self.data
        }
    }
    Bytes::from_owner(Held {
        data,
        _permit: permit,
    })
}

fn steps(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(STEP)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[test]
    fn bytes_hold_their_memory_until_the_last_is_dropped() {
        let budget = Budget::new(8 << 20);
        let mut permit = budget.try_ahead(2 << 20).unwrap();
        let block = into_bytes(vec![1; 1 << 20], permit.split(1 << 20));
        assert_eq!(budget.in_use(), 2 << 20);
        drop(permit);
        let slice = block.slice(..10);
        drop(block);
        assert_eq!(budget.in_use(), 1 << 20);
        drop(slice);
        assert_eq!(budget.in_use(), 0);
    }

    #[test]
    fn reading_ahead_takes_no_memory_from_reads_that_are_waited_for() {
        let budget = Budget::new(8 << 20);
        let all = budget.try_ahead(6 << 20).unwrap();
        assert!(budget.try_ahead(1).is_none());
        let first = budget.exact(2 << 20).now_or_never().unwrap();
        let mut second = Box::pin(budget.exact(1));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        assert!(second.now_or_never().is_some());
        drop(all);
        assert_eq!(budget.in_use(), 0);
    }

    #[test]
    fn a_read_above_the_whole_pool_still_gets_its_turn() {
        let budget = Budget::new(0);
        assert!(budget.exact(1 << 30).now_or_never().is_some());
    }

    #[test]
    fn what_is_read_ahead_is_shared_equally() {
        let budget = Budget::new(8 << 20);
        let one = budget.join();
        assert_eq!(budget.share_bytes(), 6 << 20);
        let two = budget.join();
        assert_eq!(budget.share_bytes(), 3 << 20);
        drop((one, two));
        assert_eq!(budget.share_bytes(), 6 << 20);
    }
}
