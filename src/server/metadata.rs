//! What a writer says of an object in headers, the limits it is held to, and the headers that say it back.

use super::error::{Error, INVALID_ENCRYPTION_ALGORITHM, Result, invalid_argument};
use super::storage::{Record, Value, decode_base64};
use super::tags;
use crate::store::dialect::OSS;
use crate::store::types::{Key, ObjectType, Timestamp, VecMap};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The headers that are stored with an object as they are.
const STORED: [&str; 6] = [
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
];

/// The classes an object may be stored in.
const STORAGE_CLASSES: [&str; 5] = [
    "Standard",
    "IA",
    "Archive",
    "ColdArchive",
    "DeepColdArchive",
];

/// The ACLs an object may have.
const ACLS: [&str; 4] = ["default", "private", "public-read", "public-read-write"];

type Values = VecMap<Box<str>, Value>;

/// Makes the record of a new object from all that the headers of its upload say.
pub fn new_object(headers: &HeaderMap, key: &Key, now: Timestamp) -> Result<Record> {
    let mut record = Record::new(key.clone(), now);
    record.headers = stored_headers(headers, key)?;
    record.meta = user_meta(headers)?;
    record.tags = tags(headers)?;
    apply_placement(&mut record, headers)?;
    Ok(record)
}

/// Sets what no write carries over by itself, copies included: class, ACL and encryption, each its default when
/// the headers do not name it.
pub fn apply_placement(record: &mut Record, headers: &HeaderMap) -> Result<()> {
    let class = word(headers, "x-oss-storage-class", &STORAGE_CLASSES)?;
    record.storage_class = class.unwrap_or(OSS.default_storage_class).into();
    record.acl = acl(headers)?.unwrap_or(OSS.default_acl).into();
    record.encryption = encryption(headers)?;
    Ok(())
}

/// Reads `x-oss-object-acl`.
pub fn acl(headers: &HeaderMap) -> Result<Option<&'static str>> {
    word(headers, "x-oss-object-acl", &ACLS)
}

/// Reads `x-oss-tagging`.
pub fn tags(headers: &HeaderMap) -> Result<tags::Tags> {
    let value = headers.get("x-oss-tagging");
    value.map_or_else(
        || Ok(tags::Tags::new()),
        |value| tags::of_header(value.as_bytes()),
    )
}

/// Reads a header whose value is one of a few words.
pub fn word(
    headers: &HeaderMap,
    name: &'static str,
    words: &[&'static str],
) -> Result<Option<&'static str>> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let found = words
        .iter()
        .find(|word| word.as_bytes() == value.as_bytes());
    found.copied().map(Some).ok_or_else(|| {
        let text = String::from_utf8_lossy(value.as_bytes());
        invalid_argument(
            name,
            &text,
            format!("{name} is none of {}.", words.join(", ")),
        )
    })
}

/// Reads the stored headers. The content type falls back to what the key's extension says.
pub fn stored_headers(headers: &HeaderMap, key: &Key) -> Result<Values> {
    let mut stored: Values = STORED
        .iter()
        .filter_map(|name| Some(((*name).into(), joined(headers, name)?)))
        .collect();
    if !stored.contains_key("content-type") {
        let guess = mime_guess::from_path(key.file_name()).first_raw();
        let content_type = guess.unwrap_or("application/octet-stream");
        stored.insert("content-type".into(), content_type.as_bytes().into());
    }
    if let Some(list) = headers.get("x-oss-persistent-headers") {
        persistent_headers(list.as_bytes(), &mut stored).ok_or_else(|| {
            let text = String::from_utf8_lossy(list.as_bytes());
            invalid_argument(
                "x-oss-persistent-headers",
                &text,
                "It is no list of name:base64 pairs.",
            )
        })?;
    }
    stored.shrink_to_fit();
    Ok(stored)
}

