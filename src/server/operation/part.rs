//! The parts of a multipart upload: uploaded, copied from an object, listed.

use super::delete::encoding;
use super::list::{self, encode};
use super::source::Source;
use crate::server::error::{ENTITY_TOO_LARGE, Error, Result, invalid_argument};
use crate::server::metadata::{quoted, set};
use crate::server::payload;
use crate::server::range::{self, Range};
use crate::server::reply::{self, Reply, empty};
use crate::server::request::Request;
use crate::server::service::Service;
use crate::server::storage::{Part, PartRecord, Upload, Written, blocking};
use crate::server::xml::Writer;
use http::StatusCode;
use std::sync::Arc;

/// Part numbers at most.
const MAX_NUMBER: usize = 10_000;

/// The largest part, in bytes.
const MAX_PART: u64 = 5 << 30;

/// Stores a part from the request's body.
pub async fn upload(service: &Service, request: &mut Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let number = number(request)?;
    let upload = bucket
        .uploads
        .get(request.key(), request.value("uploadId").unwrap_or_default())?;
    let written = payload::store(request, &bucket).await?;
    let crc64 = written.crc64;
    let etag = put(service, &upload, number, written).await?;
    let mut reply = empty(StatusCode::OK);
    set(reply.headers_mut(), "etag", quoted(&etag).as_bytes());
    set(
        reply.headers_mut(),
        "x-oss-hash-crc64ecma",
        crc64.to_string().as_bytes(),
    );
    Ok(reply)
}

/// Stores a part from an object or a range of one. Its bytes are read, for their digests, and not written again.
pub async fn copy(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let number = number(request)?;
    let upload = bucket
        .uploads
        .get(request.key(), request.value("uploadId").unwrap_or_default())?;
    let source = Source::of(request)?;
    let object = source.object(service, request)?;
    let range = request
        .headers
        .get("x-oss-copy-source-range")
        .map(http::HeaderValue::as_bytes);
    // A range that is none copies everything, as one of a GET would.
    let (first, end) = match range::resolve(range, false, object.record.size) {
        Range::Part(first, last) => (first, last + 1),
        Range::Whole | Range::Unsatisfiable => (0, object.record.size),
    };
    if end - first > MAX_PART {
        return Err(Error::from(&ENTITY_TOO_LARGE).element("MaxSizeAllowed", MAX_PART.to_string()));
    }
    let body = object.body.slice(first..end);
    let read = body.clone();
    let (md5, crc64) = blocking(move || Ok(read.digests()?)).await?;
    let written = Written {
        size: body.size(),
        body,
        md5,
        crc64,
    };
    let etag = put(service, &upload, number, written).await?;
    let mut xml = Writer::new("CopyPartResult");
    xml.text("LastModified", service.now().to_iso8601());
    xml.text("ETag", quoted(&etag));
    let mut reply = reply::xml(xml.finish());
    set(reply.headers_mut(), "etag", quoted(&etag).as_bytes());
    Ok(reply)
}

async fn put(
    service: &Service,
    upload: &Arc<Upload>,
    number: u32,
    written: Written,
) -> Result<Box<str>> {
    let etag: Box<str> = hex::encode_upper(written.md5).into();
    let record = PartRecord {
        etag: etag.clone(),
        size: written.size,
        crc64: written.crc64,
        modified: service.now(),
        body: written.body.extents(),
    };
    upload
        .put_part(
            number,
            Part {
                record,
                body: written.body,
            },
        )
        .await?;
    Ok(etag)
}

/// Answers ListParts.
pub async fn list(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let upload = bucket
        .uploads
        .get(request.key(), request.value("uploadId").unwrap_or_default())?;
    let url_encoded = encoding(request)?;
    let max = request.number("max-parts", list::MAX_KEYS, list::MAX_KEYS)?;
    let marker = request.value("part-number-marker").unwrap_or("0");
    let after: u32 = marker
        .parse()
        .map_err(|_| invalid_argument("part-number-marker", marker, "It is no number."))?;
    let parts = upload.parts().await?;
    let mut following = parts
        .iter()
        .flatten()
        .filter(|(number, _)| **number > after)
        .peekable();
    let mut next = after;
    let mut xml = Writer::new("ListPartsResult");
    if url_encoded {
        xml.text("EncodingType", "url");
    }
    xml.text("Bucket", &bucket.name);
    xml.text("Key", encode(request.key().as_str(), url_encoded));
    xml.text("UploadId", &upload.id);
    xml.text("StorageClass", &upload.object.storage_class);
    xml.text("PartNumberMarker", after);
    xml.text("MaxParts", max);
    for (number, part) in following.by_ref().take(max) {
        next = *number;
        xml.within("Part", |xml| {
            xml.text("PartNumber", number);
            xml.text("LastModified", part.record.modified.to_iso8601());
            xml.text("ETag", quoted(&part.record.etag));
            xml.text("HashCrc64ecma", part.record.crc64);
            xml.text("Size", part.record.size);
        });
    }
    xml.text("NextPartNumberMarker", next);
    xml.text("IsTruncated", following.peek().is_some());
    Ok(reply::xml(xml.finish()))
}

fn number(request: &Request) -> Result<u32> {
    let number = request.number("partNumber", 0, MAX_NUMBER)?;
    match u32::try_from(number) {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(invalid_argument(
            "partNumber",
            "",
            "The part number is missing.",
        )),
    }
}
