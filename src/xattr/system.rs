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
