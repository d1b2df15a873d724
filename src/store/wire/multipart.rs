//! CreateMultipartUpload, UploadPart, UploadPartCopy, CompleteMultipartUpload, AbortMultipartUpload.

use super::{
    Request, Response, copy, error, etag, meta, protocol, put, range_value, undecided, xml,
};
use crate::store::types::{
    Acl, ByteRange, CompletedPart, ETag, Key, Operation, Properties, PutOutcome, SourceConditions,
    Tags, Upload, VersionId, WriteCondition,
};
use crate::store::{Dialect, Kind, Result};
use bytes::Bytes;
use http::Method;

/// Begins an upload, with all that is said of the object: nothing of it can be said later.
pub fn create_request(
    dialect: &Dialect,
    key: &Key,
    properties: &Properties,
    tags: &Tags,
    acl: Option<&Acl>,
) -> Result<Request> {
    let mut request = Request::new(Operation::CreateMultipartUpload, Method::POST, Some(key))
        .parameter("uploads", "");
    meta::write(&mut request, dialect, properties, tags, acl)?;
    Ok(request)
}

/// Reads the upload begun.
pub fn parse_create(dialect: &Dialect, response: &Response, key: &Key) -> Result<Upload> {
    let root = error::document(dialect, response, "InitiateMultipartUploadResult")?;
    match root.text_of("UploadId").map(str::trim) {
        Some(id) if !id.is_empty() => Ok(Upload {
            key: key.clone(),
            id: id.into(),
        }),
        _ => Err(protocol(
            dialect,
            response,
            "the answer does not name the upload",
        )),
    }
}

/// Uploads a part.
pub fn part_request(dialect: &Dialect, upload: &Upload, number: u16, body: Bytes) -> Request {
    part(Operation::UploadPart, upload, number).with_body(dialect, body)
}

/// Reads the part uploaded.
pub fn parse_part(dialect: &Dialect, response: &Response, number: u16) -> Result<CompletedPart> {
    error::check(dialect, response)?;
    let etag = etag(&response.headers)
        .ok_or_else(|| protocol(dialect, response, "the answer has no entity tag"))?;
    Ok(CompletedPart { number, etag })
}

/// Makes a part of a range of an object of `bucket`. The request has no body.
#[allow(clippy::too_many_arguments)] // As many as the operation has.
pub fn part_copy_request(
    dialect: &Dialect,
    bucket: &str,
    upload: &Upload,
    number: u16,
    source: &Key,
    source_version: Option<&VersionId>,
    range: ByteRange,
    conditions: &SourceConditions,
) -> Result<Request> {
    let mut request = part(Operation::UploadPartCopy, upload, number);
    copy::write_source(
        &mut request,
        dialect,
        bucket,
        source,
        source_version,
        conditions,
    )?;
    request.set(dialect.header("copy-source-range"), range_value(range)?)?;
    Ok(request)
}

/// Reads the part made.
pub fn parse_part_copy(
    dialect: &Dialect,
    response: &Response,
    number: u16,
) -> Result<CompletedPart> {
    let (etag, _) = copy::result(dialect, response, "CopyPartResult")?;
    Ok(CompletedPart { number, etag })
}

/// Makes the object of its parts.
pub fn complete_request(
    dialect: &Dialect,
    upload: &Upload,
    parts: &[CompletedPart],
    condition: &WriteCondition,
) -> Result<Request> {
    let mut document = xml::Writer::new("CompleteMultipartUpload", dialect.words.xml_namespace);
    for part in parts {
        document
            .open("Part")
            .leaf("PartNumber", &part.number.to_string())
            .leaf("ETag", &part.etag.quoted())
            .close();
    }
    let mut request = of_upload(Operation::CompleteMultipartUpload, Method::POST, upload);
    request.set_condition(dialect, condition)?;
    Ok(request.with_document(dialect, document))
}

/// Reads what was made.
pub fn parse_complete(dialect: &Dialect, response: &Response) -> Result<PutOutcome> {
    let root =
        error::document(dialect, response, "CompleteMultipartUploadResult").map_err(undecided)?;
    let mut outcome = put::outcome(dialect, response);
    if let Some(text) = root.text_of("ETag") {
        outcome.etag = ETag::new(text);
    }
    Ok(outcome)
}

/// Gives an upload up.
pub fn abort_request(upload: &Upload) -> Request {
    of_upload(Operation::AbortMultipartUpload, Method::DELETE, upload)
}

/// Reads the answer; an upload that is not there is given up.
pub fn parse_abort(dialect: &Dialect, response: &Response) -> Result<()> {
    match error::check(dialect, response) {
        Err(error) if error.kind() == Kind::NotFound => Ok(()),
        other => other,
    }
}

fn of_upload(operation: Operation, method: Method, upload: &Upload) -> Request {
    Request::new(operation, method, Some(&upload.key)).parameter("uploadId", &*upload.id)
}

