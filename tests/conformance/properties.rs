//! What an object has besides body and metadata: tags, ACL, archive state, link target.

use super::bed::{Bed, canned, fails, meta, tags};
use metamount::store::Kind;
use metamount::store::types::{
    Acl, ListRequest, ListedKind, Properties, RestoreOutcome, RestoreRequest, Tags,
};

pub async fn tags_are_set_replaced_and_removed(bed: Bed) {
    let etag = bed.put("a", b"x").await.etag;
    let key = bed.key("a");
    assert_eq!(bed.tags("a").await, Tags::new());
    for set in [
        tags(&[("k", "v"), ("empty", "")]),
        tags(&[("l", "1 + 1 = 2 - a.b_c:d/e")]),
    ] {
        bed.store.put_tags(&key, None, &set).await.expect("set");
        assert_eq!(bed.tags("a").await, set);
        assert_eq!(bed.head("a").await.tag_count, Some(set.len() as u32));
    }
    bed.store.delete_tags(&key, None).await.expect("removed");
    assert_eq!(bed.tags("a").await, Tags::new());
    assert_eq!(bed.head("a").await.etag, etag);
}

pub async fn tagging_does_not_touch_last_modified(bed: Bed) {
    bed.put("a", b"x").await;
    let before = bed.head("a").await.last_modified;
    // Until the server's clock has gone on, so that a change would show.
    while bed.head("a").await.date.expect("dated") <= before {
        tokio::task::yield_now().await;
    }
    let set = bed
        .store
        .put_tags(&bed.key("a"), None, &tags(&[("k", "v")]))
        .await;
    set.expect("set");
    assert_eq!(bed.head("a").await.last_modified, before);
}

pub async fn tags_in_any_script(bed: Bed) {
    let set = tags(&[("größe", "中文"), ("x", "é")]);
    bed.put_with("a", b"x", Properties::default(), set.clone())
        .await;
    assert_eq!(bed.tags("a").await, set);
    bed.store
        .delete_tags(&bed.key("a"), None)
        .await
        .expect("removed");
    bed.store
        .put_tags(&bed.key("a"), None, &set)
        .await
        .expect("set");
    assert_eq!(bed.tags("a").await, set);
}

pub async fn tags_of_nothing(bed: Bed) {
    let key = bed.key("missing");
    fails(bed.store.get_tags(&key, None).await, Kind::NotFound);
    fails(
        bed.store.put_tags(&key, None, &tags(&[("k", "v")])).await,
        Kind::NotFound,
    );
}

pub async fn tags_beyond_the_limits_are_refused(bed: Bed) {
    bed.put("a", b"x").await;
    let limits = bed.dialect().limits;
    let many: Vec<String> = (0..=limits.tags).map(|n| format!("k{n}")).collect();
    let many: Tags = many
        .iter()
        .map(|k| (k.as_str().into(), "v".into()))
        .collect();
    let long_key = "k".repeat(limits.tag_key_chars + 1);
    let long_value = "v".repeat(limits.tag_value_chars + 1);
    for set in [many, tags(&[(&long_key, "v")]), tags(&[("k", &long_value)])] {
        let refused = bed.store.put_tags(&bed.key("a"), None, &set).await;
        fails(refused, Kind::InvalidArgument);
    }
    assert_eq!(bed.tags("a").await, Tags::new());
}

pub async fn an_acl_is_set_and_read(bed: Bed) {
    bed.put("a", b"x").await;
    let key = bed.key("a");
    let default = bed.dialect().default_acl;
    let read = || async { bed.store.get_acl(&key, None).await.expect("readable") };
    assert_eq!(read().await, Acl::Canned(default.into()));
    for word in ["public-read", "private"] {
        bed.store
            .put_acl(&key, None, &canned(word))
            .await
            .expect("set");
        assert_eq!(read().await, canned(word));
    }
    assert!(bed.store.has_object_acls().await.expect("answered"));
}

