//! A bucket in memory, for tests: the semantics of either service at one-second granularity, and its known imitators'
//! departures from them ([`Quirks`]).
//!
//! The clock is given. Nothing here waits: latency and failures are the business of `store::fault`.

mod bucket;
mod conditions;
mod copy;
mod quirks;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use bucket::Record;
pub use quirks::Quirks;

use super::types::*;
use super::{Dialect, Error, Kind, RequestCounts, Result, Store};
use async_trait::async_trait;
use bucket::{Bucket, Parts};
use bytes::Bytes;
use parking_lot::Mutex;
use std::time::Duration;
use write::{add_part, write_body};

/// An in-memory [`Store`].
pub struct Memory {
    dialect: &'static Dialect,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    quirks: Quirks,
    bucket: Mutex<Bucket>,
    counts: Mutex<RequestCounts>,
}

impl Memory {
    /// Makes an empty bucket without versions, whose server reads its time from `clock`.
    pub fn new(
        dialect: &'static Dialect,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        Self {
            dialect,
            clock: Box::new(clock),
            quirks: Quirks::default(),
            bucket: Mutex::default(),
            counts: Mutex::default(),
        }
    }

    /// Makes the server behave as `quirks` say.
    #[must_use]
    pub fn with_quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self
    }

    /// Makes every write a new version.
    #[must_use]
    pub fn with_versions(self) -> Self {
        self.bucket.lock().versioned = true;
        self
    }

    /// Returns the current record of `key`, at no request.
    pub fn peek(&self, key: &Key) -> Option<Record> {
        self.bucket.lock().record(key, None).cloned()
    }

    /// Changes the current record of `key` in place, at no request: as a service does by itself. Last-Modified stays
    /// unless `change` moves it.
    pub fn alter(&self, key: &Key, change: impl FnOnce(&mut Record)) {
        let mut bucket = self.bucket.lock();
        change(
            bucket
                .record_mut(key, None)
                .expect("the test altered a key that is there"),
        );
    }

    /// Writes `key` as a program without any rule does: what is there, with `change` made to it, at no condition and
    /// no request.
    pub fn rewrite(&self, key: &Key, change: impl FnOnce(&mut Record)) {
        let now = (self.clock)();
        let mut bucket = self.bucket.lock();
        let mut record = bucket.record(key, None).cloned().unwrap_or_default();
        record.meta.last_modified = now;
        change(&mut record);
        bucket.write(key, Some(record), now);
    }

    /// Returns the number of multipart uploads neither completed nor aborted.
    pub fn open_uploads(&self) -> usize {
        self.bucket.lock().uploads.len()
    }

    fn begin(&self, operation: Operation) -> Timestamp {
        self.counts.lock().add(operation, 1);
        (self.clock)()
    }

    fn with_record<T>(
        &self,
        key: &Key,
        version: Option<&VersionId>,
        act: impl FnOnce(&mut Record) -> Result<T>,
    ) -> Result<T> {
        let mut bucket = self.bucket.lock();
        act(bucket
            .record_mut(key, version)
            .ok_or_else(|| not_found(key))?)
    }
}

#[async_trait]
impl Store for Memory {
    fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    fn requests(&self) -> RequestCounts {
        self.counts.lock().clone()
    }

    async fn head(&self, key: &Key, version: Option<&VersionId>) -> Result<ObjectMeta> {
        let now = self.begin(Operation::HeadObject);
        let bucket = self.bucket.lock();
        let record = bucket.record(key, version).ok_or_else(|| not_found(key))?;
        self.describe(&bucket, record, now)
    }

    async fn get(&self, request: GetRequest) -> Result<GetAnswer> {
        let now = self.begin(Operation::GetObject);
        self.read(request, now)
    }

    async fn list(&self, request: ListRequest) -> Result<ListPage> {
        self.begin(Operation::ListObjects);
        Ok(self.page(&request))
    }

    async fn list_versions(&self, key: &Key, max: u16) -> Result<Vec<Version>> {
        self.begin(Operation::ListObjectVersions);
        let bucket = self.bucket.lock();
        if !bucket.versioned {
            return Err(Error::new(Kind::Unsupported, "the bucket has no versions"));
        }
        let entries = bucket.keys.get(key).map_or(&[][..], Vec::as_slice);
        let newest_first = entries.iter().rev().enumerate().take(usize::from(max));
        Ok(newest_first
            .map(|(at, entry)| Version {
                id: entry.id.clone(),
                is_latest: at == 0,
                is_delete_marker: entry.record.is_none(),
                last_modified: entry.written,
                etag: entry
                    .record
                    .as_ref()
                    .map(|r| r.meta.etag.clone())
                    .unwrap_or_default(),
            })
            .collect())
    }

