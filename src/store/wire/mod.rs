//! The operations as requests and answers, without I/O: each module builds one operation's request and reads its
//! answer. Where the bucket goes in the URL, the host, the signature and the sending are `store::client`'s.
//!
//! A `parse` is given the whole answer, refusals and errors inside a success included.

pub mod acl;
pub mod bucket;
pub mod copy;
pub mod delete;
pub mod error;
pub mod get;
pub mod head;
pub mod list;
pub mod meta;
pub mod multipart;
pub mod put;
pub mod restore;
pub mod symlink;
pub mod tagging;
pub mod versions;
pub mod xml;

use super::dialect::sign::v4::sha256_hex;
use super::dialect::{Dialect, Query};
use super::types::{ByteRange, ETag, Key, Operation, Timestamp, VersionId, WriteCondition};
use super::{Error, Kind, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use md5::{Digest, Md5};

/// Bodies up to this size are signed with their hash; hashing larger ones costs more than it protects.
const HASHED_BODY: usize = 1 << 20;

/// A request before it is addressed and signed.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it does.
    pub operation: Operation,
    /// Its method.
    pub method: Method,
    /// The object it is about; `None` for the bucket.
    pub key: Option<Key>,
    /// The parameters, decoded; an empty value is a bare name.
    pub query: Query,
    /// The headers, but for those of the connection and the signature.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body; empty where it is streamed.
    pub body: Bytes,
}

impl Request {
    fn new(operation: Operation, method: Method, key: Option<&Key>) -> Self {
        Self {
            operation,
            method,
            key: key.cloned(),
            query: Query::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    fn parameter(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    fn version(self, version: Option<&VersionId>) -> Self {
        match version {
            Some(version) => self.parameter("versionId", &**version),
            None => self,
        }
    }

    /// Sets a header. Refuses a value that is none, such as one with a line end in it.
    fn set(&mut self, name: HeaderName, value: impl AsRef<[u8]>) -> Result<()> {
        let value = HeaderValue::from_bytes(value.as_ref())
            .map_err(|_| invalid(format!("the value of {name} cannot be sent")))?;
        self.headers.insert(name, value);
        Ok(())
    }

    fn set_fixed(&mut self, headers: &[(&'static str, &'static str)]) {
        for (name, value) in headers {
            let value = HeaderValue::from_static(value);
            self.headers.insert(HeaderName::from_static(name), value);
        }
    }

    /// Makes a write conditional on what is there.
    fn set_condition(&mut self, dialect: &Dialect, condition: &WriteCondition) -> Result<()> {
        match condition {
            WriteCondition::Absent => self.set_fixed(&[dialect.words.create_only]),
            WriteCondition::Match(etag) if dialect.has_write_if_match() => {
                self.set(header::IF_MATCH, etag.quoted())?;
            }
            WriteCondition::Match(_) | WriteCondition::None => {}
        }
        Ok(())
    }

    /// Sets the body and what guards it on the way.
    fn with_body(mut self, dialect: &Dialect, body: Bytes) -> Self {
        let mut guard = |name: &'static str, value: String| {
            let value = HeaderValue::from_str(&value).expect("base64 and hex are header values");
            self.headers.insert(name, value);
        };
        guard("content-md5", BASE64_STANDARD.encode(Md5::digest(&body)));
        if let Some(name) = dialect.words.payload_hash_header
            && body.len() <= HASHED_BODY
        {
            guard(name, sha256_hex(&body));
        }
        self.body = body;
        self
    }

    /// Sets a document as body.
    fn with_document(mut self, dialect: &Dialect, document: xml::Writer) -> Self {
        let value = HeaderValue::from_static("application/xml");
        self.headers.insert(header::CONTENT_TYPE, value);
        self.with_body(dialect, document.finish().into())
    }
}

/// Returns a header as text, without white space around it; `None` if absent or no UTF-8.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.as_bytes().trim_ascii();
    std::str::from_utf8(value).ok().map(Into::into)
}

/// Returns a header of the service's own as text.
fn own_text(dialect: &Dialect, headers: &HeaderMap, name: &str) -> Option<Box<str>> {
    text(headers, dialect.header(name).as_str()).map(Into::into)
}

fn etag(headers: &HeaderMap) -> Option<ETag> {
    text(headers, header::ETAG.as_str()).map(|text| ETag::new(&text))
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    Timestamp::from_http_date(&text(headers, header::DATE.as_str())?)
}

/// Formats a range as `Range` and the range of a copied part want it.
fn range_value(range: ByteRange) -> Result<String> {
    if range.end <= range.start {
        return Err(invalid("an empty range cannot be asked for"));
    }
    Ok(format!("bytes={}-{}", range.start, range.end - 1))
}

fn invalid(message: impl Into<Box<str>>) -> Error {
    Error::new(Kind::InvalidArgument, message)
}

fn protocol(dialect: &Dialect, response: &Response, message: impl Into<Box<str>>) -> Error {
    let id = error::request_id(dialect, &response.headers);
    Error::new(Kind::Protocol, message).answered(response.status, None, id.as_deref())
}

/// Makes an unknown outcome of an unreadable answer: the service had agreed to begin a write, and what became of it
/// only a look at the object can tell.
fn undecided(error: Error) -> Error {
    if error.kind() != Kind::Protocol {
        return error;
    }
    let unknown = Error::new(Kind::Unknown, error.message());
    match error.status() {
        Some(status) => unknown.answered(status, None, error.request_id()),
        None => unknown,
    }
}

/// What the tables of all operations need.
#[cfg(test)]
mod test {
    use super::*;

