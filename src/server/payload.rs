//! Bodies of requests: streamed to disk or read whole up to a bound, in both cases no slower than a client that has
//! not stalled, and checked against the digests that the client announced.

use super::error::{
    Error, INCOMPLETE_BODY, INVALID_CRC64, INVALID_DIGEST, MALFORMED_XML, MISSING_CONTENT_LENGTH,
    REQUEST_TIMEOUT, Result, invalid_argument,
};
use super::request::Request;
use super::storage::{Bucket, Written, encode_base64};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;
use md5::{Digest, Md5};
use std::time::Duration;

/// How long the next bytes of a body may take.
const STALL: Duration = Duration::from_secs(60);

/// How long a body that nobody wants may take.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Bytes that are read of a body that nobody wants.
const MAX_DRAIN: usize = 1 << 20;

/// The largest body of a PutObject, an AppendObject or a part.
const MAX_UPLOAD: u64 = 5 << 30;

/// The largest XML document.
const MAX_DOCUMENT: usize = 2 << 20;

/// Streams the body of a request to disk and checks its length and digests.
pub async fn store(request: &mut Request, bucket: &Bucket) -> Result<Written> {
    let has_length = request.headers.contains_key("content-length");
    if !has_length && !request.headers.contains_key("transfer-encoding") {
        return Err(Error::from(&MISSING_CONTENT_LENGTH));
    }
    let announced = request.content_md5()?;
    let crc64 = announced_crc64(request)?;
    let mut writer = bucket.writer();
    let mut size = 0;
    while let Some(bytes) = next(request).await? {
        size += bytes.len() as u64;
        if size > MAX_UPLOAD {
            let message = "A body is at most 5 GB.";
            return Err(invalid_argument("Content-Length", "", message));
        }
        writer.write(bytes).await?;
    }
    let written = writer.finish().await?;
    if announced.is_some_and(|md5| md5 != written.md5) {
        return Err(wrong_digest(&written.md5));
    }
    if crc64.is_some_and(|crc64| crc64 != written.crc64) {
        return Err(Error::from(&INVALID_CRC64));
    }
    Ok(written)
}

/// Reads the XML document of a request.
pub async fn document(request: &mut Request) -> Result<Bytes> {
    let announced = request.content_md5()?;
    let mut document = Vec::new();
    while let Some(bytes) = next(request).await? {
        if document.len() + bytes.len() > MAX_DOCUMENT {
            return Err(Error::from(&MALFORMED_XML).message("The document is larger than 2 MB."));
        }
        document.extend_from_slice(&bytes);
    }
    let md5: [u8; 16] = Md5::digest(&document).into();
    if announced.is_some_and(|announced| announced != md5) {
        return Err(wrong_digest(&md5));
    }
    Ok(document.into())
}

/// Reads what is left of a body that no operation wanted, so that the connection can go on. Returns whether nothing is
/// left; a client that waits for `100 Continue` has sent nothing yet and is not asked to.
pub async fn drain(request: &mut Request) -> bool {
    let Some(body) = &mut request.body else {
        return true;
    };
    let end = tokio::time::Instant::now() + DRAIN_TIME;
    let mut left = MAX_DRAIN;
    while !body.is_end_stream() {
        if request.headers.contains_key("expect") {
            return false;
        }
        match tokio::time::timeout_at(end, body.frame()).await {
            Ok(None) => return true,
            Ok(Some(Ok(frame))) => {
                let size = frame.data_ref().map_or(0, Bytes::len);
                match left.checked_sub(size) {
                    Some(less) => left = less,
                    None => return false,
                }
            }
            Ok(Some(Err(_))) | Err(_) => return false,
        }
    }
    true
}

/// Returns the next bytes of a body; at its end the request has none any more.
async fn next(request: &mut Request) -> Result<Option<Bytes>> {
    while let Some(body) = &mut request.body {
        let frame = tokio::time::timeout(STALL, body.frame())
            .await
            .map_err(|_| Error::from(&REQUEST_TIMEOUT))?;
        match frame {
            None => request.body = None,
            Some(Err(error)) => {
                log::debug!("a request's body: {error}");
                return Err(Error::from(&INCOMPLETE_BODY));
            }
            Some(Ok(frame)) => {
                // Trailers carry nothing that is used.
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
    Ok(None)
}

fn announced_crc64(request: &Request) -> Result<Option<u64>> {
    let name = "x-oss-hash-crc64ecma";
    let Some(text) = request.header(name)? else {
        return Ok(None);
    };
    let crc64 = text
        .parse()
        .map_err(|_| invalid_argument(name, text, "The CRC64 is no number."))?;
    Ok(Some(crc64))
}

fn wrong_digest(md5: &[u8; 16]) -> Error {
    Error::from(&INVALID_DIGEST)
        .message("The Content-MD5 you specified did not match what we received.")
        .element("ExpectedDigest", encode_base64(md5))
}