    async fn put(&self, request: PutRequest) -> Result<PutOutcome> {
        let now = self.begin(Operation::PutObject);
        self.counts.lock().bytes_sent += request.body.len() as u64;
        let record = bucket::record(
            self.kept(&request.key, &request.properties)?,
            self.kept_tags(&request.key, &request.tags)?,
            self.kept_acl(request.acl.as_ref()),
            request.body,
        );
        let mut bucket = self.bucket.lock();
        self.check_write(&bucket, &request.key, &request.condition)?;
        Ok(write_body(&mut bucket, &request.key, record, now, now))
    }

    async fn copy(&self, request: CopyRequest) -> Result<CopyOutcome> {
        let now = self.begin(Operation::CopyObject);
        self.make_copy(&request, now)
            .map_err(|e| e.during(Operation::CopyObject, Some(request.destination.as_str())))
    }

    async fn delete(&self, key: &Key, version: Option<&VersionId>) -> Result<()> {
        let now = self.begin(Operation::DeleteObject);
        let mut bucket = self.bucket.lock();
        match version {
            None => {
                bucket.write(key, None, now);
            }
            Some(id) => {
                if let Some(entries) = bucket.keys.get_mut(key) {
                    entries.retain(|entry| entry.id != *id);
                }
            }
        }
        Ok(())
    }

    async fn create_upload(
        &self,
        key: &Key,
        properties: &Properties,
        tags: &Tags,
        acl: Option<&Acl>,
    ) -> Result<Upload> {
        let now = self.begin(Operation::CreateMultipartUpload);
        let kept_tags = self.kept_tags(key, tags)?;
        let record = bucket::record(
            self.kept(key, properties)?,
            if self.quirks.drops_tags_of_uploads {
                Tags::new()
            } else {
                kept_tags
            },
            self.kept_acl(acl),
            Bytes::new(),
        );
        let mut bucket = self.bucket.lock();
        let id: Box<str> = bucket.name("upload").into();
        let parts = Parts {
            record,
            started: now,
            bodies: Default::default(),
        };
        bucket.uploads.insert(id.clone(), parts);
        Ok(Upload {
            key: key.clone(),
            id,
        })
    }

    async fn upload_part(
        &self,
        upload: &Upload,
        number: u16,
        body: Bytes,
    ) -> Result<CompletedPart> {
        self.begin(Operation::UploadPart);
        self.counts.lock().bytes_sent += body.len() as u64;
        add_part(&mut self.bucket.lock(), upload, number, body)
    }

    async fn upload_part_copy(
        &self,
        upload: &Upload,
        number: u16,
        source: &Key,
        source_version: Option<&VersionId>,
        range: ByteRange,
        conditions: &SourceConditions,
    ) -> Result<CompletedPart> {
        self.begin(Operation::UploadPartCopy);
        let mut bucket = self.bucket.lock();
        let record = bucket
            .record(source, source_version)
            .ok_or_else(|| not_found(source))?;
        if record.is_archived(self.dialect) {
            return Err(archived());
        }
        self.check_source(record, conditions)?;
        if range.end > record.body.len() as u64 {
            return Err(Error::new(
                Kind::InvalidArgument,
                "the range ends past the end",
            ));
        }
        let body = read::cut(&record.body, range);
        add_part(&mut bucket, upload, number, body)
    }

    async fn complete_upload(
        &self,
        upload: &Upload,
        parts: &[CompletedPart],
        condition: &WriteCondition,
    ) -> Result<PutOutcome> {
        let now = self.begin(Operation::CompleteMultipartUpload);
        self.join(upload, parts, condition, now)
    }

    async fn abort_upload(&self, upload: &Upload) -> Result<()> {
        self.begin(Operation::AbortMultipartUpload);
        self.bucket.lock().uploads.remove(&upload.id);
        Ok(())
    }

    async fn get_tags(&self, key: &Key, version: Option<&VersionId>) -> Result<Tags> {
        self.begin(Operation::GetObjectTagging);
        self.with_record(key, version, |record| Ok(record.tags.clone()))
    }

