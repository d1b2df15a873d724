//! GetObject, HeadObject and GetObjectMeta.

use super::find;
use crate::server::condition::Conditions;
use crate::server::error::{
    ACCESS_DENIED, Error, INVALID_OBJECT_STATE, INVALID_RANGE, INVALID_TARGET_TYPE, Result,
    SYMLINK_TARGET_NOT_EXIST,
};
use crate::server::metadata::{self, headers_of, is_readable, set, set_digests, set_modified};
use crate::server::range::{self, Range};
use crate::server::reply::{self, Reply, full, streamed};
use crate::server::request::{Request, parse_key};
use crate::server::service::Service;
use crate::server::storage::{Bucket, Object, blocking};
use crate::store::types::ObjectType;
use http::{HeaderMap, Method, StatusCode};
use std::sync::Arc;

/// Bodies up to this many bytes are read at once instead of being streamed.
const SMALL: u64 = 256 << 10;

/// Query parameters that replace a header of the answer.
const OVERRIDES: [(&str, &str); 6] = [
    ("response-content-type", "content-type"),
    ("response-content-language", "content-language"),
    ("response-expires", "expires"),
    ("response-cache-control", "cache-control"),
    ("response-content-disposition", "content-disposition"),
    ("response-content-encoding", "content-encoding"),
];

/// Answers GET and HEAD of an object.
pub async fn object(service: &Service, request: &Request) -> Result<Reply> {
    let (bucket, named) = readable(service, request)?;
    let object = resolve(&bucket, &named)?;
    let now = service.now();
    let modified = named.record.modified.max(object.record.modified);
    Conditions::of(&request.headers, "").check(&object.record.etag, modified)?;
    let is_head = request.method == Method::HEAD;
    if !is_head && !is_readable(&object.record, now) {
        return Err(Error::from(&INVALID_OBJECT_STATE)
            .message("The object is archived; restore it first.")
            .element("ObjectName", request.key().as_str()));
    }
    let mut headers = headers_of(&named.record, now);
    set_digests(&mut headers, &object.record);
    set_modified(&mut headers, modified);
    set(
        &mut headers,
        "x-oss-storage-class",
        object.record.storage_class.as_bytes(),
    );
    set(&mut headers, "accept-ranges", b"bytes");
    override_headers(request, &mut headers);
    let size = object.record.size;
    if is_head {
        set(&mut headers, "content-length", size.to_string().as_bytes());
        return Ok(reply::with(StatusCode::OK, headers, full("")));
    }
    let behavior = request.header("x-oss-range-behavior")?;
    let range = request
        .headers
        .get("range")
        .map(http::HeaderValue::as_bytes);
    let (status, first, end) = match range::resolve(range, behavior == Some("standard"), size) {
        Range::Whole => (StatusCode::OK, 0, size),
        Range::Part(first, last) => {
            let content_range = format!("bytes {first}-{last}/{size}");
            set(&mut headers, "content-range", content_range.as_bytes());
            (StatusCode::PARTIAL_CONTENT, first, last + 1)
        }
        Range::Unsatisfiable => {
            let content_range = format!("bytes */{size}");
            let mut error =
                Error::from(&INVALID_RANGE).element("ActualObjectSize", size.to_string());
            if let Ok(value) = content_range.parse::<http::HeaderValue>() {
                error = error.header("content-range", value);
            }
            return Err(error);
        }
    };
    let length = end - first;
    set(
        &mut headers,
        "content-length",
        length.to_string().as_bytes(),
    );
    let body = object.body.slice(first..end);
    let body = if length <= SMALL {
        full(blocking(move || Ok(body.read()?)).await?)
    } else {
        streamed(body.stream())
    };
    Ok(reply::with(status, headers, body))
}

/// Answers HEAD `?objectMeta`: the few headers that cost the service nothing; of a link, the link's own.
pub fn object_meta(service: &Service, request: &Request) -> Result<Reply> {
    let (_, object) = readable(service, request)?;
    let mut headers = HeaderMap::new();
    set_digests(&mut headers, &object.record);
    headers.remove("content-md5");
    set_modified(&mut headers, object.record.modified);
    set(
        &mut headers,
        "content-length",
        object.record.size.to_string().as_bytes(),
    );
    Ok(reply::with(StatusCode::OK, headers, full("")))
}

/// Returns the object that the request names if whoever sent it may read it: the account may, others as the ACL says.
fn readable(service: &Service, request: &Request) -> Result<(Arc<Bucket>, Arc<Object>)> {
    let bucket = service
        .storage
        .bucket(request.bucket.as_deref().unwrap_or_default())?;
    let object = find(request, &bucket);
    if request.authenticated {
        return Ok((bucket, object?));
    }
    let bucket_acl = bucket.own().acl;
    let acl = match &object {
        Ok(object) if &*object.record.acl != "default" => object.record.acl.clone(),
        // Whether a key exists is nobody's business who may not read the bucket.
        _ => bucket_acl,
    };
    if !acl.starts_with("public-read") {
        return Err(Error::from(&ACCESS_DENIED));
    }
    if request
        .query
        .iter()
        .any(|(name, _)| name.starts_with("response-"))
    {
        return Err(
            Error::from(&ACCESS_DENIED).message("response-* is not for anonymous requests.")
        );
    }
    Ok((bucket, object?))
}

/// Returns the object whose bytes are meant: the target of a link, else the object itself.
fn resolve(bucket: &Bucket, named: &Arc<Object>) -> Result<Arc<Object>> {
    let Some(target) = named.record.target.as_deref() else {
        return Ok(named.clone());
    };
    let missing = || Error::from(&SYMLINK_TARGET_NOT_EXIST).element("TargetKey", target);
    let target_key = parse_key(target).map_err(|_| missing())?;
    let object = bucket.get(&target_key).ok_or_else(missing)?;
    if object.record.object_type == ObjectType::Symlink {
        return Err(Error::from(&INVALID_TARGET_TYPE).element("TargetKey", target));
    }
    Ok(object)
}

fn override_headers(request: &Request, headers: &mut HeaderMap) {
    for (parameter, header) in OVERRIDES {
        if let Some(value) = request.value(parameter) {
            metadata::set(headers, header, value.as_bytes());
        }
    }
}
