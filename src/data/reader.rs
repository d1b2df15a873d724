//! Reads of one open object.

use super::budget::{Budget, into_bytes};
use super::checksum::{Expected, Running};
use super::fetch::{Source, may_pass, mismatch};
use super::part::Part;
use super::window::{Covered, Window};
use crate::store::types::{ByteRange, Key, ObjectMeta, Operation};
use crate::store::{Error, Kind, Result, Store};
use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// An open object. Reads may come from several threads, in any order; each one that is sequential gets a window of its
/// own that is read ahead of it. Dropping the reader drops its requests.
pub struct Reader {
    source: Arc<Source>,
    budget: Arc<Budget>,
    read_ahead: u64,
    expected: Option<Expected>,
    /// No await while held.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    windows: Vec<Window>,
    /// Where the last reads that belong to no window ended: whoever reads on from there is sequential.
    ends: VecDeque<u64>,
    /// Set once bytes were given away that turned out to be wrong: nothing more is said of this body.
    damaged: Option<Error>,
}

/// Sequential reads of one open object that are told apart.
const WINDOWS: usize = 8;

/// Ends of reads that are remembered.
const ENDS: usize = 8;

/// After so long without a read, what was read ahead is given back when others need the memory.
const IDLE: Duration = Duration::from_secs(2);

impl Reader {
    /// Opens the body that `meta` describes. Sequential reads are read ahead of by at most `read_ahead` bytes, by none
    /// at 0.
    pub fn new(
        store: Arc<dyn Store>,
        budget: Arc<Budget>,
        key: Key,
        meta: Arc<ObjectMeta>,
        read_ahead: u64,
    ) -> Arc<Self> {
        let reader = Arc::new(Self {
            expected: Expected::of(&meta),
            source: Arc::new(Source { store, key, meta }),
            budget,
            read_ahead,
            state: Mutex::default(),
        });
        reader.budget.register(Arc::downgrade(&reader));
        reader
    }

    /// Reads `len` bytes at `offset`, fewer only at the end of the body. [`Kind::Precondition`] when the object was
    /// replaced since it was opened, [`Kind::Corrupt`] when its body is not what the service says of it.
    pub async fn read(&self, offset: u64, len: u32) -> Result<Bytes> {
        let size = self.source.meta.size;
        let range = ByteRange {
            start: offset,
            end: offset.saturating_add(len.into()).min(size),
        };
        if range.start >= range.end {
            return Ok(Bytes::new());
        }
        let covered = self.cover(range)?;
        let read = match covered {
            Some(covered) => self.read_covered(range, &covered).await,
            None => Ok(None),
        };
        let read = match read {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => self.read_exact(range).await,
            Err(error) => Err(error),
        };
        read.map_err(|e| e.during(Operation::GetObject, Some(self.source.key.as_str())))
    }

    /// Finds the window that `range` belongs to, and asks for what follows. `None` when the read is a random one, or
    /// memory does not suffice to read ahead.
    fn cover(&self, range: ByteRange) -> Result<Option<Covered>> {
        let mut state = self.state.lock();
        if let Some(error) = &state.damaged {
            return Err(error.clone());
        }
        let found = state.windows.iter().position(|w| w.continues(range.start));
        let at = match found {
            Some(at) => at,
            None if self.read_ahead > 0 && state.reads_on(range.start) => {
                let share = self.budget.join();
                state.open(Window::new(range.start, self.expected, share))
            }
            None => {
                state.remember(range.end);
                return Ok(None);
            }
        };
        let window = &mut state.windows[at];
        Ok(window.read(
            range,
            &self.source,
            &self.budget,
            self.read_ahead,
            self.expected,
        ))
    }

    /// Takes `range` from the parts that hold it. `None` when they do not any more, and it has to be asked for.
    async fn read_covered(&self, range: ByteRange, covered: &Covered) -> Result<Option<Bytes>> {
        let mut slices = Vec::with_capacity(2);
        for part in &covered.parts {
            let wanted = ByteRange {
                start: range.start.max(part.range.start),
                end: range.end.min(part.range.end),
            };
            match part.read(wanted, &mut slices).await {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => {
                    self.give_up(part);
                    return match error.kind() {
                        Kind::Corrupt if self.is_whole(part.range) => Err(self.damage(error)),
                        Kind::Corrupt => Err(error),
                        // What was read ahead may have failed long ago.
                        kind if may_pass(kind) => Ok(None),
                        _ => Err(error),
                    };
                }
            }
        }
        if let Some((running, parts)) = covered.verify.clone()
            && let Ok(sum) = add_up(running, &parts).await
            && !sum.matches()
        {
            return Err(self.damage(mismatch()));
        }
        Ok(Some(match slices.len() {
            1 => slices.remove(0),
            _ => {
                let mut joined = BytesMut::with_capacity((range.end - range.start) as usize);
                slices
                    .iter()
                    .for_each(|slice| joined.extend_from_slice(slice));
                joined.freeze()
            }
        }))
    }

    /// Asks for exactly `range`.
    async fn read_exact(&self, range: ByteRange) -> Result<Bytes> {
        let bytes = range.end - range.start;
        let permit = self.budget.exact(bytes).await;
        let data = match self.expected {
            Some(expected) if self.is_whole(range) => self.source.fetch_verified(expected).await?.0,
            _ => {
                let mut data = Vec::with_capacity(bytes as usize);
                self.source
                    .fetch(range, |chunk| data.extend_from_slice(chunk))
                    .await?;
                data
            }
        };
        Ok(into_bytes(data, permit))
    }

    /// Drops the window of a part that failed.
    fn give_up(&self, part: &Arc<Part>) {
        self.state
            .lock()
            .windows
            .retain(|window| !window.holds(part));
    }

    /// Fails this and every later read.
    fn damage(&self, error: Error) -> Error {
        let error = error.during(Operation::GetObject, Some(self.source.key.as_str()));
        log::error!("{error}");
        let mut state = self.state.lock();
        state.windows.clear();
        state.damaged = Some(error.clone());
        error
    }

    fn is_whole(&self, range: ByteRange) -> bool {
        range.start == 0 && range.end == self.source.meta.size
    }

    /// Gives back what is held for nobody.
    pub(super) fn give_back_idle(&self) {
        // Whoever holds the lock is reading.
        if let Some(mut state) = self.state.try_lock() {
            state.windows.retain(|window| window.used.elapsed() < IDLE);
        }
    }
}

/// Waits for the rest of a body to arrive and adds it to the checksum of what came before. Fails when some of it did
/// not arrive: then there is nothing to verify.
async fn add_up(mut running: Running, rest: &[Arc<Part>]) -> Result<Running> {
    for part in rest {
        running.add(part.sum().await?, part.range.end - part.range.start);
    }
    Ok(running)
}

impl State {
    /// Returns whether a read at `offset` is the second of a sequential reader, or the first of one that begins at the
    /// beginning.
    fn reads_on(&self, offset: u64) -> bool {
        offset == 0 || self.ends.contains(&offset)
    }

    fn remember(&mut self, end: u64) {
        if self.ends.len() == ENDS {
            self.ends.pop_front();
        }
        self.ends.push_back(end);
    }

    /// Adds a window in place of the one used longest ago, and returns where it is.
    fn open(&mut self, window: Window) -> usize {
        if self.windows.len() == WINDOWS {
            let oldest = (0..WINDOWS).min_by_key(|at| self.windows[*at].used);
            self.windows.swap_remove(oldest.unwrap_or(0));
        }
        self.windows.push(window);
        self.windows.len() - 1
    }
}
