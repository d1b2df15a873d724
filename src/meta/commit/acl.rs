//! What a rewrite does not take along by itself: the ACL, always; the tags, on some servers and in multipart copies.
//! And edits of the ACL.

use super::base::Base;
use super::batch::Batch;
use super::directory::marker;
use super::server::Feature;
use super::writer::Writer;
use crate::meta::edit::{EditError, Target};
use crate::store::types::{Acl, Change, ObjectMeta, Tags};
use crate::store::{Dialect, Kind};
use std::sync::Arc;
use tokio::time::Instant;

/// What is sent along with a rewrite, and put back after it where the server does not keep it.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    /// The ACL; the dialect's default one needs no sending.
    pub(super) acl: Arc<Acl>,
    is_default_acl: bool,
    /// The tags, where they had to be asked for.
    pub(super) tags: Tags,
    /// Whether the rewrite is a multipart upload, which is told of the tags, not a copy, which is to take them along.
    in_parts: bool,
}

impl Carried {
    /// Returns the ACL where it is not the one that a new object has anyway.
    pub(super) fn acl_to_send(&self) -> Option<&Acl> {
        (!self.is_default_acl).then_some(&*self.acl)
    }

    /// Returns what the server must be known to keep for nothing to be looked at after the rewrite.
    pub(super) fn features(&self) -> impl Iterator<Item = Feature> {
        let tags = (!self.tags.is_empty()).then(|| self.tags_feature());
        let acl = (!self.is_default_acl).then(|| self.acl_feature());
        tags.into_iter().chain(acl)
    }

    fn tags_feature(&self) -> Feature {
        match self.in_parts {
            true => Feature::TagsOfUpload,
            false => Feature::TagsOnCopy,
        }
    }

    fn acl_feature(&self) -> Feature {
        match self.in_parts {
            true => Feature::AclOfUpload,
            false => Feature::AclOnCopy,
        }
    }
}

impl Writer {
    /// Finds out what a rewrite of `base` must carry.
    pub(super) async fn carried(&self, base: &Base, in_parts: bool) -> Result<Carried, EditError> {
        let acl = match &base.acl {
            Some(acl) if self.shared.believes_acl(&self.key) => acl.clone(),
            _ => self.acl().await?,
        };
        let copies_tags = self.shared.findings.keeps(Feature::TagsOnCopy) == Some(true);
        let has_tags = base.meta.tag_count.is_some_and(|n| n > 0)
            || base.tags.as_ref().is_some_and(|tags| !tags.is_empty());
        let tags = if in_parts || (has_tags && !copies_tags) {
            self.tags_to_carry(has_tags).await?
        } else {
            Tags::new()
        };
        let is_default_acl = *acl == default_acl(self.shared.dialect());
        Ok(Carried {
            acl,
            is_default_acl,
            tags,
            in_parts,
        })
    }

    async fn acl(&self) -> Result<Arc<Acl>, EditError> {
        let shared = &self.shared;
        // Unanswered, an object may have one.
        let ask = || async { shared.store.has_object_acls().await.unwrap_or(true) };
        if !*shared.has_acls.get_or_init(ask).await {
            return Ok(Arc::new(default_acl(shared.dialect())));
        }
        let asked = Instant::now();
        match shared.store.get_acl(&self.key, None).await {
            Ok(acl) => {
                shared.saw_acl(&self.key, asked);
                Ok(Arc::new(acl))
            }
            Err(error) => match error.kind() {
                Kind::Unsupported => {
                    shared.saw_acl(&self.key, asked);
                    Ok(Arc::new(default_acl(shared.dialect())))
                }
                Kind::NotFound => Err(EditError::Stale),
                Kind::Denied => Err(EditError::Refused(format!(
                    "an edit would reset the ACL, which these credentials may not read: {error}"
                ))),
                _ => Err(error.into()),
            },
        }
    }

    async fn tags_to_carry(&self, has_tags: bool) -> Result<Tags, EditError> {
        match self.shared.store.get_tags(&self.key, None).await {
            Ok(tags) => Ok(tags),
            Err(error) => match error.kind() {
                Kind::NotFound => Err(EditError::Stale),
                Kind::Unsupported | Kind::Denied if !has_tags => Ok(Tags::new()),
                _ => Err(error.into()),
            },
        }
    }

    /// Puts back what the rewrite lost of what it carried; `seen` is a HEAD after it. Returns whether it wrote.
    pub(super) async fn put_back(&self, carried: &Carried, seen: Option<&ObjectMeta>) -> bool {
        let tags = self.put_back_tags(carried, seen).await;
        let acl = self.put_back_acl(carried).await;
        tags || acl
    }

