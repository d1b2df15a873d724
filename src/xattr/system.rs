//! The attributes in `object.`: what the service says of an object, by name and in text.

use super::{Context, Refusal, acl};
use crate::store::Dialect;
use crate::store::types::{ETag, Object, ObjectMeta, ObjectType};
use std::borrow::Cow;
use std::time::Duration;

/// What the service says of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum System {
    /// The entity tag, without quotes.
    Etag,
    /// Bytes of the body, in decimal.
    Size,
    /// When it was last written, as an HTTP date.
    LastModified,
    /// `Normal`, `Multipart`, `Appendable` or `Symlink`.
    Type,
    /// The key.
    Key,
    /// The bucket's name.
    Bucket,
    /// The version's name.
    VersionId,
    /// CRC-64/XZ of the body, in decimal.
    Crc64,
    /// `algorithm:base64`.
    Checksum,
    /// The kind of encryption at rest.
    Encryption,
    /// The lifecycle expiration, as the service words it.
    Expiration,
    /// When it was last read, as the service words it.
    LastAccessTime,
    /// The storage class.
    StorageClass,
    /// The ACL: a canned word or grants.
    Acl,
    /// The state of an archived body.
    Restore,
    /// A presigned URL that reads the body for so long.
    Url(Duration),
    /// The headers of the HEAD's answer.
    Headers,
}

/// The names without parameter.
const NAMES: [(&[u8], System); 17] = [
    (b"etag", System::Etag),
    (b"size", System::Size),
    (b"last-modified", System::LastModified),
    (b"type", System::Type),
    (b"key", System::Key),
    (b"bucket", System::Bucket),
    (b"version-id", System::VersionId),
    (b"crc64", System::Crc64),
    (b"checksum", System::Checksum),
    (b"encryption", System::Encryption),
    (b"expiration", System::Expiration),
    (b"last-access-time", System::LastAccessTime),
    (b"storage-class", System::StorageClass),
    (b"acl", System::Acl),
    (b"restore", System::Restore),
    (b"url", System::Url(Duration::from_secs(3600))),
    (b"headers", System::Headers),
];

impl System {
    /// Parses the name behind `object.`; `None` when it is not in the table.
    pub(super) fn from_name(dialect: &Dialect, name: &[u8]) -> Option<Self> {
        if let Some(seconds) = name.strip_prefix(b"url.") {
            let seconds = parse_decimal(seconds)?;
            let valid = (1..=dialect.limits.presign_seconds).contains(&seconds);
            return valid.then(|| Self::Url(Duration::from_secs(seconds)));
        }
        NAMES.iter().find(|(n, _)| *n == name).map(|(_, s)| *s)
    }

    /// Returns the value. [`System::Url`] is made by the store, not of the object: it has none here.
    pub(super) fn value<'o>(
        self,
        ctx: &Context<'_>,
        object: &'o Object,
    ) -> Result<Cow<'o, [u8]>, Refusal> {
        let meta = &*object.meta;
        let owned = |text: String| Some(Cow::Owned(text.into_bytes()));
        let borrowed = |text: &'o str| Cow::Borrowed(text.as_bytes());
        let value = match self {
            Self::Etag => Some(borrowed(meta.etag.as_str())),
            Self::Size => owned(meta.size.to_string()),
            Self::LastModified => owned(meta.last_modified.to_http_date()),
            Self::Type => Some(borrowed(object_type(ctx.dialect, meta).name())),
            Self::Key => owned(ctx.key.as_str().to_owned()),
            Self::Bucket => owned(ctx.bucket.to_owned()),
            Self::VersionId => meta.version_id.as_deref().map(borrowed),
            Self::Crc64 => meta.crc64.and_then(|crc| owned(crc.to_string())),
            Self::Checksum => meta
                .checksum
                .as_ref()
                .and_then(|sum| owned(format!("{}:{}", sum.algorithm, sum.value))),
            Self::Encryption => {
                let header = format!("{}server-side-encryption", ctx.dialect.header_prefix);
                let carried = &meta.properties.carried;
                carried.get(&*header).map(|value| Cow::Borrowed(&**value))
            }
            Self::Expiration => meta.expiration.as_deref().map(borrowed),
            Self::LastAccessTime => meta.last_access.as_deref().map(borrowed),
            Self::StorageClass => Some(borrowed(storage_class(ctx.dialect, meta))),
            Self::Acl => object.acl.as_ref().map(|acl| acl::to_text(acl)),
            Self::Restore => match &meta.restore {
                Some(state) => Some(borrowed(state)),
                None => ctx
                    .dialect
                    .is_archive_class(storage_class(ctx.dialect, meta))
                    .then_some(Cow::Borrowed(&b"archived"[..])),
            },
            Self::Url(_) => None,
            Self::Headers => meta.raw.as_deref().map(Cow::Borrowed),
        };
        value.ok_or(Refusal::NoData)
    }
}

