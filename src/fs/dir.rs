//! Reading directories: entries numbered within one opened listing, so that an offset stays valid while the bucket
//! changes.

use super::inode::{child_key, dir_of, kind_of};
use super::{Attr, Error, Fs, Handle, Result};
use crate::meta::{self, Child, Known, Listing};
use crate::namespace::{Facts, Ino, Kind};
use crate::store::types::Key;
use parking_lot::Mutex;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// An opened directory.
pub(super) struct OpenDir {
    ino: Ino,
    key: Option<Key>,
    /// Replaced when the reader begins anew (rewinddir).
    listing: Mutex<Arc<Listing>>,
    started: AtomicBool,
}

/// One entry of a directory.
#[derive(Clone, Copy, Debug)]
pub struct DirEntry<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its inode where the kernel knows one.
    pub ino: Option<Ino>,
    /// What it is.
    pub kind: Kind,
    /// Where to read on after it.
    pub next: u64,
}

/// Says that the caller's buffer takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// `.` and `..` come before the entries of the listing.
const DOTS: u64 = 2;

impl Fs {
    /// Opens a directory; its first page is asked for at once.
    pub fn opendir(&self, ino: Ino) -> Result<Handle> {
        let (key, facts) = self.node(ino)?;
        if facts.kind != Kind::Directory {
            return Err(Error::NotDirectory);
        }
        let listing = Mutex::new(Arc::new(self.meta.open_listing(dir_of(&key))));
        Ok(self.dirs.insert(OpenDir {
            ino,
            key,
            listing,
            started: AtomicBool::new(false),
        }))
    }

    /// Closes a directory.
    pub fn releasedir(&self, handle: Handle) {
        self.dirs.remove(handle);
    }

    /// Reads names from `offset` on, until `add` is full or the directory ends.
    pub async fn readdir(
        &self,
        handle: Handle,
        offset: u64,
        mut add: impl FnMut(DirEntry<'_>) -> Result<(), Full> + Send,
    ) -> Result<()> {
        let dir = self.dirs.get(handle).ok_or(Error::BadHandle)?;
        if self.add_dots(&dir, offset, &mut add).is_break() {
            return Ok(());
        }
        self.each_entry(&dir, offset, |fs, entry, next| {
            let (kind, _) = fs.classify(&dir, entry);
            let known = child_key(dir_of(&dir.key), &entry.name, kind);
            add(DirEntry {
                name: &entry.name,
                ino: known.and_then(|key| fs.inodes.lock().find(&key)),
                kind,
                next,
            })
        })
        .await
    }

    /// Reads names with what stat(2) shows of them. Each entry that `add` takes counts as one lookup of its inode.
    pub async fn readdirplus(
        &self,
        handle: Handle,
        offset: u64,
        mut add: impl FnMut(DirEntry<'_>, &Attr) -> Result<(), Full> + Send,
    ) -> Result<()> {
        let dir = self.dirs.get(handle).ok_or(Error::BadHandle)?;
        let (_, facts) = self.node(dir.ino)?;
        let own = self.attr(dir.ino, &facts, Duration::ZERO);
        if self
            .add_dots(&dir, offset, &mut |entry: DirEntry<'_>| add(entry, &own))
            .is_break()
        {
            return Ok(());
        }
        let believed = self.meta.listing_believed_for(dir_of(&dir.key));
        self.each_entry(&dir, offset, |fs, entry, next| {
            let (kind, certain) = fs.classify(&dir, entry);
            let Some(key) = child_key(dir_of(&dir.key), &entry.name, kind) else {
                return Ok(());
            };
            let facts = fs.entry_facts(&key, &entry.child, kind, believed);
            let ino = fs.inodes.lock().look_up(&key, facts);
            // Without a time to live the kernel looks the name up before it uses it.
            let ttl = if certain { believed } else { Duration::ZERO };
            let taken = add(
                DirEntry {
                    name: &entry.name,
                    ino: Some(ino),
                    kind,
                    next,
                },
                &fs.attr(ino, &facts, ttl),
            );
            if taken.is_err() {
                fs.forget(ino, 1);
            } else if !certain {
                fs.meta.will_need([key]);
            }
            taken
        })
        .await
    }

    fn add_dots(
        &self,
        dir: &OpenDir,
        offset: u64,
        add: &mut (impl FnMut(DirEntry<'_>) -> Result<(), Full> + Send),
    ) -> ControlFlow<()> {
        for (at, name) in (0..DOTS).zip([".", ".."]).skip(offset.min(DOTS) as usize) {
            let entry = DirEntry {
                name,
                ino: (at == 0).then_some(dir.ino),
                kind: Kind::Directory,
                next: at + 1,
            };
            if add(entry).is_err() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// Goes through the listing from `offset` on.
    async fn each_entry(
        &self,
        dir: &OpenDir,
        offset: u64,
        mut visit: impl FnMut(&Self, &meta::DirEntry, u64) -> Result<(), Full> + Send,
    ) -> Result<()> {
        let listing = {
            let mut listing = dir.listing.lock();
            if dir.started.swap(true, Ordering::Relaxed) && offset == 0 {
                *listing = Arc::new(self.meta.open_listing(dir_of(&dir.key)));
            }
            listing.clone()
        };
        let mut at = usize::try_from(offset.saturating_sub(DOTS)).unwrap_or(usize::MAX);
        loop {
            let entries = listing.entries(at).await?;
            if entries.is_empty() {
                return Ok(());
            }
            for entry in entries.iter() {
                at += 1;
                if visit(self, entry, at as u64 + DOTS).is_err() {
                    return Ok(());
                }
            }
        }
    }

    /// Returns what an entry is, and whether that is certain: what a listing shows as an empty file may be a symlink
    /// as its HEAD will tell.
    fn classify(&self, dir: &OpenDir, entry: &meta::DirEntry) -> (Kind, bool) {
        if !entry.child.maybe_symlink {
            return (kind_of(&entry.child), true);
        }
        match self.meta.known_child(dir_of(&dir.key), &entry.name) {
            meta::KnownChild::Present(child) => (kind_of(&child), !child.maybe_symlink),
            meta::KnownChild::Absent | meta::KnownChild::Unknown => (Kind::File, false),
        }
    }

    /// Returns what is known of an entry: the listing's word, or that of a later HEAD or edit.
    fn entry_facts(&self, key: &Key, child: &Child, kind: Kind, ttl: Duration) -> Facts {
        if kind == Kind::File
            && let Known::Present(object) = self.meta.peek(key)
            && object.meta.last_modified >= child.modified
        {
            return self.facts_of_file(key, &object);
        }
        self.facts_of(key, child, kind, ttl)
    }
}