    async fn put_back_tags(&self, carried: &Carried, seen: Option<&ObjectMeta>) -> bool {
        let (store, findings) = (&self.shared.store, &self.shared.findings);
        let (tags, feature) = (&carried.tags, carried.tags_feature());
        match findings.keeps(feature) {
            _ if tags.is_empty() => return false,
            Some(true) => return false,
            Some(false) => {}
            None => {
                let count = seen.and_then(|meta| meta.tag_count);
                let counted = count.is_some_and(|n| n as usize == tags.len());
                // HEAD may not tell, and a server that lost them may not even answer.
                let kept = counted
                    || store
                        .get_tags(&self.key, None)
                        .await
                        .is_ok_and(|there| there == *tags);
                findings.found(feature, kept);
                if kept {
                    return false;
                }
            }
        }
        if let Err(error) = store.put_tags(&self.key, None, tags).await {
            let key = &self.key;
            self.shared
                .counts
                .lost(format!("the tags of {key:?} were lost: {error}"));
        }
        true
    }

    async fn put_back_acl(&self, carried: &Carried) -> bool {
        let (store, findings) = (&self.shared.store, &self.shared.findings);
        let Some(acl) = carried.acl_to_send() else {
            return false;
        };
        match findings.keeps(carried.acl_feature()) {
            Some(true) => return false,
            Some(false) => {}
            None => {
                // Without an answer it was sent all the same; the next rewrite finds out whether it stays.
                let Ok(there) = store.get_acl(&self.key, None).await else {
                    return false;
                };
                let kept = same_acl(&there, acl);
                findings.found(carried.acl_feature(), kept);
                if kept {
                    return false;
                }
            }
        }
        if let Err(error) = store.put_acl(&self.key, None, acl).await {
            let key = &self.key;
            self.shared
                .counts
                .lost(format!("the ACL of {key:?} was lost: {error}"));
        }
        true
    }

    /// Makes the edits of the ACL; the last one stands.
    pub(super) async fn edit_acl(&mut self, batch: &mut Batch) {
        let wanted = batch
            .open(Target::Acl)
            .filter_map(|(_, edit)| match &edit.change {
                Change::Acl(acl) => Some(acl.clone()),
                _ => None,
            });
        let Some(acl) = wanted.last() else { return };
        let verdict = self.set_acl(acl).await;
        batch.decide_open(Target::Acl, &verdict);
    }

    async fn set_acl(&mut self, acl: Acl) -> Result<(), EditError> {
        let shared = self.shared.clone();
        if shared.findings.keeps(Feature::Acl) == Some(false) {
            return Err(EditError::NotKept(Feature::Acl.name()));
        }
        shared.flights.overtaken(&self.key);
        let mut put = shared.store.put_acl(&self.key, None, &acl).await;
        if let Err(error) = &put
            && error.kind() == Kind::NotFound
            && self.key.is_marker()
        {
            // The first attribute of a directory makes its marker. Who else makes it meanwhile has made ours, too.
            match self.put_marker(marker(), Tags::new()).await {
                Ok(_) => {}
                Err(error) if error.kind() == Kind::Precondition => {}
                Err(error) => return Err(error.into()),
            }
            put = shared.store.put_acl(&self.key, None, &acl).await;
        }
        if let Err(error) = put {
            shared.flights.overtaken(&self.key);
            let is_gone = error.kind() == Kind::NotFound;
            return Err(if is_gone {
                EditError::Stale
            } else {
                error.into()
            });
        }
        if shared.findings.keeps(Feature::Acl).is_none() {
            let there = shared.store.get_acl(&self.key, None).await;
            if let Ok(there) = &there {
                shared.findings.found(Feature::Acl, same_acl(there, &acl));
            }
            if shared.findings.keeps(Feature::Acl) == Some(false) {
                shared.cache.remove(&self.key);
                shared.flights.overtaken(&self.key);
                return Err(EditError::NotKept(Feature::Acl.name()));
            }
        }
        // Some services date the object anew. What a HEAD shows now is as good as our own write: who has an older
        // view fails, who takes a newer one waits.
        shared.saw_acl(&self.key, Instant::now());
        match self.head().await {
            Ok(meta) => self.wrote(meta, Some(Arc::new(acl))),
            Err(_) => shared.cache.remove(&self.key),
        }
        Ok(())
    }
}

/// Returns the ACL of an object that was given none.
fn default_acl(dialect: &Dialect) -> Acl {
    Acl::Canned(dialect.default_acl.into())
}

/// Returns whether two ACLs are the same; the order of grants means nothing.
fn same_acl(a: &Acl, b: &Acl) -> bool {
    match (a, b) {
        (Acl::Grants(a), Acl::Grants(b)) => a.len() == b.len() && a.iter().all(|g| b.contains(g)),
        (Acl::Canned(_), _) | (_, Acl::Canned(_)) => a == b,
    }
}
