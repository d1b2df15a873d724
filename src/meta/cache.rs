//! What HEAD, tags and ACL requests said of objects, kept for a while: least recently used first out, bounded by
//! entries and by bytes, and believed for a time to live.
//!
//! The clock is given. What may be kept at all (nothing that a write overtook, no absence from half an answer) is the
//! business of `flight` and `fetch`.

use crate::store::types::{Acl, Key, Object, ObjectMeta, Properties, Tags, VecMap};
use lru::LruCache;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cached {
    /// The object, as it was last seen.
    Present(Object),
    /// There was no object of this key.
    Absent,
}

/// The bounded memory of HEAD results. Shared by readers and the writer of each key.
#[derive(Debug)]
pub struct Cache {
    entries: usize,
    bytes: usize,
    ttl: Duration,
    /// Held for a few memory accesses, over no await: readers on the kernel's threads wait for it.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    map: LruCache<Key, Entry>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    object: Option<Object>,
    expires: Instant,
    bytes: u32,
    /// Read ahead and not asked for yet.
    ahead: bool,
}

impl Cache {
    /// Makes an empty cache of at most `entries` keys and about `bytes` of memory, which believes what it was told
    /// for `ttl`.
    pub fn new(entries: usize, bytes: usize, ttl: Duration) -> Self {
        Self {
            entries: entries.max(1),
            bytes,
            ttl,
            state: Mutex::new(State {
                // The bound is kept by `insert`, which must see what goes.
                map: LruCache::unbounded(),
                bytes: 0,
            }),
        }
    }

    /// Returns how long what was read is believed.
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Returns what is known of `key`, and makes it the most recently used.
    pub fn get(&self, key: &Key, now: Instant) -> Option<Cached> {
        self.take_up(key, now).map(|(cached, _)| cached)
    }

    /// As [`Cache::get`], and tells whether this is the first use of what was read ahead.
    pub(super) fn take_up(&self, key: &Key, now: Instant) -> Option<(Cached, bool)> {
        let mut state = self.state.lock();
        let entry = state.map.get_mut(key)?;
        if now >= entry.expires {
            state.take(key.as_str());
            return None;
        }
        let first_use = std::mem::take(&mut entry.ahead);
        Some((entry.cached(), first_use))
    }

    /// Returns what is known of `key` without using it.
    pub(super) fn peek(&self, key: &str, now: Instant) -> Option<Cached> {
        let state = self.state.lock();
        let entry = state.map.peek(key)?;
        (now < entry.expires).then(|| entry.cached())
    }

    /// Returns until when what is known of `key` is believed.
    pub(super) fn expires(&self, key: &str) -> Option<Instant> {
        self.state.lock().map.peek(key).map(|entry| entry.expires)
    }

    /// Takes an object as it is now. Its raw answer is not kept.
    pub fn put(&self, key: &Key, object: Object, now: Instant) {
        self.insert(key, Some(slim(object)), now, false);
    }

    /// Takes what a HEAD shows of an object that may be known. Written since or not, it is the object now; if not,
    /// its tags and ACL stay, and how long they are believed does not change.
    pub(super) fn refresh(&self, key: &Key, mut object: Object, now: Instant) {
        let known = {
            let state = self.state.lock();
            let entry = state.map.peek(key).filter(|entry| now < entry.expires);
            entry.and_then(|entry| Some((entry.object.clone()?, entry.expires)))
        };
        let known = known.filter(|(known, _)| {
            known.meta.last_modified == object.meta.last_modified
                && known.meta.etag == object.meta.etag
                && known.meta.tag_count == object.meta.tag_count
        });
        let expires = match known {
            Some((known, expires)) => {
                object.tags = object.tags.or(known.tags);
                object.acl = known.acl;
                expires
            }
            None => now + self.ttl,
        };
        self.keep(key, Some(object), expires, false);
    }

    /// Takes an object that was known as a write of ours left it. How long it is believed does not change: the write
    /// did not look at all of it.
    pub(super) fn rewrite(&self, key: &Key, object: Object, now: Instant) {
        let expires = self.state.lock().map.peek(key).map(|entry| entry.expires);
        let expires = expires.filter(|at| now < *at);
        let expires = expires.unwrap_or(now + self.ttl);
        self.keep(key, Some(slim(object)), expires, false);
    }

    /// Adds tags or an ACL to an object that is known; how long it is believed does not change.
    pub fn add(&self, key: &Key, tags: Option<Arc<Tags>>, acl: Option<Arc<Acl>>, now: Instant) {
        let mut state = self.state.lock();
        let Some(entry) = state.map.peek_mut(key) else {
            return;
        };
        let Some(object) = entry.object.as_mut().filter(|_| now < entry.expires) else {
            return;
        };
        object.tags = tags.or(object.tags.take());
        object.acl = acl.or(object.acl.take());
        let before = entry.bytes;
        let after = entry_bytes(key, entry.object.as_ref());
        entry.bytes = after;
        state.bytes = state.bytes - before as usize + after as usize;
        state.shrink(self.entries, self.bytes);
    }