fn persistent_headers(list: &[u8], stored: &mut Values) -> Option<()> {
    for pair in list.split(|b| *b == b',') {
        let (name, value) = std::str::from_utf8(pair).ok()?.trim().split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let value = decode_base64(value.as_bytes())?;
        HeaderValue::from_bytes(&value).ok()?;
        stored.insert(name.as_str().into(), Value(value.into()));
    }
    Some(())
}

/// Reads the user metadata: bytes as they came, values of one name joined by a comma.
pub fn user_meta(headers: &HeaderMap) -> Result<Values> {
    let refuse = |ec, name: &str, message: String| Err(invalid_argument(name, "", message).ec(ec));
    let mut meta = Values::new();
    let mut bytes = 0;
    for full_name in headers.keys() {
        let Some(name) = full_name.as_str().strip_prefix(OSS.meta_prefix) else {
            continue;
        };
        if name.is_empty() || !name.bytes().all(|b| OSS.meta_name_byte_ok(b)) {
            let message = "The name of user metadata has only letters, digits and dashes.";
            return refuse("0011-00000004", full_name.as_str(), message.into());
        }
        let Some(value) = joined(headers, full_name.as_str()) else {
            continue;
        };
        if value.0.iter().any(u8::is_ascii_control) {
            let message = "The value of user metadata has no control characters.";
            return refuse("0011-00000005", full_name.as_str(), message.into());
        }
        bytes += full_name.as_str().len() + value.0.len();
        meta.insert(name.into(), value);
    }
    let limit = OSS.limits.user_meta_bytes;
    if bytes > limit {
        let message = format!("All user metadata is at most {limit} bytes, names included.");
        return refuse("0011-00000002", OSS.meta_prefix, message);
    }
    meta.shrink_to_fit();
    Ok(meta)
}

fn encryption(headers: &HeaderMap) -> Result<Values> {
    let methods = ["AES256", "KMS", "SM4"];
    let refuse = |_: Error| Error::from(&INVALID_ENCRYPTION_ALGORITHM);
    let method = word(headers, "x-oss-server-side-encryption", &methods).map_err(refuse)?;
    word(headers, "x-oss-server-side-data-encryption", &methods).map_err(refuse)?;
    let key_id = "x-oss-server-side-encryption-key-id";
    if headers.contains_key(key_id) && method != Some("KMS") {
        return Err(invalid_argument(
            key_id,
            "",
            "A key id goes with the method KMS.",
        ));
    }
    Ok(OSS
        .carried_headers
        .iter()
        .filter_map(|name| Some(((*name).into(), joined(headers, name)?)))
        .collect())
}

/// Returns the values of one header, joined by a comma.
fn joined(headers: &HeaderMap, name: &str) -> Option<Value> {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    (!values.is_empty()).then(|| Value(values.join(&b","[..]).into()))
}

/// Returns the headers that HEAD and GET say of an object, but for those of the answer's own body.
pub fn headers_of(record: &Record, now: Timestamp) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in record.headers.iter().chain(record.encryption.iter()) {
        set(&mut headers, name, &value.0);
    }
    for (name, value) in record.meta.iter() {
        set(
            &mut headers,
            &format!("{}{name}", OSS.meta_prefix),
            &value.0,
        );
    }
    set(
        &mut headers,
        "x-oss-object-type",
        record.object_type.name().as_bytes(),
    );
    set(
        &mut headers,
        "x-oss-storage-class",
        record.storage_class.as_bytes(),
    );
    if !record.tags.is_empty() {
        set(
            &mut headers,
            "x-oss-tagging-count",
            record.tags.len().to_string().as_bytes(),
        );
    }
    if record.object_type == ObjectType::Appendable {
        let position = record.size.to_string();
        set(
            &mut headers,
            "x-oss-next-append-position",
            position.as_bytes(),
        );
    }
    if let Some(restore) = restore_state(record, now) {
        set(&mut headers, "x-oss-restore", restore.as_bytes());
    }
    headers
}

