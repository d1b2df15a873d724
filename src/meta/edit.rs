//! Merging edits into what is known of an object: pure, one edit after the other, each with its own verdict.
//!
//! Properties and tags are merged apart, because they are written by different requests. Where the base of the merge
//! comes from, and how its result is written, is the business of `commit`.

use crate::store::types::{Change, Edit, Existence, HttpHeader, Properties, Tags, UserMeta};
use crate::store::{Dialect, Error};

/// Why an edit was not made. The object is as it was, or as other edits made it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EditError {
    /// It was to be created and is there already.
    #[error("the attribute exists already")]
    Exists,
    /// It was to be replaced or removed and is not there.
    #[error("there is no such attribute")]
    Missing,
    /// The object has no room for it.
    #[error("the object has no room for it: {0}")]
    NoSpace(String),
    /// The service would refuse it.
    #[error("{0}")]
    Invalid(String),
    /// The server accepts it and does not keep it.
    #[error("the server accepts {0} and does not keep it")]
    NotKept(String),
    /// It cannot be made without losing something else.
    #[error("{0}")]
    Refused(String),
    /// The object is gone.
    #[error("the object is gone")]
    Stale,
    /// A request failed.
    #[error("{0}")]
    Store(#[from] Error),
}

/// What an edit is merged into and written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// User metadata, HTTP headers and class: a rewrite of the object.
    Properties,
    /// The access control list.
    Acl,
    /// The tags.
    Tags,
    /// The archive state.
    Restore,
}

/// The content type of a body of which nothing is said. Sent where one is removed: what servers make of a missing
/// one differs.
pub(super) const UNTYPED: &[u8] = b"application/octet-stream";

/// Returns what a change is merged into.
pub(super) fn target(change: &Change) -> Target {
    match change {
        Change::Meta(..) | Change::Http(..) | Change::StorageClass(_) => Target::Properties,
        Change::Acl(_) => Target::Acl,
        Change::Tag(..) => Target::Tags,
        Change::Restore(_) => Target::Restore,
    }
}

/// Merges an edit into properties, or leaves them alone and says why not. Edits of other targets change nothing.
pub(super) fn merge(
    dialect: &Dialect,
    properties: &mut Properties,
    edit: &Edit,
) -> Result<(), EditError> {
    match &edit.change {
        Change::Meta(name, value) => {
            judge(edit.existence, properties.user.contains_key(name))?;
            let before = user_meta_bytes(dialect, &properties.user);
            let former = match value {
                Some(value) => properties.user.insert(name.clone(), value.clone()),
                None => properties.user.remove(name),
            };
            let after = user_meta_bytes(dialect, &properties.user);
            let limit = dialect.limits.user_meta_bytes;
            // An object that others filled beyond the limit can still be made smaller.
            if after > limit && after > before {
                match former {
                    Some(former) => properties.user.insert(name.clone(), former),
                    None => properties.user.remove(name),
                };
                return Err(EditError::NoSpace(format!(
                    "{after} bytes of metadata, {limit} at most"
                )));
            }
        }
        Change::Http(header, value) => {
            judge(edit.existence, properties.http.contains_key(header))?;
            match (value, header) {
                (Some(value), _) => properties.http.insert(*header, value.clone()),
                (None, HttpHeader::ContentType) => properties.http.insert(*header, UNTYPED.into()),
                (None, _) => properties.http.remove(header),
            };
        }
        Change::StorageClass(class) => properties.storage_class = Some(class.clone()),
        Change::Acl(_) | Change::Tag(..) | Change::Restore(_) => {}
    }
    Ok(())
}

/// Merges an edit into tags, or leaves them alone and says why not. Edits of other targets change nothing.
pub(super) fn merge_tags(dialect: &Dialect, tags: &mut Tags, edit: &Edit) -> Result<(), EditError> {
    let Change::Tag(key, value) = &edit.change else {
        return Ok(());
    };
    let is_there = tags.contains_key(key);
    judge(edit.existence, is_there)?;
    let limit = dialect.limits.tags;
    if value.is_some() && !is_there && tags.len() >= limit {
        return Err(EditError::NoSpace(format!("{limit} tags at most")));
    }
    match value {
        Some(value) => tags.insert(key.clone(), value.clone()),
        None => tags.remove(key),
    };
    Ok(())
}

/// Returns whether properties are as a change wants them. Changes of other targets always are.
pub(super) fn is_applied(dialect: &Dialect, properties: &Properties, change: &Change) -> bool {
    match change {
        Change::Meta(name, None) => !properties.user.contains_key(name),
        Change::Meta(name, Some(value)) => properties
            .user
            .get(name)
            .is_some_and(|there| same_value(there, value)),
        Change::Http(HttpHeader::ContentType, None) => {
            let there = properties.http.get(&HttpHeader::ContentType);
            there.is_none_or(|there| there.ends_with(b"/octet-stream"))
        }
        Change::Http(header, value) => properties.http.get(header) == value.as_ref(),
        Change::StorageClass(class) => class_of(dialect, properties) == &**class,
        Change::Acl(_) | Change::Tag(..) | Change::Restore(_) => true,
    }
}

