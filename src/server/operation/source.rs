//! The source of a copy: the header that names it, and the conditions on it.

use super::{check_version, no_such_key};
use crate::server::condition::Conditions;
use crate::server::error::{Error, INVALID_OBJECT_STATE, Result, invalid_argument};
use crate::server::metadata::is_readable;
use crate::server::request::{Request, is_bucket_name, parse_key};
use crate::server::service::Service;
use crate::server::storage::{Bucket, Object};
use crate::store::types::Key;
use percent_encoding::percent_decode_str;
use std::sync::Arc;

const HEADER: &str = "x-oss-copy-source";

/// What a copy reads.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: Key,
    version: Option<String>,
}

impl Source {
    /// Reads the header of a copy: `/bucket/key`, URL-encoded, perhaps with `?versionId=`.
    pub fn of(request: &Request) -> Result<Self> {
        let text = request.header(HEADER)?.unwrap_or_default();
        let malformed = || {
            invalid_argument(
                HEADER,
                text,
                "Copy Source must mention the source bucket and key: /sourcebucket/sourcekey.",
            )
        };
        let (path, version) = match text.split_once("?versionId=") {
            Some((path, version)) => (path, Some(version.to_owned())),
            None => (text, None),
        };
        let path = percent_decode_str(path)
            .decode_utf8()
            .map_err(|_| malformed())?;
        let path = path.strip_prefix('/').unwrap_or(&path);
        let (bucket, key) = path.split_once('/').ok_or_else(malformed)?;
        if !is_bucket_name(bucket) || key.is_empty() {
            return Err(malformed());
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            key: parse_key(key)?,
            version: version.filter(|v| !v.is_empty()),
        })
    }

    /// Returns whether this is the object that the request writes.
    pub fn is_destination(&self, request: &Request) -> bool {
        request.bucket.as_deref() == Some(&self.bucket) && *request.key() == self.key
    }

    /// Returns the object as it is now, if the conditions of the request hold of it and it may be copied.
    pub fn object(&self, service: &Service, request: &Request) -> Result<Arc<Object>> {
        let bucket: Arc<Bucket> = service.storage.bucket(&self.bucket)?;
        check_version(self.version.as_deref(), &self.key)?;
        let object = bucket
            .get(&self.key)
            .ok_or_else(|| no_such_key(&self.key))?;
        let record = &object.record;
        Conditions::of(&request.headers, "x-oss-copy-source-")
            .check(&record.etag, record.modified)?;
        if !is_readable(record, service.now()) {
            return Err(Error::from(&INVALID_OBJECT_STATE)
                .message("The source is archived; restore it first.")
                .element("ObjectName", self.key.as_str()));
        }
        Ok(object)
    }
}
