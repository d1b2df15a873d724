//! Where the base of a merge comes from: the cache, if what it holds was settled when it was seen; this mount's own
//! last write; or a HEAD, asked for again until no later write can hide behind its Last-Modified.

use super::pace::{GIVE_UP, is_settled, settles_in};
use super::report::Conditions;
use super::writer::Writer;
use crate::meta::edit::{EditError, same_properties};
use crate::meta::fetch::counted_tags;
use crate::store::types::{Acl, ObjectMeta, Properties, Tags};
use crate::store::{Dialect, Error, Kind};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What edits are merged into, and what the write that follows depends on.
#[derive(Clone, Debug)]
pub(super) struct Base {
    /// What the edits are merged into.
    pub(super) properties: Properties,
    /// The object that is written over.
    pub(super) meta: Arc<ObjectMeta>,
    /// Its ACL, if it is known.
    pub(super) acl: Option<Arc<Acl>>,
    /// Its tags, if they are known.
    pub(super) tags: Option<Arc<Tags>>,
    /// Whether the view is of now. One from the cache is proven by the condition of the write; without a write it
    /// proves nothing.
    pub(super) is_fresh: bool,
}

/// How far the writing of one batch has come.
#[derive(Debug)]
pub(super) struct Effort {
    /// When it is given up.
    pub(super) until: Instant,
    /// The next view must be asked for.
    pub(super) must_look: bool,
    /// The object is to be rewritten in parts whatever its size.
    pub(super) in_parts: bool,
    /// Writes refused because another came first.
    pub(super) conflicts: u32,
    /// Writes whose answer was lost.
    pub(super) unknown: u32,
    /// Writes that found no object where a HEAD had shown one.
    pub(super) vanished: u32,
    /// There is no object, whatever a HEAD shows.
    pub(super) is_absent: bool,
    /// What to merge into next, where a write showed it.
    pub(super) next: Option<Base>,
}

impl Effort {
    pub(super) fn new() -> Self {
        Self {
            until: Instant::now() + GIVE_UP,
            must_look: false,
            in_parts: false,
            conflicts: 0,
            unknown: 0,
            vanished: 0,
            is_absent: false,
            next: None,
        }
    }
}

impl Base {
    fn new(meta: Arc<ObjectMeta>, acl: Option<Arc<Acl>>, is_fresh: bool) -> Self {
        Self {
            properties: meta.properties.clone(),
            meta,
            acl,
            tags: None,
            is_fresh,
        }
    }
}

impl Writer {
    /// Returns a view that edits may be merged into now; `None` when there is no object.
    pub(super) async fn base(&mut self, effort: &Effort) -> Result<Option<Base>, EditError> {
        self.leave_others_their_turn().await;
        if !effort.must_look
            && let Some(base) = self.known_base()
        {
            return Ok(Some(base));
        }
        let mut unchanged_since = None;
        loop {
            let meta = match self.head().await {
                Ok(meta) => meta,
                Err(error) if error.kind() == Kind::NotFound => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let dialect = self.shared.dialect();
            if let Some(own) = &self.history.own
                && is_unchanged(dialect, &own.meta, &meta)
            {
                return Ok(Some(Base::new(Arc::new(meta), own.acl.clone(), true)));
            }
            // Another writer came: it had its turn.
            self.history.own = None;
            self.history.turn = None;
            let wait = settles_in(&meta, unchanged_since);
            let is_protected = self.shared.findings.conditions() != Conditions::Ignored;
            if wait.is_zero() || !is_protected {
                return Ok(Some(self.seen_base(meta)));
            }
            if Instant::now() + wait > effort.until {
                return Err(busy().into());
            }
            self.shared.counts.add(&self.shared.counts.waits);
            unchanged_since = (wait >= Duration::from_secs(2)).then_some(meta.last_modified);
            tokio::time::sleep(wait + self.jitter(effort)).await;
        }
    }

    /// Returns the view of our own last write, or of the cache, where it needs no proof beforehand.
    fn known_base(&self) -> Option<Base> {
        if let Some(own) = &self.history.own {
            // Later than this very moment it takes a HEAD to see that nobody else has written since.
            let base = || Base::new(own.meta.clone(), own.acl.clone(), true);
            return own.is_news.then(base);
        }
        if self.shared.findings.conditions() != Conditions::Honoured {
            return None;
        }
        let object = self.shared.cached(&self.key)?;
        is_settled(&object.meta).then(|| Base {
            tags: object.tags,
            ..Base::new(object.meta, object.acl, false)
        })
    }

    /// Returns a base of what a HEAD showed; the ACL is remembered for as long as Last-Modified stands.
    fn seen_base(&self, meta: ObjectMeta) -> Base {
        let cached = self.shared.cached(&self.key);
        let cached = cached.filter(|object| object.meta.last_modified == meta.last_modified);
        let (tags, acl) = cached.map_or((None, None), |object| (object.tags, object.acl));
        let tags = tags.or_else(|| counted_tags(self.shared.dialect(), &meta));
        Base {
            tags,
            ..Base::new(Arc::new(meta), acl, true)
        }
    }

    /// Waits when this mount has written the key for long without a pause.
    async fn leave_others_their_turn(&mut self) {
        let Some(turn) = self.history.turn else {
            return;
        };
        let pause = turn.pause(Instant::now());
        if pause.is_zero() {
            return;
        }
        tokio::time::sleep(pause).await;
        self.history.turn = None;
        if let Some(own) = &mut self.history.own {
            own.is_news = false;
        }
    }

    /// Returns a random wait that grows with the conflicts met, so that writers that met do not meet again.
    pub(super) fn jitter(&self, effort: &Effort) -> Duration {
        let bound = Duration::from_millis(50) * effort.conflicts.min(8);
        bound.mul_f64((self.shared.random)().clamp(0.0, 1.0))
    }
}

/// Returns whether a HEAD shows the object as a write of ours left it.
fn is_unchanged(dialect: &Dialect, written: &ObjectMeta, seen: &ObjectMeta) -> bool {
    written.last_modified == seen.last_modified
        && written.etag == seen.etag
        && written.size == seen.size
        && written.version_id == seen.version_id
        && same_properties(dialect, &written.properties, &seen.properties)
}

/// Returns the error of an edit that others kept from being made.
pub(super) fn busy() -> Error {
    Error::new(Kind::Conflict, "other writers kept this object busy")
}
