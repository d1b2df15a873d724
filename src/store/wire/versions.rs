//! ListObjectVersions, of exactly one key.

use super::xml::Element;
use super::{Request, Response, list, protocol};
use crate::store::types::{ETag, Key, Operation, Timestamp, Version};
use crate::store::{Dialect, Error, Kind, Result};
use http::Method;

/// Asks for the newest `max` versions of a key. Keys that begin with it come after it.
pub fn request(key: &Key, max: u16) -> Request {
    Request::new(Operation::ListObjectVersions, Method::GET, None)
        .parameter("versions", "")
        .parameter("encoding-type", "url")
        .parameter("max-keys", max.clamp(1, 1000).to_string())
        .parameter("prefix", key.as_str())
}

/// Reads the versions of `key`, newest first. A server that lists objects instead has no versions.
pub fn parse(dialect: &Dialect, response: &Response, key: &Key) -> Result<Vec<Version>> {
    let root = list::document(dialect, response, "ListVersionsResult").map_err(|error| {
        if list::document(dialect, response, "ListBucketResult").is_ok() {
            Error::new(Kind::Unsupported, "the server lists no versions")
        } else {
            error
        }
    })?;
    let decoder = list::Decoder::of(dialect, &root);
    root.children
        .iter()
        .filter(|element| matches!(&*element.name, "Version" | "DeleteMarker"))
        .filter(|element| decoder.key(element).as_ref() == Some(key))
        .map(|element| {
            version(element)
                .ok_or_else(|| protocol(dialect, response, "the answer has an unreadable version"))
        })
        .collect()
}

fn version(element: &Element<'_>) -> Option<Version> {
    let field = |name| element.text_of(name).map(str::trim);
    Some(Version {
        id: field("VersionId")?.into(),
        is_latest: field("IsLatest") == Some("true"),
        is_delete_marker: &*element.name == "DeleteMarker",
        last_modified: Timestamp::from_iso8601(field("LastModified")?)?,
        etag: ETag::new(field("ETag").unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use crate::store::wire::test::{key, response, show};
    use test_case::test_case;

    #[test]
    fn asks() {
        assert_eq!(
            show(&request(&key("a b"), 3)),
            "GET \n?versions=\n?encoding-type=url\n?max-keys=3\n?prefix=a b"
        );
    }

    #[test_case(&OSS, "a%20b"; "oss")]
    #[test_case(&S3, "a+b"; "s3")]
    fn reads_the_versions_of_the_key_alone(dialect: &Dialect, encoded: &str) {
        let body = format!(
            "<ListVersionsResult><EncodingType>url</EncodingType>\
             <DeleteMarker><Key>{encoded}</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest>\
             <LastModified>1994-11-06T08:49:38.000Z</LastModified></DeleteMarker>\
             <Version><Key>{encoded}</Key><VersionId>null</VersionId><IsLatest>false</IsLatest>\
             <LastModified>1994-11-06T08:49:37.000Z</LastModified><ETag>\"E\"</ETag></Version>\
             <Version><Key>{encoded}c</Key><VersionId>v9</VersionId><IsLatest>true</IsLatest>\
             <LastModified>1994-11-06T08:49:39.000Z</LastModified><ETag>\"F\"</ETag></Version>\
             </ListVersionsResult>"
        );
        let read = parse(dialect, &response(200, &[], &body), &key("a b")).expect("versions");
        let marker = Version {
            id: "v2".into(),
            is_latest: true,
            is_delete_marker: true,
            last_modified: Timestamp(784_111_778),
            etag: ETag::default(),
        };
        let old = Version {
            id: "null".into(),
            is_latest: false,
            is_delete_marker: false,
            last_modified: Timestamp(784_111_777),
            etag: ETag::new("E"),
        };
        assert_eq!(read, [marker, old]);
    }

    #[test_case(200, "<ListBucketResult/>" => Kind::Unsupported; "lists objects")]
    #[test_case(501, "" => Kind::Unsupported; "says so")]
    #[test_case(403, "<Error><Code>AccessDenied</Code></Error>" => Kind::Denied; "refused")]
    #[test_case(200, "<ListVersionsResult><Version><Key>k</Key></Version></ListVersionsResult>" => Kind::Protocol; "no id")]
    fn refuses(status: u16, body: &str) -> Kind {
        parse(&S3, &response(status, &[], body), &key("k"))
            .expect_err("no versions")
            .kind()
    }
}
