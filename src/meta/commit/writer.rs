//! The one writer of a key: takes what waits, makes it, answers, and afterwards sees to it that the cached view can be
//! the base of the next edit.

use super::super::fetch::counted_tags;
use super::super::link;
use super::batch::Batch;
use super::pace::{Turn, is_settled};
use super::{Key, Shared};
use crate::meta::edit::{EditError, Target};
use crate::store::Kind;
use crate::store::types::{Acl, Change, Object, ObjectMeta, RestoreRequest};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::time::Instant;

/// What this mount wrote last to a key.
#[derive(Clone, Debug)]
pub(super) struct Own {
    /// The object as it was after the write.
    pub(super) meta: Arc<ObjectMeta>,
    /// Its ACL, once known.
    pub(super) acl: Option<Arc<Acl>>,
    /// When the answer arrived.
    pub(super) at: Instant,
    /// Nothing has happened since: the write's answer is as good as a HEAD's.
    pub(super) is_news: bool,
}

/// What the writer of a key remembers of its last writes.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) own: Option<Own>,
    pub(super) turn: Option<Turn>,
    /// How long the last write's request took.
    pub(super) request: Duration,
}

impl History {
    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

/// The task that makes the edits of one key.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) key: Key,
    pub(super) history: History,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, key: Key, history: History) -> Self {
        Self {
            shared,
            key,
            history,
        }
    }

    /// Makes edits until none waits.
    pub(super) async fn run(mut self) {
        let mut unwound = Unwound {
            shared: self.shared.clone(),
            key: self.key.clone(),
            is_armed: true,
        };
        while let Some(mut batch) = self.next_batch() {
            self.make(&mut batch).await;
            self.shared
                .counts
                .edits
                .fetch_add(batch.len() as u64, Relaxed);
            batch.answer();
        }
        unwound.is_armed = false;
    }

    /// Returns the edits that arrived together, or ends the line.
    fn next_batch(&mut self) -> Option<Batch> {
        let mut lines = self.shared.lines.lock();
        let line = lines.get_mut(&self.key)?;
        if !line.queue.is_empty() {
            let mut batch = Batch::default();
            batch.add(std::mem::take(&mut line.queue));
            return Some(batch);
        }
        let Some(own) = &mut self.history.own else {
            lines.remove(&self.key);
            return None;
        };
        own.is_news = false;
        let at = own.at;
        line.is_running = false;
        line.history = self.history.take();
        drop(lines);
        self.shared.settling.add(&self.key, at);
        tokio::spawn(settle(self.shared.clone(), self.key.clone(), at));
        None
    }

    /// Lets the edits that arrived meanwhile join the batch.
    pub(super) fn join(&self, batch: &mut Batch) {
        let mut lines = self.shared.lines.lock();
        if let Some(line) = lines.get_mut(&self.key) {
            batch.add(std::mem::take(&mut line.queue));
        }
    }

    async fn make(&mut self, batch: &mut Batch) {
        self.edit_properties(batch).await;
        self.edit_acl(batch).await;
        self.edit_tags(batch).await;
        self.restore(batch).await;
        if batch.found_it_gone() {
            self.gone();
        }
    }

    /// Takes the truth after a write of ours, or what a HEAD showed of it.
    pub(super) fn wrote(&mut self, meta: ObjectMeta, acl: Option<Arc<Acl>>) {
        let now = Instant::now();
        let meta = Arc::new(meta);
        self.history.turn = Some(Turn::after_write(
            self.history.turn,
            now,
            self.history.request,
        ));
        self.history.own = Some(Own {
            meta: meta.clone(),
            acl: acl.clone(),
            at: now,
            is_news: true,
        });
        let known = self.shared.cached(&self.key).and_then(|object| object.tags);
        let tags = known.or_else(|| counted_tags(self.shared.dialect(), &meta));
        self.shared.learn_own(&self.key, Object { meta, tags, acl });
    }

    /// Takes what a HEAD showed that is not known to be as we wrote it.
    pub(super) fn saw(&mut self, meta: ObjectMeta) {
        self.history.own = None;
        let tags = counted_tags(self.shared.dialect(), &meta);
        let object = Object {
            meta: Arc::new(meta),
            tags,
            acl: None,
        };
        self.shared.learn(&self.key, object);
    }

    /// Takes that what is known of the object is not true any more.
    pub(super) fn gone(&mut self) {
        self.history.own = None;
        self.shared.flights.overtaken(&self.key);
        self.shared.cache.remove(&self.key);
    }

    /// Asks for the object's metadata; of a symbolic link, its own.
    pub(super) async fn head(&self) -> crate::store::Result<ObjectMeta> {
        let is_link = |meta: &ObjectMeta| meta.symlink_target.is_some();
        let listed_as_link = self
            .history
            .own
            .as_ref()
            .is_some_and(|own| is_link(&own.meta))
            || self
                .shared
                .cached(&self.key)
                .is_some_and(|object| is_link(&object.meta));
        link::head(&*self.shared.store, &self.key, listed_as_link).await
    }

    async fn restore(&mut self, batch: &mut Batch) {
        let days = batch
            .open(Target::Restore)
            .filter_map(|(_, edit)| match edit.change {
                Change::Restore(days) => Some(days),
                _ => None,
            });
        let Some(days) = days.max() else { return };
        let request = RestoreRequest {
            key: self.key.clone(),
            days,
        };
        let verdict = match self.shared.store.restore(request).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == Kind::NotFound && self.key.is_marker() => Err(
                EditError::Invalid("a directory without a marker has nothing to restore".into()),
            ),
            Err(error) if error.kind() == Kind::NotFound => Err(EditError::Stale),
            Err(error) => Err(error.into()),
        };
        // The state that HEAD tells has changed; the next reader asks.
        self.gone();
        batch.decide_open(Target::Restore, &verdict);
    }
}

