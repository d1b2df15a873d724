//! CopyObject: all directives, conditions on source and destination, and the error that a success may carry.

use super::{
    Request, Response, acl, date, error, etag, meta, own_text, protocol, tagging, undecided,
};
use crate::store::dialect::sign::{encode_component, encode_key};
use crate::store::types::{
    CopyOutcome, CopyRequest, ETag, Key, MetadataDirective, Operation, SourceConditions,
    TaggingDirective, Timestamp, VersionId,
};
use crate::store::{Dialect, Result};
use http::Method;

/// Copies an object of `bucket` within it. The request has no body.
pub fn request(dialect: &Dialect, bucket: &str, copy: &CopyRequest) -> Result<Request> {
    let mut request = Request::new(Operation::CopyObject, Method::PUT, Some(&copy.destination));
    let version = copy.source_version.as_ref();
    write_source(
        &mut request,
        dialect,
        bucket,
        &copy.source,
        version,
        &copy.conditions,
    )?;
    let directive = dialect.header("metadata-directive");
    let mut class = copy.storage_class.as_deref();
    match &copy.metadata {
        MetadataDirective::Copy => request.set(directive, "COPY")?,
        MetadataDirective::Replace(properties) => {
            request.set(directive, "REPLACE")?;
            meta::write_properties(&mut request, dialect, properties)?;
            class = class.or(properties.storage_class.as_deref());
        }
    }
    if dialect.words.copies_name_class {
        class = class.or(Some(dialect.default_storage_class));
    }
    if let Some(class) = class {
        request.set(dialect.header("storage-class"), class)?;
    }
    let directive = dialect.header("tagging-directive");
    let [copies, replaces] = dialect.words.tagging_directives;
    match &copy.tagging {
        TaggingDirective::Copy => request.set(directive, copies)?,
        TaggingDirective::Replace(tags) => {
            request.set(directive, replaces)?;
            if !tags.is_empty() {
                request.set(dialect.header("tagging"), tagging::header_value(tags))?;
            }
        }
    }
    if let Some(acl) = &copy.acl {
        acl::write(&mut request, dialect, acl)?;
    }
    request.set_condition(dialect, &copy.condition)?;
    Ok(request)
}

/// Reads what the copy became.
pub fn parse(dialect: &Dialect, response: &Response) -> Result<CopyOutcome> {
    let (etag, last_modified) = result(dialect, response, "CopyObjectResult")?;
    let headers = &response.headers;
    Ok(CopyOutcome {
        etag,
        last_modified: last_modified.ok_or_else(|| {
            let message = "the answer does not tell when the copy was made";
            undecided(protocol(dialect, response, message))
        })?,
        version_id: own_text(dialect, headers, "version-id"),
        source_version_id: own_text(dialect, headers, "copy-source-version-id"),
        date: date(headers),
    })
}

/// Reads the document of a copy or of a copied part.
pub(super) fn result(
    dialect: &Dialect,
    response: &Response,
    root: &str,
) -> Result<(ETag, Option<Timestamp>)> {
    let document = error::document(dialect, response, root).map_err(undecided)?;
    let etag = document
        .text_of("ETag")
        .map(ETag::new)
        .or_else(|| etag(&response.headers))
        .ok_or_else(|| undecided(protocol(dialect, response, "the answer has no entity tag")))?;
    let last_modified = document
        .text_of("LastModified")
        .and_then(|text| Timestamp::from_iso8601(text.trim()));
    Ok((etag, last_modified))
}

