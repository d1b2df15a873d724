//! PutObject: a new object, whatever was there before.

use super::check_overwrite;
use crate::server::error::{CONDITION_NOT_IMPLEMENTED, Error, Result};
use crate::server::reply::{Reply, empty};
use crate::server::request::Request;
use crate::server::service::Service;
use crate::server::{metadata, payload};
use http::StatusCode;

/// Stores an object.
pub async fn object(service: &Service, request: &mut Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    // Writes have no conditions but x-oss-forbid-overwrite; one ignored would be a promise broken.
    for name in [
        "if-match",
        "if-none-match",
        "if-modified-since",
        "if-unmodified-since",
    ] {
        if request.headers.contains_key(name) {
            return Err(Error::from(&CONDITION_NOT_IMPLEMENTED).element("Header", name));
        }
    }
    let mut record = metadata::new_object(&request.headers, request.key(), service.now())?;
    check_overwrite(request, &bucket)?;
    let written = payload::store(request, &bucket).await?;
    record.etag = hex::encode_upper(written.md5).into();
    record.etag_is_md5 = true;
    record.crc64 = written.crc64;
    let lock = bucket.lock(request.key()).await;
    check_overwrite(request, &bucket)?;
    record.modified = service.now();
    let object = bucket.commit(lock, record, written.body).await?;
    let mut reply = empty(StatusCode::OK);
    let headers = reply.headers_mut();
    metadata::set_digests(headers, &object.record);
    for (name, value) in object.record.encryption.iter() {
        metadata::set(headers, name, &value.0);
    }
    Ok(reply)
}
