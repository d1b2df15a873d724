//! One bucket: an index in memory of every record, in key order, over a folder of record files.
//!
//! Reads never touch a record file and take no lock but the index's, which is held for moments only. Writes of one key
//! are serialised by a [`KeyLock`]; the record file's rename commits, the index follows, and only then do bytes that
//! nothing refers to any more go. A commit runs to its end even when its request is dropped.

use super::body::{Bodies, Body, Finder, joined};
use super::file::{Directory, damaged, read_json};
use super::record::{Record, timestamp};
use super::upload::Uploads;
use super::write::BodyWriter;
use crate::server::error::{Error, NO_SUCH_BUCKET, Result};
use crate::store::types::{Key, Timestamp};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The name of a bucket's own file.
const BUCKET_FILE: &str = "bucket.json";

/// The folder of records; made after the bucket's own file.
const RECORDS: &str = "records";

/// Locks that keys are spread over; two keys on one lock wait for each other's commits, nothing more.
const LOCKS: usize = 256;

/// A stored object: immutable, so a reader that has one sees one whole version.
#[derive(Debug)]
pub struct Object {
    /// What is known of it.
    pub record: Record,
    /// Its bytes.
    pub body: Body,
}

/// What is stored of a bucket itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BucketRecord {
    /// When it was created.
    #[serde(with = "timestamp")]
    pub created: Timestamp,
    /// `private`, `public-read` or `public-read-write`.
    pub acl: Box<str>,
    /// The class it was created with; told by GetBucketInfo.
    pub storage_class: Box<str>,
}

/// A bucket.
#[derive(Debug)]
pub struct Bucket {
    /// The bucket's name.
    pub name: Box<str>,
    directory: Directory,
    records: Directory,
    bodies: Arc<Bodies>,
    /// Multipart uploads under way.
    pub uploads: Uploads,
    own: RwLock<BucketRecord>,
    /// Held for moments, never across an await or disk I/O.
    index: RwLock<BTreeMap<Key, Arc<Object>>>,
    locks: Box<[Arc<Mutex<()>>]>,
    spread: RandomState,
    /// Set under all locks when the bucket is deleted.
    deleted: AtomicBool,
    /// The lock on the whole folder, kept as long as a commit may be under way.
    _folder: Arc<File>,
}

/// The right to write one key of a bucket.
#[derive(Debug)]
pub struct KeyLock {
    key: Key,
    _guard: OwnedMutexGuard<()>,
}

impl Bucket {
    /// Makes a bucket in `path`, which does not exist. Blocks.
    pub fn create(
        folder: Arc<File>,
        path: PathBuf,
        name: &str,
        own: BucketRecord,
    ) -> io::Result<Self> {
        let directory = Directory::open(path)?;
        directory.replace(BUCKET_FILE, &serde_json::to_vec(&own)?)?;
        Self::open(folder, directory.path().to_owned(), name)
    }

    /// Returns whether `path` holds what is left of a bucket's creation that was cut short.
    pub fn is_unfinished(path: &Path) -> bool {
        !path.join(BUCKET_FILE).exists() && !path.join(RECORDS).exists()
    }

    /// Opens the bucket in `path`: reads every record, removes what a crash left behind. Blocks.
    pub fn open(folder: Arc<File>, path: PathBuf, name: &str) -> io::Result<Self> {
        let directory = Directory::open(path)?;
        let path = directory.path();
        let records = Directory::open(path.join(RECORDS))?;
        let bodies = Bodies::open(path.join("bodies"))?;
        let own = read_json(&path.join(BUCKET_FILE))?;
        let mut finder = Finder::new(&bodies)?;
        let mut index = BTreeMap::new();
        for file in records.names()? {
            let path = records.path().join(&file);
            let mut record: Record = read_json(&path)?;
            if file != record_file(&record.key) {
                return Err(damaged(&path, "the record of another key"));
            }
            let body = finder.find(&record.body)?;
            if body.size() != record.size {
                return Err(damaged(&path, "the body has another size"));
            }
            record.body = Box::new([]);
            index.insert(record.key.clone(), Arc::new(Object { record, body }));
        }
        let uploads = Uploads::open(path.join("uploads"), &mut finder)?;
        let collected = finder.collect()?;
        if collected > 0 {
            log::info!("storage: {name}: collected {collected} body files of unfinished writes");
        }
        directory.names()?;
        Ok(Self {
            name: name.into(),
            records,
            bodies,
            uploads,
            own: RwLock::new(own),
            index: RwLock::new(index),
            locks: (0..LOCKS).map(|_| Arc::default()).collect(),
            spread: RandomState::new(),
            deleted: AtomicBool::new(false),
            directory,
            _folder: folder,
        })
    }

    /// Returns what is stored of the bucket itself.
    pub fn own(&self) -> BucketRecord {
        self.own.read().clone()
    }

    /// Changes what is stored of the bucket itself.
    pub async fn set_own(self: &Arc<Self>, own: BucketRecord) -> Result<()> {
        let bucket = self.clone();
        blocking(move || {
            let json = serde_json::to_vec(&own).map_err(io::Error::from)?;
            bucket.directory.replace(BUCKET_FILE, &json)?;
            *bucket.own.write() = own;
            Ok(())
        })
        .await
    }

