//! The object store: one trait in the terms of `types`, errors by meaning, and the parts that speak to a service.
//!
//! Above this module there is `Arc<dyn Store>` and [`Dialect`] to ask what a service can do; nothing above knows which
//! service it is.

pub mod client;
pub mod clock;
pub mod credentials;
pub mod dialect;
pub mod endpoint;
pub mod error;
pub mod fault;
pub mod http;
pub mod limit;
pub mod memory;
pub mod retry;
pub mod types;
pub mod wire;

use async_trait::async_trait;
use bytes::Bytes;
pub use client::{Client, check, open};
pub use dialect::Dialect;
pub use error::{Error, Kind, Result};
use std::time::Duration;
use types::{
    Acl, ByteRange, CompletedPart, CopyOutcome, CopyRequest, GetAnswer, GetRequest, Key, ListPage,
    ListRequest, ObjectMeta, Operation, Properties, PutOutcome, PutRequest, RestoreOutcome,
    RestoreRequest, SourceConditions, Symlink, Tags, Upload, Version, VersionId, WriteCondition,
};

/// A bucket. Every call is one request (or, retried by kind and idempotency, one at a time), ends within its deadline
/// and reports errors by [`Kind`].
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Returns what this service can do and how it names things.
    fn dialect(&self) -> &'static Dialect;

    /// Returns the requests sent so far.
    fn requests(&self) -> RequestCounts;

    /// Asks for an object's metadata. Of a native symlink: that of its target with the link's own user metadata, and
    /// [`Kind::NotFound`] when the link dangles; see [`Store::get_symlink`].
    async fn head(&self, key: &Key, version: Option<&VersionId>) -> Result<ObjectMeta>;

    /// Reads a body, or a range of it.
    async fn get(&self, request: GetRequest) -> Result<GetAnswer>;

    /// Lists one page of keys.
    async fn list(&self, request: ListRequest) -> Result<ListPage>;

    /// Lists the newest `max` versions of exactly this key, newest first. [`Kind::Unsupported`] where the bucket or
    /// server has no versions.
    async fn list_versions(&self, key: &Key, max: u16) -> Result<Vec<Version>>;

    /// Writes a whole object.
    async fn put(&self, request: PutRequest) -> Result<PutOutcome>;

    /// Copies on the server.
    async fn copy(&self, request: CopyRequest) -> Result<CopyOutcome>;

    /// Deletes an object or a version of it; one that is not there is no error.
    async fn delete(&self, key: &Key, version: Option<&VersionId>) -> Result<()>;

    /// Begins a multipart upload, which carries all that is said of the object.
    async fn create_upload(
        &self,
        key: &Key,
        properties: &Properties,
        tags: &Tags,
        acl: Option<&Acl>,
    ) -> Result<Upload>;

    /// Uploads a part.
    async fn upload_part(&self, upload: &Upload, number: u16, body: Bytes)
    -> Result<CompletedPart>;

    /// Makes a part of a range of an object, on the server.
    async fn upload_part_copy(
        &self,
        upload: &Upload,
        number: u16,
        source: &Key,
        source_version: Option<&VersionId>,
        range: ByteRange,
        conditions: &SourceConditions,
    ) -> Result<CompletedPart>;

    /// Makes the object of its parts, given in ascending order.
    async fn complete_upload(
        &self,
        upload: &Upload,
        parts: &[CompletedPart],
        condition: &WriteCondition,
    ) -> Result<PutOutcome>;

    /// Gives a multipart upload up; one that is not there is no error.
    async fn abort_upload(&self, upload: &Upload) -> Result<()>;

    /// Reads an object's tags.
    async fn get_tags(&self, key: &Key, version: Option<&VersionId>) -> Result<Tags>;

    /// Replaces all of an object's tags.
    async fn put_tags(&self, key: &Key, version: Option<&VersionId>, tags: &Tags) -> Result<()>;

    /// Removes all of an object's tags.
    async fn delete_tags(&self, key: &Key, version: Option<&VersionId>) -> Result<()>;

    /// Reads an object's ACL, as a canned word where one stands for it.
    async fn get_acl(&self, key: &Key, version: Option<&VersionId>) -> Result<Acl>;

    /// Replaces an object's ACL.
    async fn put_acl(&self, key: &Key, version: Option<&VersionId>, acl: &Acl) -> Result<()>;

    /// Returns whether objects of the bucket can have an ACL that is not the default one. Asked once by a caller that
    /// remembers; a dialect without such a setting answers true at no request.
    async fn has_object_acls(&self) -> Result<bool>;

    /// Asks for an archived object to be made readable.
    async fn restore(&self, request: RestoreRequest) -> Result<RestoreOutcome>;

    /// Reads a native symlink itself. [`Kind::Unsupported`] where the dialect has none, [`Kind::InvalidArgument`] for
    /// an object that is no symlink.
    async fn get_symlink(&self, key: &Key) -> Result<Symlink>;

    /// Writes a native symlink to a key of the same bucket.
    async fn put_symlink(
        &self,
        key: &Key,
        target: &str,
        properties: &Properties,
        tags: &Tags,
    ) -> Result<PutOutcome>;

    /// Makes a URL that reads the object without credentials, for `expires` or as long as the credentials live,
    /// whichever is shorter. No request.
    async fn presign_get(
        &self,
        key: &Key,
        version: Option<&VersionId>,
        expires: Duration,
    ) -> Result<String>;
}

/// How often each operation was sent, retries included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    sent: [u64; Operation::ALL.len()],
    /// Requests that were tried again.
    pub retried: u64,
    /// Bytes of bodies received.
    pub bytes_received: u64,
    /// Bytes of bodies sent.
    pub bytes_sent: u64,
}

impl RequestCounts {
    /// Returns how often `operation` was sent.
    pub fn of(&self, operation: Operation) -> u64 {
        self.sent[operation as usize]
    }

    /// Adds `n` sendings of `operation`.
    pub fn add(&mut self, operation: Operation, n: u64) {
        self.sent[operation as usize] += n;
    }

    /// Returns all requests sent.
    pub fn total(&self) -> u64 {
        self.sent.iter().sum()
    }

    /// Iterates over the operations that were sent at least once.
    pub fn iter(&self) -> impl Iterator<Item = (Operation, u64)> + '_ {
        Operation::ALL
            .into_iter()
            .map(|o| (o, self.of(o)))
            .filter(|(_, n)| *n > 0)
    }
}
