//! The objects of the in-memory store: every version of every key, and the uploads under way.

use crate::store::Dialect;
use crate::store::types::{
    Acl, ETag, Key, ObjectMeta, ObjectType, Properties, Tags, Timestamp, UserMeta, VersionId,
};
use bytes::Bytes;
use std::collections::BTreeMap;

/// One version of an object as the in-memory store holds it; tests alter it through `Memory::alter`.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// What HEAD says, but for what it computes (size, tag count, date, raw).
    pub meta: ObjectMeta,
    /// The tags.
    pub tags: Tags,
    /// The ACL, the default when `None`.
    pub acl: Option<Acl>,
    /// The bytes.
    pub body: Bytes,
}

impl Record {
    /// Returns whether the body is in an archive class and was not restored.
    pub(super) fn is_archived(&self, dialect: &Dialect) -> bool {
        let class = self.meta.properties.storage_class.as_deref();
        let restored = self.meta.restore.as_deref();
        class.is_some_and(|class| dialect.is_archive_class(class))
            && !restored.is_some_and(|state| state.contains(r#"ongoing-request="false""#))
    }
}

/// A version of a key, or the marker of its deletion.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: VersionId,
    pub(super) written: Timestamp,
    /// `None` is a delete marker.
    pub(super) record: Option<Record>,
}

/// A multipart upload under way.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) record: Record,
    pub(super) started: Timestamp,
    pub(super) bodies: BTreeMap<u16, Bytes>,
}

/// All keys, each with its versions, the current one last. Without versioning a key has exactly one.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    pub(super) keys: BTreeMap<Key, Vec<Entry>>,
    pub(super) uploads: BTreeMap<Box<str>, Parts>,
    pub(super) versioned: bool,
    names_given: u64,
}

impl Bucket {
    /// Returns the record of a key, or of one version of it.
    pub(super) fn record(&self, key: &Key, version: Option<&VersionId>) -> Option<&Record> {
        let entries = self.keys.get(key)?;
        let entry = match version {
            Some(id) => entries.iter().find(|entry| entry.id == *id),
            None => entries.last(),
        };
        entry?.record.as_ref()
    }

    pub(super) fn record_mut(
        &mut self,
        key: &Key,
        version: Option<&VersionId>,
    ) -> Option<&mut Record> {
        let entries = self.keys.get_mut(key)?;
        let entry = match version {
            Some(id) => entries.iter_mut().find(|entry| entry.id == *id),
            None => entries.last_mut(),
        };
        entry?.record.as_mut()
    }

    /// Makes `record` the current version of `key` and returns its version, where there are versions. `None` deletes.
    pub(super) fn write(
        &mut self,
        key: &Key,
        record: Option<Record>,
        now: Timestamp,
    ) -> Option<VersionId> {
        let id: VersionId = if self.versioned {
            self.name("version").into()
        } else {
            "null".into()
        };
        let record = record.map(|mut record| {
            record.meta.version_id = self.versioned.then(|| id.clone());
            record
        });
        let written = record
            .as_ref()
            .map_or(now, |record| record.meta.last_modified);
        if !self.versioned {
            self.keys.remove(key);
            record.as_ref()?;
        }
        let entries = self.keys.entry(key.clone()).or_default();
        entries.push(Entry {
            id: id.clone(),
            written,
            record,
        });
        self.versioned.then_some(id)
    }

    /// Returns a name not given before.
    pub(super) fn name(&mut self, what: &str) -> String {
        self.names_given += 1;
        format!("{what}-{:06}", self.names_given)
    }
}

/// Returns a new record of an upload.
pub(super) fn record(properties: Properties, tags: Tags, acl: Option<Acl>, body: Bytes) -> Record {
    use md5::Digest;
    let meta = ObjectMeta {
        etag: ETag::new(&hex::encode(md5::Md5::digest(&body))),
        crc64: Some(crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, &body)),
        object_type: Some(ObjectType::Normal),
        properties,
        ..Default::default()
    };
    Record {
        meta,
        tags,
        acl,
        body,
    }
}

/// Returns what user metadata counts against the service's limit: names with prefix and values, summed, in bytes.
pub(super) fn user_meta_bytes(dialect: &Dialect, user: &UserMeta) -> usize {
    user.iter()
        .map(|(name, value)| dialect.meta_prefix.len() + name.len() + value.len())
        .sum()
}