    /// Returns the object of `key` as it is now.
    pub fn get(&self, key: &Key) -> Option<Arc<Object>> {
        self.index.read().get(key).cloned()
    }

    /// Visits the objects in key order, from a bound on.
    pub fn walk<T>(
        &self,
        from: Bound<&str>,
        mut visit: impl FnMut(&Key, &Arc<Object>) -> Walk<T>,
    ) -> Option<T> {
        let index = self.index.read();
        let mut from = from.map(str::to_owned);
        'seek: loop {
            let bounds = (from.as_ref().map(String::as_str), Bound::Unbounded);
            for (key, object) in index.range::<str, _>(bounds) {
                match visit(key, object) {
                    Walk::On => {}
                    Walk::Seek(to) => {
                        from = to;
                        continue 'seek;
                    }
                    Walk::Done(result) => return Some(result),
                }
            }
            return None;
        }
    }

    /// Returns a writer for a body of this bucket.
    pub fn writer(&self) -> BodyWriter {
        BodyWriter::new(&self.bodies)
    }

    /// Waits for the right to write `key`.
    pub async fn lock(&self, key: &Key) -> KeyLock {
        let at = self.spread.hash_one(key) as usize % self.locks.len();
        KeyLock {
            key: key.clone(),
            _guard: self.locks[at].clone().lock_owned().await,
        }
    }

    /// Stores an object under the key that `lock` is for; durable on return.
    pub async fn commit(
        self: &Arc<Self>,
        lock: KeyLock,
        record: Record,
        body: Body,
    ) -> Result<Arc<Object>> {
        let bucket = self.clone();
        blocking(move || bucket.commit_blocking(&lock, record, body)).await
    }

    /// As [`Self::commit`], on this thread.
    pub fn commit_blocking(
        &self,
        lock: &KeyLock,
        mut record: Record,
        body: Body,
    ) -> Result<Arc<Object>> {
        debug_assert_eq!(lock.key, record.key);
        self.check_exists(lock)?;
        record.size = body.size();
        record.body = body.extents();
        let json = serde_json::to_vec(&record).map_err(io::Error::from)?;
        record.body = Box::new([]);
        body.make_durable()?;
        // Held from before the rename and kept on an error: the rename may have happened, and then the record names
        // these files. The next start finds out.
        body.hold();
        self.records.replace(&record_file(&record.key), &json)?;
        let key = record.key.clone();
        let object = Arc::new(Object { record, body });
        let old = self.index.write().insert(key, object.clone());
        if let Some(old) = old {
            old.body.release();
        }
        Ok(object)
    }

    /// Checks, under a lock, that the bucket was not deleted while it was waited for.
    pub fn check_exists(&self, _lock: &KeyLock) -> Result<()> {
        match self.deleted.load(Ordering::Acquire) {
            true => Err(no_such_bucket(&self.name)),
            false => Ok(()),
        }
    }

    /// Removes the object of the key that `lock` is for and returns it; durable on return.
    pub async fn remove(self: &Arc<Self>, lock: KeyLock) -> Result<Option<Arc<Object>>> {
        let bucket = self.clone();
        blocking(move || {
            if bucket.get(&lock.key).is_none() {
                return Ok(None);
            }
            bucket.records.remove(&record_file(&lock.key))?;
            let old = bucket.index.write().remove(&lock.key);
            if let Some(old) = &old {
                old.body.release();
            }
            Ok(old)
        })
        .await
    }

    /// Ends the bucket if it holds nothing; its folder is renamed to `grave` at once and removed after that.
    pub async fn delete(self: &Arc<Self>, grave: PathBuf) -> Result<bool> {
        let mut guards = Vec::with_capacity(LOCKS);
        for lock in &*self.locks {
            guards.push(lock.clone().lock_owned().await);
        }
        let bucket = self.clone();
        blocking(move || {
            let _guards = guards;
            if !bucket.index.read().is_empty() || !bucket.uploads.is_empty() {
                return Ok(false);
            }
            std::fs::rename(bucket.directory.path(), &grave)?;
            bucket.deleted.store(true, Ordering::Release);
            std::fs::remove_dir_all(&grave)?;
            Ok(true)
        })
        .await
    }
}

/// What a visitor of [`Bucket::walk`] wants next.
pub enum Walk<T> {
    /// The next key.
    On,
    /// The first key within this bound.
    Seek(Bound<String>),
    /// Nothing more.
    Done(T),
}

/// Makes a `NoSuchBucket` that names the bucket.
pub fn no_such_bucket(name: &str) -> Error {
    Error::from(&NO_SUCH_BUCKET).element("BucketName", name)
}

/// Runs disk I/O away from the threads that serve connections.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    joined(tokio::task::spawn_blocking(move || Ok(work())).await)?
}

/// Returns the file of a key: its hash, so that no key can name a path.
fn record_file(key: &Key) -> String {
    format!("{}.json", hex::encode(Sha256::digest(key.as_str())))
}
