//! A range on its way into memory: a task fills blocks, readers take slices of them as soon as they are there.

use super::budget::{Permit, into_bytes};
use super::checksum::Expected;
use super::fetch::Source;
use crate::store::types::ByteRange;
use crate::store::{Error, Kind, Result};
use bytes::Bytes;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// A range under way or in memory. Dropping it drops the request.
pub(super) struct Part {
    /// What it holds.
    pub(super) range: ByteRange,
    block: u64,
    blocks: Blocks,
    progress: watch::Receiver<Progress>,
    task: AbortHandle,
}

/// The blocks so far, each of `block` bytes but the last; `None` once given back.
type Blocks = Arc<Mutex<Vec<Option<Bytes>>>>;

/// How far the task has come.
#[derive(Clone, Default)]
struct Progress {
    /// Bytes in blocks.
    ready: u64,
    /// How it ended: with the checksum of the range, 0 where none is expected.
    end: Option<Result<u64>>,
}

impl Part {
    /// Begins to read `range` into the memory of `permit`. `expected` is what the whole body sums to; a part that is the
    /// whole body gives no byte away before it does.
    pub(super) fn start(
        source: Arc<Source>,
        range: ByteRange,
        permit: Permit,
        expected: Option<Expected>,
    ) -> Arc<Self> {
        let (progress, receiver) = watch::channel(Progress::default());
        let blocks = Blocks::default();
        let whole = range.start == 0 && range.end == source.meta.size;
        let block = block_bytes(range, whole);
        let filler = Filler {
            source,
            range,
            block,
            permit,
            blocks: Arc::clone(&blocks),
            progress,
        };
        let task = tokio::spawn(filler.run(expected, whole)).abort_handle();
        Arc::new(Self {
            range,
            block,
            blocks,
            progress: receiver,
            task,
        })
    }

    /// Waits for `range`, which lies within this part, and adds slices of it to `out`. `Ok(false)` when some of it was
    /// given back already.
    pub(super) async fn read(&self, range: ByteRange, out: &mut Vec<Bytes>) -> Result<bool> {
        let (from, to) = (range.start - self.range.start, range.end - self.range.start);
        self.wait(|progress| progress.ready >= to).await?;
        let blocks = self.blocks.lock();
        let mut at = from;
        while at < to {
            let begin = at - at % self.block;
            let Some(Some(block)) = blocks.get((begin / self.block) as usize) else {
                return Ok(false);
            };
            let end = to.min(begin + self.block);
            out.push(block.slice((at - begin) as usize..(end - begin) as usize));
            at = end;
        }
        Ok(true)
    }

    /// Waits for the whole and returns its checksum.
    pub(super) async fn sum(&self) -> Result<u64> {
        let progress = self.wait(|progress| progress.end.is_some()).await?;
        progress.end.unwrap_or_else(|| Err(broken_off()))
    }

    /// Returns how it ended, if it has.
    pub(super) fn sum_now(&self) -> Option<Result<u64>> {
        self.progress.borrow().end.clone()
    }

    /// Gives back the blocks that end before `offset` of the body.
    pub(super) fn give_back_before(&self, offset: u64) {
        let whole = offset.saturating_sub(self.range.start) / self.block;
        let mut blocks = self.blocks.lock();
        for block in blocks.iter_mut().take(whole as usize) {
            *block = None;
        }
    }

    async fn wait(&self, until: impl Fn(&Progress) -> bool) -> Result<Progress> {
        let mut progress = self.progress.clone();
        let done = |p: &Progress| until(p) || matches!(p.end, Some(Err(_)));
        let reached = progress.wait_for(done).await.map_err(|_| broken_off())?;
        match &reached.end {
            Some(Err(error)) if !until(&reached) => Err(error.clone()),
            _ => Ok(reached.clone()),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The task's side of a part.
struct Filler {
    source: Arc<Source>,
    range: ByteRange,
    block: u64,
    permit: Permit,
    blocks: Blocks,
    progress: watch::Sender<Progress>,
}

/// Parts from this size on are shown in blocks of 1 MiB, smaller ones in blocks of 256 KiB.
pub(super) const LARGE: u64 = 4 << 20;

impl Filler {
    async fn run(mut self, expected: Option<Expected>, whole: bool) {
        let end = match expected.filter(|_| whole) {
            Some(expected) => self
                .source
                .fetch_verified(expected)
                .await
                .map(|(body, sum)| {
                    self.show(body);
                    sum
                }),
            None => self.fill(expected).await,
        };
        self.progress
            .send_modify(|progress| progress.end = Some(end));
    }

    /// Fills the blocks and shows each as soon as it is full.
    async fn fill(&mut self, expected: Option<Expected>) -> Result<u64> {
        let mut digest = expected.map(|expected| expected.digest());
        let mut current = Vec::new();
        let mut left = self.range.end - self.range.start;
        let source = Arc::clone(&self.source);
        let fetched = source.fetch(self.range, |mut chunk| {
            if let Some(digest) = &mut digest {
                digest.update(chunk);
            }
            while !chunk.is_empty() {
                let size = self.block.min(left) as usize;
                if current.capacity() == 0 {
                    current.reserve_exact(size);
                }
                let (now, later) = chunk.split_at(chunk.len().min(size - current.len()));
                current.extend_from_slice(now);
                chunk = later;
                if current.len() == size {
                    left -= size as u64;
                    self.show(std::mem::take(&mut current));
                }
            }
        });
        fetched.await?;
        Ok(digest.map_or(0, |digest| digest.finalize()))
    }

    fn show(&mut self, block: Vec<u8>) {
        let bytes = block.len() as u64;
        let permit = self.permit.split(bytes);
        self.blocks.lock().push(Some(into_bytes(block, permit)));
        self.progress
            .send_modify(|progress| progress.ready += bytes);
    }
}

fn broken_off() -> Error {
    Error::new(Kind::Unknown, "reading ahead was broken off")
}

/// Returns how many bytes are shown at a time: all of a body that is read whole, since it is small and may have to be
/// verified first; else few where a reader waits for the first of them, and enough for most reads to fall into one block.
fn block_bytes(range: ByteRange, whole: bool) -> u64 {
    match range.end - range.start {
        bytes if whole => bytes,
        bytes if bytes >= LARGE => 1 << 20,
        _ => 256 << 10,
    }
}
