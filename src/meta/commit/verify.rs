//! After a rewrite: what the server kept of it, and what it kept of everything else.

use super::acl::Carried;
use super::base::{Base, Effort, busy};
use super::batch::{Batch, Merged};
use super::copy::{Written, is_dated};
use super::report::Conditions;
use super::server::Feature;
use super::writer::Writer;
use crate::meta::edit::{EditError, difference, is_applied, same_properties};
use crate::store::Kind;
use crate::store::types::{ObjectMeta, Properties};

/// Writes of an edit that are made before the server is held not to keep it: the first may have been overwritten by a
/// program that knows no rule.
const CHANCES: u32 = 2;

/// Writes of an edit that others overwrite before it is given up.
const OVERWRITTEN: u32 = 5;

impl Writer {
    /// Judges a rewrite that took effect. Edits that must be written again stay open.
    pub(super) async fn conclude(
        &mut self,
        batch: &mut Batch,
        effort: &mut Effort,
        base: &Base,
        merged: &Merged,
        carried: &Carried,
        written: Written,
    ) -> Result<(), EditError> {
        effort.must_look = false;
        if let Some(intruder) = self.intruder(base, &written).await {
            self.shared.counts.add(&self.shared.counts.conflicts);
            batch.mark_sent(&merged.accepted);
            self.put_back(carried, None).await;
            let acl = Some(carried.acl.clone());
            self.wrote(written.meta.clone(), acl.clone());
            effort.next = Some(Base {
                properties: intruder,
                meta: written.meta.into(),
                acl,
                tags: None,
                is_fresh: true,
            });
            return Ok(());
        }
        if !self.must_verify(batch, base, merged, carried, &written) {
            self.wrote(written.meta, Some(carried.acl.clone()));
            return self.succeed(batch, &merged.accepted);
        }
        let seen = if written.is_seen {
            Ok(written.meta.clone())
        } else {
            self.head().await
        };
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) if error.kind() == Kind::NotFound => {
                self.gone();
                return self.succeed(batch, &merged.accepted);
            }
            Err(error) => {
                // It was made; what it shows of the server is left to the next one.
                log::debug!("reading back {:?}: {error}", self.key);
                self.gone();
                return self.succeed(batch, &merged.accepted);
            }
        };
        let dialect = self.shared.dialect();
        let is_ours = !is_dated(&written.meta)
            || seen.last_modified == written.meta.last_modified
            || same_properties(dialect, &seen.properties, &merged.properties);
        if is_ours && stands_still(&base.meta, &seen) {
            self.shared.findings.found_conditions(Conditions::Ignored);
        }
        let missing = self.judge(batch, merged, &seen.properties, is_ours)?;
        if !missing
            && is_ours
            && let Some(lost) = self.lost(batch, merged, &seen.properties)
        {
            let key = &self.key;
            self.shared.counts.lost(format!(
                "after an edit of {key:?} the server shows otherwise: {lost}"
            ));
        }
        let seen = if is_ours && self.put_back(carried, Some(&seen)).await {
            // Putting back may have dated the object anew.
            self.head().await.unwrap_or(seen)
        } else {
            seen
        };
        self.take(seen, carried, is_ours);
        if missing {
            batch.mark_sent(&merged.accepted);
            effort.must_look = true;
            return Ok(());
        }
        self.succeed(batch, &merged.accepted)
    }

    fn take(&mut self, seen: ObjectMeta, carried: &Carried, is_ours: bool) {
        if is_ours {
            self.wrote(seen, Some(carried.acl.clone()));
        } else {
            self.saw(seen);
        }
    }

    fn succeed(&mut self, batch: &mut Batch, accepted: &[usize]) -> Result<(), EditError> {
        for at in accepted {
            batch.item(*at).decide(Ok(()));
        }
        Ok(())
    }

    /// Returns whether a HEAD is due: something was done for the first time, or nothing protects the write.
    fn must_verify(
        &self,
        batch: &mut Batch,
        base: &Base,
        merged: &Merged,
        carried: &Carried,
        written: &Written,
    ) -> bool {
        let findings = &self.shared.findings;
        let is_new = |feature| findings.keeps(feature).is_none();
        written.is_seen
            || !is_dated(&written.meta)
            // What was said of the body (how it was made, its checksums) is no longer true.
            || written.meta.etag != base.meta.etag
            || findings.conditions() == Conditions::Ignored
            || carried.features().any(|feature| findings.keeps(feature) != Some(true))
            || merged
                .accepted
                .iter()
                .any(|at| Feature::of(&self.key, &batch.item(*at).edit.change).is_some_and(is_new))
    }

    /// Compares the edits with what is there. Returns whether some must be written again.
    fn judge(
        &self,
        batch: &mut Batch,
        merged: &Merged,
        seen: &Properties,
        is_ours: bool,
    ) -> Result<bool, EditError> {
        let (dialect, findings) = (self.shared.dialect(), &self.shared.findings);
        let mut again = false;
        for at in &merged.accepted {
            let item = batch.item(*at);
            let feature = Feature::of(&self.key, &item.edit.change);
            // A later edit of the batch may have undone this one.
            if !is_applied(dialect, &merged.properties, &item.edit.change) {
                continue;
            }
            if is_applied(dialect, seen, &item.edit.change) {
                if let Some(feature) = feature.filter(|_| is_ours) {
                    findings.found(feature, true);
                }
                continue;
            }
            item.missed += 1;
            let missed = item.missed;
            match feature {
                Some(feature) if is_ours && missed >= CHANCES => {
                    findings.found(feature, false);
                    item.decide(Err(EditError::NotKept(feature.name())));
                }
                _ if missed >= OVERWRITTEN => return Err(busy().into()),
                _ => again = true,
            }
        }
        Ok(again)
    }

    /// Returns what else differs from what was sent, in words.
    fn lost(&self, batch: &mut Batch, merged: &Merged, seen: &Properties) -> Option<String> {
        let dialect = self.shared.dialect();
        let all_kept = batch.all_applied(dialect, &merged.accepted, &merged.properties)
            && batch.all_applied(dialect, &merged.accepted, seen);
        all_kept
            .then(|| difference(dialect, &merged.properties, seen))
            .flatten()
    }
}

/// Returns whether a rewrite left Last-Modified where it was, so that no condition on it can show one.
fn stands_still(base: &ObjectMeta, seen: &ObjectMeta) -> bool {
    let later = seen
        .date
        .is_some_and(|date| date >= base.last_modified.plus(2));
    later && seen.last_modified == base.last_modified
}
