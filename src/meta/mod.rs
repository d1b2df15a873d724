//! The only door to an object's existence and metadata: what is known of it, asking for what is not, and edits.
//!
//! An answer is kept for the time to live, in bounded memory; one fetch at a time of each part of an object; a walk
//! over attributes is recognised and read ahead of. No lock is held over a request.

mod ahead;
pub mod cache;
mod child;
pub mod commit;
mod directories;
mod edit;
mod fetch;
pub mod flight;
mod link;
mod listing;
mod lookup;
mod page;
#[cfg(test)]
mod tests;
mod validity;

pub use child::{Child, ChildKind, DirEntry, KnownChild};
pub use commit::{Conditions, EditReport};
pub use edit::EditError;
pub use link::{LinkTarget, link_target};
pub use listing::{Entries, Listing};

use crate::store::types::{Edit, Key, Object};
use crate::store::{Dialect, Result, Store};
use ahead::Ahead;
use cache::{Cache, Cached};
use commit::Editor;
use directories::Directories;
use fetch::{Asking, Source};
use flight::{Flights, Part};
use lookup::Lookups;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How much is kept and asked for.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Objects whose metadata is kept.
    pub entries: usize,
    /// Memory that they take at most, in bytes.
    pub bytes: usize,
    /// How long an answer is believed.
    pub ttl: Duration,
    /// Requests in flight at most.
    pub max_requests: usize,
    /// Objects above this size are edited by multipart copy, in bytes.
    pub copy_limit: u64,
}

/// What is known of a key, at no request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// The object, as it was last seen.
    Present(Object),
    /// There was no object of this key.
    Absent,
    /// Ask ([`Metadata::object`]).
    Unknown,
}

impl From<Option<Cached>> for Known {
    fn from(cached: Option<Cached>) -> Self {
        match cached {
            Some(Cached::Present(object)) => Self::Present(object),
            Some(Cached::Absent) => Self::Absent,
            None => Self::Unknown,
        }
    }
}

/// How the read side serves, for `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The cache of objects.
    pub cache: CacheReport,
    /// Keys that are not shown, in the directories listed so far.
    pub hidden: u64,
}

/// How the cache of objects serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheReport {
    /// Keys that something is known of, expired ones included until they are met.
    pub entries: usize,
    /// An estimate of the memory they take.
    pub bytes: usize,
    /// Questions that it answered.
    pub hits: u64,
    /// Questions that took a request.
    pub misses: u64,
}

/// What complete listings take together at most, and so each of them, in bytes: about 150,000 entries.
const KEPT_LISTINGS: usize = 32 << 20;

/// The metadata of a bucket. One for each mount.
pub struct Metadata {
    settings: Settings,
    source: Source,
    directories: Arc<Directories>,
    lookups: Lookups,
    ahead: Arc<Ahead>,
    hits: AtomicU64,
    misses: AtomicU64,
    editor: Editor,
}

impl Metadata {
    /// Makes a door to `store`, behind which nothing is known yet.
    pub fn new(store: Arc<dyn Store>, settings: Settings) -> Arc<Self> {
        let cache = Arc::new(Cache::new(settings.entries, settings.bytes, settings.ttl));
        let directories =
            Directories::new(store.clone(), cache.clone(), settings.ttl, KEPT_LISTINGS);
        let source = Source {
            store,
            cache,
            flights: Arc::new(Flights::new()),
        };
        Arc::new(Self {
            settings,
            ahead: Ahead::new(source.clone(), directories.clone(), settings.max_requests),
            directories,
            lookups: Lookups::new(),
            editor: Editor::new(
                source.store.clone(),
                source.cache.clone(),
                source.flights.clone(),
                settings.copy_limit,
            ),
            source,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        })
    }

