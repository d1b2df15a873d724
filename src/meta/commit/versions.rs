//! In a versioned bucket: whether another write came between the view and the rewrite, which no condition at
//! one-second granularity can exclude.

use super::base::Base;
use super::copy::Written;
use super::writer::Writer;
use crate::store::types::{Properties, VersionId};

/// The version of a bucket whose versioning is suspended: there is one, and what it was before is gone.
const SUSPENDED: &str = "null";

impl Writer {
    /// Returns the properties of the version that our rewrite replaced, where that is not the one it was merged from.
    pub(super) async fn intruder(&self, base: &Base, written: &Written) -> Option<Properties> {
        let ours = written
            .meta
            .version_id
            .as_ref()
            .filter(|id| &***id != SUSPENDED)?;
        let merged_from = base.meta.version_id.as_ref().filter(|id| *id != ours)?;
        let replaced = match &written.source_version {
            Some(version) => version.clone(),
            None => self.version_before(ours).await?,
        };
        if replaced == *merged_from {
            return None;
        }
        match self.shared.store.head(&self.key, Some(&replaced)).await {
            Ok(meta) => Some(meta.properties),
            Err(error) => {
                let key = &self.key;
                self.shared.counts.lost(format!(
                    "version {replaced} of {key:?} was written at the same time and could not be merged: {error}"
                ));
                None
            }
        }
    }

    async fn version_before(&self, ours: &VersionId) -> Option<VersionId> {
        // Three: ours may have a successor already.
        let versions = self.shared.store.list_versions(&self.key, 3).await.ok()?;
        let mut older = versions
            .into_iter()
            .skip_while(|version| version.id != *ours)
            .skip(1);
        older
            .next()
            .filter(|version| !version.is_delete_marker)
            .map(|version| version.id)
    }
}
