//! One sequential read: the parts read ahead of it, and when to ask for more.

use super::budget::{Budget, Share};
use super::checksum::{Expected, Running};
use super::fetch::Source;
use super::part::{LARGE, Part};
use crate::store::types::ByteRange;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::time::Instant;

/// The first window: what a reader is given on the mere suspicion that it reads on.
const FIRST: u64 = 512 << 10;

/// Bodies up to this size are read whole, so that they can be verified before the first byte is given away.
const SMALL: u64 = 1 << 20;

/// The smallest and the largest part asked for at once.
const PART: (u64, u64) = (512 << 10, 8 << 20);

/// The least and the most that is kept behind the reader, for reads that come out of order and short seeks back.
const BEHIND: (u64, u64) = (1 << 20, 4 << 20);

/// A sequential read under way.
pub(super) struct Window {
    /// Adjacent parts, those that lie behind already dropped.
    parts: VecDeque<Arc<Part>>,
    /// Where the reader began.
    began: u64,
    /// The end of the furthest read.
    position: u64,
    /// The end of the last part.
    planned: u64,
    /// The checksum of the parts dropped, while all bytes from the body's first were read through them.
    verified: Option<Running>,
    /// When it was last read from.
    pub(super) used: Instant,
    _share: Share,
}

/// The parts that hold what was asked for, and what the body's last bytes have to be verified with.
pub(super) struct Covered {
    pub(super) parts: Vec<Arc<Part>>,
    pub(super) verify: Option<(Running, Vec<Arc<Part>>)>,
}

impl Window {
    /// Begins where a reader seems to read on from.
    pub(super) fn new(at: u64, expected: Option<Expected>, share: Share) -> Self {
        Self {
            parts: VecDeque::new(),
            began: at,
            position: at,
            planned: at,
            verified: expected.filter(|_| at == 0).map(Expected::running),
            used: Instant::now(),
            _share: share,
        }
    }

    /// Returns whether a read at `offset` is one of this reader's: within what is held, or a little past it, since
    /// the kernel's own read-ahead may overtake itself.
    pub(super) fn continues(&self, offset: u64) -> bool {
        let held = self
            .parts
            .front()
            .map_or(self.planned, |part| part.range.start);
        let slack = (self.position - self.began).min(1 << 20);
        (held..=self.planned + slack).contains(&offset)
    }

    /// Returns the parts that hold `range`, and asks for those that follow. `None` when memory does not suffice.
    pub(super) fn read(
        &mut self,
        range: ByteRange,
        source: &Arc<Source>,
        budget: &Budget,
        read_ahead: u64,
        expected: Option<Expected>,
    ) -> Option<Covered> {
        self.used = Instant::now();
        self.position = self.position.max(range.end);
        if budget.share_bytes() < read_ahead {
            budget.reclaim();
        }
        let limit = read_ahead.min(budget.share_bytes());
        // Never what is being asked for: one read may be longer than what is kept.
        let keep = self.position.saturating_sub(behind_bytes(limit));
        self.drop_behind(keep.min(range.start));
        let window = window_bytes(self.position - self.began, limit);
        while let Some(part) = next_part(self.planned, self.position, window, source.meta.size) {
            let bytes = part.end - part.start;
            let permit = budget.try_ahead(bytes).or_else(|| {
                budget.reclaim();
                budget.try_ahead(bytes)
            });
            let Some(permit) = permit else {
                break;
            };
            let part = Part::start(Arc::clone(source), part, permit, expected);
            self.planned = part.range.end;
            self.parts.push_back(part);
        }
        if self.planned < range.end {
            // The reader is served otherwise, and the window goes on behind it.
            self.parts.clear();
            self.verified = None;
            self.planned = self.position;
            return None;
        }
        let overlaps =
            |part: &&Arc<Part>| part.range.start < range.end && range.start < part.range.end;
        let parts: Vec<_> = self.parts.iter().filter(overlaps).cloned().collect();
        // They are adjacent up to `planned`: with the first, all of the range is there.
        if parts.first()?.range.start > range.start {
            return None;
        }
        let verify = self
            .verified
            .filter(|_| range.end == source.meta.size)
            .map(|running| (running, self.parts.iter().cloned().collect()));
        Some(Covered { parts, verify })
    }

    /// Returns whether this reader is served by `part`.
    pub(super) fn holds(&self, part: &Arc<Part>) -> bool {
        self.parts.iter().any(|held| Arc::ptr_eq(held, part))
    }

