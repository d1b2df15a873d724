//! AppendObject: an object that grows. What is said of it is said by the first append.

use crate::server::error::{
    Error, OBJECT_NOT_APPENDABLE, POSITION_NOT_EQUAL, Result, invalid_argument,
};
use crate::server::metadata::{self, set, set_digests};
use crate::server::payload;
use crate::server::reply::{Reply, empty};
use crate::server::request::Request;
use crate::server::service::Service;
use crate::server::storage::{Body, Bucket, Object, Record, Written};
use crate::store::types::ObjectType;
use futures_util::TryStreamExt;
use http::StatusCode;
use md5::{Digest, Md5};
use std::sync::Arc;

/// The longest an Appendable grows, in bytes.
const MAX_SIZE: u64 = 5 << 30;

/// Appends a body.
pub async fn object(service: &Service, request: &mut Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let position = position(request)?;
    let new = metadata::new_object(&request.headers, request.key(), service.now())?;
    check(bucket.get(request.key()).as_deref(), position)?;
    let written = payload::store(request, &bucket).await?;
    let lock = bucket.lock(request.key()).await;
    let present = bucket.get(request.key());
    check(present.as_deref(), position)?;
    if position + written.size > MAX_SIZE {
        return Err(invalid_argument(
            "position",
            &position.to_string(),
            "An Appendable has at most 5 GB.",
        ));
    }
    let object = match present {
        Some(object) if written.size == 0 => object,
        present => {
            let (record, body) = grown(service, &bucket, present, new, written).await?;
            bucket.commit(lock, record, body).await?
        }
    };
    let mut reply = empty(StatusCode::OK);
    let headers = reply.headers_mut();
    set_digests(headers, &object.record);
    set(
        headers,
        "x-oss-next-append-position",
        object.record.size.to_string().as_bytes(),
    );
    Ok(reply)
}

/// Returns the object with the written bytes at its end, or the new one that they begin.
async fn grown(
    service: &Service,
    bucket: &Bucket,
    present: Option<Arc<Object>>,
    new: Record,
    written: Written,
) -> Result<(Record, Body)> {
    let (mut record, mut body) = match &present {
        Some(object) => (object.record.clone(), object.body.clone()),
        None => (new, Body::default()),
    };
    record.object_type = ObjectType::Appendable;
    record.modified = service.now();
    let mut etag = Md5::new();
    etag.update(record.etag.as_bytes());
    etag.update(written.md5);
    record.etag = hex::encode_upper(etag.finalize()).into();
    record.etag_is_md5 = false;
    let algorithm = crc_fast::CrcAlgorithm::Crc64Xz;
    record.crc64 = match present {
        Some(_) => crc_fast::checksum_combine(algorithm, record.crc64, written.crc64, written.size),
        None => written.crc64,
    };
    body = Body::join([&body, &written.body]);
    if let Some((head, tail)) = body.split_tail() {
        let mut writer = bucket.writer();
        let mut chunks = std::pin::pin!(tail.stream());
        while let Some(chunk) = chunks.try_next().await? {
            writer.write(chunk).await?;
        }
        body = Body::join([&head, &writer.finish().await?.body]);
    }
    Ok((record, body))
}

fn position(request: &Request) -> Result<u64> {
    let text = request.parameter("position").unwrap_or_default();
    text.parse()
        .map_err(|_| invalid_argument("position", text, "The position is no number."))
}

fn check(present: Option<&Object>, position: u64) -> Result<()> {
    let size = match present {
        None => 0,
        Some(object) if object.record.object_type != ObjectType::Appendable => {
            return Err(
                Error::from(&OBJECT_NOT_APPENDABLE).element("Key", object.record.key.as_str())
            );
        }
        Some(object) => object.record.size,
    };
    if position != size {
        return Err(Error::from(&POSITION_NOT_EQUAL)
            .header("x-oss-next-append-position", http::HeaderValue::from(size)));
    }
    Ok(())
}