    /// Returns the dialect of the bucket's service.
    pub fn dialect(&self) -> &'static Dialect {
        self.source.store.dialect()
    }

    /// Returns what is known of an object, at no request.
    pub fn known(&self, key: &Key) -> Known {
        let cached = self.take_up(key);
        if cached.is_some() {
            self.hits.fetch_add(1, Ordering::Relaxed);
        }
        cached.into()
    }

    /// As [`Metadata::known`], and is no use of it: what is only shown beside others is not counted, kept longer or
    /// read ahead of.
    pub fn peek(&self, key: &Key) -> Known {
        self.source.cache.peek(key.as_str(), Instant::now()).into()
    }

    /// Returns an object: one HEAD unless it is known. [`crate::store::Kind::NotFound`] when there is none.
    pub async fn object(&self, key: &Key) -> Result<Object> {
        self.visit(key, Part::Head).await
    }

    /// Returns an object with its tags: a request more where the HEAD does not say that there are none.
    pub async fn object_with_tags(&self, key: &Key) -> Result<Object> {
        self.visit(key, Part::Tags).await
    }

    /// Returns an object with its ACL, which is a request more.
    pub async fn object_with_acl(&self, key: &Key) -> Result<Object> {
        self.visit(key, Part::Acl).await
    }

    /// Returns an object with the raw answer of its HEAD, which is asked for anew where it was not kept.
    pub async fn object_with_raw(&self, key: &Key) -> Result<Object> {
        self.fetch(key, Part::Raw).await
    }

    /// Returns an object as it is now.
    pub async fn fresh(&self, key: &Key) -> Result<Object> {
        self.fetch(key, Part::Fresh).await
    }

    /// Opens a directory: empty for the bucket's root, or ending in `/`.
    pub fn open_listing(&self, dir: &str) -> Listing {
        self.directories.open(dir)
    }

    /// Takes that a write of ours changed whether `key` exists, after the cache has learned it: what listings and
    /// lookups told of its name is forgotten, and of the directories above that may have come or gone with it.
    pub fn changed(&self, key: &Key) {
        let now = Instant::now();
        let exists = matches!(
            self.source.cache.peek(key.as_str(), now),
            Some(Cached::Present(_))
        );
        let mut path = key.as_str();
        loop {
            path = path.strip_suffix('/').unwrap_or(path);
            self.lookups.remove(path);
            let (dir, name) = split(path);
            // A directory that was there before shows as it did.
            let is_known = exists
                && path.len() < key.as_str().len()
                && matches!(self.directories.known(dir, name), KnownChild::Present(c) if c.kind == ChildKind::Directory);
            if !is_known {
                self.directories.forget(dir);
            }
            if is_known || dir.is_empty() {
                return;
            }
            path = dir;
        }
    }

    /// Makes an edit of an object, or of a directory, whose marker it makes where there is none. Returns when the
    /// service has agreed; dropping the future gives up waiting, not the edit.
    pub async fn stage(&self, key: &Key, edit: Edit) -> Result<(), EditError> {
        let may_appear = key.is_marker()
            && !matches!(
                self.source.cache.peek(key.as_str(), Instant::now()),
                Some(Cached::Present(_))
            );
        let verdict = self.editor.stage(key, edit).await;
        if may_appear {
            self.changed(key);
        }
        self.amend(key);
        verdict
    }

    /// Makes what listings tell of an object what the cache has learned of it.
    fn amend(&self, key: &Key) {
        if let Some(Cached::Present(object)) = self.source.cache.peek(key.as_str(), Instant::now())
            && !key.is_marker()
        {
            let (dir, name) = split(key.as_str());
            let child = Child::of_object(self.dialect(), &object.meta);
            self.directories.amend(dir, name, &child);
        }
    }

    /// Returns the number of edits that the service has not agreed to yet.
    pub fn pending(&self) -> usize {
        self.editor.pending()
    }

    /// Waits until the service has agreed to, or refused, every edit accepted so far.
    pub async fn drain(&self) {
        self.editor.drain().await;
    }

    /// Returns what the edits met so far.
    pub fn edits(&self) -> EditReport {
        self.editor.report()
    }

    /// Returns how the read side serves.
    pub fn report(&self) -> Report {
        let (entries, bytes) = self.source.cache.filling();
        let cache = CacheReport {
            entries,
            bytes,
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        };
        Report {
            cache,
            hidden: self.directories.hidden(),
        }
    }

    /// Takes that these objects will soon be asked for, as by the lookups that follow a listing: their HEADs are
    /// fetched, several at once.
    pub fn will_need(&self, keys: impl IntoIterator<Item = Key>) {
        if !self.settings.ttl.is_zero() {
            self.ahead.will_need(keys);
        }
    }

    /// Returns what the cache knows, and tells the reader ahead of a walk that goes on.
    fn take_up(&self, key: &Key) -> Option<Cached> {
        let (cached, first_use) = self.source.cache.take_up(key, Instant::now())?;
        if first_use {
            self.ahead.used(key, None);
        }
        Some(cached)
    }

    /// Returns an object as a walk over attributes asks for it.
    async fn visit(&self, key: &Key, part: Part) -> Result<Object> {
        let known = match self.take_up(key) {
            Some(Cached::Absent) => Some(Err(fetch::not_found(key))),
            Some(Cached::Present(object)) => fetch::has(&object, part).then_some(Ok(object)),
            None => None,
        };
        if let Some(known) = known {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return known;
        }
        if !self.settings.ttl.is_zero() {
            self.ahead.used(key, Some(part));
        }
        self.fetch(key, part).await
    }

    async fn fetch(&self, key: &Key, part: Part) -> Result<Object> {
        self.misses.fetch_add(1, Ordering::Relaxed);
        let (dir, name) = split(key.as_str());
        let link = self.dialect().has_symlinks()
            && matches!(self.directories.known(dir, name), KnownChild::Present(c) if c.kind == ChildKind::Symlink);
        let asking = Asking { ahead: false, link };
        self.source.object(key, part, asking).await
    }
}

/// Splits a key into the directory's prefix and the name in it; a marker's into those of its directory.
fn split(key: &str) -> (&str, &str) {
    let path = key.strip_suffix('/').unwrap_or(key);
    let at = path.rfind('/').map_or(0, |slash| slash + 1);
    path.split_at(at)
}
