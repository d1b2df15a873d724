//! A request as the operations see it: addressed, decoded, not yet judged.

use super::error::{
    Error, INVALID_BUCKET_NAME, INVALID_DIGEST, INVALID_OBJECT_NAME, Result, invalid_argument,
};
use super::storage::decode_base64;
use crate::store::dialect::{OSS, sign};
use crate::store::types::Key;
use http::{HeaderMap, Method, Uri, header};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;

/// A decoded request.
pub struct Request {
    /// The verb.
    pub method: Method,
    /// The request's target as sent.
    pub uri: Uri,
    /// The `Host` header as sent; told in errors.
    pub host: String,
    /// The bucket, `None` for the service itself.
    pub bucket: Option<String>,
    /// The key, `None` for the bucket itself.
    pub key: Option<Key>,
    /// The decoded parameters in the order sent.
    pub query: sign::Query,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, until it was read to its end.
    pub body: Option<Incoming>,
    /// Whether the request was signed by the account; set by the check of the signature.
    pub authenticated: bool,
}

impl Request {
    /// Takes a request as it came; [`Request::decode`] comes next.
    pub fn new(request: hyper::Request<Incoming>) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            host: host(&parts),
            method: parts.method,
            uri: parts.uri,
            bucket: None,
            key: None,
            query: Vec::new(),
            headers: parts.headers,
            body: Some(body),
            authenticated: false,
        }
    }

    /// Reads what the request is addressed to.
    pub fn decode(&mut self) -> Result<()> {
        (self.bucket, self.key) = address(&self.host, self.uri.path())?;
        // Some clients write a blank as a plus sign; a plus sign itself is always encoded.
        let query = self.uri.query().unwrap_or_default().replace('+', "%20");
        self.query = sign::parse_query(&query)
            .ok_or_else(|| invalid_argument("query", &query, "The query is not UTF-8."))?;
        Ok(())
    }

    /// Returns a parameter's value; one that is given without value is the empty text.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns a parameter's value unless it is empty, which the SDKs send for "none".
    pub fn value(&self, name: &str) -> Option<&str> {
        self.parameter(name).filter(|value| !value.is_empty())
    }

    /// Returns a parameter's value as a number of at most `max`.
    pub fn number(&self, name: &'static str, default: usize, max: usize) -> Result<usize> {
        let Some(text) = self.value(name) else {
            return Ok(default);
        };
        match text.parse() {
            Ok(number) if (1..=max).contains(&number) => Ok(number),
            _ => Err(invalid_argument(
                name,
                text,
                format!("{name} is not within 1 and {max}."),
            )),
        }
    }

    /// Returns a header's value as text; one that is not ASCII is an error.
    pub fn header(&self, name: &'static str) -> Result<Option<&str>> {
        let Some(value) = self.headers.get(name) else {
            return Ok(None);
        };
        value
            .to_str()
            .map(Some)
            .map_err(|_| invalid_argument(name, "", "The header's value is not ASCII."))
    }

    /// Returns the key; the router sends only requests with one to the operations on objects.
    pub fn key(&self) -> &Key {
        self.key.as_ref().expect("routed by the key")
    }

    /// Returns the MD5 that the client announces for the body.
    pub fn content_md5(&self) -> Result<Option<[u8; 16]>> {
        let Some(value) = self.headers.get("content-md5") else {
            return Ok(None);
        };
        decode_base64(value.as_bytes())
            .and_then(|bytes| bytes.try_into().ok())
            .map(Some)
            .ok_or_else(|| {
                let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
                Error::from(&INVALID_DIGEST).element("Content-MD5", text)
            })
    }
}

/// Returns where a request is addressed to: the `Host` header, or the authority of an absolute request target.
fn host(parts: &http::request::Parts) -> String {
    let header = parts
        .headers
        .get(header::HOST)
        .and_then(|v| v.to_str().ok());
    let host = header.or(parts.uri.authority().map(http::uri::Authority::as_str));
    host.unwrap_or_default().to_owned()
}

