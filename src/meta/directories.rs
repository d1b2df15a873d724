//! The listings that tell of a directory without a request: complete ones, kept for a while within a bound of bytes,
//! and those that are being read.

use super::cache::Cache;
use super::child::{Child, DirEntry, KnownChild};
use super::listing::{Listing, Stream};
use crate::store::types::{Key, ListPage};
use crate::store::{Dialect, Store};
use lru::LruCache;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// Directories whose hidden keys are counted, at most; those listed last.
const COUNTED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// The directories of a bucket, as far as they are known.
pub(super) struct Directories {
    store: Arc<dyn Store>,
    cache: Arc<Cache>,
    ttl: Duration,
    /// What complete listings take together at most, in bytes.
    bound: usize,
    /// Taken before the lock of a stream; over no await.
    state: Mutex<State>,
}

struct State {
    kept: LruCache<Box<str>, Arc<Stream>>,
    bytes: usize,
    /// Being read; a second reader joins.
    open: HashMap<Box<str>, Weak<Stream>>,
    hidden: LruCache<Box<str>, u64>,
}

impl Directories {
    pub(super) fn new(
        store: Arc<dyn Store>,
        cache: Arc<Cache>,
        ttl: Duration,
        bound: usize,
    ) -> Arc<Self> {
        Arc::new(Self {
            bound,
            store,
            cache,
            ttl,
            state: Mutex::new(State {
                kept: LruCache::unbounded(),
                bytes: 0,
                open: HashMap::new(),
                hidden: LruCache::new(COUNTED),
            }),
        })
    }

    pub(super) fn dialect(&self) -> &'static Dialect {
        self.store.dialect()
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Returns the memory that a listing may take to be kept.
    pub(super) fn bound(&self) -> usize {
        self.bound
    }

    /// Opens a directory: on a listing that is kept or being read if there is one, else on a new one.
    pub(super) fn open(self: &Arc<Self>, dir: &str) -> Listing {
        let now = Instant::now();
        let mut state = self.state.lock();
        let told = state.told(dir, now, self.ttl).filter(|s| s.is_whole());
        let stream = told.unwrap_or_else(|| {
            let stream = Stream::new(self, dir, now);
            state.open.retain(|_, stream| stream.strong_count() > 0);
            state.open.insert(dir.into(), Arc::downgrade(&stream));
            stream
        });
        drop(state);
        Listing::new(self.clone(), stream)
    }

    /// Begins another listing for a reader that went back to what is no longer here. It tells nothing to others, and
    /// nobody joins it and makes it drop pages before its reader has come to them.
    pub(super) fn reopen(self: &Arc<Self>, dir: &str) -> Arc<Stream> {
        let stream = Stream::new(self, dir, Instant::now());
        stream.set_stale();
        stream
    }

    /// Returns what listings tell of a name.
    pub(super) fn known(&self, dir: &str, name: &str) -> KnownChild {
        let Some(stream) = self.told(dir) else {
            return KnownChild::Unknown;
        };
        match stream.find(name) {
            Some((_, entry)) => KnownChild::Present(entry.child),
            None if stream.is_complete() => KnownChild::Absent,
            None => KnownChild::Unknown,
        }
    }

    /// Takes that a write of ours changed this object's size, time or entity tag.
    pub(super) fn amend(&self, dir: &str, name: &str, child: &Child) {
        if let Some(stream) = self.told(dir)
            && let Some((_, DirEntry { child: listed, .. })) = stream.find(name)
            && listed != *child
            && listed.kind == child.kind
        {
            stream.amend(name, child.clone());
        }
    }

    /// Forgets the listing of a directory.
    pub(super) fn forget(&self, dir: &str) {
        let mut state = self.state.lock();
        if let Some(stream) = state.kept.pop(dir) {
            state.bytes -= stream.bytes();
            stream.set_stale();
        }
        if let Some(stream) = state.open.remove(dir).and_then(|s| s.upgrade()) {
            stream.set_stale();
        }
    }

    /// Forgets cached objects that a page shows to have been written since.
    pub(super) fn compare(&self, page: &ListPage) {
        for listed in &page.objects {
            self.cache
                .remove_older(listed.key.as_str(), listed.last_modified);
        }
    }

    /// Takes the number of hidden keys of a listing: of all of it, or so far.
    pub(super) fn count_hidden(&self, dir: &str, hidden: u64, all: bool) {
        let mut state = self.state.lock();
        let before = state.hidden.peek(dir).copied().unwrap_or(0);
        if hidden == 0 && all {
            state.hidden.pop(dir);
        } else if hidden > before || (all && hidden < before) {
            state.hidden.put(dir.into(), hidden);
        }
    }

    /// Returns the number of hidden keys in all directories listed.
    pub(super) fn hidden(&self) -> u64 {
        self.state.lock().hidden.iter().map(|(_, n)| n).sum()
    }

    /// Keeps a listing that has ended. `marked`: the directory's marker was in it.
    pub(super) fn keep(self: &Arc<Self>, stream: &Arc<Stream>, marked: bool) {
        let now = Instant::now();
        let expires = stream.begun + self.ttl;
        let bytes = stream.bytes();
        if now >= expires || bytes > self.bound {
            return;
        }
        if let (false, Ok(marker)) = (marked, Key::new(&stream.dir))
            && self.cache.peek(marker.as_str(), now).is_none()
        {
            self.cache.put_absent(&marker, stream.begun);
        }
        let mut state = self.state.lock();
        if !stream.is_whole() {
            return;
        }
        state.open.remove(&stream.dir);
        state.bytes += bytes;
        if let Some(before) = state.kept.put(stream.dir.clone(), stream.clone()) {
            state.bytes -= before.bytes();
        }
        while state.bytes > self.bound {
            let Some((_, gone)) = state.kept.pop_lru() else {
                break;
            };
            state.bytes -= gone.bytes();
        }
        drop(state);
        let directories = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep_until(expires).await;
            if let Some(directories) = directories.upgrade() {
                directories.expire();
            }
        });
    }

    /// Gives back the memory of listings that are believed no longer.
    fn expire(&self) {
        let now = Instant::now();
        let mut state = self.state.lock();
        let old: Vec<Box<str>> = state
            .kept
            .iter()
            .filter(|(_, stream)| now >= stream.begun + self.ttl)
            .map(|(dir, _)| dir.clone())
            .collect();
        for dir in old {
            if let Some(stream) = state.kept.pop(&dir) {
                state.bytes -= stream.bytes();
            }
        }
    }

    /// Returns the listing that tells of a directory now, if there is one.
    pub(super) fn told(&self, dir: &str) -> Option<Arc<Stream>> {
        self.state.lock().told(dir, Instant::now(), self.ttl)
    }
}

impl State {
    /// Returns the listing that tells of a directory now: a complete one first.
    fn told(&mut self, dir: &str, now: Instant, ttl: Duration) -> Option<Arc<Stream>> {
        let kept = self.kept.get(dir).cloned();
        let open = || self.open.get(dir)?.upgrade();
        kept.or_else(open).filter(|stream| now < stream.begun + ttl)
    }
}
