//! Answers: their bodies, and what every one of them carries.

use super::error::Error;
use super::storage::encode_base64;
use super::xml::Writer;
use crate::store::types::Timestamp;
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use std::io;

/// The body of an answer.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An answer before the headers that all of them carry.
pub type Reply = Response<Body>;

/// Makes a body of bytes at hand.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// Makes a body of a stream; the answer's `Content-Length` must say how long it is.
pub fn streamed(
    stream: impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Body {
    StreamBody::new(stream.map_ok(Frame::data)).boxed_unsync()
}

/// Makes an answer without a body.
pub fn empty(status: StatusCode) -> Reply {
    with(status, HeaderMap::new(), full(Bytes::new()))
}

/// Makes an answer of an XML document.
pub fn xml(document: String) -> Reply {
    let mut reply = with(StatusCode::OK, HeaderMap::new(), full(document));
    reply.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/xml"),
    );
    reply
}

/// Makes an answer of its parts.
pub fn with(status: StatusCode, headers: HeaderMap, body: Body) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    *reply.headers_mut() = headers;
    reply
}

/// Makes the answer to a request that failed. A HEAD has its XML in the header `x-oss-err`; a 304 has none.
pub fn error(error: Error, method: &Method, host: &str, request_id: &str) -> Reply {
    let status =
        StatusCode::from_u16(error.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = empty(status);
    if status != StatusCode::NOT_MODIFIED {
        let document = document(&error, host, request_id);
        if method == Method::HEAD {
            if let Ok(value) = HeaderValue::from_str(&encode_base64(document.as_bytes())) {
                reply.headers_mut().insert("x-oss-err", value);
            }
        } else {
            reply = xml(document);
            *reply.status_mut() = status;
        }
    }
    if !error.ec.is_empty() {
        reply
            .headers_mut()
            .insert("x-oss-ec", HeaderValue::from_static(error.ec));
    }
    reply.headers_mut().extend(error.headers);
    reply
}

fn document(error: &Error, host: &str, request_id: &str) -> String {
    let mut xml = Writer::new("Error");
    xml.text("Code", error.code.name);
    xml.text("Message", &error.message);
    xml.text("RequestId", request_id);
    xml.text("HostId", host);
    for (name, value) in &error.elements {
        xml.text(name, value);
    }
    if !error.ec.is_empty() {
        xml.text("EC", error.ec);
    }
    xml.finish()
}

/// Adds what every answer carries.
pub fn finish(reply: &mut Reply, request_id: &str, now: Timestamp) {
    let headers = reply.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("AliyunOSS"));
    if let Ok(value) = HeaderValue::from_str(&now.to_http_date()) {
        headers.insert(header::DATE, value);
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert("x-oss-request-id", value);
    }
}
