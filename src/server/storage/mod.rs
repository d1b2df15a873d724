//! The folder that everything is kept in. Its form, which `docs/LOCAL-OSS.md` documents:
//!
//! ```text
//! DIR/format.json                        {"format":1}; a folder without it that is not empty is refused
//! DIR/lock                               locked while a server uses the folder
//! DIR/buckets/NAME/bucket.json           the bucket itself
//! DIR/buckets/NAME/records/SHA256.json   one object each, named by the hash of its key
//! DIR/buckets/NAME/bodies/RANDOM         bytes, named by the records
//! DIR/buckets/NAME/uploads/ID/           a multipart upload: upload.json, 00001.part.json, ...
//! ```
//!
//! The rename of a record is the commit. Leaves the protocol to the rest of `server`.

mod body;
mod bucket;
mod file;
mod read;
mod record;
#[cfg(test)]
mod tests;
mod upload;
mod write;

pub use body::Body;
pub use bucket::{Bucket, BucketRecord, Object, Walk, blocking, no_such_bucket};
pub use record::{Record, Restore, Value, decode_base64, encode_base64};
pub use upload::{Part, PartRecord, Parts, Upload};
pub use write::Written;

use crate::server::error::Result;
use file::{Directory, damaged};
use parking_lot::RwLock;
use rustix::fs::FlockOperation;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

const FORMAT_FILE: &str = "format.json";
const FORMAT: &[u8] = b"{\"format\":1}\n";

/// The ending of the folder of a bucket that was empty and is being removed.
const GRAVE: &str = ".gone";

/// The folder of a server, opened.
#[derive(Debug)]
pub struct Storage {
    buckets_directory: Directory,
    buckets: RwLock<BTreeMap<Box<str>, Arc<Bucket>>>,
    /// Serialises the creation and deletion of buckets.
    changing: tokio::sync::Mutex<()>,
    /// The lock on the folder; given back with its last holder.
    lock: Arc<File>,
}

impl Storage {
    /// Opens the folder, making it when it is missing or empty. Blocks; reads every record.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let directory = Directory::open(path)?;
        let format = directory.path().join(FORMAT_FILE);
        match std::fs::read(&format) {
            Ok(found) if found == FORMAT => {}
            Ok(_) => return Err(damaged(&format, "made by another version of metamount")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if directory.names()?.iter().any(|name| name != "lock") {
                    let why = "neither empty nor a folder of `metamount serve`";
                    return Err(damaged(directory.path(), why));
                }
            }
            Err(error) => return Err(error),
        }
        let lock = File::create(directory.path().join("lock"))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| damaged(directory.path(), "in use by another server"))?;
        if !format.is_file() {
            directory.replace(FORMAT_FILE, FORMAT)?;
        }
        let lock = Arc::new(lock);
        let buckets_directory = Directory::open(directory.path().join("buckets"))?;
        let mut buckets = BTreeMap::new();
        for name in buckets_directory.names()? {
            let path = buckets_directory.path().join(&name);
            if name.ends_with(GRAVE) || Bucket::is_unfinished(&path) {
                std::fs::remove_dir_all(&path)?;
                continue;
            }
            let bucket = Bucket::open(lock.clone(), path, &name)?;
            buckets.insert(name.into(), Arc::new(bucket));
        }
        Ok(Self {
            buckets_directory,
            buckets: RwLock::new(buckets),
            changing: tokio::sync::Mutex::new(()),
            lock,
        })
    }

    /// Returns the bucket of this name.
    pub fn bucket(&self, name: &str) -> Result<Arc<Bucket>> {
        let bucket = self.buckets.read().get(name).cloned();
        bucket.ok_or_else(|| no_such_bucket(name))
    }

    /// Returns every bucket, by name.
    pub fn buckets(&self) -> Vec<Arc<Bucket>> {
        self.buckets.read().values().cloned().collect()
    }

    /// Creates a bucket, or returns `false` when there is one of that name. The name is checked by the caller.
    pub async fn create_bucket(&self, name: &str, own: BucketRecord) -> Result<bool> {
        let _changing = self.changing.lock().await;
        if self.buckets.read().contains_key(name) {
            return Ok(false);
        }
        let path = self.buckets_directory.path().join(name);
        let owned = name.to_owned();
        let folder = self.lock.clone();
        let bucket = blocking(move || Ok(Bucket::create(folder, path, &owned, own)?)).await?;
        self.buckets.write().insert(name.into(), Arc::new(bucket));
        Ok(true)
    }

    /// Deletes a bucket, or returns `false` when it is not empty.
    pub async fn delete_bucket(&self, name: &str) -> Result<bool> {
        let _changing = self.changing.lock().await;
        let bucket = self.bucket(name)?;
        let grave = format!("{name}.{:016x}{GRAVE}", fastrand::u64(..));
        let deleted = bucket
            .delete(self.buckets_directory.path().join(grave))
            .await?;
        if deleted {
            self.buckets.write().remove(name);
        }
        Ok(deleted)
    }
}
