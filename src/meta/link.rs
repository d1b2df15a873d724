//! Symbolic links: the service's own, and empty objects that stand for one by a metadata entry.

use crate::store::types::{Key, ObjectMeta, ObjectType, Symlink};
use crate::store::{Dialect, Error, Kind, Result, Store};
use percent_encoding::percent_decode;
use std::borrow::Cow;

/// Where a symbolic link points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget<'a> {
    /// A key of the bucket: the service's own links know no other target.
    Key(&'a str),
    /// A path as readlink(2) gives it.
    Path(Cow<'a, [u8]>),
}

/// Returns where the object points if it is a symbolic link.
pub fn link_target<'a>(dialect: &Dialect, meta: &'a ObjectMeta) -> Option<LinkTarget<'a>> {
    if let Some(target) = &meta.symlink_target {
        return Some(LinkTarget::Key(target));
    }
    let stored = meta.properties.user.get(dialect.symlink_meta_key?)?;
    (meta.size == 0).then(|| LinkTarget::Path(percent_decode(stored).into()))
}

/// Asks for an object's metadata; for a link of the service's own kind, whether it dangles or not, that of the link
/// itself. `listed_as_link`: a listing has shown the key to be one.
pub(super) async fn head(store: &dyn Store, key: &Key, listed_as_link: bool) -> Result<ObjectMeta> {
    if !store.dialect().has_symlinks() {
        return store.head(key, None).await;
    }
    if listed_as_link {
        let (head, link) = tokio::join!(store.head(key, None), store.get_symlink(key));
        return match (head, link) {
            (head, Ok(link)) => Ok(of_link(link, head.ok())),
            // It is a link no more.
            (Ok(head), Err(error)) if error.kind() == Kind::InvalidArgument => Ok(head),
            (_, Err(error)) => Err(error),
        };
    }
    match store.head(key, None).await {
        Ok(head) if head.object_type == Some(ObjectType::Symlink) => {
            Ok(of_link(store.get_symlink(key).await?, Some(head)))
        }
        Err(error) if may_be_link(store.dialect(), &error) => match store.get_symlink(key).await {
            Ok(link) => Ok(of_link(link, None)),
            Err(_) => Err(error),
        },
        answer => answer,
    }
}

/// Returns whether HEAD may have failed because the key is a link that leads nowhere: the code says so, or there is
/// none, as where a proxy drops the header that carries it.
fn may_be_link(dialect: &Dialect, error: &Error) -> bool {
    match error.code() {
        Some(code) => dialect.broken_link_codes.contains(&code),
        None => error.kind() == Kind::NotFound,
    }
}

/// Joins what the two answers say of a link: size, entity tag and times are those of the link itself; the headers of
/// the link and its number of tags are told by HEAD alone.
fn of_link(link: Symlink, head: Option<ObjectMeta>) -> ObjectMeta {
    let mut meta = link.meta;
    meta.object_type = Some(ObjectType::Symlink);
    meta.symlink_target = Some(link.target);
    if let Some(head) = head {
        meta.tag_count = meta.tag_count.or(head.tag_count);
        if meta.properties.http.is_empty() {
            meta.properties.http = head.properties.http;
        }
    }
    meta
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use crate::store::types::{HttpHeader, Operation};
    use test_case::test_case;

    fn object(size: u64, stored: Option<&[u8]>) -> ObjectMeta {
        let mut meta = ObjectMeta {
            size,
            ..ObjectMeta::default()
        };
        if let Some(value) = stored {
            let name = "--symlink-target".into();
            meta.properties.user.insert(name, value.into());
        }
        meta
    }

    #[test_case(&S3, 0, Some(b"../a b"), Some(b"../a b"); "plain")]
    #[test_case(&S3, 0, Some(b"%2e%2e/%C3%A9%25"), Some("../é%".as_bytes()); "escaped")]
    #[test_case(&S3, 0, Some("é".as_bytes()), Some("é".as_bytes()); "raw")]
    #[test_case(&S3, 0, Some(b"100%"), Some(b"100%"); "a percent sign that escapes nothing")]
    #[test_case(&S3, 1, Some(b"a"), None; "with a body it is a file")]
    #[test_case(&S3, 0, None, None; "an empty file")]
    #[test_case(&OSS, 0, Some(b"a"), None; "metadata where links are native")]
    fn reads_a_target_kept_in_metadata(
        dialect: &Dialect,
        size: u64,
        stored: Option<&[u8]>,
        target: Option<&[u8]>,
    ) {
        let meta = object(size, stored);
        let expected = target.map(|path| LinkTarget::Path(path.into()));
        assert_eq!(link_target(dialect, &meta), expected);
    }

    #[test_case(&OSS, Kind::NotFound, None, true; "no code tells")]
    #[test_case(&OSS, Kind::NotFound, Some("NoSuchKey"), false; "nothing is there")]
    #[test_case(&OSS, Kind::NotFound, Some("SymlinkTargetNotExist"), true; "the target is missing")]
    #[test_case(&OSS, Kind::InvalidArgument, Some("InvalidTargetType"), true; "the target is a link")]
    #[test_case(&OSS, Kind::Denied, None, false; "another failure")]
    fn tells_a_broken_link_by_its_code(
        dialect: &Dialect,
        kind: Kind,
        code: Option<&str>,
        expected: bool,
    ) {
        let error = Error::new(kind, "failed")
            .answered(404, code, None)
            .during(Operation::HeadObject, Some("a"));
        assert_eq!(may_be_link(dialect, &error), expected);
    }

    #[test]
    fn a_link_keeps_its_own_size_and_takes_the_headers_of_its_head() {
        let link = Symlink {
            meta: object(0, None),
            target: "t".into(),
        };
        let mut head = object(42, None);
        head.tag_count = Some(2);
        let value = (*b"no-cache").into();
        head.properties.http.insert(HttpHeader::CacheControl, value);
        let meta = of_link(link, Some(head));
        assert_eq!((meta.size, meta.tag_count), (0, Some(2)));
        assert_eq!(meta.symlink_target.as_deref(), Some("t"));
        assert!(meta.properties.http.contains_key(&HttpHeader::CacheControl));
    }
}
