//! Keys that something on the way might change: written, read, listed, copied from and deleted under exactly their name.

use super::bed::Bed;
use metamount::store::Kind;
use metamount::store::types::ListRequest;

async fn round_trip(bed: &Bed, names: &[&str]) {
    for name in names {
        bed.put_with(
            name,
            b"odd",
            Default::default(),
            super::bed::tags(&[("k", "v")]),
        )
        .await;
    }
    let page = bed
        .list(ListRequest {
            max_keys: 1_000,
            ..ListRequest::default()
        })
        .await;
    let mut listed = bed.names(&page.objects);
    listed.sort();
    let mut expected = Vec::from(names);
    expected.sort_unstable();
    assert_eq!(listed, expected);
    for name in names {
        assert_eq!(bed.body(name).await, &b"odd"[..], "{name:?}");
        assert_eq!(bed.tags(name).await.len(), 1, "{name:?}");
        let copied = bed.store.copy(bed.copy(name, "copied")).await;
        copied.unwrap_or_else(|e| panic!("copy of {name:?}: {e}"));
        bed.store
            .delete(&bed.key(name), None)
            .await
            .expect("deleted");
        let head = bed.store.head(&bed.key(name), None).await;
        assert_eq!(
            head.map_err(|e| e.kind()).err(),
            Some(Kind::NotFound),
            "{name:?}"
        );
    }
}

pub async fn punctuation(bed: Bed) {
    let names = [
        "a b",
        "+",
        "%",
        "%20",
        "?q#f&x=y",
        "'\"`",
        "<>&amp;",
        "~!@$^*()[]{}|;:,",
        "_$folder$",
        " lead",
        "trail.",
        "...",
        "a=b&c",
    ];
    round_trip(&bed, &names).await;
}

pub async fn backslashes(bed: Bed) {
    round_trip(&bed, &["\\", "a\\b"]).await;
}

pub async fn unicode(bed: Bed) {
    // Composed and decomposed are two keys; beyond the basic plane too.
    round_trip(
        &bed,
        &[
            "é",
            "e\u{301}",
            "中文/文件",
            "\u{1F600}",
            "\u{FFFD}",
            "\u{7FF}\u{FFFF}",
        ],
    )
    .await;
}

pub async fn control_characters(bed: Bed) {
    round_trip(&bed, &["new\nline", "\u{1}", "del\u{7F}", "tab\t", "cr\r"]).await;
}

pub async fn empty_components(bed: Bed) {
    round_trip(&bed, &["a//b", "/lead", "c//"]).await;
}

pub async fn dot_components(bed: Bed) {
    round_trip(&bed, &["a/../b", "./c", "d/.", "e/..", "../f"]).await;
}

pub async fn an_object_and_a_directory_of_one_name(bed: Bed) {
    round_trip(&bed, &["a", "a/b", "a/b/c"]).await;
}

pub async fn a_component_above_a_files_name(bed: Bed) {
    round_trip(&bed, &[&"x".repeat(256)]).await;
}

pub async fn the_longest_key(bed: Bed) {
    let left = bed.dialect().limits.key_bytes - bed.prefix.len();
    let mut name = format!("{}/", "y".repeat(200)).repeat(6);
    name.truncate(left - 1);
    name.push('z');
    round_trip(&bed, &[&name]).await;
}
