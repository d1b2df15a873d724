//! GetObject. The body is streamed by the client; here are the headers.

use super::{Request, Response, error, meta, protocol, range_value, text};
use crate::store::types::{ByteRange, GetRequest, Key, ObjectMeta, Operation, VersionId};
use crate::store::{Dialect, Result};
use http::{Method, header};

/// Asks for a body or a range of it.
pub fn request(dialect: &Dialect, get: &GetRequest) -> Result<Request> {
    let mut request = Request::new(Operation::GetObject, Method::GET, Some(&get.key))
        .version(get.version.as_ref());
    request.set_fixed(dialect.words.read_headers);
    if let Some(range) = get.range {
        request.set(header::RANGE, range_value(range)?)?;
        request.set_fixed(dialect.words.range_headers);
    }
    if let Some(etag) = &get.if_match {
        request.set(header::IF_MATCH, etag.quoted())?;
    }
    Ok(request)
}

/// Returns the request that a presigned URL makes: nothing but the object, since nobody sends more with it.
pub fn presigned(key: &Key, version: Option<&VersionId>) -> Request {
    Request::new(Operation::GetObject, Method::GET, Some(key)).version(version)
}

/// Reads the headers of the answer: what they say of the whole object, and the range that the body holds. An answer
/// that holds other bytes than `asked` for is refused; one that is cut at the end of the object is not.
pub fn parse(
    dialect: &Dialect,
    response: &Response,
    asked: Option<ByteRange>,
) -> Result<(ObjectMeta, ByteRange)> {
    error::check(dialect, response)?;
    let mut meta = meta::object_meta(dialect, &response.headers)?;
    let held = if response.status == 206 {
        let (range, size) = text(&response.headers, header::CONTENT_RANGE.as_str())
            .and_then(|value| content_range(&value))
            .ok_or_else(|| {
                protocol(
                    dialect,
                    response,
                    "the answer has no readable Content-Range",
                )
            })?;
        if meta.size != range.end - range.start {
            return Err(protocol(
                dialect,
                response,
                "Content-Length is not that of Content-Range",
            ));
        }
        meta.size = size;
        range
    } else {
        ByteRange {
            start: 0,
            end: meta.size,
        }
    };
    let wanted = match asked {
        Some(asked) => ByteRange {
            start: asked.start,
            end: asked.end.min(meta.size),
        },
        None => ByteRange {
            start: 0,
            end: meta.size,
        },
    };
    if held != wanted {
        return Err(protocol(
            dialect,
            response,
            format!(
                "asked for bytes {} to {}, answered with {} to {}",
                wanted.start, wanted.end, held.start, held.end
            ),
        ));
    }
    Ok((meta, held))
}

/// Reads `bytes 0-4/10`: the range and the whole size.
fn content_range(value: &str) -> Option<(ByteRange, u64)> {
    let (range, size) = value.strip_prefix("bytes")?.trim().split_once('/')?;
    let (start, last) = range.split_once('-')?;
    let start: u64 = start.trim().parse().ok()?;
    let end = last.trim().parse::<u64>().ok()?.checked_add(1)?;
    let size = size.trim().parse().ok()?;
    (start < end && end <= size).then_some((ByteRange { start, end }, size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Kind;
    use crate::store::dialect::{OSS, S3};
    use crate::store::types::ETag;
    use crate::store::wire::test::{key, response, show};
    use test_case::test_case;

    const RANGE: ByteRange = ByteRange { start: 5, end: 10 };

    #[test_case(&OSS, None, None => "GET k"; "oss")]
    #[test_case(&OSS, Some(RANGE), Some("E") => "GET k\nif-match: \"E\"\nrange: bytes=5-9\nx-oss-range-behavior: standard"; "oss range")]
    #[test_case(&S3, Some(RANGE), None => "GET k\nrange: bytes=5-9\nx-amz-checksum-mode: ENABLED"; "s3 range")]
    fn asks(dialect: &Dialect, range: Option<ByteRange>, etag: Option<&str>) -> String {
        let get = GetRequest {
            key: key("k"),
            version: None,
            range,
            if_match: etag.map(ETag::new),
        };
        show(&request(dialect, &get).expect("sendable"))
    }

    #[test]
    fn an_empty_range_is_refused() {
        let get = GetRequest {
            key: key("k"),
            version: None,
            range: Some(ByteRange { start: 5, end: 5 }),
            if_match: None,
        };
        let refused = request(&OSS, &get).map_err(|e| e.kind());
        assert_eq!(refused.err(), Some(Kind::InvalidArgument));
    }

    #[test]
    fn a_presigned_url_names_the_object_and_nothing_else() {
        let version = "v".into();
        assert_eq!(
            show(&presigned(&key("k"), Some(&version))),
            "GET k\n?versionId=v"
        );
    }

    #[test_case(200, "8", None, None => Ok((8, 0, 8)); "whole")]
    #[test_case(206, "5", Some("bytes 5-9/20"), Some(RANGE) => Ok((20, 5, 10)); "range")]
    #[test_case(206, "3", Some("bytes 5-7/8"), Some(RANGE) => Ok((8, 5, 8)); "range cut at the end")]
    #[test_case(200, "8", None, Some(ByteRange { start: 0, end: 10 }) => Ok((8, 0, 8)); "all of it asked for as a range")]
    #[test_case(206, "2", Some("bytes 5-6/20"), Some(RANGE) => Err(Kind::Protocol); "less than asked for")]
    #[test_case(206, "5", Some("bytes 6-10/20"), Some(RANGE) => Err(Kind::Protocol); "other bytes")]
    #[test_case(206, "4", Some("bytes 5-9/20"), Some(RANGE) => Err(Kind::Protocol); "another length")]
    #[test_case(206, "5", Some("bytes 5-9/*"), Some(RANGE) => Err(Kind::Protocol); "no whole size")]
    #[test_case(206, "5", None, Some(RANGE) => Err(Kind::Protocol); "no range")]
    #[test_case(206, "5", Some("bytes 5-9/20"), None => Err(Kind::Protocol); "a range nobody asked for")]
    #[test_case(200, "20", None, Some(RANGE) => Err(Kind::Protocol); "the whole instead of a range")]
    #[test_case(416, "0", None, Some(RANGE) => Err(Kind::InvalidRange); "past the end")]
    #[test_case(412, "0", None, None => Err(Kind::Precondition); "another body")]
    fn reads(
        status: u16,
        length: &'static str,
        range: Option<&'static str>,
        asked: Option<ByteRange>,
    ) -> Result<(u64, u64, u64), Kind> {
        let mut headers = vec![
            ("content-length", length),
            ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        headers.extend(range.map(|value| ("content-range", value)));
        parse(&OSS, &response(status, &headers, ""), asked)
            .map(|(meta, held)| (meta.size, held.start, held.end))
            .map_err(|e| e.kind())
    }
}