    async fn put_tags(&self, key: &Key, version: Option<&VersionId>, tags: &Tags) -> Result<()> {
        let now = self.begin(Operation::PutObjectTagging);
        let tags = self.kept_tags(key, tags)?;
        self.with_record(key, version, |record| {
            record.tags = tags;
            if self.quirks.tags_move_last_modified {
                record.meta.last_modified = now;
            }
            Ok(())
        })
    }

    async fn delete_tags(&self, key: &Key, version: Option<&VersionId>) -> Result<()> {
        self.begin(Operation::DeleteObjectTagging);
        self.with_record(key, version, |record| {
            record.tags = Tags::new();
            Ok(())
        })
    }

    async fn get_acl(&self, key: &Key, version: Option<&VersionId>) -> Result<Acl> {
        self.begin(Operation::GetObjectAcl);
        let default = || Acl::Canned(self.dialect.default_acl.into());
        self.with_record(key, version, |record| {
            Ok(record.acl.clone().unwrap_or_else(default))
        })
    }

    async fn put_acl(&self, key: &Key, version: Option<&VersionId>, acl: &Acl) -> Result<()> {
        let now = self.begin(Operation::PutObjectAcl);
        if self.quirks.has_no_acls {
            return Err(Error::new(Kind::Unsupported, "objects have no ACL here"));
        }
        let default = Acl::Canned(self.dialect.default_acl.into());
        self.with_record(key, version, |record| {
            if !self.quirks.drops_acl {
                record.acl = Some(acl.clone()).filter(|acl| *acl != default);
            }
            if !self.quirks.acl_keeps_last_modified {
                record.meta.last_modified = now;
            }
            Ok(())
        })
    }

    async fn has_object_acls(&self) -> Result<bool> {
        Ok(!self.quirks.has_no_acls)
    }

    async fn restore(&self, request: RestoreRequest) -> Result<RestoreOutcome> {
        self.begin(Operation::RestoreObject);
        self.with_record(&request.key, None, |record| {
            let class = record.meta.properties.storage_class.as_deref();
            if !class.is_some_and(|class| self.dialect.is_archive_class(class)) {
                return Err(Error::new(
                    Kind::InvalidArgument,
                    "the object is not archived",
                ));
            }
            let state = record.meta.restore.as_deref();
            let outcome = match state {
                Some(state) if state.contains("true") => RestoreOutcome::InProgress,
                Some(_) => return Ok(RestoreOutcome::Extended),
                None => RestoreOutcome::Started,
            };
            record.meta.restore = Some(r#"ongoing-request="true""#.into());
            Ok(outcome)
        })
    }

    async fn get_symlink(&self, key: &Key) -> Result<Symlink> {
        let now = self.begin(Operation::GetSymlink);
        if !self.dialect.has_symlinks() {
            return Err(Error::new(Kind::Unsupported, "the service has no symlinks"));
        }
        self.with_record(key, None, |record| {
            let mut meta = record.meta.clone();
            meta.date = Some(now);
            let target = meta.symlink_target.clone();
            let target = target.ok_or_else(|| Error::new(Kind::InvalidArgument, "no symlink"))?;
            Ok(Symlink { meta, target })
        })
    }

    async fn put_symlink(
        &self,
        key: &Key,
        target: &str,
        properties: &Properties,
        tags: &Tags,
    ) -> Result<PutOutcome> {
        let now = self.begin(Operation::PutSymlink);
        if !self.dialect.has_symlinks() {
            return Err(Error::new(Kind::Unsupported, "the service has no symlinks"));
        }
        let tags = self.kept_tags(key, tags)?;
        let mut record = bucket::record(self.kept(key, properties)?, tags, None, Bytes::new());
        record.meta.object_type = Some(ObjectType::Symlink);
        record.meta.symlink_target = Some(target.into());
        Ok(write_body(&mut self.bucket.lock(), key, record, now, now))
    }

    async fn presign_get(
        &self,
        key: &Key,
        _version: Option<&VersionId>,
        expires: Duration,
    ) -> Result<String> {
        Ok(format!("memory:{key}?expires={}", expires.as_secs()))
    }
}

fn not_found(key: &Key) -> Error {
    Error::new(Kind::NotFound, format!("there is no {key:?}"))
}

fn archived() -> Error {
    Error::new(Kind::Archived, "the body is archived and not restored")
}
