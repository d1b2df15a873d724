//! CopyObject, and with it every edit of metadata: a copy of an object onto itself.
//!
//! Bytes are shared, never copied. ACL, encryption and storage class are not taken from the source: what the request
//! does not name falls back to the default. (Of the class the documents say nothing; the strictest reading catches
//! clients that rely on a kinder one.)

use super::check_overwrite;
use super::source::Source;
use crate::server::error::{ENTITY_TOO_LARGE, Error, Result};
use crate::server::metadata::{self, quoted, set, set_digests};
use crate::server::reply::{self, Reply};
use crate::server::request::Request;
use crate::server::service::Service;
use crate::server::storage::Record;
use crate::server::xml::Writer;
use crate::store::types::ObjectType;

/// The largest object copied to another key, in bytes.
const COPY_LIMIT: u64 = 5 << 30;

/// The largest object whose class or encryption is changed by a copy, in bytes.
const CONVERT_LIMIT: u64 = 1 << 30;

/// Copies an object.
pub async fn object(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let source = Source::of(request)?;
    let in_place = source.is_destination(request);
    let replaces_meta = directive(request, "x-oss-metadata-directive")?;
    let replaces_tags = directive(request, "x-oss-tagging-directive")?;
    // Locked before the source is looked at: when it is the destination, what the conditions saw is what is replaced.
    let lock = bucket.lock(request.key()).await;
    let original = source.object(service, request)?;
    check_overwrite(request, &bucket)?;
    let mut record = Record {
        key: request.key().clone(),
        modified: service.now(),
        restore: None,
        ..original.record.clone()
    };
    if replaces_meta {
        record.headers = metadata::stored_headers(&request.headers, request.key())?;
        record.meta = metadata::user_meta(&request.headers)?;
    }
    if replaces_tags {
        record.tags = metadata::tags(&request.headers)?;
    }
    metadata::apply_placement(&mut record, &request.headers)?;
    if !in_place && record.object_type == ObjectType::Appendable {
        record.object_type = ObjectType::Normal;
    }
    check_size(service, &original.record, &record, in_place)?;
    let object = bucket.commit(lock, record, original.body.clone()).await?;

    let mut xml = Writer::new("CopyObjectResult");
    xml.text("ETag", quoted(&object.record.etag));
    xml.text("LastModified", object.record.modified.to_iso8601());
    let mut reply = reply::xml(xml.finish());
    let headers = reply.headers_mut();
    set_digests(headers, &object.record);
    headers.remove("content-md5");
    for (name, value) in object.record.encryption.iter() {
        set(headers, name, &value.0);
    }
    Ok(reply)
}

/// Reads a directive: whether it says to replace.
fn directive(request: &Request, name: &'static str) -> Result<bool> {
    match request.header(name)? {
        None => Ok(false),
        Some(word) if word.eq_ignore_ascii_case("copy") => Ok(false),
        Some(word) if word.eq_ignore_ascii_case("replace") => Ok(true),
        Some(word) => Err(crate::server::error::invalid_argument(
            name,
            word,
            "It is neither COPY nor REPLACE.",
        )),
    }
}

/// Holds a copy to the limits: none in place while class and encryption stay, less when the bytes would be rewritten.
fn check_size(service: &Service, from: &Record, to: &Record, in_place: bool) -> Result<()> {
    let converts = from.storage_class != to.storage_class || from.encryption != to.encryption;
    let limit = match (service.settings.copy_limit, converts, in_place) {
        (Some(limit), _, _) => limit,
        (None, true, _) => CONVERT_LIMIT,
        (None, false, false) => COPY_LIMIT,
        (None, false, true) => u64::MAX,
    };
    if from.size > limit {
        return Err(Error::from(&ENTITY_TOO_LARGE)
            .message("The source is too large for one copy; copy it in parts.")
            .element("MaxSizeAllowed", limit.to_string()));
    }
    Ok(())
}
