//! Attributes of a directory that has no marker object yet: the first one makes it.

use super::base::Effort;
use super::batch::Batch;
use super::server::Feature;
use super::writer::Writer;
use crate::meta::edit::{EditError, is_applied};
use crate::store::types::{
    ETag, HttpHeader, ObjectMeta, Properties, PutRequest, Tags, WriteCondition,
};
use crate::store::{Kind, Result};
use bytes::Bytes;

/// The content type of a marker, as consoles and other filesystems write it.
const DIRECTORY: &[u8] = b"application/x-directory";

impl Writer {
    /// Makes the edits of properties of an object that is not there: a directory's marker is made with them.
    pub(super) async fn make_directory(
        &mut self,
        batch: &mut Batch,
        effort: &mut Effort,
    ) -> Result<(), EditError> {
        if !self.key.is_marker() {
            return Err(EditError::Stale);
        }
        let dialect = self.shared.dialect();
        let merged = batch.merge(dialect, &marker());
        for (at, error) in &merged.refused {
            batch.item(*at).decide(Err(error.clone()));
        }
        if merged.accepted.is_empty() {
            return Ok(());
        }
        let etag = match self.put_marker(merged.properties, Tags::new()).await {
            Ok(etag) => etag,
            // The next look shows whether it was made.
            Err(error)
                if matches!(error.kind(), Kind::Unknown | Kind::Unavailable)
                    && effort.unknown == 0 =>
            {
                effort.unknown += 1;
                effort.is_absent = false;
                batch.mark_sent(&merged.accepted);
                return Ok(());
            }
            Err(error) => {
                return self
                    .after_failure(effort, &ObjectMeta::default(), error)
                    .await;
            }
        };
        self.shared.counts.add(&self.shared.counts.rewrites);
        let seen = self.head().await?;
        let mut has_kept_some = false;
        for at in &merged.accepted {
            let item = batch.item(*at);
            let kept = is_applied(dialect, &seen.properties, &item.edit.change);
            has_kept_some |= kept;
            let feature = Feature::of(&self.key, &item.edit.change);
            if let Some(feature) = feature {
                self.shared.findings.found(feature, kept);
            }
            let name = || feature.map_or_else(String::new, Feature::name);
            item.decide(if kept {
                Ok(())
            } else {
                Err(EditError::NotKept(name()))
            });
        }
        if has_kept_some {
            self.wrote(seen, None);
        } else {
            self.unmake_marker(&etag).await;
        }
        Ok(())
    }

    /// Makes the marker of a directory, unless one has been made meanwhile (`Kind::Precondition`).
    pub(super) async fn put_marker(&self, properties: Properties, tags: Tags) -> Result<ETag> {
        self.shared.flights.overtaken(&self.key);
        let request = PutRequest {
            key: self.key.clone(),
            properties,
            tags,
            acl: None,
            condition: WriteCondition::Absent,
            body: Bytes::new(),
        };
        let outcome = self.shared.store.put(request).await;
        self.shared.flights.overtaken(&self.key);
        Ok(outcome?.etag)
    }

    /// Removes a marker that we made for an attribute that the server does not keep, if it is still the one we made.
    pub(super) async fn unmake_marker(&mut self, made: &ETag) {
        let is_ours = |meta: &ObjectMeta| meta.size == 0 && meta.etag == *made;
        if self.head().await.is_ok_and(|meta| is_ours(&meta))
            && let Err(error) = self.shared.store.delete(&self.key, None).await
        {
            let key = &self.key;
            log::warn!("the marker {key:?} stays, without what it was made for: {error}");
        }
        self.gone();
    }
}

/// Returns the properties of a marker without attributes.
pub(super) fn marker() -> Properties {
    let http = [(HttpHeader::ContentType, DIRECTORY.into())];
    Properties {
        http: http.into_iter().collect(),
        ..Default::default()
    }
}
