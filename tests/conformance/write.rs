//! PUT and DELETE, and what they may be conditional on.

use super::bed::{Bed, canned, fails, meta, properties, put, tags, wrong_etag};
use metamount::store::Kind;
use metamount::store::types::{HttpHeader, Properties, PutRequest, Tags, WriteCondition};

pub async fn put_replaces_everything(bed: Bed) {
    bed.put_with(
        "a",
        b"one",
        properties(&[("x", "1"), ("y", "2")]),
        tags(&[("k", "v")]),
    )
    .await;
    let second = Properties {
        user: meta(&[("z", "3")]),
        ..Properties::default()
    };
    bed.put_with("a", b"two", second.clone(), Tags::new()).await;
    let head = bed.head("a").await;
    assert_eq!(head.properties.user, second.user);
    assert!(!head.properties.http.contains_key(&HttpHeader::CacheControl));
    assert_eq!(bed.tags("a").await, Tags::new());
    assert_eq!(bed.body("a").await, &b"two"[..]);
}

pub async fn put_only_where_nothing_is(bed: Bed) {
    let create = || PutRequest {
        condition: WriteCondition::Absent,
        ..put(bed.key("a"), &b"x"[..])
    };
    assert!(bed.store.put(create()).await.is_ok());
    fails(bed.store.put(create()).await, Kind::Precondition);
}

pub async fn put_only_over_the_body_that_was_seen(bed: Bed) {
    let etag = bed.put("a", b"one").await.etag;
    let replace = |etag, body: &'static [u8]| PutRequest {
        condition: WriteCondition::Match(etag),
        ..put(bed.key("a"), body)
    };
    fails(
        bed.store.put(replace(wrong_etag(), b"no")).await,
        Kind::Precondition,
    );
    assert!(bed.store.put(replace(etag, b"two")).await.is_ok());
    assert_eq!(bed.body("a").await, &b"two"[..]);
}

pub async fn put_with_a_class(bed: Bed) {
    let class = match bed.dialect().default_storage_class {
        "Standard" => "IA",
        _ => "STANDARD_IA",
    };
    let classed = Properties {
        storage_class: Some(class.into()),
        ..Properties::default()
    };
    bed.put_with("a", b"x", classed, Tags::new()).await;
    let head = bed.head("a").await;
    assert_eq!(head.properties.storage_class.as_deref(), Some(class));
}

pub async fn put_with_an_acl(bed: Bed) {
    let request = PutRequest {
        acl: Some(canned("public-read")),
        ..put(bed.key("a"), &b"x"[..])
    };
    bed.store.put(request).await.expect("written");
    let acl = bed.store.get_acl(&bed.key("a"), None).await;
    assert_eq!(acl.expect("readable"), canned("public-read"));
}

pub async fn metadata_above_the_limit_is_refused(bed: Bed) {
    let limit = bed.dialect().limits.user_meta_bytes;
    let large = Properties {
        user: meta(&[("a", &"v".repeat(limit))]),
        ..Properties::default()
    };
    let request = PutRequest {
        properties: large,
        ..put(bed.key("a"), &b"x"[..])
    };
    fails(bed.store.put(request).await, Kind::MetadataTooLarge);
}

pub async fn metadata_at_the_limit_is_kept(bed: Bed) {
    let dialect = bed.dialect();
    let name = dialect.meta_prefix.len() + 1;
    let value = "v".repeat(dialect.limits.user_meta_bytes - name);
    let full = Properties {
        user: meta(&[("a", &value)]),
        ..Properties::default()
    };
    bed.put_with("a", b"x", full.clone(), Tags::new()).await;
    assert_eq!(bed.head("a").await.properties.user, full.user);
}

pub async fn delete_what_is_there_or_not(bed: Bed) {
    bed.put("a", b"x").await;
    for _ in 0..2 {
        let deleted = bed.store.delete(&bed.key("a"), None).await;
        deleted.expect("deleting nothing is no error");
        fails(bed.store.head(&bed.key("a"), None).await, Kind::NotFound);
    }
}
