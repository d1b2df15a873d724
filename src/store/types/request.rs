//! What is asked of a store, and what it answers.

use super::{Acl, ETag, Key, Listed, ObjectMeta, Properties, Tags, Timestamp, VersionId};
use crate::store::Error;
use bytes::Bytes;
use futures_util::stream::BoxStream;

/// The bytes of an object as they arrive. Ends early only with an error.
pub type BodyStream = BoxStream<'static, Result<Bytes, Error>>;

/// A range of bytes, end excluded; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ByteRange {
    /// The first byte.
    pub start: u64,
    /// The byte after the last.
    pub end: u64,
}

/// A read of an object's body.
#[derive(Clone, Debug)]
pub struct GetRequest {
    /// The object.
    pub key: Key,
    /// The version, the current one when `None`.
    pub version: Option<VersionId>,
    /// The part asked for, all when `None`. A range past the end is cut by the service; one that starts past it is
    /// [`crate::store::Kind::InvalidRange`].
    pub range: Option<ByteRange>,
    /// Fails with [`crate::store::Kind::Precondition`] when the body is another one.
    pub if_match: Option<ETag>,
}

/// A body under way.
pub struct GetAnswer {
    /// What the answer's headers say of the object; `size` is that of the whole object.
    pub meta: ObjectMeta,
    /// The range that the body holds.
    pub range: ByteRange,
    /// The bytes, exactly those of `range`.
    pub body: BodyStream,
}

/// One page of keys.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    /// Only keys that begin so.
    pub prefix: String,
    /// Whether keys with a further `/` are folded into prefixes.
    pub delimiter: bool,
    /// Only keys after this one, in byte order; for the first page.
    pub start_after: Option<String>,
    /// Where the page before ended ([`ListPage::next`]).
    pub token: Option<String>,
    /// At most so many keys and prefixes, 1 to 1,000.
    pub max_keys: u16,
}

/// The answer to a [`ListRequest`].
#[derive(Clone, Debug, Default)]
pub struct ListPage {
    /// The keys.
    pub objects: Vec<Listed>,
    /// The folded prefixes, each ending in `/`.
    pub prefixes: Vec<Box<str>>,
    /// The token of the next page, if there is one.
    pub next: Option<String>,
    /// Keys and prefixes of the page that are no UTF-8 or no valid key: counted, not shown.
    pub unnameable: u64,
}

/// When a write may replace what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WriteCondition {
    /// Always.
    #[default]
    None,
    /// Only if nothing is there.
    Absent,
    /// Only if the body there has this entity tag. A dialect without it ignores it (`Dialect::has_write_if_match`).
    Match(ETag),
}

/// A write of a whole object.
#[derive(Clone, Debug)]
pub struct PutRequest {
    /// The object.
    pub key: Key,
    /// All that is said of it.
    pub properties: Properties,
    /// Its tags.
    pub tags: Tags,
    /// Its ACL, the service's default when `None`.
    pub acl: Option<Acl>,
    /// When it may replace what is there.
    pub condition: WriteCondition,
    /// The bytes.
    pub body: Bytes,
}

/// The answer to a write.
#[derive(Clone, Debug, Default)]
pub struct PutOutcome {
    /// The entity tag of what was written.
    pub etag: ETag,
    /// The version made, in a versioned bucket.
    pub version_id: Option<VersionId>,
    /// CRC-64/XZ of the body, where the service gives it.
    pub crc64: Option<u64>,
    /// The server's clock (its `Date`).
    pub date: Option<Timestamp>,
}

/// What a copy does with user metadata and HTTP headers.
#[derive(Clone, Debug)]
pub enum MetadataDirective {
    /// The source's.
    Copy,
    /// These and nothing else.
    Replace(Properties),
}

/// What a copy does with tags.
#[derive(Clone, Debug)]
pub enum TaggingDirective {
    /// The source's.
    Copy,
    /// These and nothing else.
    Replace(Tags),
}

/// Conditions on the source of a copy.
#[derive(Clone, Debug, Default)]
pub struct SourceConditions {
    /// The source has this entity tag. Where it is true, services ignore `if_unmodified_since`.
    pub if_match: Option<ETag>,
    /// The source has another entity tag.
    pub if_none_match: Option<ETag>,
    /// The source was not written after this time.
    pub if_unmodified_since: Option<Timestamp>,
    /// The source was written after this time.
    pub if_modified_since: Option<Timestamp>,
}

/// A copy on the server.
#[derive(Clone, Debug)]
pub struct CopyRequest {
    /// What is copied.
    pub source: Key,
    /// Which version of it, the current one when `None`.
    pub source_version: Option<VersionId>,
    /// Where to.
    pub destination: Key,
    /// User metadata, HTTP headers, class and encryption.
    pub metadata: MetadataDirective,
    /// The storage class, also where metadata is copied; `None` is that of the new metadata, else the default one.
    /// A copy never takes its source's.
    pub storage_class: Option<Box<str>>,
    /// Tags.
    pub tagging: TaggingDirective,
    /// The ACL of the copy, the service's default when `None`: a copy never takes its source's.
    pub acl: Option<Acl>,
    /// Conditions on the source.
    pub conditions: SourceConditions,
    /// When the copy may replace what is there.
    pub condition: WriteCondition,
}

/// The answer to a copy.
#[derive(Clone, Debug, Default)]
pub struct CopyOutcome {
    /// The entity tag of the copy.
    pub etag: ETag,
    /// When the copy was written.
    pub last_modified: Timestamp,
    /// The version made, in a versioned bucket.
    pub version_id: Option<VersionId>,
    /// The version copied from, where the service tells.
    pub source_version_id: Option<VersionId>,
    /// The server's clock (its `Date`).
    pub date: Option<Timestamp>,
}

/// A multipart upload under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The object it will become.
    pub key: Key,
    /// The service's name for it.
    pub id: Box<str>,
}

/// A part that the service has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletedPart {
    /// 1 to 10,000.
    pub number: u16,
    /// The part's entity tag.
    pub etag: ETag,
}

/// Asks for an archived object's body to be made readable for a while.
#[derive(Clone, Debug)]
pub struct RestoreRequest {
    /// The object.
    pub key: Key,
    /// How long the restored copy stays, in days.
    pub days: u32,
}

/// The answer to a [`RestoreRequest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreOutcome {
    /// The service has begun.
    Started,
    /// The body is readable already; its time was extended.
    Extended,
    /// An earlier request is still being worked on.
    InProgress,
}

/// A native symbolic link.
#[derive(Clone, Debug)]
pub struct Symlink {
    /// The link's own metadata; `symlink_target` is set.
    pub meta: ObjectMeta,
    /// The key it points at, decoded.
    pub target: Box<str>,
}

/// One version of a key, newest first in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its name.
    pub id: VersionId,
    /// Whether it is the current one.
    pub is_latest: bool,
    /// Whether it is a delete marker.
    pub is_delete_marker: bool,
    /// When it was written.
    pub last_modified: Timestamp,
    /// The entity tag, empty for a delete marker.
    pub etag: ETag,
}