    pub(super) fn response(
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &str,
    ) -> Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
            map.append(HeaderName::from_static(name), value);
        }
        Response {
            status,
            headers: map,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    pub(super) fn key(text: &str) -> Key {
        Key::new(text).expect("a key")
    }

    /// Shows a request as lines: method and key, parameters, headers in the order of their names, body.
    pub(super) fn show(request: &Request) -> String {
        let key = request.key.as_ref().map_or("", |key| key.as_str());
        let mut lines = vec![format!("{} {key}", request.method)];
        for (name, value) in &request.query {
            lines.push(format!("?{name}={value}"));
        }
        let mut headers: Vec<_> = request
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        headers.sort();
        lines.extend(headers);
        if !request.body.is_empty() {
            lines.push(String::from_utf8_lossy(&request.body).into_owned());
        }
        lines.join("\n")
    }

    #[test]
    fn a_body_is_guarded_by_its_digest_and_a_small_one_by_its_hash() {
        let build = |dialect, size: usize| {
            Request::new(Operation::PutObject, Method::PUT, None)
                .with_body(dialect, vec![b'x'; size].into())
                .headers
        };
        let headers = build(&super::super::dialect::S3, 3);
        assert_eq!(headers["content-md5"], "9WGq9u8L8U1CCLtGpMyzrQ==");
        assert_eq!(
            headers["x-amz-content-sha256"],
            "cd2eb0837c9b4c962c22d2ff8b5441b7b45805887f051d39bf133b583baf6860"
        );
        let headers = build(&super::super::dialect::S3, HASHED_BODY + 1);
        assert!(headers.get("x-amz-content-sha256").is_none());
        let headers = build(&super::super::dialect::OSS, 3);
        assert_eq!(headers.len(), 1);
    }

    #[test]
    fn a_value_with_a_line_end_is_refused() {
        let mut request = Request::new(Operation::PutObject, Method::PUT, None);
        let name = HeaderName::from_static("x-oss-meta-a");
        let refused = request.set(name.clone(), b"a\r\nx-oss-meta-b: c");
        assert_eq!(refused.map_err(|e| e.kind()), Err(Kind::InvalidArgument));
        assert!(request.set(name, "é".as_bytes()).is_ok());
    }
}
