//! Extended attributes: from an inode and a name to what `meta` knows of the object.
//!
//! What a name means is decided before any inode is looked at, so that the names tools try on every file
//! (`security.*`, `system.*`) cost nothing.

use super::{Error, Fs, Result, status};
use crate::meta::Known;
use crate::namespace::{Ino, Kind};
use crate::store;
use crate::store::types::{Key, Object};
use crate::xattr::{self, Attribute, Context, Need, Refusal, Setting};

impl Fs {
    /// Reads an attribute from what is known.
    pub fn try_getxattr(&self, ino: Ino, name: &[u8]) -> Option<Result<Vec<u8>>> {
        if let Some(answer) = self.try_control(ino, name) {
            return Some(answer);
        }
        if status::names_of(ino, name).is_some() {
            return None;
        }
        let (attribute, key, kind) = match self.attribute(ino, name) {
            Ok(found) => found,
            Err(error) => return Some(Err(error)),
        };
        let object = match self.meta.known(&key) {
            Known::Present(object) => object,
            Known::Absent => return Some(Err(without_object(kind))),
            Known::Unknown => return None,
        };
        let is_known = match attribute.needs() {
            Need::Head => true,
            Need::Tags => object.tags.is_some(),
            Need::Acl => object.acl.is_some(),
            Need::Raw => object.meta.raw.is_some(),
            Need::Presigned(_) => false,
        };
        is_known.then(|| self.value(&attribute, &key, &object))
    }

    /// Reads an attribute, with a request where it is not known.
    pub async fn getxattr(&self, ino: Ino, name: &[u8]) -> Result<Vec<u8>> {
        if let Some(link) = status::names_of(ino, name) {
            return self.link_names(link).await;
        }
        let (attribute, key, kind) = self.attribute(ino, name)?;
        let object = match attribute.needs() {
            Need::Head => self.meta.object(&key).await,
            Need::Tags => self.meta.object_with_tags(&key).await,
            Need::Acl => self.meta.object_with_acl(&key).await,
            Need::Raw => self.meta.object_with_raw(&key).await,
            Need::Presigned(expires) => {
                // A URL of nothing helps nobody.
                self.meta.object(&key).await.map_err(|e| of_head(e, kind))?;
                let url = self.store.presign_get(&key, None, expires).await?;
                return Ok(url.into_bytes());
            }
        };
        self.value(&attribute, &key, &object.map_err(|e| of_head(e, kind))?)
    }

    /// Lists the names of attributes from what is known, each ending in NUL.
    pub fn try_listxattr(&self, ino: Ino) -> Option<Result<Vec<u8>>> {
        let (key, kind) = match self.subject(ino) {
            Ok(Some(subject)) => subject,
            Ok(None) => return Some(Ok(Vec::new())),
            Err(error) => return Some(Err(error)),
        };
        match self.meta.known(&key) {
            Known::Present(object) if object.tags.is_some() => Some(Ok(self.names(&key, &object))),
            Known::Present(_) | Known::Unknown => None,
            Known::Absent if kind == Kind::Directory => Some(Ok(Vec::new())),
            Known::Absent => Some(Err(Error::NotFound)),
        }
    }

