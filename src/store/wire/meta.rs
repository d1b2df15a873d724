//! An object's metadata in headers: read from an answer, written to a request.

use super::{Request, acl, invalid, tagging};
use crate::store::types::{
    Acl, Checksum, ETag, ObjectMeta, ObjectType, Properties, Tags, Timestamp,
};
use crate::store::{Dialect, Error, Kind, Result};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

/// The checksums of bodies: the header's name without the service's prefix, and the algorithm.
const CHECKSUMS: [(&str, &str); 5] = [
    ("checksum-crc64nvme", "crc64nvme"),
    ("checksum-crc32c", "crc32c"),
    ("checksum-crc32", "crc32"),
    ("checksum-sha256", "sha256"),
    ("checksum-sha1", "sha1"),
];

/// Reads what headers say of an object. `size` is that of the body they came with. Several headers of one metadata
/// name are joined by `,`, the form HTTP gives them.
pub fn object_meta(dialect: &Dialect, headers: &HeaderMap) -> Result<ObjectMeta> {
    let mut meta = ObjectMeta {
        raw: Some(raw(headers)),
        ..ObjectMeta::default()
    };
    let mut last_modified = None;
    let mut size = None;
    let mut composite = None;
    for name in headers.keys() {
        let value = joined(headers, name);
        let text = std::str::from_utf8(&value).unwrap_or_default();
        let name = name.as_str();
        if dialect.carried_headers.contains(&name) {
            let value = value.clone();
            meta.properties.carried.insert(name.into(), value);
        }
        if let Some(name) = name.strip_prefix(dialect.meta_prefix) {
            meta.properties.user.insert(name.into(), value);
        } else if let Some(name) = name.strip_prefix(dialect.header_prefix) {
            match name {
                "storage-class" if !is_default_class(dialect, text) => {
                    meta.properties.storage_class = Some(text.into());
                }
                "object-type" => meta.object_type = ObjectType::from_name(text),
                "version-id" => meta.version_id = Some(text.into()),
                "expiration" => meta.expiration = Some(text.into()),
                "restore" => meta.restore = Some(text.into()),
                "last-access-time" => meta.last_access = Some(text.into()),
                "tagging-count" => meta.tag_count = Some(number(name, text)?),
                "missing-meta" => meta.missing_meta = number(name, text)?,
                "symlink-target" => meta.symlink_target = Some(symlink_target(text)),
                "checksum-type" => composite = Some(text.eq_ignore_ascii_case("COMPOSITE")),
                _ => {}
            }
        } else {
            match name {
                "content-length" => size = Some(number(name, text)?),
                "etag" => meta.etag = ETag::new(text),
                "last-modified" => last_modified = Timestamp::from_http_date(text),
                "date" => meta.date = Timestamp::from_http_date(text),
                _ => {}
            }
        }
    }
    for header in dialect.http_headers {
        let name = dialect.http_header(*header);
        if headers.contains_key(&name) {
            meta.properties.http.insert(*header, joined(headers, &name));
        }
    }
    meta.crc64 = crc64(dialect, headers);
    meta.checksum = checksum(dialect, headers, composite);
    meta.size = size.ok_or_else(|| missing("Content-Length"))?;
    // Without it no edit could be made safely, and every object store sends it.
    meta.last_modified = last_modified.ok_or_else(|| missing("a readable Last-Modified"))?;
    meta.properties.user.shrink_to_fit();
    meta.properties.http.shrink_to_fit();
    meta.properties.carried.shrink_to_fit();
    Ok(meta)
}

/// Returns whether a class named by the service is the one that objects have without being given any.
pub(super) fn is_default_class(dialect: &Dialect, class: &str) -> bool {
    class.is_empty() || class.eq_ignore_ascii_case(dialect.default_storage_class)
}

/// Reads the CRC-64 of the whole body.
pub(super) fn crc64(dialect: &Dialect, headers: &HeaderMap) -> Option<u64> {
    super::text(headers, dialect.words.crc64_header?)?
        .parse()
        .ok()
}

/// Writes all that a write says of an object but for its body.
pub(super) fn write(
    request: &mut Request,
    dialect: &Dialect,
    properties: &Properties,
    tags: &Tags,
    acl: Option<&Acl>,
) -> Result<()> {
    write_properties(request, dialect, properties)?;
    if let Some(class) = &properties.storage_class {
        request.set(dialect.header("storage-class"), &**class)?;
    }
    if !tags.is_empty() {
        request.set(dialect.header("tagging"), tagging::header_value(tags))?;
    }
    if let Some(acl) = acl {
        acl::write(request, dialect, acl)?;
    }
    Ok(())
}