    /// Takes that there is no object of this key; only from a complete answer.
    pub fn put_absent(&self, key: &Key, now: Instant) {
        self.insert(key, None, now, false);
    }

    /// Forgets what is known of `key`.
    pub fn remove(&self, key: &Key) {
        self.state.lock().take(key.as_str());
    }

    /// Forgets an object that a listing shows to have been written since.
    pub(super) fn remove_older(&self, key: &str, written: crate::store::types::Timestamp) {
        let mut state = self.state.lock();
        if let Some(Entry { object, .. }) = state.map.peek(key)
            && object
                .as_ref()
                .is_none_or(|o| o.meta.last_modified < written)
        {
            state.take(key);
        }
    }

    /// Returns the number of keys that something is known of, and an estimate of the memory they take.
    pub fn filling(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.map.len(), state.bytes)
    }

    /// Takes an object, or (`None`) that there is none. `ahead`: nobody has asked for it yet.
    pub(super) fn insert(&self, key: &Key, object: Option<Object>, now: Instant, ahead: bool) {
        self.keep(key, object, now + self.ttl, ahead);
    }

    fn keep(&self, key: &Key, object: Option<Object>, expires: Instant, ahead: bool) {
        let entry = Entry {
            bytes: entry_bytes(key, object.as_ref()),
            object,
            expires,
            ahead,
        };
        let mut state = self.state.lock();
        state.take(key.as_str());
        state.bytes += entry.bytes as usize;
        state.map.put(key.clone(), entry);
        state.shrink(self.entries, self.bytes);
    }
}

impl State {
    fn take(&mut self, key: &str) {
        if let Some(entry) = self.map.pop(key) {
            self.bytes -= entry.bytes as usize;
        }
    }

    fn shrink(&mut self, entries: usize, bytes: usize) {
        while self.map.len() > entries || self.bytes > bytes {
            let Some((_, gone)) = self.map.pop_lru() else {
                break;
            };
            self.bytes -= gone.bytes as usize;
        }
    }
}

impl Entry {
    fn cached(&self) -> Cached {
        match &self.object {
            Some(object) => Cached::Present(object.clone()),
            None => Cached::Absent,
        }
    }
}

/// Drops the raw answer, which is no longer true after a write.
fn slim(mut object: Object) -> Object {
    if object.meta.raw.is_some() {
        Arc::make_mut(&mut object.meta).raw = None;
    }
    object
}

/// What an entry takes besides its object and the text of its key: the list node, the slot of the table, the
/// reference counts of the key, and the allocator's rounding of the three.
const NODE: usize = size_of::<Entry>() + size_of::<Key>() + 5 * size_of::<usize>() + 48;

/// What the allocator adds to each allocation: a header and rounding, on average.
const ALLOCATION: usize = 20;

