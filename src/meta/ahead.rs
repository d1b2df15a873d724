//! Reads ahead of a walk over attributes.
//!
//! A walk is recognised by the second miss that follows the one before in the listing of their directory, or by the
//! first one when another directory was walked through just before. What the listing shows next is then fetched, as
//! far ahead as the walk has proved: the distance doubles with each step up to twice the requests allowed in flight. A
//! walk that stops has cost that distance at most. Several walks may go through one directory (a tool that sorts names
//! otherwise than by bytes makes two).

use super::child::ChildKind;
use super::directories::Directories;
use super::fetch::{Asking, Source};
use super::flight::Part;
use super::listing::Stream;
use super::split;
use crate::store::Kind;
use crate::store::types::{Key, Object};
use lru::LruCache;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// Directories whose walks are remembered.
const DIRECTORIES: NonZeroUsize = NonZeroUsize::new(64).expect("not zero");

/// Walks of one directory that are remembered.
const WALKS: usize = 4;

/// How far apart two misses may lie to begin a walk: what a tool skips between them is read for nothing.
const STEP: usize = 4;

/// How far ahead the first step of a walk reads.
const FIRST: usize = 4;

/// How far ahead it reads at first in a directory where it goes on.
const ONWARD: usize = 16;

/// How long after a walk's last step a use further on, or in another directory, is taken for where it goes on.
const PAUSE: Duration = Duration::from_secs(1);

/// Keys that wait to be read ahead at most; more are not needed soon.
const QUEUE: usize = 4096;

/// The reader ahead.
pub(super) struct Ahead {
    source: Source,
    directories: Arc<Directories>,
    /// Requests in flight at most.
    most: usize,
    /// Where requests run: the threads of the kernel's calls have no runtime of their own.
    runtime: OnceLock<Handle>,
    /// Taken before any other lock of the read side; over no await.
    state: Mutex<State>,
}

struct State {
    /// When a walk last made a step.
    stepped: Option<Instant>,
    walks: LruCache<Box<str>, Vec<Walk>>,
    queue: VecDeque<Job>,
    in_flight: usize,
}

struct Job {
    key: Key,
    part: Part,
    link: bool,
}

/// A walk through one directory, by numbers of its listing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Walk {
    /// The furthest entry used.
    last: usize,
    /// How far ahead it reads; 0 until the second step.
    distance: usize,
    /// The first entry not asked for yet.
    next: usize,
    part: Part,
    /// Whether it visits directories too: their markers are asked for.
    directories: bool,
    /// When it made its last step.
    stepped: Instant,
}

impl Walk {
    fn new(at: usize, part: Part, now: Instant) -> Self {
        Self {
            last: at,
            distance: 0,
            next: at + 1,
            part,
            directories: false,
            stepped: now,
        }
    }

    /// Returns whether a use of entry `at` belongs to this walk: one of what it has read ahead, unless it was made too
    /// long ago, or one close by.
    fn covers(&self, at: usize, now: Instant) -> bool {
        let has_paused = now >= self.stepped + PAUSE;
        let reach = if has_paused {
            STEP
        } else {
            self.distance.max(STEP)
        };
        (self.last.saturating_sub(STEP)..=self.last + reach).contains(&at)
    }

    /// Takes a use of entry `at`; one that is further on makes the walk read further ahead.
    fn step(&mut self, at: usize, furthest: usize, now: Instant) {
        if at > self.last {
            self.stepped = now;
            self.last = at;
            self.distance = (self.distance * 2).clamp(FIRST, furthest);
        }
    }

    /// Returns the entries to read ahead now.
    fn range(&mut self) -> Range<usize> {
        self.next = self.next.max(self.last + 1);
        self.next..self.next.max(self.last + 1 + self.distance)
    }
}

impl Ahead {
    pub(super) fn new(source: Source, directories: Arc<Directories>, most: usize) -> Arc<Self> {
        Arc::new(Self {
            source,
            directories,
            most: most.max(1),
            runtime: OnceLock::new(),
            state: Mutex::new(State {
                stepped: None,
                walks: LruCache::new(DIRECTORIES),
                queue: VecDeque::new(),
                in_flight: 0,
            }),
        })
    }

    /// Takes that `part` of an object was asked for and not there, or (`None`) that what was read ahead of it is used
    /// for the first time.
    pub(super) fn used(self: &Arc<Self>, key: &Key, part: Option<Part>) {
        let (dir, name) = split(key.as_str());
        let Some(stream) = self.directories.told(dir) else {
            return;
        };
        let Some((at, _)) = stream.find(name) else {
            return;
        };
        let now = Instant::now();
        let mut state = self.state.lock();
        let is_walking = state.stepped.is_some_and(|then| now < then + PAUSE);
        let walks = state.walks.get_or_insert_mut(dir.into(), Vec::new);
        let mut walk = match (walks.iter().position(|walk| walk.covers(at, now)), part) {
            (Some(found), _) => walks.remove(found),
            (None, Some(part)) => {
                let mut walk = Walk::new(at, part, now);
                if is_walking && walks.is_empty() {
                    walk.distance = ONWARD;
                }
                walk
            }
            (None, None) => return,
        };
        walk.step(at, 2 * self.most, now);
        walk.part = part.unwrap_or(walk.part);
        walk.directories |= key.is_marker();
        let jobs = jobs(&stream, &mut walk);
        let has_stepped = walk.distance > 0;
        walks.truncate(WALKS - 1);
        walks.insert(0, walk);
        if has_stepped {
            state.stepped = Some(now);
        }
        state.add(jobs);
        drop(state);
        self.pump();
    }