    /// Gives back what lies well behind the reader.
    fn drop_behind(&mut self, keep_from: u64) {
        while let Some(part) = self
            .parts
            .front()
            .filter(|part| part.range.end <= keep_from)
        {
            match (part.sum_now(), &mut self.verified) {
                // Reads may still wait for it, and it counts towards the whole.
                (None, _) => break,
                (Some(Ok(sum)), Some(running)) => {
                    running.add(sum, part.range.end - part.range.start);
                }
                (Some(Ok(_)), None) => {}
                (Some(Err(_)), verified) => *verified = None,
            }
            self.parts.pop_front();
        }
        for part in self
            .parts
            .iter()
            .filter(|part| part.range.start < keep_from)
        {
            part.give_back_before(keep_from);
        }
    }
}

/// Returns how far a reader is read ahead of that has read so much: as much again, so that what is read in vain stays
/// in proportion.
fn window_bytes(read: u64, limit: u64) -> u64 {
    read.min(limit).max(FIRST)
}

/// Returns how much is kept behind a reader.
fn behind_bytes(limit: u64) -> u64 {
    (limit / 4).clamp(BEHIND.0, BEHIND.1)
}

/// Returns the part to ask for next, if the window has room for a whole one or the reader is waiting for it.
fn next_part(planned: u64, position: u64, window: u64, size: u64) -> Option<ByteRange> {
    let bytes = (window / 4).clamp(PART.0, PART.1);
    // Ends are aligned, so that most reads fall into one block.
    let step = if bytes >= LARGE { 1 << 20 } else { 256 << 10 };
    let aligned = (planned + bytes) / step * step;
    let end = if aligned > planned {
        aligned
    } else {
        planned + bytes
    };
    let small = planned == 0 && size <= SMALL;
    // No request for a sliver at the end.
    let end = if small || size.saturating_sub(end) < PART.0 {
        size
    } else {
        end
    };
    let wanted = planned < position || end <= position + window;
    (planned < size && wanted).then_some(ByteRange {
        start: planned,
        end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    const K: u64 = 1 << 10;
    const M: u64 = 1 << 20;

    #[test_case(0, 32 * M => 512 * K; "the first")]
    #[test_case(128 * K, 32 * M => 512 * K; "after one read")]
    #[test_case(M, 32 * M => M; "what was read")]
    #[test_case(100 * M, 32 * M => 32 * M; "the limit")]
    #[test_case(100 * M, M => M; "a small limit")]
    #[test_case(100 * M, 0 => 512 * K; "never less than the first")]
    fn windows_grow(read: u64, limit: u64) -> u64 {
        window_bytes(read, limit)
    }

    #[test_case(0, 128 * K, 512 * K, 100 * M => Some((0, 512 * K)); "the first part")]
    #[test_case(512 * K, 128 * K, 512 * K, 100 * M => None; "no room for a second")]
    #[test_case(512 * K, 384 * K, 768 * K, 100 * M => Some((512 * K, M)); "before the first is read up")]
    #[test_case(0, 4 * K, 512 * K, 700 * K => Some((0, 700 * K)); "a small body whole")]
    #[test_case(0, 4 * K, 512 * K, M => Some((0, M)); "the largest small body")]
    #[test_case(0, 4 * K, 512 * K, M + 1 => Some((0, 512 * K)); "a body just not small")]
    #[test_case(512 * K, 512 * K, M, M + 1 => Some((512 * K, M + 1)); "no sliver")]
    #[test_case(M, 2 * M, M, 100 * M => Some((M, M + 512 * K)); "what the reader waits for")]
    #[test_case(100_000, 101_000, 512 * K, 100 * M => Some((100_000, 512 * K)); "from within a block to its end")]
    #[test_case(32 * M, 32 * M, 32 * M, 1000 * M => Some((32 * M, 40 * M)); "the largest part")]
    #[test_case(56 * M, 32 * M, 32 * M, 1000 * M => Some((56 * M, 64 * M)); "the last of the window")]
    #[test_case(64 * M, 32 * M, 32 * M, 1000 * M => None; "a full window")]
    #[test_case(5 * M, 5 * M, 32 * M, 5 * M => None; "the end")]
    fn parts(planned: u64, position: u64, window: u64, size: u64) -> Option<(u64, u64)> {
        next_part(planned, position, window, size).map(|part| (part.start, part.end))
    }
}
