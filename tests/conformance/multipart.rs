//! Objects made of parts.

use super::bed::{Bed, canned, fails, properties, tags, wrong_etag};
use bytes::Bytes;
use metamount::store::Kind;
use metamount::store::types::{
    ByteRange, CompletedPart, Properties, SourceConditions, Tags, Upload, WriteCondition,
};

/// The smallest part that is not the last one, on any service.
const PART: usize = 5 << 20;

async fn upload(bed: &Bed, name: &str) -> Upload {
    let (none, no_tags) = (Properties::default(), Tags::new());
    let upload = bed
        .store
        .create_upload(&bed.key(name), &none, &no_tags, None)
        .await;
    upload.expect("begun")
}

async fn complete(bed: &Bed, upload: &Upload, parts: &[CompletedPart]) {
    let outcome = bed
        .store
        .complete_upload(upload, parts, &WriteCondition::None)
        .await;
    let outcome = outcome.expect("completed");
    let head = bed.store.head(&upload.key, None).await.expect("there");
    assert_eq!(head.etag, outcome.etag);
}

fn part_body(byte: u8, len: usize) -> Bytes {
    vec![byte; len].into()
}

pub async fn parts_become_an_object_with_all_that_was_said_of_it(bed: Bed) {
    let written = properties(&[("x", "1")]);
    let key = bed.key("a");
    let upload = bed
        .store
        .create_upload(&key, &written, &tags(&[("k", "v w")]), None)
        .await
        .expect("begun");
    assert_eq!(
        bed.store.head(&key, None).await.map_err(|e| e.kind()).err(),
        Some(Kind::NotFound)
    );
    let second = bed
        .store
        .upload_part(&upload, 2, part_body(b'2', 7))
        .await
        .expect("uploaded");
    let first = bed
        .store
        .upload_part(&upload, 1, part_body(b'1', PART))
        .await
        .expect("uploaded");
    complete(&bed, &upload, &[first, second]).await;
    let head = bed.head("a").await;
    assert_eq!(head.size, PART as u64 + 7);
    assert_eq!(head.properties.user, written.user);
    assert_eq!(head.properties.http, written.http);
    assert_eq!(bed.tags("a").await, tags(&[("k", "v w")]));
    let end = PART as u64;
    let (seam, _) = bed
        .read("a", Some((end - 2, end + 2)))
        .await
        .expect("within");
    assert_eq!(seam, &b"1122"[..]);
}

pub async fn a_part_uploaded_again_is_replaced(bed: Bed) {
    let upload = upload(&bed, "a").await;
    bed.store
        .upload_part(&upload, 1, part_body(b'x', 9))
        .await
        .expect("uploaded");
    let part = bed
        .store
        .upload_part(&upload, 1, part_body(b'y', 3))
        .await
        .expect("uploaded");
    complete(&bed, &upload, &[part]).await;
    assert_eq!(bed.body("a").await, &b"yyy"[..]);
}

pub async fn parts_are_copied_on_the_server(bed: Bed) {
    let source = upload(&bed, "odd source+é").await;
    let whole = part_body(b's', PART + 100);
    let part = bed
        .store
        .upload_part(&source, 1, whole)
        .await
        .expect("uploaded");
    complete(&bed, &source, &[part]).await;
    let key = bed.key("odd source+é");
    let etag = bed.head("odd source+é").await.etag;
    let conditions = SourceConditions {
        if_match: Some(etag),
        ..Default::default()
    };
    let target = upload(&bed, "b").await;
    let mut parts = Vec::new();
    for (number, start, end) in [(1, 0, PART as u64), (2, PART as u64, PART as u64 + 100)] {
        let range = ByteRange { start, end };
        let part = bed
            .store
            .upload_part_copy(&target, number, &key, None, range, &conditions)
            .await;
        parts.push(part.expect("copied"));
    }
    complete(&bed, &target, &parts).await;
    assert_eq!(bed.head("b").await.size, PART as u64 + 100);
    let (end, _) = bed
        .read("b", Some((PART as u64 - 1, PART as u64 + 100)))
        .await
        .expect("within");
    assert_eq!(end, vec![b's'; 101]);
}

pub async fn a_part_of_a_changed_source_is_refused(bed: Bed) {
    bed.put("a", b"source").await;
    let target = upload(&bed, "b").await;
    let conditions = SourceConditions {
        if_match: Some(wrong_etag()),
        ..Default::default()
    };
    let range = ByteRange { start: 0, end: 6 };
    let refused = bed
        .store
        .upload_part_copy(&target, 1, &bed.key("a"), None, range, &conditions)
        .await;
    fails(refused, Kind::Precondition);
    bed.store.abort_upload(&target).await.expect("given up");
}

pub async fn completing_only_over_the_body_that_was_seen(bed: Bed) {
    let etag = bed.put("a", b"one").await.etag;
    for (etag, holds) in [(wrong_etag(), false), (etag, true)] {
        let upload = upload(&bed, "a").await;
        let part = bed
            .store
            .upload_part(&upload, 1, part_body(b'x', 3))
            .await
            .expect("uploaded");
        let condition = WriteCondition::Match(etag);
        let outcome = bed
            .store
            .complete_upload(&upload, &[part], &condition)
            .await;
        match holds {
            true => drop(outcome.expect("the condition holds")),
            false => fails(outcome, Kind::Precondition),
        }
    }
}

pub async fn an_upload_given_up_leaves_nothing(bed: Bed) {
    let upload = upload(&bed, "a").await;
    let part = bed
        .store
        .upload_part(&upload, 1, part_body(b'x', 3))
        .await
        .expect("uploaded");
    for _ in 0..2 {
        bed.store
            .abort_upload(&upload)
            .await
            .expect("giving up twice is no error");
    }
    let late = bed
        .store
        .complete_upload(&upload, &[part], &WriteCondition::None)
        .await;
    fails(late, Kind::NotFound);
    fails(bed.store.head(&bed.key("a"), None).await, Kind::NotFound);
}

pub async fn an_upload_may_carry_an_acl(bed: Bed) {
    let acl = canned("public-read");
    let (none, no_tags) = (Properties::default(), Tags::new());
    let key = bed.key("a");
    let upload = bed
        .store
        .create_upload(&key, &none, &no_tags, Some(&acl))
        .await
        .expect("begun");
    let part = bed
        .store
        .upload_part(&upload, 1, part_body(b'x', 3))
        .await
        .expect("uploaded");
    complete(&bed, &upload, &[part]).await;
    assert_eq!(bed.store.get_acl(&key, None).await.expect("readable"), acl);
}
