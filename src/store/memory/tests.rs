//! The in-memory bucket against what the services were seen to do.

use super::*;
use crate::store::dialect::{OSS, S3};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

const NOON: i64 = 1_795_262_400;

/// A store whose clock the test sets.
fn store(dialect: &'static Dialect) -> (Memory, Arc<AtomicI64>) {
    let clock = Arc::new(AtomicI64::new(NOON));
    let read = clock.clone();
    (
        Memory::new(dialect, move || Timestamp(read.load(Relaxed))),
        clock,
    )
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn put(at: &str, body: &'static str) -> PutRequest {
    PutRequest {
        key: key(at),
        properties: Properties::default(),
        tags: [("k".into(), "v".into())].into_iter().collect(),
        acl: Some(Acl::Canned("public-read".into())),
        condition: WriteCondition::None,
        body: body.into(),
    }
}

fn copy(at: &str, properties: Properties, unmodified_since: i64) -> CopyRequest {
    CopyRequest {
        source: key(at),
        source_version: None,
        destination: key(at),
        metadata: MetadataDirective::Replace(properties),
        storage_class: None,
        tagging: TaggingDirective::Copy,
        acl: None,
        conditions: SourceConditions {
            if_unmodified_since: Some(Timestamp(unmodified_since)),
            ..Default::default()
        },
        condition: WriteCondition::None,
    }
}

fn kind<T>(result: Result<T>) -> Kind {
    result.map(|_| ()).unwrap_err().kind()
}

#[tokio::test]
async fn a_replacing_copy_keeps_body_and_tags_and_resets_class_and_acl() {
    let (store, clock) = store(&S3);
    let mut request = put("a", "body");
    request.properties.storage_class = Some("STANDARD_IA".into());
    let etag = store.put(request).await.unwrap().etag;
    clock.store(NOON + 5, Relaxed);
    let mut properties = Properties::default();
    properties.user.insert("k".into(), (*b"v").into());
    store
        .copy(copy("a", properties.clone(), NOON))
        .await
        .unwrap();
    let record = store.peek(&key("a")).unwrap();
    assert_eq!(record.meta.properties.user, properties.user);
    assert_eq!(record.meta.properties.storage_class, None);
    assert_eq!(record.meta.etag, etag);
    assert_eq!(record.meta.last_modified, Timestamp(NOON + 5));
    assert_eq!(record.acl, None);
    assert_eq!(record.tags.get("k").map(|v| &**v), Some("v"));
    let late = copy("a", Properties::default(), NOON + 4);
    assert_eq!(kind(store.copy(late).await), Kind::Precondition);
    assert_eq!(store.requests().of(Operation::CopyObject), 2);
}

#[tokio::test]
async fn a_write_may_depend_on_what_it_replaces_where_the_dialect_knows_that() {
    for (dialect, expected) in [(&S3, false), (&OSS, true)] {
        let (store, _) = store(dialect);
        store.put(put("a", "body")).await.unwrap();
        let mut request = put("a", "other");
        request.condition = WriteCondition::Match(ETag::new("another"));
        assert_eq!(
            store.put(request).await.is_ok(),
            expected,
            "{}",
            dialect.scheme
        );
        let mut request = put("a", "other");
        request.condition = WriteCondition::Absent;
        assert_eq!(kind(store.put(request).await), Kind::Precondition);
    }
}

#[tokio::test]
async fn versions_are_listed_newest_first_and_read_by_name() {
    let (store, _) = store(&S3);
    let store = store.with_versions();
    let first = store
        .put(put("a", "one"))
        .await
        .unwrap()
        .version_id
        .unwrap();
    store.put(put("a", "two")).await.unwrap();
    store.delete(&key("a"), None).await.unwrap();
    assert_eq!(kind(store.head(&key("a"), None).await), Kind::NotFound);
    assert_eq!(store.head(&key("a"), Some(&first)).await.unwrap().size, 3);
    let versions = store.list_versions(&key("a"), 3).await.unwrap();
    assert!(versions[0].is_delete_marker && versions[0].is_latest);
    assert_eq!(versions[2].id, first);
}

#[tokio::test]
async fn pages_of_a_listing_join_to_the_whole() {
    let (store, _) = store(&S3);
    for name in ["p/a", "p/b/1", "p/b/2", "p/c", "q"] {
        store.put(put(name, "")).await.unwrap();
    }
    let mut names = Vec::new();
    let mut token = None;
    loop {
        let request = ListRequest {
            prefix: "p/".into(),
            delimiter: true,
            start_after: None,
            token,
            max_keys: 1,
        };
        let page = store.list(request).await.unwrap();
        names.extend(page.objects.iter().map(|o| o.key.to_string()));
        names.extend(page.prefixes.iter().map(ToString::to_string));
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(names, ["p/a", "p/b/", "p/c"]);
}

#[tokio::test]
async fn a_symlink_shows_its_target_and_itself() {
    let (store, _) = store(&OSS);
    store
        .put_symlink(&key("l"), "a", &Properties::default(), &Tags::new())
        .await
        .unwrap();
    assert_eq!(kind(store.head(&key("l"), None).await), Kind::NotFound);
    store.put(put("a", "body")).await.unwrap();
    assert_eq!(store.head(&key("l"), None).await.unwrap().size, 4);
    let link = store.get_symlink(&key("l")).await.unwrap();
    assert_eq!((&*link.target, link.meta.size), ("a", 0));
    assert_eq!(
        kind(store.get_symlink(&key("a")).await),
        Kind::InvalidArgument
    );
}

#[tokio::test]
async fn an_upload_becomes_an_object_of_its_parts() {
    let (store, _) = store(&S3);
    store.put(put("a", "0123456789")).await.unwrap();
    let tags: Tags = [("t".into(), "1".into())].into_iter().collect();
    let upload = store
        .create_upload(&key("a"), &Properties::default(), &tags, None)
        .await
        .unwrap();
    let mut parts = Vec::new();
    for (number, range) in [(1, 0..6), (2, 6..10)] {
        let range = ByteRange {
            start: range.start,
            end: range.end,
        };
        let (source, conditions) = (key("a"), SourceConditions::default());
        let part = store.upload_part_copy(&upload, number, &source, None, range, &conditions);
        parts.push(part.await.unwrap());
    }
    let done = store
        .complete_upload(&upload, &parts, &WriteCondition::None)
        .await
        .unwrap();
    assert!(done.etag.as_str().ends_with("-2"));
    let record = store.peek(&key("a")).unwrap();
    assert_eq!((&*record.body, record.tags), (&b"0123456789"[..], tags));
    assert_eq!(store.open_uploads(), 0);
}

#[tokio::test]
async fn an_archived_body_is_neither_read_nor_copied_until_restored() {
    let (store, _) = store(&S3);
    let mut request = put("a", "body");
    request.properties.storage_class = Some("GLACIER".into());
    store.put(request).await.unwrap();
    assert_eq!(
        kind(store.copy(copy("a", Properties::default(), NOON)).await),
        Kind::Archived
    );
    let restore = RestoreRequest {
        key: key("a"),
        days: 1,
    };
    assert_eq!(
        store.restore(restore.clone()).await.unwrap(),
        RestoreOutcome::Started
    );
    assert_eq!(
        store.restore(restore).await.unwrap(),
        RestoreOutcome::InProgress
    );
    store.alter(&key("a"), |record| {
        record.meta.restore = Some(r#"ongoing-request="false", expiry-date="later""#.into());
    });
    assert!(
        store
            .copy(copy("a", Properties::default(), NOON))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_server_with_quirks_loses_what_they_say() {
    let (store, _) = store(&S3);
    let store = store.with_quirks(Quirks {
        drops_empty_values: true,
        drops_marker_meta: true,
        drops_tags_on_copy: true,
        ignores_source_conditions: true,
        ..Default::default()
    });
    let mut request = put("a", "");
    request
        .properties
        .user
        .insert("empty".into(), (*b"").into());
    request
        .properties
        .user
        .insert("full".into(), (*b"x").into());
    store
        .put(PutRequest {
            key: key("d/"),
            ..request.clone()
        })
        .await
        .unwrap();
    let properties = request.properties.clone();
    store.put(request).await.unwrap();
    assert!(
        store
            .peek(&key("d/"))
            .unwrap()
            .meta
            .properties
            .user
            .is_empty()
    );
    store.copy(copy("a", properties, NOON - 10)).await.unwrap();
    let record = store.peek(&key("a")).unwrap();
    assert_eq!(record.meta.properties.user.len(), 1);
    assert!(record.tags.is_empty());
}
