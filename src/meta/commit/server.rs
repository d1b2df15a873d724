//! What this server was found to honour and to keep: nothing is assumed, the first edit of each kind shows it.

use super::report::Conditions;
use crate::store::types::{Change, HttpHeader, Key};
use parking_lot::Mutex;
use std::collections::HashMap;

/// What a server may accept and not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Feature {
    Meta,
    EmptyMeta,
    MetaOfDirectory,
    TagsOfDirectory,
    Header(HttpHeader),
    HeaderRemoval(HttpHeader),
    Class,
    Acl,
    TagsOnCopy,
    AclOnCopy,
    TagsOfUpload,
    AclOfUpload,
}

/// The findings of a mount about its server.
#[derive(Debug, Default)]
pub(super) struct Findings {
    conditions: Mutex<Conditions>,
    kept: Mutex<HashMap<Feature, bool>>,
}

impl Feature {
    /// Returns what a change of `key` puts to the test.
    pub(super) fn of(key: &Key, change: &Change) -> Option<Self> {
        match change {
            Change::Meta(..) if key.is_marker() => Some(Self::MetaOfDirectory),
            Change::Meta(_, Some(value)) if value.is_empty() => Some(Self::EmptyMeta),
            Change::Meta(..) => Some(Self::Meta),
            Change::Http(header, Some(_)) => Some(Self::Header(*header)),
            Change::Http(header, None) => Some(Self::HeaderRemoval(*header)),
            Change::StorageClass(_) => Some(Self::Class),
            Change::Acl(_) => Some(Self::Acl),
            Change::Tag(..) if key.is_marker() => Some(Self::TagsOfDirectory),
            Change::Tag(..) | Change::Restore(_) => None,
        }
    }

    /// Returns the words for what is not kept.
    pub(super) fn name(self) -> String {
        match self {
            Self::Meta => "user metadata".into(),
            Self::EmptyMeta => "user metadata with an empty value".into(),
            Self::MetaOfDirectory => "user metadata of a directory".into(),
            Self::TagsOfDirectory => "tags of a directory".into(),
            Self::Header(header) => format!("the header {}", header.name()),
            Self::HeaderRemoval(header) => format!("the removal of the header {}", header.name()),
            Self::Class => "a storage class".into(),
            Self::Acl => "an ACL".into(),
            Self::TagsOnCopy => "tags across a copy".into(),
            Self::AclOnCopy => "an ACL across a copy".into(),
            Self::TagsOfUpload => "tags of a multipart upload".into(),
            Self::AclOfUpload => "the ACL of a multipart upload".into(),
        }
    }
}

impl Findings {
    pub(super) fn conditions(&self) -> Conditions {
        *self.conditions.lock()
    }

    /// Takes what an edit showed. Once ignored, always ignored.
    pub(super) fn found_conditions(&self, found: Conditions) {
        let mut conditions = self.conditions.lock();
        if *conditions == Conditions::Ignored || *conditions == found {
            return;
        }
        *conditions = found;
        if found == Conditions::Ignored {
            log::warn!(
                "this server ignores the conditions of a copy: an edit made elsewhere at the same time may be lost"
            );
        }
    }

    /// Returns whether the server keeps `feature`; `None` until an edit has shown it.
    pub(super) fn keeps(&self, feature: Feature) -> Option<bool> {
        self.kept.lock().get(&feature).copied()
    }

    /// Takes what an edit showed.
    pub(super) fn found(&self, feature: Feature, kept: bool) {
        if self.kept.lock().insert(feature, kept) != Some(kept) && !kept {
            log::warn!(
                "this server accepts {} and does not keep it",
                feature.name()
            );
        }
    }

    /// Returns what is not kept, in words.
    pub(super) fn not_kept(&self) -> Vec<String> {
        let kept = self.kept.lock();
        let lost = kept.iter().filter(|(_, kept)| !**kept);
        let mut names: Vec<String> = lost.map(|(feature, _)| feature.name()).collect();
        names.sort();
        names
    }
}