/// Reads bucket and key: the bucket from a host below `.aliyuncs.com` or `.localhost`, else the path's first segment.
fn address(host: &str, path: &str) -> Result<(Option<String>, Option<Key>)> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, key) = match bucket_of_host(host) {
        Some(bucket) => (bucket.to_owned(), path),
        None => {
            let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
            if bucket.is_empty() && key.is_empty() {
                return Ok((None, None));
            }
            (
                percent_decode_str(bucket).decode_utf8_lossy().into_owned(),
                key,
            )
        }
    };
    if !is_bucket_name(&bucket) {
        return Err(Error::from(&INVALID_BUCKET_NAME).element("BucketName", bucket));
    }
    if key.is_empty() {
        return Ok((Some(bucket), None));
    }
    let invalid = |name: &str| Error::from(&INVALID_OBJECT_NAME).element("ObjectName", name);
    let key = percent_decode_str(key)
        .decode_utf8()
        .map_err(|_| invalid(key))?;
    Ok((Some(bucket), Some(parse_key(&key)?)))
}

/// Checks a key as the service does: 1 to 1,023 bytes, not beginning in `/` or `\`, no NUL.
pub fn parse_key(text: &str) -> Result<Key> {
    let valid = text.len() <= OSS.limits.key_bytes && !text.starts_with(['/', '\\']);
    Key::new(text).ok().filter(|_| valid).ok_or_else(|| {
        Error::from(&INVALID_OBJECT_NAME).element("ObjectName", text.replace('\0', "%00"))
    })
}

/// Returns whether the text can name a bucket: 3 to 63 of `a-z`, `0-9` and `-`, no `-` at the ends.
pub fn is_bucket_name(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn bucket_of_host(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if let Some(bucket) = name.strip_suffix(".localhost") {
        return Some(bucket);
    }
    // `bucket.oss-cn-hangzhou.aliyuncs.com`; without the bucket the service itself is meant.
    let (bucket, endpoint) = name.strip_suffix(".aliyuncs.com")?.split_once('.')?;
    (!endpoint.is_empty()).then_some(bucket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("127.0.0.1:80", "/" => Ok((None, None)); "the service")]
    #[test_case("127.0.0.1:80", "/bucket" => Ok((Some("bucket".into()), None)); "path style, the bucket")]
    #[test_case("127.0.0.1:80", "/bucket/" => Ok((Some("bucket".into()), None)); "path style, the bucket with slash")]
    #[test_case("127.0.0.1:80", "/bucket/a%2Fb+%20c" => Ok((Some("bucket".into()), Some("a/b+ c".into()))); "path style")]
    #[test_case("localhost:80", "/bucket/a//b" => Ok((Some("bucket".into()), Some("a//b".into()))); "empty components stay")]
    #[test_case("x", "/bucket/../up" => Ok((Some("bucket".into()), Some("../up".into()))); "dots are names")]
    #[test_case("bucket.localhost:80", "/a/b" => Ok((Some("bucket".into()), Some("a/b".into()))); "below localhost")]
    #[test_case("bucket.oss-cn-hangzhou.aliyuncs.com", "/a" => Ok((Some("bucket".into()), Some("a".into()))); "as in the cloud")]
    #[test_case("oss-cn-hangzhou.aliyuncs.com", "/" => Ok((None, None)); "the cloud's service")]
    #[test_case("x", "/Bucket/a" => Err("InvalidBucketName"); "upper case")]
    #[test_case("x", "/ab/a" => Err("InvalidBucketName"); "too short")]
    #[test_case("x", "/-ab/a" => Err("InvalidBucketName"); "dash at the end")]
    #[test_case("x", "//a" => Err("InvalidBucketName"); "no bucket")]
    #[test_case("x", "/bucket//a" => Err("InvalidObjectName"); "leading slash")]
    #[test_case("x", "/bucket/%5Ca" => Err("InvalidObjectName"); "leading backslash")]
    #[test_case("x", "/bucket/a%00" => Err("InvalidObjectName"); "NUL")]
    #[test_case("x", "/bucket/%FF" => Err("InvalidObjectName"); "not UTF-8")]
    fn addresses(host: &str, path: &str) -> Result<(Option<String>, Option<String>), &'static str> {
        address(host, path)
            .map(|(bucket, key)| (bucket, key.map(|k| k.as_str().to_owned())))
            .map_err(|error| error.code.name)
    }

    #[test]
    fn a_key_has_at_most_1023_bytes() {
        assert!(parse_key(&"x".repeat(1023)).is_ok());
        assert!(parse_key(&"x".repeat(1024)).is_err());
    }
}