/// Writes user metadata, HTTP headers and what is carried over.
pub(super) fn write_properties(
    request: &mut Request,
    dialect: &Dialect,
    properties: &Properties,
) -> Result<()> {
    for (name, value) in properties.user.iter() {
        let full = format!("{}{name}", dialect.meta_prefix);
        let header = HeaderName::from_bytes(full.as_bytes())
            .map_err(|_| invalid(format!("{full:?} cannot be a header's name")))?;
        request.set(header, value)?;
    }
    for (header, value) in properties.http.iter() {
        if dialect.http_headers.contains(header) {
            request.set(dialect.http_header(*header), value)?;
        }
    }
    for (name, value) in properties.carried.iter() {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| invalid(format!("{name:?} cannot be a header's name")))?;
        request.set(header, value)?;
    }
    Ok(())
}

/// Decodes the key that a native symlink points at; an undecodable one is taken as it is.
pub(super) fn symlink_target(text: &str) -> Box<str> {
    match percent_decode_str(text).decode_utf8() {
        Ok(target) => target.into(),
        Err(_) => text.into(),
    }
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> Box<[u8]> {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    values.join(&b',').trim_ascii().into()
}

fn raw(headers: &HeaderMap) -> Box<[u8]> {
    let mut out = Vec::with_capacity(512);
    for (name, value) in headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.push(b'\n');
    }
    out.into()
}

