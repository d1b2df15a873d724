//! Versions, on buckets that keep them.

use super::bed::{Bed, collect, fails, get, meta, tags};
use metamount::store::Kind;
use metamount::store::types::{CopyRequest, GetRequest, Properties, Tags, Version, VersionId};

async fn versions(bed: &Bed, name: &str) -> Vec<Version> {
    let versions = bed.store.list_versions(&bed.key(name), 10).await;
    versions.expect("the bucket keeps versions")
}

async fn put(bed: &Bed, name: &str, body: &'static [u8]) -> VersionId {
    bed.put(name, body)
        .await
        .version_id
        .expect("a write makes a version")
}

pub async fn every_write_is_a_version(bed: Bed) {
    let first = put(&bed, "a", b"one").await;
    let second = put(&bed, "a", b"two").await;
    // Keys that begin with this one are others.
    put(&bed, "a b", b"three").await;
    assert_eq!(bed.head("a").await.version_id.as_ref(), Some(&second));
    let versions = versions(&bed, "a").await;
    let ids: Vec<_> = versions.iter().map(|v| &v.id).collect();
    assert_eq!(ids, [&second, &first]);
    let latest: Vec<_> = versions.iter().map(|v| v.is_latest).collect();
    assert_eq!(latest, [true, false]);
}

pub async fn a_version_is_read_by_its_name(bed: Bed) {
    let first = put(&bed, "a", b"one").await;
    put(&bed, "a", b"two!").await;
    let key = bed.key("a");
    let head = bed.store.head(&key, Some(&first)).await.expect("there");
    assert_eq!((head.size, head.version_id.as_ref()), (3, Some(&first)));
    let request = GetRequest {
        version: Some(first.clone()),
        ..get(key)
    };
    let answer = bed.store.get(request).await.expect("there");
    assert_eq!(collect(answer.body).await.expect("whole"), &b"one"[..]);
}

pub async fn an_edit_makes_a_version_and_says_of_which(bed: Bed) {
    let first = put(&bed, "a", b"one").await;
    put(&bed, "a", b"two").await;
    let edited = Properties {
        user: meta(&[("x", "1")]),
        ..Properties::default()
    };
    let request = CopyRequest {
        source_version: Some(first.clone()),
        ..bed.edit("a", edited)
    };
    let outcome = bed.store.copy(request).await.expect("edited");
    let id = outcome.version_id.expect("an edit makes a version");
    if let Some(source) = outcome.source_version_id {
        assert_eq!(source, first);
    }
    assert_eq!(versions(&bed, "a").await.len(), 3);
    assert_eq!(bed.head("a").await.version_id.as_ref(), Some(&id));
    assert_eq!(bed.body("a").await, &b"one"[..]);
}

pub async fn a_deletion_leaves_a_marker(bed: Bed) {
    let first = put(&bed, "a", b"one").await;
    bed.store
        .delete(&bed.key("a"), None)
        .await
        .expect("deleted");
    fails(bed.store.head(&bed.key("a"), None).await, Kind::NotFound);
    let versions = versions(&bed, "a").await;
    let markers: Vec<_> = versions.iter().map(|v| v.is_delete_marker).collect();
    assert_eq!(markers, [true, false]);
    assert_eq!(versions[1].id, first);
    assert!(bed.store.head(&bed.key("a"), Some(&first)).await.is_ok());
}

pub async fn a_version_is_deleted_for_good(bed: Bed) {
    let first = put(&bed, "a", b"one").await;
    let second = put(&bed, "a", b"two").await;
    bed.store
        .delete(&bed.key("a"), Some(&second))
        .await
        .expect("deleted");
    assert_eq!(bed.body("a").await, &b"one"[..]);
    let gone = bed.store.head(&bed.key("a"), Some(&second)).await;
    fails(gone, Kind::NotFound);
    assert_eq!(versions(&bed, "a").await[0].id, first);
}

pub async fn tags_belong_to_a_version(bed: Bed) {
    let first = put(&bed, "a", b"one").await;
    put(&bed, "a", b"two").await;
    let key = bed.key("a");
    let set = tags(&[("k", "v")]);
    bed.store
        .put_tags(&key, Some(&first), &set)
        .await
        .expect("set");
    assert_eq!(
        bed.store.get_tags(&key, Some(&first)).await.expect("read"),
        set
    );
    assert_eq!(bed.tags("a").await, Tags::new());
    bed.store
        .delete_tags(&key, Some(&first))
        .await
        .expect("removed");
    assert_eq!(
        bed.store.get_tags(&key, Some(&first)).await.expect("read"),
        Tags::new()
    );
}

pub async fn the_newest_come_first(bed: Bed) {
    let mut written = Vec::new();
    for _ in 0..5 {
        written.push(put(&bed, "a", b"x").await);
    }
    let newest = bed
        .store
        .list_versions(&bed.key("a"), 2)
        .await
        .expect("listed");
    let newest: Vec<_> = newest.into_iter().map(|v| v.id).collect();
    written.reverse();
    assert_eq!(newest, written[..2]);
}
