//! PutObject, and the answer that every write of a body gives.

use super::{Request, Response, date, error, etag, meta, own_text};
use crate::store::types::{Operation, PutOutcome, PutRequest};
use crate::store::{Dialect, Result};
use http::Method;

/// Writes a whole object.
pub fn request(dialect: &Dialect, put: &PutRequest) -> Result<Request> {
    let mut request = Request::new(Operation::PutObject, Method::PUT, Some(&put.key));
    let acl = put.acl.as_ref();
    meta::write(&mut request, dialect, &put.properties, &put.tags, acl)?;
    request.set_condition(dialect, &put.condition)?;
    Ok(request.with_body(dialect, put.body.clone()))
}

/// Reads what was written.
pub fn parse(dialect: &Dialect, response: &Response) -> Result<PutOutcome> {
    error::check(dialect, response)?;
    Ok(outcome(dialect, response))
}

/// Reads what a write's headers tell.
pub(super) fn outcome(dialect: &Dialect, response: &Response) -> PutOutcome {
    let headers = &response.headers;
    PutOutcome {
        etag: etag(headers).unwrap_or_default(),
        version_id: own_text(dialect, headers, "version-id"),
        crc64: meta::crc64(dialect, headers),
        date: date(headers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Kind;
    use crate::store::dialect::{OSS, S3};
    use crate::store::types::{Acl, ETag, Properties, Tags, Timestamp, WriteCondition};
    use crate::store::wire::test::{key, response, show};
    use test_case::test_case;

    #[test_case(&OSS, WriteCondition::Absent => "PUT k\ncontent-md5: XUFAKrxLKna5cZ2REBfFkg==\nx-oss-forbid-overwrite: true\nx-oss-object-acl: private\nx-oss-storage-class: IA\nx-oss-tagging: a=b\nhello"; "oss")]
    #[test_case(&OSS, WriteCondition::Match(ETag::new("E")) => "PUT k\ncontent-md5: XUFAKrxLKna5cZ2REBfFkg==\nx-oss-object-acl: private\nx-oss-storage-class: IA\nx-oss-tagging: a=b\nhello"; "oss has no match")]
    #[test_case(&S3, WriteCondition::Absent => "PUT k\ncontent-md5: XUFAKrxLKna5cZ2REBfFkg==\nif-none-match: *\nx-amz-acl: private\nx-amz-content-sha256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\nx-amz-storage-class: IA\nx-amz-tagging: a=b\nhello"; "s3")]
    #[test_case(&S3, WriteCondition::Match(ETag::new("E")) => "PUT k\ncontent-md5: XUFAKrxLKna5cZ2REBfFkg==\nif-match: \"E\"\nx-amz-acl: private\nx-amz-content-sha256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\nx-amz-storage-class: IA\nx-amz-tagging: a=b\nhello"; "s3 match")]
    fn writes(dialect: &Dialect, condition: WriteCondition) -> String {
        let put = PutRequest {
            key: key("k"),
            properties: Properties {
                storage_class: Some("IA".into()),
                ..Properties::default()
            },
            tags: Tags::from_iter([("a".into(), "b".into())]),
            acl: Some(Acl::Canned("private".into())),
            condition,
            body: "hello".into(),
        };
        show(&request(dialect, &put).expect("sendable"))
    }

    #[test]
    fn reads_what_was_written() {
        let headers = [
            ("etag", "\"E\""),
            ("x-oss-version-id", "v"),
            ("x-oss-hash-crc64ecma", "7"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        let outcome = parse(&OSS, &response(200, &headers, "")).expect("written");
        assert_eq!(outcome.etag, ETag::new("E"));
        assert_eq!(outcome.version_id.as_deref(), Some("v"));
        assert_eq!(outcome.crc64, Some(7));
        assert_eq!(outcome.date, Some(Timestamp(784_111_777)));
        let body = "<Error><Code>FileAlreadyExists</Code></Error>";
        let refused = parse(&OSS, &response(409, &[], body)).map_err(|e| e.kind());
        assert_eq!(refused.err(), Some(Kind::Precondition));
    }
}
