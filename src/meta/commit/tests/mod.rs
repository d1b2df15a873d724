//! The write protocol against the in-memory store, under a paused clock that the store's seconds follow.

mod contention;
mod failures;
mod findings;
mod kinds;
mod protocol;

use super::*;
use crate::store::Dialect;
use crate::store::dialect::{OSS, S3};
use crate::store::fault::Fault;
use crate::store::memory::{Memory, Quirks, Record};
use crate::store::types::*;
use std::time::Duration;

/// A whole second, so that the first second of a test is a whole one.
const NOON: i64 = 1_795_262_400;

/// A server.
struct World {
    memory: Arc<Memory>,
    fault: Arc<Fault>,
}

/// One mount of its bucket.
struct Mount {
    editor: Editor,
    cache: Arc<Cache>,
}

impl World {
    fn new(dialect: &'static Dialect) -> Self {
        Self::of(Self::memory(dialect))
    }

    fn with_quirks(dialect: &'static Dialect, quirks: Quirks) -> Self {
        Self::of(Self::memory(dialect).with_quirks(quirks))
    }

    fn memory(dialect: &'static Dialect) -> Memory {
        let start = Instant::now();
        Memory::new(dialect, move || {
            Timestamp(NOON + i64::try_from(start.elapsed().as_secs()).unwrap())
        })
    }

    fn of(memory: Memory) -> Self {
        let memory = Arc::new(memory);
        let latency = Duration::from_millis(20);
        let fault = Arc::new(Fault::new(memory.clone()).with_latency(latency));
        Self { memory, fault }
    }

    fn mount(&self) -> Mount {
        self.mount_with(u64::MAX)
    }

    fn mount_with(&self, copy_limit: u64) -> Mount {
        let cache = Arc::new(Cache::new(1000, 1 << 20, Duration::from_secs(60)));
        let random = Mutex::new(fastrand::Rng::with_seed(7));
        let random = move || random.lock().f64();
        let editor = Editor::with_random(
            self.fault.clone(),
            cache.clone(),
            Arc::default(),
            copy_limit,
            random,
        );
        Mount { editor, cache }
    }

    /// Makes an object that is rich in properties, and lets it settle.
    async fn object(&self, name: &str) {
        self.memory.rewrite(&key(name), |record| {
            let properties = &mut record.meta.properties;
            properties.user.insert("author".into(), (*b"John").into());
            properties
                .http
                .insert(HttpHeader::ContentType, (*b"text/plain").into());
            properties
                .http
                .insert(HttpHeader::CacheControl, (*b"no-cache").into());
            properties.http.insert(HttpHeader::Expires, (*b"0").into());
            record.tags.insert("owner".into(), "John".into());
            record.meta.etag = ETag::new("5d41402abc4b2a76b9719d911017c592");
            record.body = "hello".into();
        });
        settle().await;
    }

    fn record(&self, name: &str) -> Record {
        self.memory.peek(&key(name)).expect("the object is there")
    }

    /// Returns the user metadata of an object in one line.
    fn user(&self, name: &str) -> String {
        user(&self.record(name).meta.properties)
    }

    /// Returns how often an operation was sent since the last call for it.
    fn sent(&self, operation: Operation) -> u64 {
        self.memory.requests().of(operation)
    }

    /// Writes one metadata entry as an SDK does that knows no rule.
    fn foreign(&self, name: &str, entry: &str, value: &str) {
        self.memory.rewrite(&key(name), |record| {
            record
                .meta
                .properties
                .user
                .insert(entry.into(), value.as_bytes().into());
        });
    }
}

impl Mount {
    async fn set(&self, name: &str, entry: &str, value: &str) -> Result<(), EditError> {
        self.stage(name, meta(entry, Some(value)), Existence::Any)
            .await
    }

    async fn stage(
        &self,
        name: &str,
        change: Change,
        existence: Existence,
    ) -> Result<(), EditError> {
        self.editor
            .stage(&key(name), Edit { change, existence })
            .await
    }

    /// Makes the first edit, which finds out about the server, and lets it settle.
    async fn acquainted(self, world: &World) -> Self {
        world.object("acquainted").await;
        self.set("acquainted", "a", "1").await.unwrap();
        settle().await;
        settle().await;
        self
    }

    /// Puts what a reader has asked for into the cache.
    async fn read(&self, world: &World, name: &str) {
        let meta = world.memory.head(&key(name), None).await.unwrap();
        let object = Object {
            meta: Arc::new(meta),
            tags: None,
            acl: None,
        };
        self.cache.put(&key(name), object, Instant::now());
    }

    fn cached(&self, name: &str) -> Option<Object> {
        match self.cache.get(&key(name), Instant::now())? {
            Cached::Present(object) => Some(object),
            Cached::Absent => None,
        }
    }
}

fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

fn meta(name: &str, value: Option<&str>) -> Change {
    Change::Meta(name.into(), value.map(|value| value.as_bytes().into()))
}

fn tag(name: &str, value: Option<&str>) -> Change {
    Change::Tag(name.into(), value.map(Into::into))
}

fn header(header: HttpHeader, value: Option<&str>) -> Change {
    Change::Http(header, value.map(|value| value.as_bytes().into()))
}

fn user(properties: &Properties) -> String {
    let entries = properties.user.iter();
    let entries = entries.map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)));
    entries.collect::<Vec<_>>().join(" ")
}

/// Lets every write settle.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(3)).await;
}

/// Compares all that is to be kept, but for what the test edited.
fn assert_kept(before: &Record, after: &Record, edited: impl Fn(&mut Record)) {
    let (mut expected, mut kept) = (before.clone(), after.clone());
    for record in [&mut expected, &mut kept] {
        record.meta.last_modified = Timestamp::default();
        record.meta.version_id = None;
    }
    edited(&mut expected);
    assert_eq!(expected.meta, kept.meta);
    assert_eq!(expected.tags, kept.tags);
    assert_eq!(expected.acl, kept.acl);
    assert_eq!(expected.body, kept.body);
}
