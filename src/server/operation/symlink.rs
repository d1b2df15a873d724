//! PutSymlink and GetSymlink. What a link leads to is resolved by `read`.

use super::{check_overwrite, find};
use crate::server::error::{Error, NOT_SYMLINK, Result, invalid_argument};
use crate::server::metadata::{self, set, set_modified};
use crate::server::reply::{self, Reply, empty, full};
use crate::server::request::{Request, parse_key};
use crate::server::service::Service;
use crate::server::storage::Body;
use crate::store::dialect::OSS;
use crate::store::dialect::sign::encode_component;
use crate::store::types::ObjectType;
use http::{HeaderMap, StatusCode};
use md5::{Digest, Md5};
use percent_encoding::percent_decode;

const TARGET: &str = "x-oss-symlink-target";

/// Makes a link. Whether its target exists is not looked at.
pub async fn put(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let target = target(request)?;
    let mut record = metadata::new_object(&request.headers, request.key(), service.now())?;
    record.object_type = ObjectType::Symlink;
    record.etag = hex::encode_upper(Md5::digest(&target)).into();
    record.target = Some(target.into());
    let lock = bucket.lock(request.key()).await;
    check_overwrite(request, &bucket)?;
    record.modified = service.now();
    let object = bucket.commit(lock, record, Body::default()).await?;
    let mut reply = empty(StatusCode::OK);
    let etag = metadata::quoted(&object.record.etag);
    set(reply.headers_mut(), "etag", etag.as_bytes());
    Ok(reply)
}

/// Answers where a link points, and its own properties.
pub fn get(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let object = find(request, &bucket)?;
    let Some(target) = &object.record.target else {
        return Err(Error::from(&NOT_SYMLINK).element("Key", request.key().as_str()));
    };
    let mut headers = HeaderMap::new();
    set(&mut headers, TARGET, encode_component(target).as_bytes());
    for (name, value) in object.record.meta.iter() {
        set(
            &mut headers,
            &format!("{}{name}", OSS.meta_prefix),
            &value.0,
        );
    }
    let etag = metadata::quoted(&object.record.etag);
    set(&mut headers, "etag", etag.as_bytes());
    set_modified(&mut headers, object.record.modified);
    Ok(reply::with(StatusCode::OK, headers, full("")))
}

fn target(request: &Request) -> Result<String> {
    let value = request.headers.get(TARGET);
    let value = value.map(http::HeaderValue::as_bytes).unwrap_or_default();
    let decoded = percent_decode(value).decode_utf8();
    let valid = decoded.ok().filter(|target| parse_key(target).is_ok());
    valid.map(Into::into).ok_or_else(|| {
        let text = String::from_utf8_lossy(value);
        invalid_argument(TARGET, &text, "The target is no URL-encoded key.")
    })
}
