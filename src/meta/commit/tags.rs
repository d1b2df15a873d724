//! Edits of tags: the whole set is read and written. No service knows a condition for it, so that the set is always
//! read anew and the two requests follow each other at once.

use super::batch::Batch;
use super::directory::marker;
use super::server::Feature;
use super::writer::Writer;
use crate::meta::edit::{EditError, Target, merge_tags};
use crate::store::types::{ETag, Tags};
use crate::store::{Kind, Result};
use std::sync::Arc;
use tokio::time::Instant;

impl Writer {
    /// Makes the edits of tags, together.
    pub(super) async fn edit_tags(&mut self, batch: &mut Batch) {
        if !batch.has_open(Target::Tags) {
            return;
        }
        if let Err(error) = self.try_tags(batch).await {
            batch.decide_open(Target::Tags, &Err(error));
        }
    }

    async fn try_tags(&mut self, batch: &mut Batch) -> Result<(), EditError> {
        let shared = self.shared.clone();
        let is_directory = self.key.is_marker();
        let feature = Feature::TagsOfDirectory;
        if is_directory && shared.findings.keeps(feature) == Some(false) {
            return Err(EditError::NotKept(feature.name()));
        }
        let there = match shared.store.get_tags(&self.key, None).await {
            Ok(tags) => Some(tags),
            Err(error) if error.kind() == Kind::NotFound && is_directory => None,
            Err(error) if error.kind() == Kind::NotFound => return Err(EditError::Stale),
            Err(error) => return Err(error.into()),
        };
        let is_missing = there.is_none();
        let mut tags = there.unwrap_or_default();
        let mut verdicts = Vec::new();
        for (at, edit) in batch.open(Target::Tags) {
            verdicts.push((at, merge_tags(shared.dialect(), &mut tags, edit)));
        }
        if verdicts.iter().any(|(_, verdict)| verdict.is_ok()) {
            shared.flights.overtaken(&self.key);
            let made = self.write_tags(&tags, is_missing).await;
            shared.flights.overtaken(&self.key);
            let made = made?;
            if is_directory && shared.findings.keeps(feature).is_none() && !tags.is_empty() {
                self.verify_directory_tags(&tags, made).await?;
            }
            if is_missing {
                shared.cache.remove(&self.key);
            }
            if let Some(own) = &mut self.history.own {
                let count = u32::try_from(tags.len()).ok();
                Arc::make_mut(&mut own.meta).tag_count = count.filter(|n| *n > 0);
            }
            // How long the metadata is believed does not change: it was not looked at.
            shared
                .cache
                .add(&self.key, Some(Arc::new(tags)), None, Instant::now());
        }
        for (at, verdict) in verdicts {
            batch.item(at).decide(verdict);
        }
        Ok(())
    }

    /// Writes the set; returns the marker that was made for it, if one was.
    async fn write_tags(&self, tags: &Tags, is_missing: bool) -> Result<Option<ETag>> {
        let store = &self.shared.store;
        let written = if is_missing {
            return self.put_marker(marker(), tags.clone()).await.map(Some);
        } else if tags.is_empty() {
            store.delete_tags(&self.key, None).await
        } else {
            store.put_tags(&self.key, None, tags).await
        };
        match written {
            Err(error) if matches!(error.kind(), Kind::Unknown | Kind::Unavailable) => {
                self.shared.counts.add(&self.shared.counts.unknown_outcomes);
                let there = store.get_tags(&self.key, None).await;
                if there.is_ok_and(|there| there == *tags) {
                    Ok(None)
                } else {
                    Err(error)
                }
            }
            written => written.map(|()| None),
        }
    }

    /// Looks whether the first tags of a directory stayed.
    async fn verify_directory_tags(
        &mut self,
        tags: &Tags,
        made: Option<ETag>,
    ) -> Result<(), EditError> {
        let feature = Feature::TagsOfDirectory;
        let there = self.shared.store.get_tags(&self.key, None).await?;
        self.shared.findings.found(feature, there == *tags);
        if there == *tags {
            return Ok(());
        }
        if let Some(made) = made {
            self.unmake_marker(&made).await;
        }
        Err(EditError::NotKept(feature.name()))
    }
}