fn entry_bytes(key: &Key, object: Option<&Object>) -> u32 {
    let bytes = NODE + key.as_str().len() + object.map_or(0, object_bytes);
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn object_bytes(object: &Object) -> usize {
    let tags = object.tags.as_deref().map_or(0, tags_bytes);
    let acl = object.acl.as_deref().map_or(0, acl_bytes);
    size_of::<ObjectMeta>()
        + 2 * size_of::<usize>()
        + ALLOCATION
        + meta_bytes(&object.meta)
        + tags
        + acl
}

fn meta_bytes(meta: &ObjectMeta) -> usize {
    let texts = [
        &meta.version_id,
        &meta.expiration,
        &meta.restore,
        &meta.last_access,
        &meta.symlink_target,
    ];
    text(meta.etag.as_str())
        + texts.into_iter().flatten().map(|t| text(t)).sum::<usize>()
        + meta.checksum.as_ref().map_or(0, |c| text(&c.value))
        + meta.raw.as_ref().map_or(0, |raw| raw.len() + ALLOCATION)
        + properties_bytes(&meta.properties)
}

fn properties_bytes(properties: &Properties) -> usize {
    map_bytes(&properties.user, |name, value| {
        text(name) + value.len() + ALLOCATION
    }) + map_bytes(&properties.http, |_, value| value.len() + ALLOCATION)
        + map_bytes(&properties.carried, |name, value| {
            text(name) + value.len() + ALLOCATION
        })
        + properties.storage_class.as_deref().map_or(0, text)
}

fn tags_bytes(tags: &Tags) -> usize {
    size_of::<Tags>()
        + 2 * size_of::<usize>()
        + ALLOCATION
        + map_bytes(tags, |key, value| text(key) + text(value))
}

fn acl_bytes(acl: &Acl) -> usize {
    let heap = match acl {
        Acl::Canned(word) => text(word),
        Acl::Grants(grants) => grants.len() * 128 + ALLOCATION,
    };
    size_of::<Acl>() + 2 * size_of::<usize>() + ALLOCATION + heap
}

fn map_bytes<K: Ord, V>(map: &VecMap<K, V>, heap: impl Fn(&K, &V) -> usize) -> usize {
    if map.is_empty() {
        return 0;
    }
    let entries = map.iter().map(|(k, v)| size_of::<(K, V)>() + heap(k, v));
    entries.sum::<usize>() + ALLOCATION
}

fn text(text: &str) -> usize {
    if text.is_empty() {
        0
    } else {
        text.len() + ALLOCATION
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::types::{ETag, Timestamp};
    use test_case::test_case;

    const TTL: Duration = Duration::from_secs(60);

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    fn object(user: usize) -> Object {
        let mut meta = ObjectMeta {
            etag: ETag::new("0123456789abcdef"),
            raw: Some((*b"ETag: \"0123456789abcdef\"").into()),
            last_modified: Timestamp(100),
            ..ObjectMeta::default()
        };
        for n in 0..user {
            let name = format!("name-{n}").into();
            meta.properties.user.insert(name, (*b"value").into());
        }
        Object {
            meta: Arc::new(meta),
            ..Object::default()
        }
    }

    fn is_present(cache: &Cache, name: &str, now: Instant) -> bool {
        matches!(cache.get(&key(name), now), Some(Cached::Present(_)))
    }

    #[test]
    fn what_it_was_told_is_believed_for_a_time() {
        let (cache, now) = (Cache::new(10, 1 << 20, TTL), Instant::now());
        cache.put(&key("a"), object(1), now);
        cache.put_absent(&key("b"), now);
        let just_before = now + TTL - Duration::from_millis(1);
        let Some(Cached::Present(a)) = cache.get(&key("a"), just_before) else {
            panic!("it is believed");
        };
        assert_eq!(a.meta.raw, None);
        assert_eq!(cache.get(&key("b"), just_before), Some(Cached::Absent));
        assert_eq!(cache.get(&key("c"), now), None);
        for name in ["a", "b"] {
            assert_eq!(cache.get(&key(name), now + TTL), None);
        }
        assert_eq!(cache.filling(), (0, 0));
    }

    #[test]
    fn the_least_recently_used_go_first() {
        let (cache, now) = (Cache::new(3, 1 << 20, TTL), Instant::now());
        for name in ["a", "b", "c"] {
            cache.put(&key(name), object(0), now);
        }
        assert!(is_present(&cache, "a", now));
        cache.put(&key("d"), object(0), now);
        let left = ["a", "b", "c", "d"].map(|name| is_present(&cache, name, now));
        assert_eq!(left, [true, false, true, true]);
    }

    #[test]
    fn large_objects_leave_room_for_fewer() {
        let one = {
            let cache = Cache::new(100, 1 << 20, TTL);
            cache.put(&key("0"), object(50), Instant::now());
            cache.filling().1
        };
        let (cache, now) = (Cache::new(100, 3 * one, TTL), Instant::now());
        for n in 0..10 {
            cache.put(&key(&n.to_string()), object(50), now);
        }
        assert_eq!(cache.filling(), (3, 3 * one));
        for n in 0..10 {
            cache.remove(&key(&n.to_string()));
        }
        assert_eq!(cache.filling(), (0, 0));
    }

    #[test]
    fn tags_and_acl_join_an_object_and_do_not_prolong_it() {
        let (cache, now) = (Cache::new(10, 1 << 20, TTL), Instant::now());
        let tags: Tags = [("k".into(), "v".into())].into_iter().collect();
        let tags = Some(Arc::new(tags));
        cache.add(&key("a"), tags.clone(), None, now);
        assert_eq!(cache.get(&key("a"), now), None);
        cache.put(&key("a"), object(0), now);
        let (_, before) = cache.filling();
        cache.add(&key("a"), tags.clone(), None, now + TTL / 2);
        let acl = Some(Arc::new(Acl::Canned("private".into())));
        cache.add(&key("a"), None, acl.clone(), now + TTL / 2);
        let Some(Cached::Present(a)) = cache.get(&key("a"), now + TTL / 2) else {
            panic!("it is believed");
        };
        assert_eq!((a.tags, a.acl), (tags, acl));
        assert!(cache.filling().1 > before);
        assert_eq!(cache.get(&key("a"), now + TTL), None);
        assert_eq!(cache.filling(), (0, 0));
    }

    #[test_case(99, true; "an earlier write")]
    #[test_case(100, true; "the one that is known")]
    #[test_case(101, false; "a later one")]
    fn a_listing_outdates_what_it_shows_to_be_written_since(written: i64, kept: bool) {
        let (cache, now) = (Cache::new(10, 1 << 20, TTL), Instant::now());
        cache.put(&key("a"), object(0), now);
        cache.put_absent(&key("b"), now);
        for name in ["a", "b"] {
            cache.remove_older(name, Timestamp(written));
        }
        assert_eq!(is_present(&cache, "a", now), kept);
        assert_eq!(cache.get(&key("b"), now), None);
    }

    #[test]
    fn the_first_use_of_what_was_read_ahead_is_told_once() {
        let (cache, now) = (Cache::new(10, 1 << 20, TTL), Instant::now());
        cache.insert(&key("a"), Some(object(0)), now, true);
        assert!(cache.peek("a", now).is_some());
        let uses = [(); 2].map(|()| cache.take_up(&key("a"), now).map(|(_, first)| first));
        assert_eq!(uses, [Some(true), Some(false)]);
    }
}
