//! The rewrite of an object above the limit of one copy: in parts, on the server, with everything carried over.
//!
//! The parts are conditional on the source; that nothing else changed meanwhile is looked at just before they are
//! joined, and joining is conditional on the entity tag where the service knows that.

use super::acl::Carried;
use super::base::Base;
use super::copy::Written;
use super::writer::Writer;
use crate::meta::edit::same_properties;
use crate::store::types::{
    ByteRange, CompletedPart, ETag, ObjectMeta, Properties, SourceConditions, Timestamp, Upload,
    WriteCondition,
};
use crate::store::{Dialect, Error, Kind, Result};
use futures_util::{StreamExt, TryStreamExt, stream};

/// Parts copied at the same time.
const PARALLEL: usize = 8;

/// The size of a part that is aimed at, in bytes: large enough to be few, small enough for one call's deadline.
const PART: u64 = 512 << 20;

/// The smallest part that services take, but for the last one, in bytes.
const SMALLEST_PART: u64 = 5 << 20;

/// The most parts an object has.
const PARTS: u64 = 10_000;

impl Writer {
    /// Copies the object onto itself in parts, with these properties.
    pub(super) async fn copy_in_parts(
        &self,
        base: &Base,
        properties: &Properties,
        carried: &Carried,
    ) -> Result<Written> {
        let store = &self.shared.store;
        let acl = carried.acl_to_send();
        let upload = store
            .create_upload(&self.key, properties, &carried.tags, acl)
            .await?;
        match self.fill(&upload, base).await {
            Ok(version_id) => {
                let seen = self.head().await;
                let is_seen = seen.is_ok();
                // Joined it is, also if nobody tells: an undated view is looked at again.
                let mut meta = seen.unwrap_or_else(|_| ObjectMeta {
                    properties: properties.clone(),
                    last_modified: Timestamp::default(),
                    date: None,
                    ..ObjectMeta::clone(&base.meta)
                });
                meta.version_id = version_id.or(meta.version_id);
                Ok(Written {
                    meta,
                    source_version: None,
                    is_seen,
                })
            }
            Err(error) => {
                // Also after a lost answer: what comes late must find nothing to join.
                if let Err(left) = store.abort_upload(&upload).await {
                    log::warn!("an upload of {:?} is left behind: {left}", self.key);
                }
                Err(error)
            }
        }
    }

    /// Copies the parts, looks once more, and joins them.
    async fn fill(&self, upload: &Upload, base: &Base) -> Result<Option<Box<str>>> {
        let store = &self.shared.store;
        let conditions = SourceConditions {
            if_match: Some(base.meta.etag.clone()),
            ..Self::conditions(base)
        };
        let dialect = self.shared.dialect();
        let size = part_size(
            dialect,
            base.meta.size,
            self.shared.copy_limit,
            &base.meta.etag,
        );
        let copies = ranges(base.meta.size, size).map(|(number, range)| {
            store.upload_part_copy(upload, number, &self.key, None, range, &conditions)
        });
        let mut parts: Vec<CompletedPart> = stream::iter(copies)
            .buffer_unordered(PARALLEL)
            .try_collect()
            .await?;
        parts.sort_by_key(|part| part.number);
        let now = self.head().await?;
        let is_same = now.etag == base.meta.etag
            && now.last_modified == base.meta.last_modified
            && now.version_id == base.meta.version_id
            && same_properties(dialect, &now.properties, &base.meta.properties);
        if !is_same {
            return Err(Error::new(
                Kind::Precondition,
                "the object changed while it was copied",
            ));
        }
        let condition: WriteCondition = self.write_condition(base);
        Ok(store
            .complete_upload(upload, &parts, &condition)
            .await?
            .version_id)
    }
}

/// Returns the size of the parts of a copy, in bytes. Where a write can depend on the entity tag, another number of
/// parts than the object has: its new entity tag then differs, so that the tag shows this rewrite to every other one.
fn part_size(dialect: &Dialect, size: u64, copy_limit: u64, etag: &ETag) -> u64 {
    let aim = copy_limit.clamp(1, PART);
    let part = aim.max(size.div_ceil(PARTS)).min(dialect.limits.part_bytes);
    let parts_there = etag
        .as_str()
        .rsplit_once('-')
        .and_then(|(_, n)| n.parse().ok());
    let parts = size.div_ceil(part);
    if !dialect.has_write_if_match() || parts_there != Some(parts) {
        return part;
    }
    let smaller = size.div_ceil(parts + 1);
    let larger = size.div_ceil(parts.saturating_sub(1).max(1));
    if parts < PARTS && smaller >= SMALLEST_PART.min(aim) && size.div_ceil(smaller) != parts {
        smaller
    } else if larger <= dialect.limits.part_bytes {
        larger
    } else {
        part
    }
}

/// Returns the parts of an object: numbers and ranges.
fn ranges(size: u64, part: u64) -> impl Iterator<Item = (u16, ByteRange)> {
    (1..=u16::MAX)
        .zip((0..size).step_by(usize::try_from(part).unwrap_or(usize::MAX)))
        .map(move |(number, start)| {
            (
                number,
                ByteRange {
                    start,
                    end: size.min(start.saturating_add(part)),
                },
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use test_case::test_case;

    const MIB: u64 = 1 << 20;

    #[test_case(&S3, 20 << 30, 5 << 30, "x" => (40, 512 * MIB))]
    #[test_case(&S3, 20 << 30, 5 << 30, "x-40" => (41, 523_776_500); "another number than it has")]
    #[test_case(&OSS, 20 << 30, 5 << 30, "x-40" => (40, 512 * MIB); "no condition to feed")]
    #[test_case(&S3, 48 << 40, 5 << 30, "x" => (10_000, 5_277_655_814); "no more than 10,000")]
    #[test_case(&S3, 12 * MIB, 5 * MIB, "x" => (3, 5 * MIB); "a lowered limit")]
    #[test_case(&S3, 12 * MIB, 5 * MIB, "x-3" => (2, 6 * MIB); "smaller would be too small")]
    #[test_case(&S3, 300_000, 100_000, "x-3" => (2, 150_000))]
    #[test_case(&S3, 100_001, 100_000, "x" => (2, 100_000))]
    fn an_object_is_cut(dialect: &Dialect, size: u64, limit: u64, etag: &str) -> (usize, u64) {
        let part = part_size(dialect, size, limit, &ETag::new(etag));
        let parts: Vec<_> = ranges(size, part).collect();
        assert_eq!(parts.first().map(|(n, r)| (*n, r.start)), Some((1, 0)));
        assert_eq!(parts.last().map(|(_, r)| r.end), Some(size));
        assert!(
            parts
                .windows(2)
                .all(|w| w[0].1.end == w[1].1.start && w[0].0 + 1 == w[1].0)
        );
        (parts.len(), part)
    }
}
