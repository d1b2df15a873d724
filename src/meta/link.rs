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
