//! An object as HEAD and as a listing show it.

use super::{Acl, Key, Properties, Tags, Timestamp};
use std::fmt;
use std::sync::Arc;

/// An entity tag, without its quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ETag(Box<str>);

impl ETag {
    /// Takes an entity tag with or without quotes.
    pub fn new(text: &str) -> Self {
        Self(text.trim().trim_matches('"').into())
    }

    /// Returns the tag without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the tag in quotes, the form of conditions.
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version of an object in a versioned bucket, as the service names it; `null` is a version too.
pub type VersionId = Box<str>;

/// How an object came to be, where the dialect tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ObjectType {
    /// Uploaded in one piece, or the dialect does not tell.
    #[default]
    Normal,
    /// Uploaded in parts.
    Multipart,
    /// Grows by append.
    Appendable,
    /// A native symbolic link.
    Symlink,
}

impl ObjectType {
    /// Returns the word that headers and listings use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Multipart => "Multipart",
            Self::Appendable => "Appendable",
            Self::Symlink => "Symlink",
        }
    }

    /// Parses the word of a header or listing.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Normal,
            Self::Multipart,
            Self::Appendable,
            Self::Symlink,
        ]
        .into_iter()
        .find(|t| t.name() == name)
    }
}

/// A checksum of an object's bytes, as the service gives it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checksum {
    /// Lower case: `crc32`, `crc32c`, `crc64nvme`, `sha1`, `sha256`.
    pub algorithm: &'static str,
    /// The value in base64.
    pub value: Box<str>,
    /// Whether it is over the whole object, not a checksum of its parts' checksums.
    pub full_object: bool,
}

/// What a HEAD says of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Bytes of the body.
    pub size: u64,
    /// The entity tag of the body.
    pub etag: ETag,
    /// When the object was last written, metadata included.
    pub last_modified: Timestamp,
    /// The server's clock when it gave this answer (its `Date`).
    pub date: Option<Timestamp>,
    /// What a write must carry over.
    pub properties: Properties,
    /// How the object came to be, where the dialect tells.
    pub object_type: Option<ObjectType>,
    /// The version, in a versioned bucket.
    pub version_id: Option<VersionId>,
    /// CRC-64/XZ of the whole body.
    pub crc64: Option<u64>,
    /// Another checksum of the body.
    pub checksum: Option<Checksum>,
    /// The raw value of the lifecycle expiration header.
    pub expiration: Option<Box<str>>,
    /// The raw value of the restore header: `ongoing-request="true"` or `ongoing-request="false", expiry-date="..."`.
    pub restore: Option<Box<str>>,
    /// When the object was last read, where the bucket tracks it.
    pub last_access: Option<Box<str>>,
    /// The number of tags as HEAD tells it; `None` when the header is missing.
    pub tag_count: Option<u32>,
    /// Metadata entries that exist and cannot be shown in headers; above 0 a rewrite would lose them.
    pub missing_meta: u32,
    /// Where a native symbolic link points: a key of the bucket, decoded.
    pub symlink_target: Option<Box<str>>,
    /// The answer's headers as received, one `name: value` a line in the order received; `None` when this view was
    /// not made from an answer but from a write.
    pub raw: Option<Box<[u8]>>,
}

/// What a listing says of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListedKind {
    /// An object of any type but a symlink.
    Object,
    /// A native symbolic link.
    Symlink,
}

/// One key of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The key.
    pub key: Key,
    /// Bytes of the body.
    pub size: u64,
    /// The entity tag.
    pub etag: ETag,
    /// When the object was last written.
    pub last_modified: Timestamp,
    /// The storage class, `None` for the default one.
    pub storage_class: Option<Box<str>>,
    /// What the key names.
    pub kind: ListedKind,
}

/// What is known of an object so far: its HEAD, and tags and ACL once they were asked for. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// The HEAD's answer, or what a write of ours made of it.
    pub meta: Arc<ObjectMeta>,
    /// The tags, once known; known to be none when the HEAD says so.
    pub tags: Option<Arc<Tags>>,
    /// The ACL, once known.
    pub acl: Option<Arc<Acl>>,
}
