//! Edits of user metadata, HTTP headers and class: merge, write, and what to do when the write fails.

use super::acl::Carried;
use super::base::{Base, Effort, busy};
use super::batch::{Batch, Merged};
use super::server::Feature;
use super::writer::Writer;
use crate::meta::edit::{EditError, Target};
use crate::store::types::{Change, Object, ObjectMeta, ObjectType};
use crate::store::{Dialect, Error, Kind};
use tokio::time::Instant;

/// How often a batch is sent whose answers get lost.
const LOST_ANSWERS: u32 = 3;

impl Writer {
    /// Makes the edits of properties, together.
    pub(super) async fn edit_properties(&mut self, batch: &mut Batch) {
        let mut effort = Effort::new();
        while batch.has_open(Target::Properties) {
            if let Err(error) = self.try_properties(batch, &mut effort).await {
                batch.decide_open(Target::Properties, &Err(error));
            }
        }
    }

    /// Tries once. Edits that are open afterwards are to be tried again; an error fails them all.
    async fn try_properties(
        &mut self,
        batch: &mut Batch,
        effort: &mut Effort,
    ) -> Result<(), EditError> {
        let base = match effort.next.take() {
            Some(base) => Some(base),
            None if effort.is_absent => None,
            None => self.base(effort).await?,
        };
        self.join(batch);
        self.refuse_what_is_not_kept(batch);
        let Some(base) = base else {
            return self.make_directory(batch, effort).await;
        };
        if base.meta.symlink_target.is_some() {
            refuse_class_of_link(batch);
        }
        let dialect = self.shared.dialect();
        let merged = batch.merge(dialect, &base.properties);
        if !merged.refused.is_empty() && !base.is_fresh {
            effort.must_look = true;
            return Ok(());
        }
        for (at, error) in &merged.refused {
            batch.item(*at).decide(Err(error.clone()));
        }
        if merged.accepted.is_empty() {
            self.keep_what_was_seen(base);
            return Ok(());
        }
        if let Err(refusal) = check_rewritable(dialect, &base.meta) {
            if base.is_fresh {
                return Err(refusal);
            }
            // It may have been restored since.
            effort.must_look = true;
            return Ok(());
        }
        let is_large =
            base.meta.size > self.shared.copy_limit && base.meta.symlink_target.is_none();
        let in_parts = effort.in_parts || is_large;
        let carried = self.carried(&base, in_parts).await?;
        self.shared.flights.overtaken(&self.key);
        let began = Instant::now();
        let written = if in_parts {
            self.copy_in_parts(&base, &merged.properties, &carried)
                .await
        } else {
            self.copy(&base, &merged.properties, &carried).await
        };
        self.history.request = began.elapsed();
        match written {
            Ok(written) => {
                self.shared.counts.add(&self.shared.counts.rewrites);
                self.conclude(batch, effort, &base, &merged, &carried, written)
                    .await
            }
            Err(error) => {
                self.shared.flights.overtaken(&self.key);
                if let Some(own) = &mut self.history.own {
                    own.is_news = false;
                }
                if let Kind::Unknown | Kind::Unavailable = error.kind() {
                    return self
                        .look_up_outcome(batch, effort, &merged, &carried, error)
                        .await;
                }
                self.after_failure(effort, &base.meta, error).await
            }
        }
    }

    /// Decides whether a failed write is tried again: edits stay open, or the error is theirs.
    pub(super) async fn after_failure(
        &mut self,
        effort: &mut Effort,
        meta: &ObjectMeta,
        error: Error,
    ) -> Result<(), EditError> {
        effort.must_look = true;
        effort.is_absent = false;
        match error.kind() {
            Kind::Precondition | Kind::Conflict => {
                self.shared.counts.add(&self.shared.counts.conflicts);
                effort.conflicts += 1;
                if Instant::now() >= effort.until {
                    return Err(busy().caused_by(error).into());
                }
                tokio::time::sleep(self.jitter(effort)).await;
                Ok(())
            }
            Kind::NotFound => {
                effort.vanished += 1;
                match effort.vanished {
                    1 => Ok(()),
                    // Some servers show directories that are no objects: it may have to be made.
                    2 if self.key.is_marker() => {
                        effort.is_absent = true;
                        Ok(())
                    }
                    // Shown, not to be copied, and not to be made either.
                    _ if self.key.is_marker() => {
                        let feature = Feature::MetaOfDirectory;
                        self.shared.findings.found(feature, false);
                        Err(EditError::NotKept(feature.name()))
                    }
                    _ => Err(EditError::Stale),
                }
            }
            Kind::TooLarge if !effort.in_parts => {
                effort.in_parts = true;
                Ok(())
            }
            Kind::Archived => Err(archived(meta)),
            Kind::InvalidArgument | Kind::Unsupported
                if meta.object_type == Some(ObjectType::Appendable) =>
            {
                Err(EditError::Refused(format!(
                    "the service does not rewrite this appendable object: {error}"
                )))
            }
            Kind::MetadataTooLarge => Err(EditError::NoSpace(error.to_string())),
            _ => Err(error.into()),
        }
    }

