//! Copies: the way metadata is edited, renamed and carried over.

use super::bed::{Bed, canned, fails, meta, properties, tags, wrong_etag};
use metamount::store::Kind;
use metamount::store::types::{
    CopyRequest, HttpHeader, Properties, SourceConditions, TaggingDirective, Tags, WriteCondition,
};

fn user(entries: &[(&str, &str)]) -> Properties {
    Properties {
        user: meta(entries),
        ..Properties::default()
    }
}

pub async fn an_edit_replaces_metadata_and_keeps_the_rest(bed: Bed) {
    let written = bed
        .put_with(
            "a",
            b"hello",
            properties(&[("x", "1"), ("y", "2")]),
            tags(&[("k", "v")]),
        )
        .await;
    let edited = Properties {
        user: meta(&[("x", "one"), ("z", "3")]),
        http: [(HttpHeader::CacheControl, b"no-store"[..].into())]
            .into_iter()
            .collect(),
        ..Properties::default()
    };
    let outcome = bed
        .store
        .copy(bed.edit("a", edited.clone()))
        .await
        .expect("edited");
    let head = bed.head("a").await;
    assert_eq!(head.properties.user, edited.user);
    let cache = head.properties.http.get(&HttpHeader::CacheControl);
    assert_eq!(cache.map(AsRef::as_ref), Some(&b"no-store"[..]));
    assert!(
        !head
            .properties
            .http
            .contains_key(&HttpHeader::ContentLanguage)
    );
    assert_eq!(head.etag, written.etag);
    assert_eq!(
        (outcome.etag, outcome.last_modified),
        (head.etag, head.last_modified)
    );
    assert!(outcome.date.is_some());
    assert_eq!(bed.tags("a").await, tags(&[("k", "v")]));
    assert_eq!(bed.body("a").await, &b"hello"[..]);
}

pub async fn a_copy_takes_everything_along(bed: Bed) {
    let written = properties(&[("x", "1")]);
    bed.put_with("a", b"hello", written.clone(), tags(&[("k", "v")]))
        .await;
    bed.store.copy(bed.copy("a", "b")).await.expect("copied");
    let head = bed.head("b").await;
    assert_eq!(head.properties.user, written.user);
    assert_eq!(head.properties.http, written.http);
    assert_eq!(bed.tags("b").await, tags(&[("k", "v")]));
    assert_eq!(bed.body("b").await, &b"hello"[..]);
}

pub async fn an_edit_may_replace_tags_too(bed: Bed) {
    bed.put_with("a", b"x", Properties::default(), tags(&[("k", "v")]))
        .await;
    for new in [tags(&[("l", "w x+=")]), Tags::new()] {
        let request = CopyRequest {
            tagging: TaggingDirective::Replace(new.clone()),
            ..bed.edit("a", user(&[("x", "1")]))
        };
        bed.store.copy(request).await.expect("edited");
        assert_eq!(bed.tags("a").await, new);
    }
}

pub async fn an_edit_keeps_the_class_it_names(bed: Bed) {
    let class = match bed.dialect().default_storage_class {
        "Standard" => "IA",
        _ => "STANDARD_IA",
    };
    let classed = Properties {
        storage_class: Some(class.into()),
        ..user(&[("x", "1")])
    };
    bed.put_with("a", b"x", classed.clone(), Tags::new()).await;
    bed.store
        .copy(bed.edit("a", classed))
        .await
        .expect("edited");
    assert_eq!(
        bed.head("a").await.properties.storage_class.as_deref(),
        Some(class)
    );
    let standard = Properties {
        storage_class: Some(bed.dialect().default_storage_class.into()),
        ..user(&[("x", "1")])
    };
    bed.store
        .copy(bed.edit("a", standard))
        .await
        .expect("edited");
    assert_eq!(bed.head("a").await.properties.storage_class, None);
}

pub async fn an_edit_sets_the_acl_it_names(bed: Bed) {
    bed.put("a", b"x").await;
    let request = CopyRequest {
        acl: Some(canned("public-read")),
        ..bed.edit("a", user(&[("x", "1")]))
    };
    bed.store.copy(request).await.expect("edited");
    let acl = bed.store.get_acl(&bed.key("a"), None).await;
    assert_eq!(acl.expect("readable"), canned("public-read"));
}

