//! Writing edits: one writer a key, which merges all that waits for it into a view that is fresh, writes that under a
//! condition, and merges again when another writer came first. `docs/SEMANTICS.md`, "Edits", is the protocol in words.
//!
//! A writer is a task of its own: a caller that goes away does not end it. No lock is held over the network.

mod acl;
mod base;
mod batch;
mod copy;
mod directory;
mod multipart;
mod pace;
mod properties;
mod report;
mod server;
mod tags;
#[cfg(test)]
mod tests;
mod verify;
mod versions;
mod writer;

use super::cache::{Cache, Cached};
use super::edit::EditError;
use super::flight::Flights;
use crate::store::types::{Edit, Key, Object};
use crate::store::{Dialect, Error, Kind, Store};
use batch::{Item, Pending};
use parking_lot::Mutex;
use report::Counts;
pub use report::{Conditions, EditReport};
use server::Findings;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use writer::{History, Settling, Writer};

/// Makes the edits of a mount. Cheap to clone.
#[derive(Clone)]
pub struct Editor(Arc<Shared>);

/// Keys whose ACL was seen from which on the old ones are looked for.
const ACLS_SEEN: usize = 4096;

/// What the writers of all keys share.
struct Shared {
    store: Arc<dyn Store>,
    cache: Arc<Cache>,
    flights: Arc<Flights>,
    /// Objects above this size are rewritten in parts, in bytes.
    copy_limit: u64,
    /// From 0 to 1, for the jitter of what is tried again.
    random: Box<dyn Fn() -> f64 + Send + Sync>,
    /// The keys with a writer, or with one not long ago. Taken before the cache's lock; over no await.
    lines: Mutex<HashMap<Key, Line>>,
    settling: Settling,
    pending: Arc<Pending>,
    findings: Findings,
    counts: Counts,
    /// Whether objects of the bucket can have an ACL that a copy would reset.
    has_acls: OnceCell<bool>,
    /// When the service was asked for the ACL of an object, or told it. Views hand an ACL on from edit to edit, and no
    /// other property of the object shows that somebody changed it.
    acls_seen: Mutex<HashMap<Key, Instant>>,
}

/// The edits of one key that wait for its writer.
#[derive(Default)]
struct Line {
    queue: Vec<Item>,
    is_running: bool,
    /// Held by the writer while it runs.
    history: History,
}

impl Editor {
    /// Makes an editor that rewrites objects above `copy_limit` bytes in parts.
    pub fn new(
        store: Arc<dyn Store>,
        cache: Arc<Cache>,
        flights: Arc<Flights>,
        copy_limit: u64,
    ) -> Self {
        Self::with_random(store, cache, flights, copy_limit, fastrand::f64)
    }

    /// As [`Editor::new`], with the randomness given.
    pub fn with_random(
        store: Arc<dyn Store>,
        cache: Arc<Cache>,
        flights: Arc<Flights>,
        copy_limit: u64,
        random: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Shared {
            store,
            cache,
            flights,
            copy_limit,
            random: Box::new(random),
            lines: Mutex::default(),
            settling: Settling::default(),
            pending: Arc::default(),
            findings: Findings::default(),
            counts: Counts::default(),
            has_acls: OnceCell::new(),
            acls_seen: Mutex::default(),
        }))
    }

    /// Makes an edit and returns when the service has agreed. Edits of one key that arrive while one is under way go
    /// together in the next write. Dropping the future gives up waiting, not the edit.
    pub async fn stage(&self, key: &Key, edit: Edit) -> Result<(), EditError> {
        let (item, answer) = Item::new(edit, &self.0.pending);
        let history = {
            let mut lines = self.0.lines.lock();
            let line = lines.entry(key.clone()).or_default();
            line.queue.push(item);
            (!std::mem::replace(&mut line.is_running, true)).then(|| line.history.take())
        };
        if let Some(history) = history {
            tokio::spawn(Writer::new(self.0.clone(), key.clone(), history).run());
        }
        let given_up = || Error::new(Kind::Local, "the edit was given up").into();
        answer.await.unwrap_or_else(|_| Err(given_up()))
    }

    /// Returns the number of edits not answered yet.
    pub fn pending(&self) -> usize {
        self.0.pending.count()
    }

    /// Waits until every edit accepted so far is answered.
    pub async fn drain(&self) {
        self.0.pending.drained().await;
    }

    /// Returns what the edits met so far.
    pub fn report(&self) -> EditReport {
        let counts = &self.0.counts;
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        EditReport {
            conditions: self.0.findings.conditions(),
            edits: read(&counts.edits),
            rewrites: read(&counts.rewrites),
            conflicts: read(&counts.conflicts),
            waits: read(&counts.waits),
            unknown_outcomes: read(&counts.unknown_outcomes),
            not_kept: self.0.findings.not_kept(),
            losses: counts.losses.lock().clone(),
        }
    }
}

impl Shared {
    fn dialect(&self) -> &'static Dialect {
        self.store.dialect()
    }

    /// Returns what the cache holds of an object.
    fn cached(&self, key: &Key) -> Option<Object> {
        match self.cache.peek(key.as_str(), Instant::now())? {
            Cached::Present(object) => Some(object),
            Cached::Absent => None,
        }
    }

    /// Returns whether an ACL that a view holds may be carried on. One that a reader fetched is as old as the view.
    fn believes_acl(&self, key: &Key) -> bool {
        let seen = self.acls_seen.lock().get(key).copied();
        if seen.is_none() {
            self.saw_acl(key, Instant::now());
        }
        seen.is_none_or(|at| at.elapsed() < self.cache.ttl())
    }

    /// Notes when an ACL was seen. When there are many, those go whose views are no longer kept either.
    fn saw_acl(&self, key: &Key, at: Instant) {
        let mut seen = self.acls_seen.lock();
        if seen.len() >= ACLS_SEEN && seen.len() == seen.capacity() {
            seen.retain(|_, at| at.elapsed() < self.cache.ttl() * 3);
        }
        seen.insert(key.clone(), at);
    }

    /// Puts what a HEAD showed into the cache; a fetch that began before brings nothing newer.
    fn learn(&self, key: &Key, object: Object) {
        self.flights.overtaken(key);
        self.cache.put(key, object, Instant::now());
        self.flights.overtaken(key);
    }

    /// Puts the truth after a write of ours into the cache.
    fn learn_own(&self, key: &Key, object: Object) {
        self.flights.overtaken(key);
        self.cache.rewrite(key, object, Instant::now());
        self.flights.overtaken(key);
    }
}