    /// Takes that these objects will be asked for soon.
    pub(super) fn will_need(self: &Arc<Self>, keys: impl IntoIterator<Item = Key>) {
        let part = Part::Head;
        let link = false;
        let jobs = keys.into_iter().map(|key| Job { key, part, link });
        self.state.lock().add(jobs.collect());
        self.pump();
    }

    /// Sends requests as long as some wait and fewer than allowed are in flight.
    fn pump(self: &Arc<Self>) {
        let Some(runtime) = self.runtime() else {
            return;
        };
        loop {
            let mut state = self.state.lock();
            if state.in_flight >= self.most {
                return;
            }
            let Some(job) = state.queue.pop_front() else {
                return;
            };
            if self.source.is_known(&job.key, job.part) {
                continue;
            }
            state.in_flight += 1;
            drop(state);
            let landing = Landing(self.clone());
            runtime.spawn(async move {
                let asking = Asking {
                    ahead: true,
                    link: job.link,
                };
                let answer = landing.0.source.object(&job.key, job.part, asking).await;
                landing.0.heed(&answer);
                let ahead = landing.0.clone();
                drop(landing);
                ahead.pump();
            });
        }
    }

    /// Stops reading ahead of a service that fails: what is needed will be asked for, and tells why.
    fn heed(&self, answer: &crate::store::Result<Object>) {
        if let Err(error) = answer
            && !matches!(error.kind(), Kind::NotFound | Kind::Denied)
        {
            let mut state = self.state.lock();
            state.queue.clear();
            state.walks.clear();
            state.stepped = None;
        }
    }

    fn runtime(&self) -> Option<&Handle> {
        if self.runtime.get().is_none()
            && let Ok(current) = Handle::try_current()
        {
            // Another thread may have been first, with the same.
            let _ = self.runtime.set(current);
        }
        self.runtime.get()
    }
}

/// Ends a request in flight, also one that panicked.
struct Landing(Arc<Ahead>);

impl Drop for Landing {
    fn drop(&mut self) {
        self.0.state.lock().in_flight -= 1;
    }
}

impl State {
    fn add(&mut self, jobs: Vec<Job>) {
        self.queue.extend(jobs);
        let over = self.queue.len().saturating_sub(QUEUE);
        self.queue.drain(..over);
    }
}

/// Returns what a walk needs next, as far as it is listed.
fn jobs(stream: &Stream, walk: &mut Walk) -> Vec<Job> {
    let mut jobs = Vec::new();
    for number in walk.range() {
        let Some(page) = stream.page(number) else {
            break;
        };
        walk.next = number + 1;
        let entry = &page.entries[number - page.start];
        let end = match entry.child.kind {
            ChildKind::Directory if !walk.directories => continue,
            ChildKind::Directory => "/",
            ChildKind::File | ChildKind::Symlink => "",
        };
        if let Ok(key) = Key::new(format!("{}{}{end}", stream.dir, entry.name)) {
            let link = entry.child.kind == ChildKind::Symlink;
            let part = walk.part;
            jobs.push(Job { key, part, link });
        }
    }
    jobs
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    const FURTHEST: usize = 128;

    /// Returns how far each use of an entry makes one walk read, `None` where the use is none of it.
    fn reads(uses: &[usize]) -> Vec<Option<usize>> {
        let now = Instant::now();
        let mut walk = Walk::new(uses[0], Part::Head, now);
        let step = |at: &usize| {
            walk.covers(*at, now).then(|| {
                walk.step(*at, FURTHEST, now);
                let range = walk.range();
                walk.next = range.end;
                range.len()
            })
        };
        uses[1..].iter().map(step).collect()
    }

    #[test_case(&[10, 11] => vec![Some(4)]; "the second step begins")]
    #[test_case(&[10, 11, 12, 13, 14, 15, 16] => vec![Some(4), Some(5), Some(9), Some(17), Some(33), Some(65)]; "the distance doubles")]
    #[test_case(&[10, 11, 11, 11] => vec![Some(4), Some(0), Some(0)]; "asking again is no step")]
    #[test_case(&[10, 14, 12, 15] => vec![Some(4), Some(0), Some(5)]; "a little out of order")]
    #[test_case(&[10, 15] => vec![None]; "too far to be a step")]
    #[test_case(&[10, 9, 8] => vec![Some(0), Some(0)]; "backwards reads nothing")]
    fn a_walk_reads_as_far_as_it_has_proved(uses: &[usize]) -> Vec<Option<usize>> {
        reads(uses)
    }

    #[test_case(20, 0, true; "what was read ahead")]
    #[test_case(140, 0, false; "what was not")]
    #[test_case(20, 1, false; "what was read ahead long ago")]
    #[test_case(14, 1, true; "the next step, however late")]
    #[test_case(5, 0, false; "where the walk has been: another walk")]
    fn a_use_belongs_to_a_walk_or_not(at: usize, seconds: u64, expected: bool) {
        let now = Instant::now();
        let mut walk = Walk::new(10, Part::Head, now);
        walk.distance = FURTHEST;
        let later = now + Duration::from_secs(seconds);
        assert_eq!(walk.covers(at, later), expected);
    }

    #[test]
    fn the_distance_is_bounded() {
        let uses: Vec<usize> = (0..1000).collect();
        let read: usize = reads(&uses).into_iter().flatten().sum();
        assert_eq!(read, 999 - 1 + FURTHEST);
    }
}