/// Returns whether the object stands for a symbolic link.
pub(super) fn is_symlink(dialect: &Dialect, meta: &ObjectMeta) -> bool {
    let by_meta = |key: &str| meta.size == 0 && meta.properties.user.contains_key(key);
    meta.symlink_target.is_some()
        || meta.object_type == Some(ObjectType::Symlink)
        || dialect.symlink_meta_key.is_some_and(by_meta)
}

fn object_type(dialect: &Dialect, meta: &ObjectMeta) -> ObjectType {
    if is_symlink(dialect, meta) {
        return ObjectType::Symlink;
    }
    meta.object_type.unwrap_or_else(|| {
        if is_multipart(&meta.etag) {
            ObjectType::Multipart
        } else {
            ObjectType::Normal
        }
    })
}

/// Returns whether an entity tag is of the form `digest-parts`, which only multipart uploads are given.
fn is_multipart(etag: &ETag) -> bool {
    etag.as_str()
        .split_once('-')
        .is_some_and(|(digest, parts)| {
            !digest.is_empty() && parse_decimal(parts.as_bytes()).is_some()
        })
}

fn storage_class<'o>(dialect: &Dialect, meta: &'o ObjectMeta) -> &'o str {
    let class = meta.properties.storage_class.as_deref();
    class.unwrap_or(dialect.default_storage_class)
}

/// Parses a number in decimal digits, without sign or leading zeros.
pub(super) fn parse_decimal(text: &[u8]) -> Option<u64> {
    let canonical =
        text.iter().all(u8::is_ascii_digit) && (text[..] == *b"0" || !text.starts_with(b"0"));
    let text = std::str::from_utf8(text).ok().filter(|_| canonical)?;
    text.parse().ok()
}

