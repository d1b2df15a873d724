//! Reading files: an inode is one body, and what is read of it is that body or an error.

use super::{Error, Fs, Handle, Result};
use crate::data::Reader;
use crate::namespace::{Ino, Kind};
use crate::store;
use bytes::Bytes;
use std::sync::Arc;

/// An opened file.
pub(super) struct OpenFile {
    pub(super) ino: Ino,
    reader: Arc<Reader>,
}

impl Fs {
    /// Opens a file for reading. What the service has now is what is read (close-to-open): this asks it. A body that
    /// was replaced since its inode was looked up is [`Error::Replaced`]; the kernel then looks the path up anew and opens
    /// what it finds.
    pub async fn open(&self, ino: Ino, writes: bool) -> Result<Handle> {
        let (key, facts) = self.node(ino)?;
        let key = match (key, facts.kind) {
            (Some(key), Kind::File) => key,
            (None, _) | (_, Kind::Directory) => return Err(Error::IsDirectory),
            // The kernel follows links itself.
            (_, Kind::Symlink) => return Err(Error::Stale),
        };
        if writes {
            return Err(Error::ReadOnly);
        }
        let object = self.meta.fresh(&key).await?;
        let now = self.facts_of_file(&key, &object);
        if !self.inodes.lock().learn(ino, now) {
            return Err(Error::Replaced);
        }
        let reader = Reader::new(
            self.store.clone(),
            self.budget.clone(),
            key,
            object.meta,
            self.settings.read_ahead,
        );
        Ok(self.files.insert(OpenFile { ino, reader }))
    }

    /// Reads up to `size` bytes from `offset` on; fewer only at the end.
    pub async fn read(&self, handle: Handle, offset: u64, size: u32) -> Result<Bytes> {
        let file = self.files.get(handle).ok_or(Error::BadHandle)?;
        let read = file.reader.read(offset, size).await;
        read.map_err(|error| match error.kind() {
            // It was there when it was opened.
            store::Kind::NotFound => Error::Stale,
            _ => error.into(),
        })
    }

    /// Closes a file.
    pub fn release(&self, handle: Handle) {
        self.files.remove(handle);
    }
}