pub async fn a_copy_of_nothing(bed: Bed) {
    fails(
        bed.store.copy(bed.copy("missing", "b")).await,
        Kind::NotFound,
    );
}

pub async fn a_false_condition_on_the_source_changes_nothing(bed: Bed) {
    bed.put_with("a", b"x", user(&[("x", "1")]), Tags::new())
        .await;
    let head = bed.head("a").await;
    let earlier = head.last_modified.plus(-1);
    let false_ones = [
        SourceConditions {
            if_match: Some(wrong_etag()),
            ..Default::default()
        },
        SourceConditions {
            if_none_match: Some(head.etag.clone()),
            ..Default::default()
        },
        SourceConditions {
            if_unmodified_since: Some(earlier),
            ..Default::default()
        },
    ];
    for conditions in false_ones {
        let request = CopyRequest {
            conditions: conditions.clone(),
            ..bed.edit("a", user(&[("x", "2")]))
        };
        match bed.store.copy(request).await {
            Ok(_) => panic!("copied in spite of {conditions:?}"),
            Err(error) => assert_eq!(error.kind(), Kind::Precondition, "{conditions:?}: {error}"),
        }
        assert_eq!(bed.head("a").await.properties.user, meta(&[("x", "1")]));
    }
}

pub async fn a_source_that_was_not_modified_since(bed: Bed) {
    bed.put("a", b"x").await;
    let head = bed.head("a").await;
    // The edit's own condition: a second more than was seen.
    let request = CopyRequest {
        conditions: SourceConditions {
            if_unmodified_since: Some(head.last_modified.plus(1)),
            ..Default::default()
        },
        ..bed.edit("a", user(&[("x", "1")]))
    };
    bed.store.copy(request).await.expect("the condition holds");
    assert_eq!(bed.head("a").await.properties.user, meta(&[("x", "1")]));
}

pub async fn a_true_match_holds(bed: Bed) {
    let etag = bed.put("a", b"x").await.etag;
    let request = CopyRequest {
        conditions: SourceConditions {
            if_match: Some(etag),
            ..Default::default()
        },
        ..bed.edit("a", user(&[("x", "1")]))
    };
    bed.store.copy(request).await.expect("the condition holds");
}

pub async fn a_true_match_overrules_the_time(bed: Bed) {
    let etag = bed.put("a", b"x").await.etag;
    let earlier = bed.head("a").await.last_modified.plus(-10);
    let request = CopyRequest {
        conditions: SourceConditions {
            if_match: Some(etag),
            if_unmodified_since: Some(earlier),
            ..Default::default()
        },
        ..bed.edit("a", user(&[("x", "1")]))
    };
    bed.store.copy(request).await.expect("the match is true");
}

pub async fn a_copy_only_over_the_body_that_was_seen(bed: Bed) {
    let etag = bed.put("a", b"x").await.etag;
    let matching = |etag| CopyRequest {
        condition: WriteCondition::Match(etag),
        ..bed.edit("a", user(&[("x", "1")]))
    };
    fails(
        bed.store.copy(matching(wrong_etag())).await,
        Kind::Precondition,
    );
    bed.store
        .copy(matching(etag))
        .await
        .expect("the condition holds");
}

pub async fn a_copy_only_where_nothing_is(bed: Bed) {
    bed.put("a", b"x").await;
    let create = || CopyRequest {
        condition: WriteCondition::Absent,
        ..bed.copy("a", "b")
    };
    bed.store.copy(create()).await.expect("nothing is there");
    fails(bed.store.copy(create()).await, Kind::Precondition);
}

pub async fn an_edit_that_changes_nothing(bed: Bed) {
    bed.put_with("a", b"x", user(&[("x", "1")]), Tags::new())
        .await;
    bed.store
        .copy(bed.edit("a", user(&[("x", "1")])))
        .await
        .expect("edited");
    assert_eq!(bed.head("a").await.properties.user, meta(&[("x", "1")]));
}

pub async fn a_markers_metadata_is_edited(bed: Bed) {
    bed.put_with("d/", b"", user(&[("x", "1")]), Tags::new())
        .await;
    assert_eq!(bed.head("d/").await.properties.user, meta(&[("x", "1")]));
    bed.store
        .copy(bed.edit("d/", user(&[("x", "2")])))
        .await
        .expect("edited");
    assert_eq!(bed.head("d/").await.properties.user, meta(&[("x", "2")]));
}
