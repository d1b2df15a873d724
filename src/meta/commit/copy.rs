//! The rewrite of an object in one request: a copy onto itself under a condition, and what it shows of the server.

use super::acl::Carried;
use super::base::Base;
use super::report::Conditions;
use super::writer::Writer;
use crate::store::types::{
    CopyOutcome, CopyRequest, MetadataDirective, ObjectMeta, Properties, SourceConditions,
    TaggingDirective, Timestamp, VersionId, WriteCondition,
};
use crate::store::{Kind, Result};

/// A rewrite that took effect.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// The object as it is now.
    pub(super) meta: ObjectMeta,
    /// The version that was copied, where the service tells.
    pub(super) source_version: Option<VersionId>,
    /// Whether `meta` is what a HEAD showed afterwards, not what was sent.
    pub(super) is_seen: bool,
}

/// How long before Last-Modified the condition lies that is false on purpose, in seconds.
const LONG_BEFORE: i64 = 86_400;

impl Writer {
    /// Returns the conditions on a source that hold as long as it is the one of `base`. A later write is dated at
    /// least 2 s after a settled view's Last-Modified; the second between is for servers that compare fractions.
    pub(super) fn conditions(base: &Base) -> SourceConditions {
        SourceConditions {
            if_unmodified_since: Some(base.meta.last_modified.plus(1)),
            ..Default::default()
        }
    }

    /// Returns the condition on what is replaced: its body is the one of `base`, where the service looks at that.
    pub(super) fn write_condition(&self, base: &Base) -> WriteCondition {
        if self.shared.dialect().has_write_if_match() {
            WriteCondition::Match(base.meta.etag.clone())
        } else {
            WriteCondition::None
        }
    }

    /// Copies the object onto itself with these properties. The first copy of a mount is sent with a condition that
    /// is false: a server that makes it nevertheless looks at no condition.
    pub(super) async fn copy(
        &self,
        base: &Base,
        properties: &Properties,
        carried: &Carried,
    ) -> Result<Written> {
        let request = CopyRequest {
            source: self.key.clone(),
            // The condition is on the current version; with a named one it would be on that, and always hold.
            source_version: None,
            destination: self.key.clone(),
            metadata: MetadataDirective::Replace(properties.clone()),
            storage_class: properties.storage_class.clone(),
            tagging: TaggingDirective::Copy,
            acl: carried.acl_to_send().cloned(),
            conditions: Self::conditions(base),
            condition: self.write_condition(base),
        };
        let findings = &self.shared.findings;
        if findings.conditions() == Conditions::Unknown {
            let mut false_one = request.clone();
            let before = base.meta.last_modified.plus(-LONG_BEFORE);
            false_one.conditions.if_unmodified_since = Some(before);
            false_one.condition = WriteCondition::None;
            match self.shared.store.copy(false_one).await {
                Ok(outcome) => {
                    findings.found_conditions(Conditions::Ignored);
                    return Ok(written(base, properties, outcome));
                }
                Err(error) if error.kind() == Kind::Precondition => {
                    findings.found_conditions(Conditions::Honoured);
                }
                Err(error) => return Err(error),
            }
        }
        let outcome = self.shared.store.copy(request).await?;
        Ok(written(base, properties, outcome))
    }
}

/// Returns the object as a copy left it.
fn written(base: &Base, properties: &Properties, outcome: CopyOutcome) -> Written {
    let mut meta = ObjectMeta::clone(&base.meta);
    meta.properties = properties.clone();
    meta.last_modified = outcome.last_modified;
    if !outcome.etag.as_str().is_empty() {
        meta.etag = outcome.etag;
    }
    meta.version_id = outcome.version_id.or(meta.version_id);
    // A restored body was a copy in itself; this is a new object of its class.
    meta.restore = None;
    // No HEAD has shown it yet: nothing may take it for settled.
    meta.date = None;
    meta.raw = None;
    Written {
        meta,
        source_version: outcome.source_version_id,
        is_seen: false,
    }
}

/// Returns whether a rewrite was dated.
pub(super) fn is_dated(meta: &ObjectMeta) -> bool {
    meta.last_modified != Timestamp::default()
}