/// Returns whether two properties say the same, however the server words it.
pub(super) fn same_properties(dialect: &Dialect, a: &Properties, b: &Properties) -> bool {
    let same_user = a.user.len() == b.user.len()
        && a.user
            .iter()
            .zip(b.user.iter())
            .all(|((name, value), (other, there))| name == other && same_value(value, there));
    same_user
        && a.http == b.http
        && a.carried == b.carried
        && class_of(dialect, a) == class_of(dialect, b)
}

/// Returns the name of what differs between what was sent and what is there, for a log line; `None` when nothing does.
pub(super) fn difference(
    dialect: &Dialect,
    sent: &Properties,
    there: &Properties,
) -> Option<String> {
    let mut names = Vec::new();
    for (name, value) in sent.user.iter() {
        if !there
            .user
            .get(name)
            .is_some_and(|there| same_value(value, there))
        {
            names.push(format!("{}{name}", dialect.meta_prefix));
        }
    }
    for (header, value) in sent.http.iter() {
        if there.http.get(header) != Some(value) {
            names.push(header.name().to_owned());
        }
    }
    for (name, value) in sent.carried.iter() {
        if there.carried.get(name) != Some(value) {
            names.push(name.to_string());
        }
    }
    if class_of(dialect, sent) != class_of(dialect, there) {
        names.push("the storage class".to_owned());
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// Returns the class, also where the service leaves the default one unsaid.
pub(super) fn class_of<'a>(dialect: &'a Dialect, properties: &'a Properties) -> &'a str {
    properties
        .storage_class
        .as_deref()
        .unwrap_or(dialect.default_storage_class)
}

/// Returns what user metadata counts against the service's limit: header names with prefix and values, in bytes.
fn user_meta_bytes(dialect: &Dialect, user: &UserMeta) -> usize {
    user.iter()
        .map(|(name, value)| dialect.meta_prefix.len() + name.len() + value.len())
        .sum()
}

/// Returns whether two wire values mean the same, as far as this module needs to know: a service may give an encoded
/// word back in another of its forms.
fn same_value(a: &[u8], b: &[u8]) -> bool {
    a == b || (a.starts_with(b"=?") && b.starts_with(b"=?"))
}

fn judge(existence: Existence, is_there: bool) -> Result<(), EditError> {
    match existence {
        Existence::Absent if is_there => Err(EditError::Exists),
        Existence::Present if !is_there => Err(EditError::Missing),
        Existence::Any | Existence::Absent | Existence::Present => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use test_case::test_case;

    fn meta(name: &str, value: Option<&str>, existence: Existence) -> Edit {
        let value = value.map(|value| value.as_bytes().into());
        Edit {
            change: Change::Meta(name.into(), value),
            existence,
        }
    }

    fn tag(key: &str, value: Option<&str>, existence: Existence) -> Edit {
        Edit {
            change: Change::Tag(key.into(), value.map(Into::into)),
            existence,
        }
    }

    fn properties(user: &[(&str, &str)]) -> Properties {
        let user = user.iter().map(|(k, v)| ((*k).into(), v.as_bytes().into()));
        Properties {
            user: user.collect(),
            ..Default::default()
        }
    }

    fn verdict(result: Result<(), EditError>) -> &'static str {
        match result {
            Ok(()) => "done",
            Err(EditError::Exists) => "exists",
            Err(EditError::Missing) => "missing",
            Err(EditError::NoSpace(_)) => "no space",
            Err(other) => panic!("{other}"),
        }
    }

    #[test_case("new", Some("v"), Existence::Any => "done")]
    #[test_case("new", Some("v"), Existence::Absent => "done")]
    #[test_case("new", Some("v"), Existence::Present => "missing")]
    #[test_case("new", None, Existence::Present => "missing")]
    #[test_case("old", Some("v"), Existence::Any => "done")]
    #[test_case("old", Some("v"), Existence::Absent => "exists")]
    #[test_case("old", Some("v"), Existence::Present => "done")]
    #[test_case("old", None, Existence::Present => "done")]
    fn existence_is_judged_on_the_merged_view(
        name: &str,
        value: Option<&str>,
        existence: Existence,
    ) -> &'static str {
        let mut merged = properties(&[("old", "x")]);
        let before = merged.clone();
        let result = merge(&S3, &mut merged, &meta(name, value, existence));
        if result.is_err() {
            assert_eq!(merged, before, "a failed edit changes nothing");
        } else {
            assert_eq!(
                merged.user.get(name).map(|v| &**v),
                value.map(str::as_bytes)
            );
            assert_eq!(
                merged.user.contains_key("old"),
                name != "old" || value.is_some()
            );
        }
        let mut tags: Tags = [("old".into(), "x".into())].into_iter().collect();
        let of_tags = verdict(merge_tags(&S3, &mut tags, &tag(name, value, existence)));
        let of_meta = verdict(result);
        assert_eq!(of_tags, of_meta);
        of_meta
    }

    #[test]
    fn edits_of_a_batch_see_those_before_them_and_fail_alone() {
        let mut merged = properties(&[]);
        let batch = [
            meta("a", Some("1"), Existence::Absent),
            meta("a", Some("2"), Existence::Absent),
            meta("a", None, Existence::Present),
            meta("a", None, Existence::Present),
            meta("b", Some("3"), Existence::Any),
        ];
        let verdicts = batch.map(|edit| verdict(merge(&OSS, &mut merged, &edit)));
        assert_eq!(verdicts, ["done", "exists", "done", "missing", "done"]);
        assert_eq!(merged, properties(&[("b", "3")]));
    }

    // `x-amz-meta-` and the one-letter name are 12 bytes, so two entries leave 2,024 for values.
    #[test_case(&S3, 1000, 1024 => "done"; "at the limit")]
    #[test_case(&S3, 1000, 1025 => "no space"; "above the limit")]
    #[test_case(&S3, 3000, 10 => "no space"; "others filled it and it would grow")]
    #[test_case(&OSS, 1000, 7191 - 24 => "done"; "at the other's limit")]
    #[test_case(&OSS, 1000, 7192 - 24 => "no space"; "above the other's limit")]
    fn metadata_has_a_limit(dialect: &Dialect, there: usize, added: usize) -> &'static str {
        let mut merged = properties(&[("a", &"x".repeat(there))]);
        let edit = meta("b", Some(&"y".repeat(added)), Existence::Any);
        let result = merge(dialect, &mut merged, &edit);
        assert_eq!(merged.user.contains_key("b"), result.is_ok());
        verdict(result)
    }

    #[test]
    fn what_others_overfilled_can_be_made_smaller() {
        let mut merged = properties(&[("a", &"x".repeat(3000)), ("b", "y")]);
        let shorter = meta("a", Some(&"x".repeat(2500)), Existence::Any);
        assert_eq!(verdict(merge(&S3, &mut merged, &shorter)), "done");
        assert_eq!(
            verdict(merge(
                &S3,
                &mut merged,
                &meta("b", None, Existence::Present)
            )),
            "done"
        );
    }

    #[test_case(9, "new" => "done")]
    #[test_case(10, "new" => "no space")]
    #[test_case(10, "3" => "done"; "replacing needs no room")]
    fn an_object_has_ten_tags(there: usize, key: &str) -> &'static str {
        let mut tags: Tags = (0..there)
            .map(|i| (i.to_string().into(), "".into()))
            .collect();
        verdict(merge_tags(
            &OSS,
            &mut tags,
            &tag(key, Some("v"), Existence::Any),
        ))
    }

    #[test]
    fn a_removed_content_type_is_the_neutral_one_and_other_headers_go() {
        let http = [
            (HttpHeader::ContentType, b"image/png".as_slice().into()),
            (HttpHeader::Expires, b"0".as_slice().into()),
        ];
        let mut merged = Properties {
            http: http.into_iter().collect(),
            ..Default::default()
        };
        for header in [HttpHeader::ContentType, HttpHeader::Expires] {
            let edit = Edit {
                change: Change::Http(header, None),
                existence: Existence::Present,
            };
            merge(&S3, &mut merged, &edit).unwrap();
            assert!(is_applied(&S3, &merged, &edit.change));
        }
        assert_eq!(merged.http.len(), 1);
        assert_eq!(
            merged.http.get(&HttpHeader::ContentType).map(|v| &**v),
            Some(UNTYPED)
        );
    }

    #[test_case(None, "STANDARD" => true; "the default class goes unsaid")]
    #[test_case(Some("STANDARD_IA"), "STANDARD" => false)]
    #[test_case(Some("STANDARD_IA"), "STANDARD_IA" => true)]
    fn a_class_is_applied(there: Option<&str>, wanted: &str) -> bool {
        let properties = Properties {
            storage_class: there.map(Into::into),
            ..Default::default()
        };
        is_applied(&S3, &properties, &Change::StorageClass(wanted.into()))
    }

    #[test_case(&[("a", "1")], &[("a", "1")] => None)]
    #[test_case(&[("a", "1")], &[("a", "2")] => Some("x-amz-meta-a".to_owned()))]
    #[test_case(&[("a", "1"), ("b", "2")], &[] => Some("x-amz-meta-a, x-amz-meta-b".to_owned()))]
    #[test_case(&[("a", "=?UTF-8?B?w6k=?=")], &[("a", "=?UTF-8?Q?=C3=A9?=")] => None; "another form of the same text")]
    fn what_a_server_lost(sent: &[(&str, &str)], there: &[(&str, &str)]) -> Option<String> {
        let (sent, there) = (properties(sent), properties(there));
        let lost = difference(&S3, &sent, &there);
        assert_eq!(lost.is_none(), same_properties(&S3, &sent, &there));
        lost
    }
}