/// Takes the line away when its writer panics: those who wait learn that their edits were given up, and the next edit
/// begins a new line.
struct Unwound {
    shared: Arc<Shared>,
    key: Key,
    is_armed: bool,
}

impl Drop for Unwound {
    fn drop(&mut self) {
        if self.is_armed {
            let line = self.shared.lines.lock().remove(&self.key);
            // After the lock is released: dropping an item answers its caller.
            drop(line);
        }
    }
}

/// The keys written last. Those still among them when their write has settled are looked at once more, so that the
/// next edit finds a view it may merge into at once; a walk that edits many keys pays for the last few only.
#[derive(Debug, Default)]
pub(super) struct Settling(Mutex<VecDeque<(Key, Instant)>>);

/// Keys that are looked at once more.
const SETTLED_KEYS: usize = 16;

/// How long after the answer to a write every view is settled: its second, and the one after it, are over.
const SETTLES: Duration = Duration::from_secs(2);

impl Settling {
    fn add(&self, key: &Key, at: Instant) {
        let mut keys = self.0.lock();
        keys.retain(|(other, _)| other != key);
        if keys.len() == SETTLED_KEYS {
            keys.pop_front();
        }
        keys.push_back((key.clone(), at));
    }

    /// Returns whether a write is still among the last ones, and takes it out.
    fn take(&self, key: &Key, at: Instant) -> bool {
        let mut keys = self.0.lock();
        let before = keys.len();
        keys.retain(|(other, when)| other != key || *when != at);
        keys.len() < before
    }
}

/// Ends the line of a key some time after its last write, with a look at it where that is worth a request.
async fn settle(shared: Arc<Shared>, key: Key, at: Instant) {
    tokio::time::sleep_until(at + SETTLES).await;
    let cached = shared.cached(&key);
    let seen = match cached {
        Some(object) if shared.settling.take(&key, at) && !is_settled(&object.meta) => {
            let is_link = object.meta.symlink_target.is_some();
            let head = link::head(&*shared.store, &key, is_link).await;
            head.ok().map(|meta| (object, meta))
        }
        Some(_) | None => None,
    };
    let mut lines = shared.lines.lock();
    let is_last = lines.get(&key).is_some_and(|line| {
        !line.is_running && line.history.own.as_ref().is_some_and(|own| own.at == at)
    });
    if !is_last {
        return;
    }
    lines.remove(&key);
    if let Some((object, meta)) = seen {
        if object.meta.last_modified == meta.last_modified {
            let meta = Arc::new(meta);
            shared.learn_own(&key, Object { meta, ..object });
        } else {
            let tags = counted_tags(shared.dialect(), &meta);
            let meta = Arc::new(meta);
            shared.learn(
                &key,
                Object {
                    meta,
                    tags,
                    acl: None,
                },
            );
        }
    }
}