/// Sets the headers that describe the bytes: entity tag, MD5 and CRC.
pub fn set_digests(headers: &mut HeaderMap, record: &Record) {
    set(headers, "etag", quoted(&record.etag).as_bytes());
    set(
        headers,
        "x-oss-hash-crc64ecma",
        record.crc64.to_string().as_bytes(),
    );
    if record.etag_is_md5
        && record.object_type == ObjectType::Normal
        && let Ok(md5) = hex::decode(&*record.etag)
    {
        set(
            headers,
            "content-md5",
            super::storage::encode_base64(&md5).as_bytes(),
        );
    }
}

/// Sets `Last-Modified`.
pub fn set_modified(headers: &mut HeaderMap, modified: Timestamp) {
    set(
        headers,
        header::LAST_MODIFIED.as_str(),
        modified.to_http_date().as_bytes(),
    );
}

/// Sets a header. Names and values were checked when they were stored, or are this server's own.
pub fn set(headers: &mut HeaderMap, name: &str, value: &[u8]) {
    match (
        HeaderName::from_bytes(name.as_bytes()),
        HeaderValue::from_bytes(value),
    ) {
        (Ok(name), Ok(value)) => {
            headers.insert(name, value);
        }
        _ => log::error!("a stored header cannot be sent: {name:?}"),
    }
}

/// Returns an entity tag as headers and listings carry it.
pub fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// Returns what `x-oss-restore` says; `None` when the object is not archived or no restore is in effect.
pub fn restore_state(record: &Record, now: Timestamp) -> Option<String> {
    let restore = record.restore?;
    if now < restore.ready {
        Some("ongoing-request=\"true\"".into())
    } else if now < restore.expires {
        let expires = restore.expires.to_http_date();
        Some(format!(
            "ongoing-request=\"false\", expiry-date=\"{expires}\""
        ))
    } else {
        None
    }
}