fn part(operation: Operation, upload: &Upload, number: u16) -> Request {
    Request::new(operation, Method::PUT, Some(&upload.key))
        .parameter("partNumber", number.to_string())
        .parameter("uploadId", &*upload.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use crate::store::wire::test::{key, response, show};
    use test_case::test_case;

    fn upload() -> Upload {
        Upload {
            key: key("k"),
            id: "U/1".into(),
        }
    }

    #[test]
    fn begins_with_all_that_is_said_of_the_object() {
        let mut properties = Properties::default();
        properties.user.insert("a".into(), b"1"[..].into());
        let tags = Tags::from_iter([("t".into(), "1".into())]);
        let acl = Acl::Canned("private".into());
        let request = create_request(&OSS, &key("k"), &properties, &tags, Some(&acl));
        assert_eq!(
            show(&request.expect("sendable")),
            "POST k\n?uploads=\nx-oss-meta-a: 1\nx-oss-object-acl: private\nx-oss-tagging: t=1"
        );
    }

    #[test_case("<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>U/1</UploadId></InitiateMultipartUploadResult>" => Ok(upload()); "named")]
    #[test_case("<InitiateMultipartUploadResult><UploadId/></InitiateMultipartUploadResult>" => Err(Kind::Protocol); "not named")]
    #[test_case("<Error><Code>SlowDown</Code></Error>" => Err(Kind::Throttled); "an error in a success")]
    fn reads_the_upload(body: &str) -> Result<Upload, Kind> {
        parse_create(&S3, &response(200, &[], body), &key("k")).map_err(|e| e.kind())
    }

    #[test]
    fn uploads_a_part() {
        let request = part_request(&OSS, &upload(), 3, "hello".into());
        assert_eq!(
            show(&request),
            "PUT k\n?partNumber=3\n?uploadId=U/1\ncontent-md5: XUFAKrxLKna5cZ2REBfFkg==\nhello"
        );
        let part = parse_part(&OSS, &response(200, &[("etag", "\"E\"")], ""), 3);
        let expected = CompletedPart {
            number: 3,
            etag: ETag::new("E"),
        };
        assert_eq!(part.expect("a part"), expected);
        let refused = parse_part(&OSS, &response(200, &[], ""), 3).map_err(|e| e.kind());
        assert_eq!(refused, Err(Kind::Protocol));
    }

    #[test]
    fn copies_a_part() {
        let range = ByteRange { start: 5, end: 10 };
        let conditions = SourceConditions {
            if_match: Some(ETag::new("E")),
            ..SourceConditions::default()
        };
        let version = "v".into();
        let request = part_copy_request(
            &S3,
            "b",
            &upload(),
            1,
            &key("s +"),
            Some(&version),
            range,
            &conditions,
        );
        assert_eq!(
            show(&request.expect("sendable")),
            "PUT k\n?partNumber=1\n?uploadId=U/1\n\
             x-amz-copy-source-if-match: \"E\"\n\
             x-amz-copy-source-range: bytes=5-9\n\
             x-amz-copy-source: /b/s%20%2B?versionId=v"
        );
    }

    #[test_case("<CopyPartResult><ETag>\"E\"</ETag><LastModified>x</LastModified></CopyPartResult>" => Ok("E".into()); "in the document")]
    #[test_case("<CopyPartResult/>" => Ok("H".into()); "in the header")]
    #[test_case("<Error><Code>InternalError</Code></Error>" => Err(Kind::Unavailable); "an error in a success")]
    #[test_case("<Error><Code>PreconditionFailed</Code></Error>" => Err(Kind::Precondition); "a refusal in a success")]
    fn reads_a_copied_part(body: &str) -> Result<String, Kind> {
        let response = response(200, &[("etag", "\"H\"")], body);
        parse_part_copy(&S3, &response, 1)
            .map(|part| part.etag.as_str().to_owned())
            .map_err(|e| e.kind())
    }

    #[test]
    fn completes_with_the_parts_in_order() {
        let part = |number, etag| CompletedPart {
            number,
            etag: ETag::new(etag),
        };
        let parts = [part(1, "E"), part(3, "F")];
        let request = complete_request(&OSS, &upload(), &parts, &WriteCondition::Absent);
        assert_eq!(
            show(&request.expect("sendable")),
            "POST k\n?uploadId=U/1\n\
             content-md5: erCRKLwxioJbAgZtTSR2sw==\n\
             content-type: application/xml\n\
             x-oss-forbid-overwrite: true\n\
             <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CompleteMultipartUpload>\
             <Part><PartNumber>1</PartNumber><ETag>&quot;E&quot;</ETag></Part>\
             <Part><PartNumber>3</PartNumber><ETag>&quot;F&quot;</ETag></Part>\
             </CompleteMultipartUpload>"
        );
    }

    #[test_case(200, "<CompleteMultipartUploadResult><ETag>\"E-2\"</ETag></CompleteMultipartUploadResult>" => Ok(("E-2".into(), Some("v".into()))); "made")]
    #[test_case(200, "<Error><Code>InternalError</Code></Error>" => Err(Kind::Unavailable); "an error in a success")]
    #[test_case(200, "" => Err(Kind::Unknown); "a success that says nothing")]
    #[test_case(400, "<Error><Code>InvalidPart</Code></Error>" => Err(Kind::InvalidArgument); "a wrong part")]
    #[test_case(412, "<Error><Code>PreconditionFailed</Code></Error>" => Err(Kind::Precondition); "a refusal")]
    #[test_case(404, "<Error><Code>NoSuchUpload</Code></Error>" => Err(Kind::NotFound); "no upload")]
    fn reads_what_was_made(status: u16, body: &str) -> Result<(String, Option<String>), Kind> {
        parse_complete(&S3, &response(status, &[("x-amz-version-id", "v")], body))
            .map(|made| (made.etag.to_string(), made.version_id.map(Into::into)))
            .map_err(|e| e.kind())
    }

    #[test_case(204 => Ok(()))]
    #[test_case(404 => Ok(()); "already given up")]
    #[test_case(403 => Err(Kind::Denied))]
    fn gives_up(status: u16) -> Result<(), Kind> {
        assert_eq!(show(&abort_request(&upload())), "DELETE k\n?uploadId=U/1");
        parse_abort(&S3, &response(status, &[], "")).map_err(|e| e.kind())
    }
}