/// Names the source of a copy and the conditions on it.
pub(super) fn write_source(
    request: &mut Request,
    dialect: &Dialect,
    bucket: &str,
    source: &Key,
    version: Option<&VersionId>,
    conditions: &SourceConditions,
) -> Result<()> {
    let mut value = format!("/{bucket}/{}", encode_key(source.as_str()));
    if let Some(version) = version {
        value.push_str("?versionId=");
        value.push_str(&encode_component(version));
    }
    request.set(dialect.header("copy-source"), value)?;
    let mut condition = |name: &str, value: Option<String>| match value {
        Some(value) => request.set(dialect.header(&format!("copy-source-{name}")), value),
        None => Ok(()),
    };
    let quoted = |etag: &Option<ETag>| etag.as_ref().map(ETag::quoted);
    let http_date = |time: Option<Timestamp>| time.map(Timestamp::to_http_date);
    condition("if-match", quoted(&conditions.if_match))?;
    condition("if-none-match", quoted(&conditions.if_none_match))?;
    condition(
        "if-unmodified-since",
        http_date(conditions.if_unmodified_since),
    )?;
    condition("if-modified-since", http_date(conditions.if_modified_since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Kind;
    use crate::store::dialect::{OSS, S3};
    use crate::store::types::{Acl, HttpHeader, Properties, Tags, WriteCondition};
    use crate::store::wire::test::{key, response, show};
    use test_case::test_case;

    fn plain() -> CopyRequest {
        CopyRequest {
            source: key("a b/é"),
            source_version: None,
            destination: key("k"),
            metadata: MetadataDirective::Copy,
            storage_class: None,
            tagging: TaggingDirective::Copy,
            acl: None,
            conditions: SourceConditions::default(),
            condition: WriteCondition::None,
        }
    }

    fn full() -> CopyRequest {
        let mut properties = Properties::default();
        properties.user.insert("a".into(), b"1"[..].into());
        let header = HttpHeader::ContentType;
        properties.http.insert(header, b"text/plain"[..].into());
        properties.storage_class = Some("IA".into());
        CopyRequest {
            source_version: Some("v/1".into()),
            metadata: MetadataDirective::Replace(properties),
            tagging: TaggingDirective::Replace(Tags::from_iter([("t".into(), "1".into())])),
            acl: Some(Acl::Canned("private".into())),
            conditions: SourceConditions {
                if_match: Some(ETag::new("E")),
                if_none_match: Some(ETag::new("F")),
                if_unmodified_since: Some(Timestamp(784_111_777)),
                if_modified_since: Some(Timestamp(0)),
            },
            condition: WriteCondition::Match(ETag::new("D")),
            ..plain()
        }
    }

    #[test_case(&OSS, plain() => "PUT k\n\
        x-oss-copy-source: /b/a%20b/%C3%A9\n\
        x-oss-metadata-directive: COPY\n\
        x-oss-storage-class: Standard\n\
        x-oss-tagging-directive: Copy"; "oss")]
    #[test_case(&S3, plain() => "PUT k\n\
        x-amz-copy-source: /b/a%20b/%C3%A9\n\
        x-amz-metadata-directive: COPY\n\
        x-amz-tagging-directive: COPY"; "s3")]
    #[test_case(&OSS, full() => "PUT k\n\
        content-type: text/plain\n\
        x-oss-copy-source-if-match: \"E\"\n\
        x-oss-copy-source-if-modified-since: Thu, 01 Jan 1970 00:00:00 GMT\n\
        x-oss-copy-source-if-none-match: \"F\"\n\
        x-oss-copy-source-if-unmodified-since: Sun, 06 Nov 1994 08:49:37 GMT\n\
        x-oss-copy-source: /b/a%20b/%C3%A9?versionId=v%2F1\n\
        x-oss-meta-a: 1\n\
        x-oss-metadata-directive: REPLACE\n\
        x-oss-object-acl: private\n\
        x-oss-storage-class: IA\n\
        x-oss-tagging-directive: Replace\n\
        x-oss-tagging: t=1"; "oss full")]
    #[test_case(&S3, full() => "PUT k\n\
        content-type: text/plain\n\
        if-match: \"D\"\n\
        x-amz-acl: private\n\
        x-amz-copy-source-if-match: \"E\"\n\
        x-amz-copy-source-if-modified-since: Thu, 01 Jan 1970 00:00:00 GMT\n\
        x-amz-copy-source-if-none-match: \"F\"\n\
        x-amz-copy-source-if-unmodified-since: Sun, 06 Nov 1994 08:49:37 GMT\n\
        x-amz-copy-source: /b/a%20b/%C3%A9?versionId=v%2F1\n\
        x-amz-meta-a: 1\n\
        x-amz-metadata-directive: REPLACE\n\
        x-amz-storage-class: IA\n\
        x-amz-tagging-directive: REPLACE\n\
        x-amz-tagging: t=1"; "s3 full")]
    #[test_case(&S3, CopyRequest { storage_class: Some("GLACIER_IR".into()), tagging: TaggingDirective::Replace(Tags::new()), condition: WriteCondition::Absent, ..plain() } => "PUT k\n\
        if-none-match: *\n\
        x-amz-copy-source: /b/a%20b/%C3%A9\n\
        x-amz-metadata-directive: COPY\n\
        x-amz-storage-class: GLACIER_IR\n\
        x-amz-tagging-directive: REPLACE"; "s3 class and no tags")]
    fn asks(dialect: &Dialect, copy: CopyRequest) -> String {
        show(&request(dialect, "b", &copy).expect("sendable"))
    }

    #[test]
    fn reads_what_the_copy_became() {
        let headers = [
            ("x-amz-version-id", "v2"),
            ("x-amz-copy-source-version-id", "v1"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        let body = "<?xml version=\"1.0\"?>\n\n   <CopyObjectResult><ETag>&quot;E&quot;</ETag>\
            <LastModified>1994-11-06T08:49:37.123Z</LastModified></CopyObjectResult>";
        let outcome = parse(&S3, &response(200, &headers, body)).expect("copied");
        assert_eq!(outcome.etag, ETag::new("E"));
        assert_eq!(outcome.last_modified, Timestamp(784_111_777));
        assert_eq!(outcome.version_id.as_deref(), Some("v2"));
        assert_eq!(outcome.source_version_id.as_deref(), Some("v1"));
        assert_eq!(outcome.date, Some(Timestamp(784_111_777)));
    }

    #[test_case(200, "<Error><Code>InternalError</Code></Error>" => Kind::Unavailable; "an error in a success")]
    #[test_case(200, "<Error><Code>PreconditionFailed</Code></Error>" => Kind::Precondition; "a refusal in a success")]
    #[test_case(200, "" => Kind::Unknown; "a success that says nothing")]
    #[test_case(200, "<CopyObjectResult><ETag>E</ETag>" => Kind::Unknown; "a cut answer")]
    #[test_case(200, "<CopyObjectResult><ETag>E</ETag></CopyObjectResult>" => Kind::Unknown; "no time")]
    #[test_case(304, "" => Kind::Precondition; "not modified")]
    #[test_case(412, "<Error><Code>PreconditionFailed</Code></Error>" => Kind::Precondition; "a refusal")]
    #[test_case(409, "<Error><Code>ConditionalRequestConflict</Code></Error>" => Kind::Conflict; "a conflict")]
    fn reads_what_went_wrong(status: u16, body: &'static str) -> Kind {
        parse(&S3, &response(status, &[], body))
            .expect_err("no copy")
            .kind()
    }
}