/// The keys under which owner, mode and time of a file are kept. They are no attributes of the user's as long as their
/// values have the form that such properties have.
pub(super) fn is_posix(wire_name: &str, value: &[u8]) -> bool {
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    match wire_name {
        "mode" | "uid" | "gid" => digits(value),
        "mtime" => {
            let value = value.strip_prefix(b"-").unwrap_or(value);
            let mut parts = value.splitn(2, |b| *b == b'.');
            parts.all(digits)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use crate::store::types::{Acl, Checksum, Grant, Grantee, Key, Timestamp};
    use std::sync::Arc;
    use test_case::test_case;

    fn full() -> Object {
        let mut meta = ObjectMeta {
            size: 1234,
            etag: ETag::new("\"5eb63bbbe01eeed093cb22bb8f5acdc3\""),
            last_modified: Timestamp(784_111_777),
            object_type: Some(ObjectType::Appendable),
            version_id: Some("CAEQ".into()),
            crc64: Some(u64::MAX),
            checksum: Some(Checksum {
                algorithm: "crc32c",
                value: "yZRlqg==".into(),
                full_object: true,
            }),
            expiration: Some("expiry-date=\"x\", rule-id=\"y\"".into()),
            restore: Some("ongoing-request=\"true\"".into()),
            last_access: Some("Fri, 24 Feb 2012 06:07:48 GMT".into()),
            raw: Some(b"etag: x\n".as_slice().into()),
            ..ObjectMeta::default()
        };
        meta.properties.storage_class = Some("Archive".into());
        let encryption = b"AES256".as_slice().into();
        meta.properties
            .carried
            .insert("x-oss-server-side-encryption".into(), encryption);
        Object {
            meta: Arc::new(meta),
            tags: None,
            acl: Some(Arc::new(Acl::Canned("private".into()))),
        }
    }

    fn value(dialect: &'static Dialect, name: &str, object: &Object) -> Option<String> {
        let key = Key::new("dir/a.txt").unwrap();
        let ctx = Context {
            dialect,
            bucket: "examplebucket",
            key: &key,
        };
        let system = System::from_name(dialect, name.as_bytes()).unwrap();
        let value = system.value(&ctx, object).ok()?;
        Some(String::from_utf8(value.into_owned()).unwrap())
    }

    #[test_case("etag" => "5eb63bbbe01eeed093cb22bb8f5acdc3")]
    #[test_case("size" => "1234")]
    #[test_case("last-modified" => "Sun, 06 Nov 1994 08:49:37 GMT")]
    #[test_case("type" => "Appendable")]
    #[test_case("key" => "dir/a.txt")]
    #[test_case("bucket" => "examplebucket")]
    #[test_case("version-id" => "CAEQ")]
    #[test_case("crc64" => "18446744073709551615")]
    #[test_case("checksum" => "crc32c:yZRlqg==")]
    #[test_case("encryption" => "AES256")]
    #[test_case("expiration" => "expiry-date=\"x\", rule-id=\"y\"")]
    #[test_case("last-access-time" => "Fri, 24 Feb 2012 06:07:48 GMT")]
    #[test_case("storage-class" => "Archive")]
    #[test_case("acl" => "private")]
    #[test_case("restore" => "ongoing-request=\"true\"")]
    #[test_case("headers" => "etag: x\n")]
    fn values(name: &str) -> String {
        value(&OSS, name, &full()).unwrap()
    }

    #[test_case(&OSS, "etag" => Some(String::new()))]
    #[test_case(&OSS, "type" => Some("Normal".into()))]
    #[test_case(&OSS, "storage-class" => Some("Standard".into()))]
    #[test_case(&S3, "storage-class" => Some("STANDARD".into()); "storage class of the other")]
    #[test_case(&OSS, "version-id" => None)]
    #[test_case(&OSS, "crc64" => None)]
    #[test_case(&OSS, "checksum" => None)]
    #[test_case(&OSS, "encryption" => None)]
    #[test_case(&OSS, "expiration" => None)]
    #[test_case(&OSS, "last-access-time" => None)]
    #[test_case(&OSS, "restore" => None)]
    #[test_case(&OSS, "url" => None)]
    #[test_case(&OSS, "headers" => None)]
    fn values_of_an_object_that_has_none(dialect: &'static Dialect, name: &str) -> Option<String> {
        value(dialect, name, &Object::default())
    }

    #[test]
    fn an_archived_body_says_so() {
        let mut meta = ObjectMeta::default();
        meta.properties.storage_class = Some("DEEP_ARCHIVE".into());
        let object = Object {
            meta: Arc::new(meta),
            ..Object::default()
        };
        assert_eq!(value(&S3, "restore", &object).as_deref(), Some("archived"));
    }

    #[test]
    fn grants_are_one_line() {
        let grant = |permission: &str, grantee| Grant {
            permission: permission.into(),
            grantee,
        };
        let acl = Acl::Grants(vec![
            grant("FULL_CONTROL", Grantee::Id("79a5".into())),
            grant("READ", Grantee::Uri("http://x/AllUsers".into())),
        ]);
        let object = Object {
            acl: Some(Arc::new(acl)),
            ..Object::default()
        };
        assert_eq!(
            value(&S3, "acl", &object).as_deref(),
            Some(r#"FULL_CONTROL id="79a5", READ uri="http://x/AllUsers""#)
        );
    }

    #[test_case("5eb63bbbe01eeed093cb22bb8f5acdc3" => "Normal")]
    #[test_case("5eb63bbbe01eeed093cb22bb8f5acdc3-12" => "Multipart")]
    #[test_case("5eb63bbb-e01e-eed0" => "Normal"; "an entity tag of another form")]
    #[test_case("-1" => "Normal"; "no digest")]
    fn the_type_follows_from_the_etag_where_nothing_tells(etag: &str) -> &'static str {
        let meta = ObjectMeta {
            etag: ETag::new(etag),
            ..ObjectMeta::default()
        };
        object_type(&S3, &meta).name()
    }

    #[test_case("url" => Some(System::Url(Duration::from_secs(3600))))]
    #[test_case("url.1" => Some(System::Url(Duration::from_secs(1))))]
    #[test_case("url.604800" => Some(System::Url(Duration::from_secs(604_800))); "a week")]
    #[test_case("url.604801" => None; "longer than signatures live")]
    #[test_case("url.0" => None)]
    #[test_case("url.060" => None; "leading zero")]
    #[test_case("url." => None; "no number")]
    #[test_case("url.-1" => None; "negative")]
    #[test_case("url.99999999999999999999" => None; "no integer")]
    #[test_case("Etag" => None; "upper case")]
    fn names(name: &str) -> Option<System> {
        System::from_name(&OSS, name.as_bytes())
    }

    #[test_case("mode", "33188" => true)]
    #[test_case("uid", "0" => true)]
    #[test_case("gid", "x" => false)]
    #[test_case("uid", "-1" => false; "negative owner")]
    #[test_case("uid", "" => false; "empty")]
    #[test_case("mtime", "1700000000" => true)]
    #[test_case("mtime", "1700000000.123456789" => true; "fraction")]
    #[test_case("mtime", "-1.5" => true; "before 1970")]
    #[test_case("mtime", "1." => false; "no fraction")]
    #[test_case("mtime", "1.2.3" => false; "two points")]
    #[test_case("mtime", "yesterday" => false)]
    #[test_case("mode", "1.5" => false; "fraction of a mode")]
    #[test_case("atime", "1" => false)]
    fn posix(name: &str, value: &str) -> bool {
        is_posix(name, value.as_bytes())
    }

    #[test]
    fn a_symlink_is_known_by_its_kind_or_its_metadata() {
        let native = ObjectMeta {
            symlink_target: Some("a".into()),
            ..ObjectMeta::default()
        };
        assert!(is_symlink(&OSS, &native));
        let mut by_meta = ObjectMeta::default();
        let target = b"a".as_slice().into();
        let key = S3.symlink_meta_key.unwrap();
        by_meta.properties.user.insert(key.into(), target);
        assert!(is_symlink(&S3, &by_meta));
        assert!(!is_symlink(&OSS, &by_meta));
        by_meta.size = 1;
        assert!(!is_symlink(&S3, &by_meta));
    }
}
