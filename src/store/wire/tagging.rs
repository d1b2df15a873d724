//! GetObjectTagging, PutObjectTagging, DeleteObjectTagging, and tags in a header.

use super::{Request, Response, error, protocol, xml};
use crate::store::dialect::sign::encode_component;
use crate::store::types::{Key, Operation, Tags, VersionId};
use crate::store::{Dialect, Result};
use http::Method;

/// Asks for an object's tags.
pub fn get_request(key: &Key, version: Option<&VersionId>) -> Request {
    tagging(Operation::GetObjectTagging, Method::GET, key, version)
}

/// Replaces an object's tags.
pub fn put_request(
    dialect: &Dialect,
    key: &Key,
    version: Option<&VersionId>,
    tags: &Tags,
) -> Request {
    let mut document = xml::Writer::new("Tagging", dialect.words.xml_namespace);
    document.open("TagSet");
    for (name, value) in tags.iter() {
        document
            .open("Tag")
            .leaf("Key", name)
            .leaf("Value", value)
            .close();
    }
    tagging(Operation::PutObjectTagging, Method::PUT, key, version).with_document(dialect, document)
}

/// Removes an object's tags.
pub fn delete_request(key: &Key, version: Option<&VersionId>) -> Request {
    tagging(Operation::DeleteObjectTagging, Method::DELETE, key, version)
}

/// Reads the tags asked for. Some servers answer for an object without tags that there is no such set.
pub fn parse(dialect: &Dialect, response: &Response) -> Result<Tags> {
    let root = match error::document(dialect, response, "Tagging") {
        Err(error) if error.code() == Some("NoSuchTagSet") => return Ok(Tags::new()),
        other => other?,
    };
    let set = root.child("TagSet");
    set.into_iter()
        .flat_map(|set| set.all("Tag"))
        .map(|tag| {
            let name = tag
                .text_of("Key")
                .ok_or_else(|| protocol(dialect, response, "a tag has no key"))?;
            Ok((name.into(), tag.text_of("Value").unwrap_or_default().into()))
        })
        .collect()
}

/// Writes tags as a header: pairs of a query, percent-encoded. A blank is never `+`, which is a tag's own character.
pub(super) fn header_value(tags: &Tags) -> String {
    let pairs: Vec<_> = tags
        .iter()
        .map(|(name, value)| format!("{}={}", encode_component(name), encode_component(value)))
        .collect();
    pairs.join("&")
}

fn tagging(
    operation: Operation,
    method: Method,
    key: &Key,
    version: Option<&VersionId>,
) -> Request {
    Request::new(operation, method, Some(key))
        .parameter("tagging", "")
        .version(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Kind;
    use crate::store::dialect::sign::parse_query;
    use crate::store::dialect::{OSS, S3};
    use crate::store::wire::test::{key, response, show};
    use proptest::prelude::*;
    use test_case::test_case;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs
            .iter()
            .map(|(n, v)| ((*n).into(), (*v).into()))
            .collect()
    }

    #[test]
    fn asks_for_tags_and_removes_them() {
        let version = "v".into();
        assert_eq!(
            show(&get_request(&key("k"), Some(&version))),
            "GET k\n?tagging=\n?versionId=v"
        );
        assert_eq!(
            show(&delete_request(&key("k"), None)),
            "DELETE k\n?tagging="
        );
    }

    #[test]
    fn replaces() {
        let tags = tags(&[("a", "1 & 2"), ("b", "")]);
        assert_eq!(
            show(&put_request(&OSS, &key("k"), None, &tags)),
            "PUT k\n?tagging=\n\
             content-md5: zmg2L6bL+Ow9KaLcbsFWNA==\n\
             content-type: application/xml\n\
             <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Tagging><TagSet>\
             <Tag><Key>a</Key><Value>1 &amp; 2</Value></Tag>\
             <Tag><Key>b</Key><Value></Value></Tag></TagSet></Tagging>"
        );
    }

    #[test]
    fn replaces_within_the_namespace_of_the_dialect() {
        let request = put_request(&S3, &key("k"), None, &Tags::new());
        let body = String::from_utf8_lossy(&request.body).into_owned();
        assert!(
            body.ends_with(
                "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet></TagSet></Tagging>"
            ),
            "{body}"
        );
        assert!(request.headers.contains_key("x-amz-content-sha256"));
    }

    #[test_case("<Error><Code>NoSuchTagSet</Code></Error>" => Ok(tags(&[])); "no set")]
    #[test_case("<Error><Code>NoSuchKey</Code></Error>" => Err(Kind::NotFound); "no object")]
    #[test_case("<Tagging><TagSet/></Tagging>" => Ok(tags(&[])); "none")]
    #[test_case("<Tagging><TagSet></TagSet></Tagging>" => Ok(tags(&[])); "none, in long")]
    #[test_case("<Tagging xmlns='x'><TagSet><Tag><Key>a</Key><Value> 1 </Value></Tag><Tag><Key>é</Key></Tag></TagSet></Tagging>" => Ok(tags(&[("a", " 1 "), ("é", "")])); "some")]
    #[test_case("<Tagging><TagSet><Tag><Value>1</Value></Tag></TagSet></Tagging>" => Err(Kind::Protocol); "no key")]
    #[test_case("" => Err(Kind::Protocol); "nothing")]
    fn reads(body: &'static str) -> Result<Tags, Kind> {
        let status = if body.starts_with("<Error>") {
            404
        } else {
            200
        };
        parse(&OSS, &response(status, &[], body)).map_err(|e| e.kind())
    }

    #[test_case(&[] => "")]
    #[test_case(&[("b", "2"), ("a +/", "")] => "a%20%2B%2F=&b=2")]
    fn a_header_carries(pairs: &[(&str, &str)]) -> String {
        header_value(&tags(pairs))
    }

    proptest! {
        #[test]
        fn tags_come_back_from_document_and_header(
            pairs in proptest::collection::vec(("[^\0]{1,20}", "[^\0]{0,20}"), 0..10),
        ) {
            let tags: Tags = pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
            let request = put_request(&OSS, &key("k"), None, &tags);
            let answer = Response { status: 200, body: request.body, ..Response::default() };
            prop_assert_eq!(parse(&OSS, &answer).expect("tags"), tags.clone());
            let header = header_value(&tags);
            prop_assert!(header.is_ascii() && !header.contains('+'));
            let read: Tags = parse_query(&header)
                .expect("UTF-8")
                .into_iter()
                .map(|(n, v)| (n.into(), v.into()))
                .collect();
            prop_assert_eq!(read, tags);
        }
    }
}
