//! What a write leaves behind, and how parts become an object.

use super::bucket::{self, Bucket};
use super::{Memory, Record, not_found};
use crate::store::types::*;
use crate::store::{Error, Kind, Result};
use bytes::Bytes;

impl Memory {
    /// Returns whether a class is that of objects that were given none, which no HEAD names.
    pub(super) fn is_default_class(&self, class: &str) -> bool {
        class == self.dialect.default_storage_class
    }

    /// Returns what a server keeps of `properties`: quirks applied, the content type never missing.
    pub(super) fn kept(&self, key: &Key, properties: &Properties) -> Result<Properties> {
        let used = bucket::user_meta_bytes(self.dialect, &properties.user);
        if used > self.dialect.limits.user_meta_bytes {
            return Err(Error::new(
                Kind::MetadataTooLarge,
                format!("{used} bytes of user metadata"),
            ));
        }
        let mut kept = self.quirks.kept(key.as_str(), properties.clone());
        kept.storage_class = kept
            .storage_class
            .filter(|class| !self.is_default_class(class));
        if !kept.http.contains_key(&HttpHeader::ContentType) {
            kept.http.insert(
                HttpHeader::ContentType,
                (*b"application/octet-stream").into(),
            );
        }
        Ok(kept)
    }

    pub(super) fn kept_tags(&self, key: &Key, tags: &Tags) -> Result<Tags> {
        if tags.len() > self.dialect.limits.tags {
            return Err(Error::new(Kind::InvalidArgument, "too many tags"));
        }
        let dropped = self.quirks.drops_marker_meta && key.is_marker();
        Ok(if dropped { Tags::new() } else { tags.clone() })
    }

    pub(super) fn kept_acl(&self, acl: Option<&Acl>) -> Option<Acl> {
        let lost = self.quirks.drops_acl || self.quirks.has_no_acls;
        acl.filter(|_| !lost).cloned()
    }

    pub(super) fn join(
        &self,
        upload: &Upload,
        parts: &[CompletedPart],
        condition: &WriteCondition,
        now: Timestamp,
    ) -> Result<PutOutcome> {
        let mut bucket = self.bucket.lock();
        self.check_write(&bucket, &upload.key, condition)?;
        let sent = bucket
            .uploads
            .remove(&upload.id)
            .ok_or_else(|| not_found(&upload.key))?;
        let mut body = Vec::new();
        for part in parts {
            let sent = sent.bodies.get(&part.number);
            let absent = || Error::new(Kind::InvalidArgument, "no such part");
            body.extend_from_slice(sent.ok_or_else(absent)?);
        }
        let Record {
            meta, tags, acl, ..
        } = sent.record;
        let mut record = bucket::record(meta.properties, tags, acl, body.into());
        record.meta.etag = ETag::new(&format!("{}-{}", record.meta.etag, parts.len()));
        record.meta.object_type = Some(ObjectType::Multipart);
        let written = if self.quirks.dates_uploads_at_start {
            sent.started
        } else {
            now
        };
        Ok(write_body(&mut bucket, &upload.key, record, written, now))
    }
}

pub(super) fn add_part(
    bucket: &mut Bucket,
    upload: &Upload,
    number: u16,
    body: Bytes,
) -> Result<CompletedPart> {
    let parts = bucket
        .uploads
        .get_mut(&upload.id)
        .ok_or_else(|| not_found(&upload.key))?;
    let etag = ETag::new(&format!("part-{number}-{}", body.len()));
    parts.bodies.insert(number, body);
    Ok(CompletedPart { number, etag })
}

pub(super) fn write_body(
    bucket: &mut Bucket,
    key: &Key,
    mut record: Record,
    written: Timestamp,
    now: Timestamp,
) -> PutOutcome {
    record.meta.last_modified = written;
    let (etag, crc64) = (record.meta.etag.clone(), record.meta.crc64);
    let version_id = bucket.write(key, Some(record), now);
    PutOutcome {
        etag,
        version_id,
        crc64,
        date: Some(now),
    }
}
