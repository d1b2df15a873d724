//! What a name stands for in a directory that was not listed: one HEAD and one list of at most two keys, at the same
//! time; and the answers, kept for a while.

use super::Metadata;
use super::cache::Cached;
use super::child::{Child, ChildKind, KnownChild};
use super::flight::Part;
use crate::store::types::{Key, ListRequest, Object, Timestamp};
use crate::store::{Kind, Result};
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use tokio::time::Instant;

/// Names whose lookup is remembered, at most.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(16_384).expect("not zero");

/// The answers of lookups, by key.
pub(super) struct Lookups(Mutex<LruCache<Box<str>, (Found, Instant)>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Directory(Timestamp),
    /// An object and no directory; the cache knows the rest.
    Object,
    Nothing,
}

impl Lookups {
    pub(super) fn new() -> Self {
        Self(Mutex::new(LruCache::new(REMEMBERED)))
    }

    fn get(&self, key: &str, now: Instant) -> Option<Found> {
        let mut names = self.0.lock();
        let (found, expires) = names.get(key)?;
        (now < *expires).then(|| found.clone())
    }

    /// Returns until when the answer for a key is believed.
    pub(super) fn expires(&self, key: &str) -> Option<Instant> {
        self.0.lock().peek(key).map(|(_, expires)| *expires)
    }

    fn put(&self, key: &str, found: Found, expires: Instant) {
        self.0.lock().put(key.into(), (found, expires));
    }

    pub(super) fn remove(&self, key: &str) {
        self.0.lock().pop(key);
    }
}

impl Metadata {
    /// Returns what is known of a name, from listings, lookups and the cache, at no request. A file of which only HEAD
    /// can tell that it is no symbolic link is unknown until that was asked.
    pub fn known_child(&self, dir: &str, name: &str) -> KnownChild {
        let now = Instant::now();
        let path = format!("{dir}{name}");
        let cached = self.source.cache.peek(&path, now);
        match self.directories.known(dir, name) {
            KnownChild::Present(listed) => self.newest(listed, cached),
            KnownChild::Absent => KnownChild::Absent,
            KnownChild::Unknown => match (self.lookups.get(&path, now), cached) {
                (Some(Found::Directory(modified)), _) => {
                    KnownChild::Present(Child::directory(modified))
                }
                (Some(Found::Object), Some(Cached::Present(object))) => {
                    KnownChild::Present(Child::of_object(self.dialect(), &object.meta))
                }
                (Some(Found::Nothing), Some(Cached::Absent)) => KnownChild::Absent,
                _ => KnownChild::Unknown,
            },
        }
    }

    /// Returns the newer of what a listing and the cache tell of a name.
    fn newest(&self, listed: Child, cached: Option<Cached>) -> KnownChild {
        match cached {
            _ if listed.kind == ChildKind::Directory => KnownChild::Present(listed),
            Some(Cached::Present(object)) if object.meta.last_modified >= listed.modified => {
                KnownChild::Present(Child::of_object(self.dialect(), &object.meta))
            }
            // Gone since it was listed.
            Some(Cached::Absent) => KnownChild::Unknown,
            _ if listed.maybe_symlink => KnownChild::Unknown,
            _ => KnownChild::Present(listed),
        }
    }

    /// Returns what a name stands for, `None` when nothing is there. Costs nothing when it is known, else one HEAD and
    /// one list of at most two keys at the same time; a directory wins over an object of its name.
    pub async fn child(&self, dir: &str, name: &str) -> Result<Option<Child>> {
        match self.known_child(dir, name) {
            KnownChild::Present(child) => return Ok(Some(child)),
            KnownChild::Absent => return Ok(None),
            KnownChild::Unknown => {}
        }
        let path = format!("{dir}{name}");
        let Ok(key) = Key::new(&path) else {
            return Ok(None);
        };
        if let KnownChild::Present(listed) = self.directories.known(dir, name)
            && listed.maybe_symlink
            && let Some(object) = self.object_or_none(&key).await?
        {
            return Ok(Some(Child::of_object(self.dialect(), &object.meta)));
        }
        let expires = Instant::now() + self.settings.ttl;
        let (object, directory) = tokio::join!(self.object_or_none(&key), self.directory(&path));
        let (found, child) = match (directory, object) {
            (Ok(Some(modified)), _) => {
                (Found::Directory(modified), Some(Child::directory(modified)))
            }
            (Ok(None), Ok(Some(object))) => (
                Found::Object,
                Some(Child::of_object(self.dialect(), &object.meta)),
            ),
            (Ok(None), Ok(None)) => {
                if let KnownChild::Present(_) = self.directories.known(dir, name) {
                    self.directories.forget(dir);
                }
                (Found::Nothing, None)
            }
            // Who may not list can still reach objects by their names.
            (Err(error), Ok(Some(object))) if error.kind() == Kind::Denied => {
                return Ok(Some(Child::of_object(self.dialect(), &object.meta)));
            }
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        self.lookups.put(&path, found, expires);
        Ok(child)
    }

    async fn object_or_none(&self, key: &Key) -> Result<Option<Object>> {
        match self.fetch(key, Part::Head).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns whether keys begin with `path/`, by the time its marker was written where there is one.
    async fn directory(&self, path: &str) -> Result<Option<Timestamp>> {
        let began = Instant::now();
        let Ok(marker) = Key::new(format!("{path}/")) else {
            return Ok(None);
        };
        let request = ListRequest {
            prefix: marker.as_str().into(),
            max_keys: 2,
            ..ListRequest::default()
        };
        let page = self.source.store.list(request).await?;
        if page.objects.is_empty() && page.prefixes.is_empty() && page.unnameable == 0 {
            self.absent_marker(&marker, began);
            return Ok(None);
        }
        let modified = page
            .objects
            .iter()
            .find(|o| o.key == marker)
            .map(|o| o.last_modified);
        // In order, the marker comes before all that is below it.
        if modified.is_none() && (page.next.is_none() || self.dialect().ordered_lists) {
            self.absent_marker(&marker, began);
        }
        Ok(Some(modified.unwrap_or_default()))
    }

    fn absent_marker(&self, marker: &Key, seen: Instant) {
        if self.source.cache.peek(marker.as_str(), seen).is_none() {
            self.source.cache.put_absent(marker, seen);
        }
    }
}