/// Returns whether the bytes can be read: the object is not archived, or restored and not expired.
pub fn is_readable(record: &Record, now: Timestamp) -> bool {
    !OSS.is_archive_class(&record.storage_class)
        || record
            .restore
            .is_some_and(|r| r.ready <= now && now < r.expires)
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    fn headers(pairs: &[(&str, &[u8])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    #[test_case(&[("x-oss-meta-a", b"\xff\xe9")], Ok(("a", &b"\xff\xe9"[..])); "bytes as they are")]
    #[test_case(&[("x-oss-meta-a", b"1"), ("x-oss-meta-a", b"2")], Ok(("a", b"1,2")); "duplicates joined")]
    #[test_case(&[("x-oss-meta-a", b"")], Ok(("a", b"")); "empty")]
    #[test_case(&[("X-OSS-Meta-AbC", b"x")], Ok(("abc", b"x")); "folded")]
    #[test_case(&[("x-oss-meta-a_b", b"x")], Err("0011-00000004"); "underscore")]
    #[test_case(&[("x-oss-meta-", b"x")], Err("0011-00000004"); "no name")]
    #[test_case(&[("x-oss-meta-a", b"x\ty")], Err("0011-00000005"); "control character")]
    fn reads_user_metadata(pairs: &[(&str, &[u8])], expected: Result<(&str, &[u8]), &str>) {
        let meta = user_meta(&headers(pairs)).map_err(|error| error.ec);
        let first = meta
            .as_ref()
            .map(|m| m.iter().next().map(|(k, v)| (&**k, &*v.0)).unwrap());
        assert_eq!(first.map_err(|ec| *ec), expected);
    }

    #[test_case(8192 - 12 - 1 => true; "one byte below 8 KB")]
    #[test_case(8192 - 12 => false; "8 KB")]
    fn names_and_values_count(value: usize) -> bool {
        user_meta(&headers(&[("x-oss-meta-k", &vec![b'v'; value])])).is_ok()
    }

    #[test_case("photo.png", &[] => "image/png"; "by extension")]
    #[test_case("x", &[] => "application/octet-stream"; "unknown")]
    #[test_case("photo.png", &[("content-type", b"a/b")] => "a/b"; "as given")]
    fn content_type_has_a_default(name: &str, given: &[(&str, &[u8])]) -> String {
        let stored = stored_headers(&headers(given), &key(name)).unwrap();
        String::from_utf8(stored.get("content-type").unwrap().0.to_vec()).unwrap()
    }

    #[test]
    fn persistent_headers_are_stored_under_their_names() {
        let given = headers(&[("x-oss-persistent-headers", b"X-Own:dmFsdWU=")]);
        let stored = stored_headers(&given, &key("a")).unwrap();
        assert_eq!(&*stored.get("x-own").unwrap().0, b"value");
        let bad = headers(&[("x-oss-persistent-headers", b"X-Own:DQo=")]);
        assert_eq!(
            stored_headers(&bad, &key("a")).unwrap_err().code.name,
            "InvalidArgument"
        );
    }

    #[test_case("x-oss-storage-class", "standard" => "InvalidArgument"; "class in another case")]
    #[test_case("x-oss-object-acl", "secret" => "InvalidArgument"; "unknown acl")]
    #[test_case("x-oss-server-side-encryption", "ROT13" => "InvalidEncryptionAlgorithmError"; "unknown method")]
    #[test_case("x-oss-server-side-encryption-key-id", "k" => "InvalidArgument"; "key id without method")]
    #[test_case("x-oss-tagging", "a=b=c" => "InvalidArgument"; "tags")]
    fn words_are_checked(name: &str, value: &str) -> &'static str {
        let given = headers(&[(name, value.as_bytes())]);
        new_object(&given, &key("a"), Timestamp(0))
            .unwrap_err()
            .code
            .name
    }

    #[test]
    fn what_was_said_is_said_back() {
        let given = headers(&[
            ("cache-control", b"no-cache"),
            ("expires", b"never"),
            ("x-oss-meta-a", b"\xc3\xa9"),
            ("x-oss-storage-class", b"IA"),
            ("x-oss-server-side-encryption", b"KMS"),
            ("x-oss-server-side-encryption-key-id", b"k"),
            ("x-oss-tagging", b"a=b&c"),
            ("x-oss-unknown", b"x"),
        ]);
        let record = new_object(&given, &key("a.txt"), Timestamp(0)).unwrap();
        let said = headers_of(&record, Timestamp(0));
        let expected = headers(&[
            ("cache-control", b"no-cache"),
            ("content-type", b"text/plain"),
            ("expires", b"never"),
            ("x-oss-meta-a", b"\xc3\xa9"),
            ("x-oss-object-type", b"Normal"),
            ("x-oss-storage-class", b"IA"),
            ("x-oss-server-side-encryption", b"KMS"),
            ("x-oss-server-side-encryption-key-id", b"k"),
            ("x-oss-tagging-count", b"2"),
        ]);
        assert_eq!(said, expected);
    }

    #[test]
    fn a_restore_goes_through_its_states() {
        use crate::server::storage::Restore;
        let mut record = Record::new(key("a"), Timestamp(0));
        assert!(is_readable(&record, Timestamp(0)));
        record.storage_class = "Archive".into();
        assert!(!is_readable(&record, Timestamp(0)));
        record.restore = Some(Restore {
            ready: Timestamp(60),
            expires: Timestamp(120),
        });
        let state = |at| {
            (
                is_readable(&record, Timestamp(at)),
                restore_state(&record, Timestamp(at)),
            )
        };
        assert_eq!(state(59), (false, Some("ongoing-request=\"true\"".into())));
        let expiry = "ongoing-request=\"false\", expiry-date=\"Thu, 01 Jan 1970 00:02:00 GMT\"";
        assert_eq!(state(60), (true, Some(expiry.into())));
        assert_eq!(state(120), (false, None));
    }
}
