//! Requests for what is not known: one at a time of each part of an object, the result kept in the cache unless a
//! write overtook it.

use super::cache::{Cache, Cached};
use super::flight::{Flights, Part, Waiting};
use super::link;
use crate::store::types::{Key, Object, ObjectMeta, Operation, Tags};
use crate::store::{Dialect, Error, Kind, Result, Store};
use futures_util::FutureExt;
use std::sync::{Arc, LazyLock};
use tokio::time::Instant;

/// The store, with what is known of it in front.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) store: Arc<dyn Store>,
    pub(super) cache: Arc<Cache>,
    pub(super) flights: Arc<Flights>,
}

/// No tags, as most objects have: one allocation for all of them.
static NO_TAGS: LazyLock<Arc<Tags>> = LazyLock::new(Arc::default);

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asking {
    /// Nobody yet: the answer is fetched ahead.
    pub(super) ahead: bool,
    /// A listing has shown the key to be a link of the service's own kind.
    pub(super) link: bool,
}

impl Source {
    /// Returns the object with `part` of it, from the cache where it has that.
    pub(super) async fn object(&self, key: &Key, part: Part, asking: Asking) -> Result<Object> {
        match self.cache.peek(key.as_str(), Instant::now()) {
            Some(Cached::Absent) if part != Part::Fresh => Err(not_found(key)),
            Some(Cached::Present(object)) if has(&object, part) => Ok(object),
            _ => self.fetch(key, part, asking).await,
        }
    }

    /// Returns whether nothing is left to ask of `part` of an object: it is known, or on its way.
    pub(super) fn is_known(&self, key: &Key, part: Part) -> bool {
        match self.cache.peek(key.as_str(), Instant::now()) {
            Some(Cached::Absent) => true,
            Some(Cached::Present(object)) if has(&object, part) => true,
            _ => self.flights.is_running(key, part),
        }
    }

    fn fetch(&self, key: &Key, part: Part, asking: Asking) -> Waiting {
        let (source, to_fetch) = (self.clone(), key.clone());
        let (cache, kept) = (self.cache.clone(), key.clone());
        let fetch = move || async move { source.ask(&to_fetch, part, asking).await }.boxed();
        let keep = move |result: &Result<Object>| keep(&cache, &kept, part, asking, result);
        self.flights.join(key, part, fetch, keep)
    }

    /// Sends the request for one part, after that for the metadata where it is not known.
    async fn ask(&self, key: &Key, part: Part, asking: Asking) -> Result<Object> {
        match part {
            Part::Head | Part::Raw | Part::Fresh => {
                let mut meta = link::head(&*self.store, key, asking.link).await?;
                // The largest part of an object, which hardly anybody asks for.
                if part != Part::Raw {
                    meta.raw = None;
                }
                meta.properties.user.shrink_to_fit();
                meta.properties.http.shrink_to_fit();
                meta.properties.carried.shrink_to_fit();
                Ok(Object {
                    tags: counted_tags(self.store.dialect(), &meta),
                    meta: Arc::new(meta),
                    acl: None,
                })
            }
            Part::Tags => {
                let mut object = self.object(key, Part::Head, asking).await?;
                if object.tags.is_none() {
                    let mut tags = self.store.get_tags(key, None).await?;
                    tags.shrink_to_fit();
                    object.tags = Some(Arc::new(tags));
                }
                Ok(object)
            }
            Part::Acl => {
                let mut object = self.object(key, Part::Head, asking).await?;
                object.acl = Some(Arc::new(self.store.get_acl(key, None).await?));
                Ok(object)
            }
        }
    }
}

/// Returns the tags of an object where a HEAD says that there are none; what GetSymlink answers counts none.
pub(super) fn counted_tags(dialect: &Dialect, meta: &ObjectMeta) -> Option<Arc<Tags>> {
    let counted = dialect.head_counts_tags && meta.symlink_target.is_none();
    (counted && meta.tag_count.is_none()).then(|| NO_TAGS.clone())
}

/// Returns whether an object has `part`.
pub(super) fn has(object: &Object, part: Part) -> bool {
    match part {
        Part::Head => true,
        Part::Tags => object.tags.is_some(),
        Part::Acl => object.acl.is_some(),
        Part::Raw => object.meta.raw.is_some(),
        Part::Fresh => false,
    }
}

/// Keeps what a fetch brought. Tags and ACL join metadata that was kept when it came.
fn keep(cache: &Cache, key: &Key, part: Part, asking: Asking, result: &Result<Object>) {
    let now = Instant::now();
    match (result, part) {
        (Ok(object), Part::Tags) => cache.add(key, object.tags.clone(), None, now),
        (Ok(object), Part::Acl) => cache.add(key, None, object.acl.clone(), now),
        (Ok(object), Part::Raw | Part::Fresh) => cache.refresh(key, object.clone(), now),
        (Ok(object), Part::Head) => cache.insert(key, Some(object.clone()), now, asking.ahead),
        (Err(error), Part::Head | Part::Raw | Part::Fresh) if error.kind() == Kind::NotFound => {
            cache.insert(key, None, now, asking.ahead);
        }
        (Err(_), _) => {}
    }
}

pub(super) fn not_found(key: &Key) -> Error {
    Error::new(Kind::NotFound, "no such object").during(Operation::HeadObject, Some(key.as_str()))
}