fn checksum(dialect: &Dialect, headers: &HeaderMap, composite: Option<bool>) -> Option<Checksum> {
    CHECKSUMS.into_iter().find_map(|(name, algorithm)| {
        let value = super::own_text(dialect, headers, name)?;
        // A checksum of parts' checksums ends in `-` and their number; not every server names its type.
        let of_parts = composite.unwrap_or(value.contains('-'));
        Some(Checksum {
            algorithm,
            value,
            full_object: !of_parts,
        })
    })
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T> {
    text.parse()
        .map_err(|_| Error::new(Kind::Protocol, format!("{name} is no number")))
}

fn missing(what: &str) -> Error {
    Error::new(Kind::Protocol, format!("the answer has no {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use crate::store::types::{HttpHeader, Operation, VecMap};
    use crate::store::wire::test::{response, show};
    use http::Method;
    use test_case::test_case;

    fn meta(dialect: &Dialect, extra: &[(&'static str, &'static str)]) -> ObjectMeta {
        let mut headers = vec![
            ("content-length", "5"),
            ("etag", "\"5D41402ABC4B2A76B9719D911017C592\""),
            ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("date", "Sun, 06 Nov 1994 08:50:37 GMT"),
        ];
        headers.extend(extra);
        object_meta(dialect, &response(200, &headers, "").headers).expect("an object")
    }

    #[test]
    fn reads_all_that_oss_tells() {
        let meta = meta(
            &OSS,
            &[
                ("content-type", "text/plain"),
                ("expires", "never"),
                ("x-oss-meta-author", "Zoë"),
                ("x-oss-meta-list", "a"),
                ("x-oss-meta-list", "b"),
                ("x-oss-meta-empty", ""),
                ("x-oss-object-type", "Appendable"),
                ("x-oss-storage-class", "IA"),
                ("x-oss-hash-crc64ecma", "11051210869376104954"),
                ("x-oss-version-id", "null"),
                ("x-oss-tagging-count", "2"),
                ("x-oss-server-side-encryption", "AES256"),
                ("x-oss-restore", "ongoing-request=\"true\""),
                ("x-oss-expiration", "rule"),
                ("x-oss-last-access-time", "Sun, 06 Nov 1994 08:49:37 GMT"),
                ("x-oss-request-id", "5C3D"),
            ],
        );
        assert_eq!(meta.size, 5);
        assert_eq!(meta.etag.as_str(), "5D41402ABC4B2A76B9719D911017C592");
        assert_eq!(meta.last_modified, Timestamp(784_111_777));
        assert_eq!(meta.date, Some(Timestamp(784_111_837)));
        let user: Vec<_> = meta.properties.user.iter().collect();
        let entry = |name: &str, value: &str| (Box::from(name), Box::from(value.as_bytes()));
        let expected: VecMap<Box<str>, Box<[u8]>> = [
            entry("author", "Zoë"),
            entry("empty", ""),
            entry("list", "a,b"),
        ]
        .into_iter()
        .collect();
        assert_eq!(user, expected.iter().collect::<Vec<_>>());
        let http: Vec<_> = meta
            .properties
            .http
            .iter()
            .map(|(h, v)| (*h, &**v))
            .collect();
        assert_eq!(
            http,
            [
                (HttpHeader::ContentType, &b"text/plain"[..]),
                (HttpHeader::Expires, b"never")
            ]
        );
        assert_eq!(meta.properties.storage_class.as_deref(), Some("IA"));
        let carried: Vec<_> = meta.properties.carried.iter().collect();
        assert_eq!(carried.len(), 1);
        assert_eq!(&**carried[0].0, "x-oss-server-side-encryption");
        assert_eq!(meta.object_type, Some(ObjectType::Appendable));
        assert_eq!(meta.crc64, Some(11_051_210_869_376_104_954));
        assert_eq!(meta.version_id.as_deref(), Some("null"));
        assert_eq!(meta.tag_count, Some(2));
        assert_eq!(meta.restore.as_deref(), Some("ongoing-request=\"true\""));
        assert_eq!(meta.expiration.as_deref(), Some("rule"));
        assert!(meta.last_access.is_some());
        assert_eq!(meta.missing_meta, 0);
        let raw = meta.raw.expect("an answer");
        let lines: Vec<_> = raw.split(|b| *b == b'\n').collect();
        assert_eq!(lines[0], b"content-length: 5");
        assert!(lines.contains(&"x-oss-meta-author: Zoë".as_bytes()));
        assert_eq!(lines.len(), 4 + 16 + 1);
    }

    #[test]
    fn reads_all_that_s3_tells() {
        let meta = meta(
            &S3,
            &[
                ("x-amz-meta-a_b.c", "1"),
                ("x-amz-missing-meta", "3"),
                ("x-amz-storage-class", "STANDARD"),
                ("x-amz-website-redirect-location", "/other"),
                ("x-amz-object-lock-legal-hold", "ON"),
                ("x-amz-checksum-crc32", "sOO8/Q=="),
                ("x-amz-checksum-type", "FULL_OBJECT"),
            ],
        );
        assert!(meta.properties.user.contains_key("a_b.c"));
        assert_eq!(meta.missing_meta, 3);
        assert_eq!(meta.properties.storage_class, None);
        assert_eq!(meta.tag_count, None);
        assert_eq!(
            meta.properties.http.get(&HttpHeader::WebsiteRedirect),
            Some(&Box::from(&b"/other"[..]))
        );
        assert!(
            meta.properties
                .carried
                .contains_key("x-amz-object-lock-legal-hold")
        );
        assert_eq!(
            meta.checksum,
            Some(Checksum {
                algorithm: "crc32",
                value: "sOO8/Q==".into(),
                full_object: true,
            })
        );
    }

    #[test_case(&[("x-amz-checksum-sha256", "abc=-2")] => Some(false); "named by its form")]
    #[test_case(&[("x-amz-checksum-sha256", "abc=")] => Some(true); "plain")]
    #[test_case(&[("x-amz-checksum-sha256", "abc="), ("x-amz-checksum-type", "COMPOSITE")] => Some(false); "named by its type")]
    #[test_case(&[] => None; "none")]
    fn a_checksum_is_of_the_whole_or_of_parts(
        headers: &[(&'static str, &'static str)],
    ) -> Option<bool> {
        meta(&S3, headers).checksum.map(|c| c.full_object)
    }

    #[test_case(&[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")]; "no length")]
    #[test_case(&[("content-length", "5")]; "no time")]
    #[test_case(&[("content-length", "5"), ("last-modified", "today")]; "no readable time")]
    #[test_case(&[("content-length", "-5"), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")]; "no length that is one")]
    fn what_no_object_store_answers_is_refused(headers: &[(&'static str, &'static str)]) {
        let headers = response(200, headers, "").headers;
        let refused = object_meta(&OSS, &headers).map_err(|e| e.kind());
        assert_eq!(refused.err(), Some(Kind::Protocol));
    }

    #[test_case(&OSS => "PUT \n\
        cache-control: no-cache\n\
        x-oss-meta-a: é\n\
        x-oss-object-acl: private\n\
        x-oss-server-side-encryption: AES256\n\
        x-oss-storage-class: IA\n\
        x-oss-tagging: k%26=v%20%2B")]
    #[test_case(&S3 => "PUT \n\
        cache-control: no-cache\n\
        x-amz-acl: private\n\
        x-amz-meta-a: é\n\
        x-amz-storage-class: IA\n\
        x-amz-tagging: k%26=v%20%2B\n\
        x-amz-website-redirect-location: /x\n\
        x-oss-server-side-encryption: AES256")]
    fn writes_all_that_is_said_of_an_object(dialect: &Dialect) -> String {
        let mut properties = Properties::default();
        properties.user.insert("a".into(), "é".as_bytes().into());
        let mut http = |h, v: &[u8]| properties.http.insert(h, v.into());
        http(HttpHeader::CacheControl, b"no-cache");
        http(HttpHeader::WebsiteRedirect, b"/x");
        properties.storage_class = Some("IA".into());
        let carried = "x-oss-server-side-encryption".into();
        properties.carried.insert(carried, b"AES256"[..].into());
        let tags = [("k&".into(), "v +".into())].into_iter().collect();
        let mut request = Request::new(Operation::PutObject, Method::PUT, None);
        let acl = Acl::Canned("private".into());
        write(&mut request, dialect, &properties, &tags, Some(&acl)).expect("sendable");
        show(&request)
    }

    #[test]
    fn a_name_that_is_no_header_is_refused() {
        let mut properties = Properties::default();
        properties.user.insert("a b".into(), b"1"[..].into());
        let mut request = Request::new(Operation::PutObject, Method::PUT, None);
        let refused = write_properties(&mut request, &OSS, &properties);
        assert_eq!(refused.map_err(|e| e.kind()), Err(Kind::InvalidArgument));
    }
}
