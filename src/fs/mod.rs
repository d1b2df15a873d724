//! The operations of the filesystem: inode numbers in, results out.
//!
//! Most come twice: `try_*` answers from what is known, without a request and without waiting, or `None`; the
//! `async` form asks the store. `fuse` calls the first on the kernel's thread and the second in a task. Nothing here
//! knows the kernel's protocol.

mod dir;
mod error;
mod failures;
mod file;
mod handles;
mod inode;
mod link;
mod stat;
mod status;
#[cfg(test)]
mod tests;
mod xattr;

pub use dir::{DirEntry, Full};
pub use error::{Error, Result};
pub use failures::Failure;
pub use handles::Handle;
pub use inode::NewAttr;
pub use stat::{Attr, Capacity, Looked, Stat};

use crate::data::Budget;
use crate::meta::Metadata;
use crate::namespace::{Body, Facts, Ino, Inodes, Kind};
use crate::store::Store;
use crate::store::types::{Key, Timestamp};
use failures::Failures;
use handles::Handles;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// What a filesystem is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The bucket's name.
    pub bucket: String,
    /// The URL that was mounted, for `status`.
    pub url: String,
    /// Where it is mounted, for `status`.
    pub mountpoint: String,
    /// The root's key; `None` is the whole bucket.
    pub root: Option<Key>,
    /// Whether every change is refused.
    pub read_only: bool,
    /// The owner of everything.
    pub uid: u32,
    /// The group of everything.
    pub gid: u32,
    /// The permission bits of files.
    pub file_mode: u16,
    /// The permission bits of directories.
    pub dir_mode: u16,
    /// How long what is known is believed, here and by the kernel.
    pub ttl: Duration,
    /// How far a sequential reader is read ahead, in bytes.
    pub read_ahead: u64,
    /// The time shown for what has none.
    pub mounted_at: Timestamp,
}

/// A mounted bucket, or a part of it.
pub struct Fs {
    settings: Settings,
    meta: Arc<Metadata>,
    store: Arc<dyn Store>,
    budget: Arc<Budget>,
    /// Held for a table look-up at a time, never over a request or a reply.
    inodes: Mutex<Inodes>,
    dirs: Handles<dir::OpenDir>,
    files: Handles<file::OpenFile>,
    failures: Failures,
}

impl Fs {
    /// Makes the filesystem over what is known of a bucket (`meta`) and where its bodies are read from (`store`).
    pub fn new(
        settings: Settings,
        meta: Arc<Metadata>,
        store: Arc<dyn Store>,
        budget: Arc<Budget>,
    ) -> Self {
        let root = Facts {
            kind: Kind::Directory,
            body: Body::NONE,
            size: 0,
            modified: settings.mounted_at,
            until: std::time::Instant::now(),
        };
        Self {
            inodes: Mutex::new(Inodes::new(settings.root.clone(), root)),
            settings,
            meta,
            store,
            budget,
            dirs: Handles::new(),
            files: Handles::new(),
            failures: Failures::default(),
        }
    }

    /// Says what a bucket has room for.
    pub fn capacity(&self) -> Capacity {
        Capacity::ENDLESS
    }

    /// Waits until no edit is under way.
    pub async fn drain(&self) {
        self.meta.drain().await;
    }

    /// Logs a failed operation and keeps it for `status`, unless programs meet such a failure in the course of their
    /// work. `name` is the entry of the directory `ino` that it was about, if it was about one.
    pub fn note_failure(
        &self,
        operation: &'static str,
        ino: Ino,
        name: Option<&[u8]>,
        error: &Error,
    ) {
        if error.is_expected() {
            return;
        }
        let key = self.inodes.lock().get(ino).map(|n| n.dir().to_owned());
        let mut key = key.unwrap_or_default();
        if let Some(name) = name {
            key.push_str(&String::from_utf8_lossy(name));
        }
        self.failures.note(operation, key, error);
    }
}

#[cfg(test)]
impl Fs {
    /// A filesystem over an empty bucket.
    pub(crate) fn for_tests() -> Self {
        tests::fs_over(tests::bucket())
    }

    /// Returns the last failures.
    pub(crate) fn failures(&self) -> Vec<Failure> {
        self.failures.latest()
    }
}

#[cfg(test)]
impl Settings {
    /// Settings of a whole bucket for tests.
    pub(crate) fn for_tests() -> Self {
        Self {
            bucket: "examplebucket".into(),
            url: "scheme://examplebucket".into(),
            mountpoint: "/mnt".into(),
            root: None,
            read_only: false,
            uid: 1000,
            gid: 100,
            file_mode: 0o644,
            dir_mode: 0o755,
            ttl: Duration::from_secs(60),
            read_ahead: 1 << 20,
            mounted_at: Timestamp(1_700_000_000),
        }
    }
}
