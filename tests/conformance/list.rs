//! Listings.

use super::bed::Bed;
use metamount::store::types::{ListRequest, ListedKind};
use std::collections::BTreeSet;

fn all() -> ListRequest {
    ListRequest {
        max_keys: 1_000,
        ..ListRequest::default()
    }
}

pub async fn nothing(bed: Bed) {
    let page = bed.list(all()).await;
    assert!(page.objects.is_empty() && page.prefixes.is_empty() && page.next.is_none());
}

pub async fn tells_what_a_stat_needs(bed: Bed) {
    let outcome = bed.put("a", b"hello").await;
    let page = bed.list(all()).await;
    let [listed] = &page.objects[..] else {
        panic!("one object: {page:?}");
    };
    let head = bed.head("a").await;
    assert_eq!(listed.key, bed.key("a"));
    assert_eq!(listed.size, 5);
    assert_eq!(listed.etag, outcome.etag);
    assert_eq!(listed.last_modified, head.last_modified);
    assert_eq!(listed.storage_class, None, "the default class is none");
    assert_eq!(listed.kind, ListedKind::Object);
    assert_eq!(page.unnameable, 0);
}

pub async fn folds_directories(bed: Bed) {
    for name in ["a", "d/1", "d/2/3", "e/", "f"] {
        bed.put(name, b"").await;
    }
    let folded = ListRequest {
        delimiter: true,
        ..all()
    };
    let page = bed.list(folded.clone()).await;
    assert_eq!(bed.names(&page.objects), ["a", "f"]);
    let prefixes: Vec<_> = page.prefixes.iter().map(|p| bed.name(p)).collect();
    assert_eq!(prefixes, ["d/", "e/"]);
    let below = ListRequest {
        prefix: "d/".into(),
        ..folded
    };
    let page = bed.list(below).await;
    assert_eq!(bed.names(&page.objects), ["d/1"]);
    let prefixes: Vec<_> = page.prefixes.iter().map(|p| bed.name(p)).collect();
    assert_eq!(prefixes, ["d/2/"]);
}

pub async fn shows_a_directorys_marker(bed: Bed) {
    bed.put("d/", b"").await;
    bed.put("d/a", b"").await;
    let page = bed
        .list(ListRequest {
            prefix: "d/".into(),
            delimiter: true,
            ..all()
        })
        .await;
    assert_eq!(bed.names(&page.objects), ["d/", "d/a"]);
}

pub async fn a_prefix_is_no_directory(bed: Bed) {
    for name in ["a", "ab", "b"] {
        bed.put(name, b"").await;
    }
    let page = bed
        .list(ListRequest {
            prefix: "a".into(),
            ..all()
        })
        .await;
    assert_eq!(bed.names(&page.objects), ["a", "ab"]);
}

pub async fn pages_hold_each_key_once(bed: Bed) {
    let written: BTreeSet<String> = (0..7).map(|n| format!("k{n}")).collect();
    for name in &written {
        bed.put(name, b"").await;
    }
    let mut seen = Vec::new();
    let mut token = None;
    let mut pages = 0;
    loop {
        let page = bed
            .list(ListRequest {
                token: token.clone(),
                max_keys: 3,
                ..all()
            })
            .await;
        assert!(page.objects.len() <= 3);
        seen.extend(bed.names(&page.objects));
        pages += 1;
        assert!(pages < 10, "the listing goes on: {seen:?}");
        match page.next {
            Some(next) => token = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, Vec::from_iter(written));
    assert!(pages >= 3);
}

pub async fn pages_of_folded_directories(bed: Bed) {
    for name in ["a/1", "a/2", "b/1", "c", "d/1"] {
        bed.put(name, b"").await;
    }
    let mut seen = Vec::new();
    let mut token = None;
    for _ in 0..10 {
        let page = bed
            .list(ListRequest {
                token: token.take(),
                delimiter: true,
                max_keys: 1,
                ..all()
            })
            .await;
        seen.extend(bed.names(&page.objects));
        seen.extend(page.prefixes.iter().map(|p| bed.name(p).to_owned()));
        match page.next {
            Some(next) => token = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, ["a/", "b/", "c", "d/"]);
}

pub async fn begins_after_a_key(bed: Bed) {
    for name in ["a", "b", "b c", "d"] {
        bed.put(name, b"").await;
    }
    let page = bed
        .list(ListRequest {
            start_after: Some("b".into()),
            ..all()
        })
        .await;
    assert_eq!(bed.names(&page.objects), ["b c", "d"]);
}

pub async fn comes_in_the_order_of_bytes(bed: Bed) {
    let ordered = ["A", "a-b", "a/b", "a0", "b", "é", "中"];
    for name in ordered {
        bed.put(name, b"").await;
    }
    assert_eq!(bed.names(&bed.list(all()).await.objects), ordered);
}