pub async fn an_acl_of_nothing(bed: Bed) {
    fails(
        bed.store.get_acl(&bed.key("missing"), None).await,
        Kind::NotFound,
    );
}

pub async fn an_archived_body_is_restored_before_it_is_read(bed: Bed) {
    let class = bed.dialect().archive_classes[0];
    let archived = Properties {
        storage_class: Some(class.into()),
        user: meta(&[("x", "1")]),
        ..Properties::default()
    };
    bed.put_with("a", b"cold", archived, Tags::new()).await;
    assert_eq!(
        bed.head("a").await.properties.storage_class.as_deref(),
        Some(class)
    );
    fails(bed.read("a", None).await, Kind::Archived);
    let restore = || {
        bed.store.restore(RestoreRequest {
            key: bed.key("a"),
            days: 2,
        })
    };
    assert_eq!(restore().await.expect("begun"), RestoreOutcome::Started);
    let state = bed.head("a").await.restore.expect("the HEAD says so");
    assert!(state.starts_with("ongoing-request="), "{state}");
}

pub async fn what_is_not_archived_is_not_restored(bed: Bed) {
    bed.put("a", b"x").await;
    let restored = bed
        .store
        .restore(RestoreRequest {
            key: bed.key("a"),
            days: 2,
        })
        .await;
    fails(restored, Kind::InvalidArgument);
}

pub async fn a_link_is_written_and_read(bed: Bed) {
    bed.put("target é+", b"hello").await;
    let (link, target) = (bed.key("link"), bed.key("target é+"));
    let properties = Properties {
        user: meta(&[("x", "1")]),
        ..Properties::default()
    };
    let written = bed
        .store
        .put_symlink(&link, target.as_str(), &properties, &tags(&[("k", "v")]))
        .await;
    written.expect("linked");
    let read = bed.store.get_symlink(&link).await.expect("a link");
    assert_eq!(&*read.target, target.as_str());
    assert_eq!(read.meta.properties.user, properties.user);
    assert_eq!(read.meta.symlink_target.as_deref(), Some(target.as_str()));
    assert_eq!(bed.tags("link").await, tags(&[("k", "v")]));
    let head = bed.head("link").await;
    assert_eq!((head.size, head.properties.user), (5, properties.user));
    assert_eq!(bed.body("link").await, &b"hello"[..]);
    let page = bed
        .list(ListRequest {
            max_keys: 10,
            ..ListRequest::default()
        })
        .await;
    let kinds: Vec<_> = page.objects.iter().map(|o| o.kind).collect();
    assert_eq!(kinds, [ListedKind::Symlink, ListedKind::Object]);
}

pub async fn a_link_to_nothing(bed: Bed) {
    let link = bed.key("link");
    let written = bed
        .store
        .put_symlink(
            &link,
            bed.key("missing").as_str(),
            &Properties::default(),
            &Tags::new(),
        )
        .await;
    written.expect("a target need not be there");
    assert!(bed.store.get_symlink(&link).await.is_ok());
    fails(bed.store.head(&link, None).await, Kind::NotFound);
    fails(bed.read("link", None).await, Kind::NotFound);
}

pub async fn what_is_no_link_is_not_read_as_one(bed: Bed) {
    bed.put("a", b"x").await;
    fails(
        bed.store.get_symlink(&bed.key("a")).await,
        Kind::InvalidArgument,
    );
    fails(
        bed.store.get_symlink(&bed.key("missing")).await,
        Kind::NotFound,
    );
}

pub async fn where_there_are_no_links(bed: Bed) {
    let link = bed.key("link");
    fails(bed.store.get_symlink(&link).await, Kind::Unsupported);
    let (none, no_tags) = (Properties::default(), Tags::new());
    let written = bed
        .store
        .put_symlink(&link, "target", &none, &no_tags)
        .await;
    fails(written, Kind::Unsupported);
}
