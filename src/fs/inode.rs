//! Lookup and stat: from a name to an inode, and what is shown of it.

use super::{Attr, Error, Fs, Looked, Result, Stat};
use crate::meta::{Child, ChildKind, Known, KnownChild};
use crate::namespace::{Body, Facts, Ino, Kind, Name};
use crate::store;
use crate::store::types::{Key, Object};
use std::time::Duration;
use tokio::time::Instant;

impl Fs {
    /// Looks a name up in what is known.
    pub fn try_lookup(&self, parent: Ino, name: &[u8]) -> Option<Result<Looked>> {
        let (dir, name) = match self.entry(parent, name) {
            Ok(entry) => entry,
            Err(error) => return Some(Err(error)),
        };
        match self.meta.known_child(dir_of(&dir), name.as_str()) {
            // Only its HEAD tells what it is.
            KnownChild::Present(child) if child.maybe_symlink => None,
            KnownChild::Present(child) => Some(self.found(&dir, name, &child)),
            KnownChild::Absent => {
                let ttl = self.meta.believed_for(dir_of(&dir), name.as_str());
                Some(Ok(Looked::Absent(ttl)))
            }
            KnownChild::Unknown => None,
        }
    }

    /// Looks a name up, with a request where it is not known.
    pub async fn lookup(&self, parent: Ino, name: &[u8]) -> Result<Looked> {
        let (dir, name) = self.entry(parent, name)?;
        match self.meta.child(dir_of(&dir), name.as_str()).await? {
            Some(child) => self.found(&dir, name, &child),
            None => {
                let ttl = self.meta.believed_for(dir_of(&dir), name.as_str());
                Ok(Looked::Absent(ttl))
            }
        }
    }

    /// Takes back `count` lookups of an inode.
    pub fn forget(&self, ino: Ino, count: u64) {
        self.inodes.lock().forget(ino, count);
    }

    /// Stats an inode from what is known.
    pub fn try_getattr(&self, ino: Ino) -> Option<Result<Attr>> {
        let (key, facts) = match self.node(ino) {
            Ok(node) => node,
            Err(error) => return Some(Err(error)),
        };
        match (facts.kind, &key) {
            // What is shown of a directory does not change; whether it is there, a lookup tells.
            (Kind::Directory, _) | (_, None) => Some(Ok(self.attr(ino, &facts, self.settings.ttl))),
            (Kind::File, Some(key)) => match self.meta.known(key) {
                Known::Present(object) => Some(self.now_is(ino, self.facts_of_file(key, &object))),
                Known::Absent => Some(self.is_gone(ino, Error::NotFound)),
                Known::Unknown => self.believed(ino, &facts),
            },
            (Kind::Symlink, Some(_)) => self.believed(ino, &facts),
        }
    }

    /// Stats an inode, with a request where what is known of it is too old.
    pub async fn getattr(&self, ino: Ino) -> Result<Attr> {
        let (Some(key), facts) = self.node(ino)? else {
            return self.try_getattr(ino).unwrap_or(Err(Error::Stale));
        };
        if facts.kind == Kind::File {
            return match self.meta.object(&key).await {
                Ok(object) => self.now_is(ino, self.facts_of_file(&key, &object)),
                Err(error) if error.kind() == store::Kind::NotFound => {
                    self.is_gone(ino, Error::NotFound)
                }
                Err(error) => Err(error.into()),
            };
        }
        let (dir, name) = split(&key);
        match self.meta.child(dir, name).await? {
            Some(child) => {
                let ttl = self.meta.believed_for(dir, name);
                self.now_is(ino, self.facts_of(&key, &child, kind_of(&child), ttl))
            }
            None => Err(Error::NotFound),
        }
    }

    /// Shows what was learned of the path of an inode. Of another file it is only shown to who looks the path up anew,
    /// which the kernel does by itself when told that the inode is stale.
    fn now_is(&self, ino: Ino, facts: Facts) -> Result<Attr> {
        if self.inodes.lock().learn(ino, facts) {
            Ok(self.attr(ino, &facts, left(&facts)))
        } else {
            self.is_gone(ino, Error::Replaced)
        }
    }

    /// Shows a file that is not at its path any more as it was, to who has it open still.
    fn is_gone(&self, ino: Ino, error: Error) -> Result<Attr> {
        if self.files.any(|file| file.ino == ino) {
            let (_, facts) = self.node(ino)?;
            Ok(self.attr(ino, &facts, Duration::ZERO))
        } else {
            Err(error)
        }
    }