    /// Lists the names of attributes, with a request where they are not known.
    pub async fn listxattr(&self, ino: Ino) -> Result<Vec<u8>> {
        let Some((key, kind)) = self.subject(ino)? else {
            return Ok(Vec::new());
        };
        match self.meta.object_with_tags(&key).await {
            Ok(object) => Ok(self.names(&key, &object)),
            Err(e) if e.kind() == store::Kind::NotFound && kind == Kind::Directory => {
                Ok(Vec::new())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Sets an attribute; returns when the service has agreed. `flags` are setxattr(2)'s.
    pub async fn setxattr(&self, ino: Ino, name: &[u8], value: &[u8], flags: i32) -> Result<()> {
        if ino == Ino::ROOT && name == status::DRAIN {
            self.drain().await;
            return Ok(());
        }
        // The namespace first: for the names tools try, the answer is the same on every file.
        if let Err(Refusal::Unsupported) = Attribute::parse(self.meta.dialect(), name) {
            return Err(Refusal::Unsupported.into());
        }
        let (key, kind) = self.subject(ino)?.ok_or(Refusal::Unsupported)?;
        let ctx = self.context(&key);
        let existence = xattr::existence(flags)?;
        match xattr::set(&ctx, name, value, existence)? {
            Setting::Edit(_) if self.settings.read_only => Err(Error::ReadOnly),
            Setting::Edit(edit) => Ok(self.meta.stage(&key, edit).await?),
            Setting::SameAs(same) => {
                let object = match same.attribute().needs() {
                    Need::Raw => self.meta.object_with_raw(&key).await,
                    _ => self.meta.object(&key).await,
                };
                let object = object.map_err(|e| match of_head(e, kind) {
                    // A directory without a marker has no property to be equal to.
                    Error::Attribute(_) => Refusal::Denied.into(),
                    other => other,
                })?;
                Ok(same.check(&ctx, &object)?)
            }
        }
    }

    /// Removes an attribute; returns when the service has agreed.
    pub async fn removexattr(&self, ino: Ino, name: &[u8]) -> Result<()> {
        if let Err(Refusal::Unsupported) = Attribute::parse(self.meta.dialect(), name) {
            return Err(Refusal::Unsupported.into());
        }
        let (key, _) = self.subject(ino)?.ok_or(Refusal::Unsupported)?;
        let edit = xattr::remove(&self.context(&key), name)?;
        if self.settings.read_only {
            return Err(Error::ReadOnly);
        }
        Ok(self.meta.stage(&key, edit).await?)
    }

    /// Returns what a name means on an inode.
    fn attribute(&self, ino: Ino, name: &[u8]) -> Result<(Attribute, Key, Kind)> {
        let attribute = Attribute::parse(self.meta.dialect(), name)?;
        let (key, kind) = self.subject(ino)?.ok_or(Refusal::Unsupported)?;
        Ok((attribute, key, kind))
    }

    /// Returns the object whose attributes an inode shows; `None` for the bucket, which is none.
    fn subject(&self, ino: Ino) -> Result<Option<(Key, Kind)>> {
        let (key, facts) = self.node(ino)?;
        Ok(key.map(|key| (key, facts.kind)))
    }

    fn context<'a>(&'a self, key: &'a Key) -> Context<'a> {
        Context {
            dialect: self.meta.dialect(),
            bucket: &self.settings.bucket,
            key,
        }
    }

    fn value(&self, attribute: &Attribute, key: &Key, object: &Object) -> Result<Vec<u8>> {
        let value = attribute.value(&self.context(key), object)?;
        Ok(value.into_owned())
    }

    fn names(&self, key: &Key, object: &Object) -> Vec<u8> {
        joined(&xattr::list(&self.context(key), object))
    }

    /// Lists the names by which a symlink's attributes are read; no other kind of file has such.
    async fn link_names(&self, link: Ino) -> Result<Vec<u8>> {
        let (key, kind) = self.subject(link)?.ok_or(Refusal::Unsupported)?;
        if kind != Kind::Symlink {
            return Ok(Vec::new());
        }
        let object = self.meta.object_with_tags(&key).await?;
        Ok(joined(&xattr::list_of_link(&self.context(&key), &object)))
    }
}

/// Writes names as listxattr(2) does, each ended by NUL.
fn joined(names: &[Box<[u8]>]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(names.iter().map(|n| n.len() + 1).sum());
    for name in names {
        joined.extend_from_slice(name);
        joined.push(0);
    }
    joined
}

/// Says what a missing object means: a directory without a marker is there and has no attributes.
fn without_object(kind: Kind) -> Error {
    match kind {
        Kind::Directory => Refusal::NoData.into(),
        Kind::File | Kind::Symlink => Error::NotFound,
    }
}

fn of_head(error: store::Error, kind: Kind) -> Error {
    match error.kind() {
        store::Kind::NotFound => without_object(kind),
        _ => error.into(),
    }
}