    /// Looks whether a write whose answer was lost took effect. If it did not, it may still do so: what is written
    /// next has a condition that then fails.
    async fn look_up_outcome(
        &mut self,
        batch: &mut Batch,
        effort: &mut Effort,
        merged: &Merged,
        carried: &Carried,
        error: Error,
    ) -> Result<(), EditError> {
        self.shared.counts.add(&self.shared.counts.unknown_outcomes);
        effort.unknown += 1;
        effort.must_look = true;
        batch.mark_sent(&merged.accepted);
        let dialect = self.shared.dialect();
        match self.head().await {
            Ok(meta) if batch.all_applied(dialect, &merged.accepted, &meta.properties) => {
                let meta = match self.put_back(carried, Some(&meta)).await {
                    true => self.head().await.unwrap_or(meta),
                    false => meta,
                };
                self.saw(meta);
                for at in &merged.accepted {
                    batch.item(*at).decide(Ok(()));
                }
                Ok(())
            }
            Ok(_) if effort.unknown < LOST_ANSWERS => Ok(()),
            Err(gone) if gone.kind() == Kind::NotFound => Err(EditError::Stale),
            Ok(_) | Err(_) => Err(error.into()),
        }
    }

    /// Refuses, at no request, what this server was seen to drop.
    fn refuse_what_is_not_kept(&self, batch: &mut Batch) {
        let open = batch.open(Target::Properties);
        let refused: Vec<(usize, Feature)> = open
            .filter_map(|(at, edit)| Some((at, Feature::of(&self.key, &edit.change)?)))
            .filter(|(_, feature)| self.shared.findings.keeps(*feature) == Some(false))
            .collect();
        for (at, feature) in refused {
            batch
                .item(at)
                .decide(Err(EditError::NotKept(feature.name())));
        }
    }

    /// Keeps a view that was asked for and led to no write.
    fn keep_what_was_seen(&self, base: Base) {
        if base.is_fresh && self.history.own.is_none() {
            let object = Object {
                meta: base.meta,
                tags: base.tags,
                acl: base.acl,
            };
            self.shared.learn(&self.key, object);
        }
    }
}

/// Refuses to set the class of a symbolic link of the service, which does not say what class a link has. That tells nothing
/// about what the server keeps of other objects.
fn refuse_class_of_link(batch: &mut Batch) {
    let of_class = |change: &Change| matches!(change, Change::StorageClass(_));
    let open = batch.open(Target::Properties);
    let refused: Vec<usize> = open
        .filter_map(|(at, edit)| of_class(&edit.change).then_some(at))
        .collect();
    for at in refused {
        let what = "a storage class of a symbolic link".to_owned();
        batch.item(at).decide(Err(EditError::NotKept(what)));
    }
}

/// Refuses an edit that would lose something, or that the service would refuse.
fn check_rewritable(dialect: &Dialect, meta: &ObjectMeta) -> Result<(), EditError> {
    if meta.missing_meta > 0 {
        return Err(EditError::Refused(format!(
            "{} metadata entries of the object cannot be read and would be lost",
            meta.missing_meta
        )));
    }
    let class = meta.properties.storage_class.as_deref();
    let is_restored = meta
        .restore
        .as_deref()
        .is_some_and(|state| state.contains(r#"ongoing-request="false""#));
    if class.is_some_and(|class| dialect.is_archive_class(class)) && !is_restored {
        return Err(archived(meta));
    }
    Ok(())
}

fn archived(meta: &ObjectMeta) -> EditError {
    let class = meta
        .properties
        .storage_class
        .as_deref()
        .unwrap_or("an archive class");
    EditError::Refused(format!(
        "the body is archived ({class}): restore it first (object.restore); tags can be edited"
    ))
}
