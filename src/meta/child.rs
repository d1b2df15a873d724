//! What a name in a directory stands for, as far as listings and HEAD tell.

use super::link;
use crate::store::Dialect;
use crate::store::types::{ETag, Listed, ListedKind, ObjectMeta, Timestamp};

/// What kind of file a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChildKind {
    /// An object.
    File,
    /// Keys below it, its marker object, or both.
    Directory,
    /// A symbolic link, of the service's own kind or by metadata.
    Symlink,
}

/// What is known of a name at no further request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// What kind of file it is.
    pub kind: ChildKind,
    /// Bytes of the body; 0 for a directory.
    pub size: u64,
    /// When it was last written; the epoch for a directory whose marker was not seen.
    pub modified: Timestamp,
    /// The entity tag; empty for a directory.
    pub etag: ETag,
    /// The storage class, `None` for the default one and for a directory.
    pub storage_class: Option<Box<str>>,
    /// Whether only HEAD can tell that this file is not a symbolic link.
    pub maybe_symlink: bool,
}

/// One entry of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// The component of the path.
    pub name: Box<str>,
    /// What it stands for.
    pub child: Child,
}

/// What is known of a name in a directory, at no request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownChild {
    /// It is there.
    Present(Child),
    /// A complete answer did not hold it.
    Absent,
    /// Ask ([`super::Metadata::child`]).
    Unknown,
}

impl Child {
    /// Makes a directory, of what its marker says where one was seen.
    pub(super) fn directory(modified: Timestamp) -> Self {
        Self {
            kind: ChildKind::Directory,
            size: 0,
            modified,
            etag: ETag::default(),
            storage_class: None,
            maybe_symlink: false,
        }
    }

    /// Makes a child of a listed key.
    pub(super) fn listed(dialect: &Dialect, listed: Listed) -> Self {
        let is_link = listed.kind == ListedKind::Symlink;
        Self {
            kind: if is_link {
                ChildKind::Symlink
            } else {
                ChildKind::File
            },
            size: listed.size,
            modified: listed.last_modified,
            etag: listed.etag,
            storage_class: listed.storage_class,
            maybe_symlink: !is_link && listed.size == 0 && dialect.symlink_meta_key.is_some(),
        }
    }

    /// Makes a child of a HEAD's answer.
    pub(super) fn of_object(dialect: &Dialect, meta: &ObjectMeta) -> Self {
        let is_link = link::link_target(dialect, meta).is_some();
        Self {
            kind: if is_link {
                ChildKind::Symlink
            } else {
                ChildKind::File
            },
            size: meta.size,
            modified: meta.last_modified,
            etag: meta.etag.clone(),
            storage_class: meta.properties.storage_class.clone(),
            maybe_symlink: false,
        }
    }
}