    /// Checks a change of what stat(2) shows. Content and modes are not changed here; what is asked for and is so
    /// already succeeds.
    pub fn setattr(&self, ino: Ino, wanted: &NewAttr) -> Result<Attr> {
        let (_, facts) = self.node(ino)?;
        let stat = Stat::new(ino, &facts, &self.settings);
        let same = wanted
            .size
            .is_none_or(|size| size == stat.size && stat.kind == Kind::File)
            && wanted
                .mode
                .is_none_or(|mode| mode & 0o7777 == u32::from(stat.mode))
            && wanted.uid.is_none_or(|uid| uid == stat.uid)
            && wanted.gid.is_none_or(|gid| gid == stat.gid)
            && !wanted.times;
        if same && !self.settings.read_only {
            Ok(self.attr(ino, &facts, Duration::ZERO))
        } else {
            Err(Error::ReadOnly)
        }
    }

    /// Returns the key of a directory (`None` for the bucket) and a name in it.
    fn entry<'a>(&self, parent: Ino, name: &'a [u8]) -> Result<(Option<Key>, Name<'a>)> {
        let name = Name::new(name)?;
        let (dir, facts) = self.node(parent)?;
        if facts.kind == Kind::Directory {
            Ok((dir, name))
        } else {
            Err(Error::NotDirectory)
        }
    }

    /// Returns the key and the last facts of an inode.
    pub(super) fn node(&self, ino: Ino) -> Result<(Option<Key>, Facts)> {
        let inodes = self.inodes.lock();
        let node = inodes.get(ino).ok_or(Error::Stale)?;
        Ok((node.key.clone(), node.facts))
    }

    /// Counts a lookup of a child.
    fn found(&self, dir: &Option<Key>, name: Name<'_>, child: &Child) -> Result<Looked> {
        let kind = kind_of(child);
        let key = child_key(dir_of(dir), name.as_str(), kind).ok_or(Error::NameTooLong)?;
        let ttl = self.meta.believed_for(dir_of(dir), name.as_str());
        let facts = self.facts_of(&key, child, kind, ttl);
        let ino = self.inodes.lock().look_up(&key, facts);
        Ok(Looked::Found(self.attr(ino, &facts, ttl)))
    }

    /// Returns what a HEAD, or an edit of ours, says of a file.
    pub(super) fn facts_of_file(&self, key: &Key, object: &Object) -> Facts {
        let (dir, name) = split(key);
        Facts {
            kind: Kind::File,
            body: Body::of(&object.meta.etag),
            size: object.meta.size,
            modified: object.meta.last_modified,
            until: (Instant::now() + self.meta.believed_for(dir, name)).into_std(),
        }
    }

    /// Returns what a listing or lookup says of a name that is a `kind`, believed for `ttl`.
    pub(super) fn facts_of(&self, key: &Key, child: &Child, kind: Kind, ttl: Duration) -> Facts {
        Facts {
            kind,
            body: match kind {
                Kind::Directory => Body::NONE,
                Kind::File | Kind::Symlink => Body::of(&child.etag),
            },
            size: match kind {
                Kind::Symlink => self.link_size(key),
                Kind::File | Kind::Directory => child.size,
            },
            modified: child.modified,
            until: (Instant::now() + ttl).into_std(),
        }
    }

    fn believed(&self, ino: Ino, facts: &Facts) -> Option<Result<Attr>> {
        let left = left(facts);
        (!left.is_zero()).then(|| Ok(self.attr(ino, facts, left)))
    }

    pub(super) fn attr(&self, ino: Ino, facts: &Facts, ttl: Duration) -> Attr {
        Attr {
            stat: Stat::new(ino, facts, &self.settings),
            ttl,
        }
    }
}

/// Returns how long facts are believed still.
fn left(facts: &Facts) -> Duration {
    let now = Instant::now().into_std();
    facts.until.saturating_duration_since(now)
}

/// What setattr is asked to change.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewAttr {
    /// The size in bytes.
    pub size: Option<u64>,
    /// The mode, with or without the type.
    pub mode: Option<u32>,
    /// The owner.
    pub uid: Option<u32>,
    /// The group.
    pub gid: Option<u32>,
    /// Whether a time of access or modification is given.
    pub times: bool,
}

pub(super) fn kind_of(child: &Child) -> Kind {
    match child.kind {
        ChildKind::File => Kind::File,
        ChildKind::Directory => Kind::Directory,
        ChildKind::Symlink => Kind::Symlink,
    }
}

/// Returns the key prefix of a directory's entries.
pub(super) fn dir_of(key: &Option<Key>) -> &str {
    key.as_ref().map_or("", Key::as_str)
}

/// Returns the key of an entry, `None` where it would be too long for one.
pub(super) fn child_key(dir: &str, name: &str, kind: Kind) -> Option<Key> {
    let slash = if kind == Kind::Directory { "/" } else { "" };
    Key::new(format!("{dir}{name}{slash}")).ok()
}

/// Splits a key into the prefix of its directory and its name there.
pub(super) fn split(key: &Key) -> (&str, &str) {
    let path = key.as_str();
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split_at(path.rfind('/').map_or(0, |at| at + 1))
}
