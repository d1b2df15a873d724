//! The operations, one file each or a family: from a decoded, signed request to an answer.

pub mod acl;
pub mod append;
pub mod bucket;
pub mod copy;
pub mod delete;
pub mod list;
pub mod multipart;
pub mod part;

pub mod put;
pub mod read;
pub mod restore;
pub mod source;
pub mod symlink;
pub mod tagging;

use super::error::{
    Error, FILE_ALREADY_EXISTS, NO_SUCH_KEY, NO_SUCH_VERSION, Result, invalid_argument,
};
use super::request::Request;
use super::storage::{Bucket, Object};
use crate::store::types::Key;
use std::sync::Arc;

/// Returns the object that a request names, in the version that it names: buckets here have no versions, so that is
/// the one called `null`.
fn find(request: &Request, bucket: &Bucket) -> Result<Arc<Object>> {
    check_version(request.value("versionId"), request.key())?;
    bucket
        .get(request.key())
        .ok_or_else(|| no_such_key(request.key()))
}

fn check_version(version: Option<&str>, key: &Key) -> Result<()> {
    match version {
        None | Some("null") => Ok(()),
        Some(version) => Err(Error::from(&NO_SUCH_VERSION)
            .element("Key", key.as_str())
            .element("VersionId", version)),
    }
}

fn no_such_key(key: &Key) -> Error {
    Error::from(&NO_SUCH_KEY).element("Key", key.as_str())
}

/// Refuses to overwrite an object when the request forbids it. Final only under the key's lock.
fn check_overwrite(request: &Request, bucket: &Bucket) -> Result<()> {
    let forbidden = match request.header("x-oss-forbid-overwrite")? {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("true") => true,
        Some(word) if word.eq_ignore_ascii_case("false") => false,
        Some(word) => {
            return Err(invalid_argument(
                "x-oss-forbid-overwrite",
                word,
                "It is neither true nor false.",
            ));
        }
    };
    if forbidden && bucket.get(request.key()).is_some() {
        return Err(Error::from(&FILE_ALREADY_EXISTS).element("Key", request.key().as_str()));
    }
    Ok(())
}
