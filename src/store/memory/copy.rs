//! Copies on the server: what survives, and when one is refused.

use super::conditions::{source_holds, write_holds};
use super::{Bucket, Memory, Record, archived, not_found};
use crate::store::types::*;
use crate::store::{Error, Kind, Result};

impl Memory {
    pub(super) fn make_copy(&self, request: &CopyRequest, now: Timestamp) -> Result<CopyOutcome> {
        let mut bucket = self.bucket.lock();
        let source = bucket
            .record(&request.source, request.source_version.as_ref())
            .cloned()
            .ok_or_else(|| not_found(&request.source))?;
        if source.is_archived(self.dialect) {
            return Err(archived());
        }
        self.check_source(&source, &request.conditions)?;
        self.check_write(&bucket, &request.destination, &request.condition)?;
        let appendable = source.meta.object_type == Some(ObjectType::Appendable);
        if appendable && self.quirks.refuses_appendable_copy {
            return Err(Error::new(
                Kind::InvalidArgument,
                "an appendable object is not copied",
            ));
        }
        let limit = self
            .quirks
            .copy_limit
            .unwrap_or(self.dialect.limits.single_copy_bytes);
        if source.body.len() as u64 > limit {
            return Err(Error::new(
                Kind::TooLarge,
                "the source is above the limit of one copy",
            ));
        }
        let mut copy = source.clone();
        copy.meta.properties = match &request.metadata {
            MetadataDirective::Copy
                if request.source == request.destination && request.storage_class.is_none() =>
            {
                return Err(Error::new(
                    Kind::InvalidArgument,
                    "the copy changes nothing",
                ));
            }
            MetadataDirective::Copy => source.meta.properties.clone(),
            MetadataDirective::Replace(properties) => {
                let mut sent = properties.clone();
                if self.quirks.keeps_omitted_headers {
                    for (header, value) in source.meta.properties.http.iter() {
                        if !sent.http.contains_key(header) {
                            sent.http.insert(*header, value.clone());
                        }
                    }
                }
                self.kept(&request.destination, &sent)?
            }
        };
        let named = match &request.metadata {
            MetadataDirective::Copy => request.storage_class.clone(),
            MetadataDirective::Replace(sent) => request
                .storage_class
                .clone()
                .or_else(|| sent.storage_class.clone()),
        };
        let former = source.meta.properties.storage_class.clone();
        copy.meta.properties.storage_class = named
            .or(former.filter(|_| self.quirks.keeps_class_on_copy))
            .filter(|class| !self.quirks.drops_class && !self.is_default_class(class));
        copy.tags = match &request.tagging {
            TaggingDirective::Copy if self.quirks.drops_tags_on_copy => Tags::new(),
            TaggingDirective::Copy => source.tags.clone(),
            TaggingDirective::Replace(tags) => self.kept_tags(&request.destination, tags)?,
        };
        let acl = request
            .acl
            .as_ref()
            .filter(|_| !self.quirks.drops_acl_on_copy);
        copy.acl = self.kept_acl(acl);
        if !self.quirks.copy_keeps_last_modified {
            copy.meta.last_modified = now;
        }
        copy.meta.restore = None;
        let (etag, last_modified) = (copy.meta.etag.clone(), copy.meta.last_modified);
        let version_id = bucket.write(&request.destination, Some(copy), now);
        Ok(CopyOutcome {
            etag,
            last_modified,
            version_id,
            source_version_id: source
                .meta
                .version_id
                .filter(|_| !self.quirks.hides_source_version),
            date: Some(now),
        })
    }

    pub(super) fn check_write(
        &self,
        bucket: &Bucket,
        key: &Key,
        condition: &WriteCondition,
    ) -> Result<()> {
        let there = bucket.record(key, None).map(|record| &record.meta.etag);
        let looked_at = match condition {
            WriteCondition::Match(_) => self.dialect.has_write_if_match(),
            WriteCondition::None | WriteCondition::Absent => true,
        };
        if self.quirks.ignores_write_conditions || !looked_at || write_holds(condition, there) {
            Ok(())
        } else if there.is_none() {
            Err(not_found(key))
        } else {
            Err(Error::new(
                Kind::Precondition,
                "a condition of the write does not hold",
            ))
        }
    }

    pub(super) fn check_source(
        &self,
        record: &Record,
        conditions: &SourceConditions,
    ) -> Result<()> {
        let meta = &record.meta;
        if self.quirks.ignores_source_conditions
            || source_holds(conditions, &meta.etag, meta.last_modified)
        {
            Ok(())
        } else {
            Err(Error::new(
                Kind::Precondition,
                "a condition on the source does not hold",
            ))
        }
    }
}
