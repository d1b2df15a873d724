//! Multipart uploads under way: a folder each, with a file for what was said at initiation and a file a part.
//!
//! The upload's own file goes first when it ends; a folder without it is a leftover.

use super::body::{Body, Finder};
use super::bucket::{Bucket, KeyLock, Object, blocking};
use super::file::{Directory, read_json};
use super::record::{Extent, Record, timestamp};
use crate::server::error::{Error, NO_SUCH_UPLOAD, Result};
use crate::store::types::{Key, Timestamp};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;

const UPLOAD_FILE: &str = "upload.json";

/// Uploads by key and id.
type Index = BTreeMap<(Key, Box<str>), Arc<Upload>>;

/// The uploads of a bucket.
#[derive(Debug)]
pub struct Uploads {
    directory: Directory,
    index: Mutex<Index>,
}

/// An upload under way.
#[derive(Debug)]
pub struct Upload {
    /// Its id.
    pub id: Box<str>,
    /// The object to be: its properties as given at initiation; its time is that of the initiation.
    pub object: Record,
    directory: Directory,
    /// The parts by number; `None` once the upload was completed or aborted. Held while a part is committed.
    parts: Arc<tokio::sync::Mutex<Option<Parts>>>,
}

/// The parts of an upload by number.
pub type Parts = BTreeMap<u32, Part>;

/// An uploaded part.
#[derive(Clone, Debug)]
pub struct Part {
    /// What is stored of it.
    pub record: PartRecord,
    /// Its bytes.
    pub body: Body,
}

/// What is stored of a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartRecord {
    /// The MD5 of its bytes, in upper-case hex.
    pub etag: Box<str>,
    /// Its bytes.
    pub size: u64,
    /// CRC-64/XZ of its bytes.
    pub crc64: u64,
    /// When it was uploaded.
    #[serde(with = "timestamp")]
    pub modified: Timestamp,
    /// Where its bytes are.
    pub body: Box<[Extent]>,
}

impl Uploads {
    /// Opens the folder: reads every upload and its parts, removes leftovers. Blocks.
    pub fn open(path: PathBuf, finder: &mut Finder) -> io::Result<Self> {
        let directory = Directory::open(path)?;
        let mut index = BTreeMap::new();
        for id in directory.names()? {
            let path = directory.path().join(&id);
            if !path.join(UPLOAD_FILE).is_file() {
                std::fs::remove_dir_all(&path)?;
                continue;
            }
            let upload = Upload::open(&id, Directory::open(path)?, finder)?;
            index.insert((upload.object.key.clone(), id.into()), Arc::new(upload));
        }
        Ok(Self {
            directory,
            index: Mutex::new(index),
        })
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.index.lock().is_empty()
    }

    /// Returns the upload of this key and id.
    pub fn get(&self, key: &Key, id: &str) -> Result<Arc<Upload>> {
        let upload = self.index.lock().get(&(key.clone(), id.into())).cloned();
        upload.ok_or_else(|| no_such_upload(id))
    }

    /// Returns all uploads by key, then id.
    pub fn all(&self) -> Vec<Arc<Upload>> {
        self.index.lock().values().cloned().collect()
    }
}

impl Bucket {
    /// Begins an upload that will make `object`, under the lock of its key; durable on return.
    pub async fn begin_upload(
        self: &Arc<Self>,
        lock: KeyLock,
        object: Record,
    ) -> Result<Arc<Upload>> {
        let bucket = self.clone();
        blocking(move || {
            bucket.check_exists(&lock)?;
            let id = format!("{:032X}", fastrand::u128(..));
            let directory = Directory::open(bucket.uploads.directory.path().join(&id))?;
            directory.replace(
                UPLOAD_FILE,
                &serde_json::to_vec(&object).map_err(io::Error::from)?,
            )?;
            let upload = Arc::new(Upload {
                id: id.into(),
                object,
                directory,
                parts: Arc::new(tokio::sync::Mutex::new(Some(Parts::new()))),
            });
            let name = (upload.object.key.clone(), upload.id.clone());
            bucket.uploads.index.lock().insert(name, upload.clone());
            Ok(upload)
        })
        .await
    }

    /// Stores the object that an upload's parts make, and ends the upload; durable on return.
    pub async fn complete_upload(
        self: &Arc<Self>,
        lock: KeyLock,
        upload: Arc<Upload>,
        parts: OwnedMutexGuard<Option<Parts>>,
        record: Record,
        body: Body,
    ) -> Result<Arc<Object>> {
        let bucket = self.clone();
        blocking(move || {
            let object = bucket.commit_blocking(&lock, record, body)?;
            bucket.end_upload(&upload, parts)?;
            Ok(object)
        })
        .await
    }

    /// Forgets an upload and its parts; durable on return.
    pub async fn abort_upload(self: &Arc<Self>, upload: Arc<Upload>) -> Result<()> {
        let parts = upload.parts().await?;
        let bucket = self.clone();
        blocking(move || Ok(bucket.end_upload(&upload, parts)?)).await
    }

    fn end_upload(
        &self,
        upload: &Upload,
        mut parts: OwnedMutexGuard<Option<Parts>>,
    ) -> io::Result<()> {
        upload.directory.remove(UPLOAD_FILE)?;
        let name = (upload.object.key.clone(), upload.id.clone());
        self.uploads.index.lock().remove(&name);
        for part in parts.take().iter().flat_map(BTreeMap::values) {
            part.body.release();
        }
        // Without its own file it is no upload any more; what stays behind goes at the next start.
        if let Err(error) = std::fs::remove_dir_all(upload.directory.path()) {
            log::warn!("storage: {}: {error}", upload.directory.path().display());
        }
        Ok(())
    }
}

impl Upload {
    fn open(id: &str, directory: Directory, finder: &mut Finder) -> io::Result<Self> {
        let object = read_json(&directory.path().join(UPLOAD_FILE))?;
        let mut parts = Parts::new();
        for name in directory.names()? {
            let number = name.strip_suffix(".part.json").and_then(|n| n.parse().ok());
            let Some(number) = number else {
                continue;
            };
            let record: PartRecord = read_json(&directory.path().join(&name))?;
            let body = finder.find(&record.body)?;
            parts.insert(number, Part { record, body });
        }
        Ok(Self {
            id: id.into(),
            object,
            directory,
            parts: Arc::new(tokio::sync::Mutex::new(Some(parts))),
        })
    }

    /// Returns the parts, locked: always `Some`, as an ended upload is an error.
    pub async fn parts(&self) -> Result<OwnedMutexGuard<Option<Parts>>> {
        let parts = self.parts.clone().lock_owned().await;
        if parts.is_none() {
            return Err(no_such_upload(&self.id));
        }
        Ok(parts)
    }

    /// Stores a part, in place of an earlier one of its number; durable on return.
    pub async fn put_part(self: &Arc<Self>, number: u32, part: Part) -> Result<()> {
        let mut parts = self.parts().await?;
        let upload = self.clone();
        blocking(move || {
            part.body.make_durable()?;
            let json = serde_json::to_vec(&part.record).map_err(io::Error::from)?;
            // Held before the rename, for the reason that `Bucket::commit_blocking` gives.
            part.body.hold();
            upload
                .directory
                .replace(&format!("{number:05}.part.json"), &json)?;
            if let Some(old) = parts.as_mut().and_then(|parts| parts.insert(number, part)) {
                old.body.release();
            }
            Ok(())
        })
        .await
    }
}

fn no_such_upload(id: &str) -> Error {
    Error::from(&NO_SUCH_UPLOAD).element("UploadId", id)
}
