//! Each kind of edit on each kind of object: everything else stays as it was.

use super::*;
use metamount::meta::Conditions;
use metamount::store::types::{ETag, ObjectType, Timestamp};

/// Compares all but what an edit changes by its nature: when the object was written, and which answer told of it.
fn assert_same(before: &ObjectMeta, after: &ObjectMeta, what: &str) {
    let [before, after] = [before, after].map(|meta| ObjectMeta {
        last_modified: Timestamp::default(),
        date: None,
        raw: None,
        ..meta.clone()
    });
    assert_eq!(before, after, "{what}");
}

/// An edit of one attribute, by its new value.
type OfValue = fn(Option<&str>) -> Change;

/// Sets, replaces and removes an attribute of each kind, and compares after every step.
async fn everything_else_stays(bed: &Bed, mount: &Metadata, name: &str) {
    let before = bed.head(name).await;
    let tags = bed.tags(name).await;
    let acl = bed.store.get_acl(&key(name), None).await.expect("an ACL");
    let is_multipart =
        before.object_type == Some(ObjectType::Multipart) || before.etag.as_str().contains('-');
    let kinds: [(&str, OfValue); 3] = [
        ("metadata", |value| meta("edited", value)),
        ("a header", |value| {
            header(HttpHeader::ContentDisposition, value)
        }),
        ("a tag", |value| tag("edited", value)),
    ];
    for (kind, change) in kinds {
        for value in [Some("one"), Some("two"), None] {
            let step = format!("{name}: {kind} = {value:?}");
            let made = stage(mount, name, change(value)).await;
            made.unwrap_or_else(|e| panic!("{step}: {e}"));
            let (mut expected, mut after) = (before.clone(), bed.head(name).await);
            let (mut expected_tags, http) = (tags.clone(), &mut expected.properties.http);
            match change(value) {
                Change::Meta(name, Some(value)) => {
                    expected.properties.user.insert(name, value);
                }
                Change::Http(header, Some(value)) => {
                    http.insert(header, value);
                }
                Change::Http(header, None) => {
                    http.remove(&header);
                }
                Change::Tag(name, Some(value)) => {
                    expected_tags.insert(name, value);
                }
                _ => {}
            }
            if kind == "a header" {
                // What was there before the test is gone from its first step on.
                expected
                    .properties
                    .http
                    .remove(&HttpHeader::ContentDisposition);
                after
                    .properties
                    .http
                    .remove(&HttpHeader::ContentDisposition);
            }
            if kind == "a tag" {
                expected
                    .properties
                    .http
                    .remove(&HttpHeader::ContentDisposition);
            }
            expected.tag_count = u32::try_from(expected_tags.len()).ok().filter(|n| *n > 0);
            if is_multipart {
                for meta in [&mut expected, &mut after] {
                    meta.etag = ETag::default();
                    meta.object_type = None;
                    meta.checksum = None;
                }
            }
            assert_same(&expected, &after, &step);
            assert_eq!(bed.tags(name).await, expected_tags, "{step}");
            let acl_now = bed.store.get_acl(&key(name), None).await.expect("an ACL");
            assert_eq!(acl_now, acl, "{step}");
            let cached = mount.object(&key(name)).await.expect("it is there");
            assert_eq!(
                cached.meta.properties,
                bed.head(name).await.properties,
                "{step}: the cache"
            );
        }
    }
}

async fn objects_keep_all(bucket: fn() -> Bucket) {
    let bed = Bed::new(bucket).await;
    let scheme = bed.bucket.service.scheme;
    bed.put(
        "plain",
        b"hello".to_vec(),
        Properties::default(),
        &Tags::new(),
    )
    .await;
    bed.put("rich", b"hello".to_vec(), rich(scheme), &owner())
        .await;
    // SeaweedFS takes no smaller parts than Amazon does; the embedded server takes those of OSS.
    let part = if scheme == "oss" { 100 << 10 } else { 5 << 20 };
    let large: Vec<u8> = (0..part * 5 / 2).map(|i: u32| i.to_le_bytes()[1]).collect();
    bed.put("large", large.clone(), rich(scheme), &owner())
        .await;
    let mount = bed.mount_with(part.into());
    if scheme == "oss" {
        // SeaweedFS has no ACL but its default one.
        for name in ["rich", "large"] {
            let acl = canned("public-read");
            bed.store
                .put_acl(&key(name), None, &acl)
                .await
                .expect("an ACL is set");
        }
    }
    for name in ["plain", "rich"] {
        everything_else_stays(&bed, &mount, name).await;
    }
    // The first rewrite makes it an object of parts; from then on all but its entity tag stays.
    stage(&mount, "large", meta("first", Some("1")))
        .await
        .expect("an edit in parts");
    everything_else_stays(&bed, &mount, "large").await;
    let report = mount.edits();
    assert_eq!(report.conditions, Conditions::Honoured);
    assert!(report.losses.is_empty(), "{report:?}");
    assert_eq!(bed.head("large").await.size, large.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_keep_all_on_the_embedded_server() {
    objects_keep_all(Bucket::embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_keep_all_on_seaweed() {
    objects_keep_all(Bucket::seaweed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn class_and_acl_are_set() {
    let bed = Bed::new(Bucket::embedded).await;
    bed.put("a", b"hello".to_vec(), rich("oss"), &owner()).await;
    let mount = bed.mount();
    stage(&mount, "a", Change::StorageClass("Standard".into()))
        .await
        .expect("the default class");
    stage(&mount, "a", Change::Acl(canned("private")))
        .await
        .expect("an ACL");
    stage(&mount, "a", meta("k", Some("v")))
        .await
        .expect("metadata");
    let head = bed.head("a").await;
    let class = head
        .properties
        .storage_class
        .as_deref()
        .unwrap_or("Standard");
    assert_eq!(class, "Standard");
    let acl = bed.store.get_acl(&key("a"), None).await.expect("an ACL");
    assert_eq!(acl, canned("private"));
    stage(&mount, "a", Change::StorageClass("Archive".into()))
        .await
        .expect("an archive class");
    let refused = stage(&mount, "a", meta("k", Some("w"))).await;
    assert!(matches!(refused, Err(EditError::Refused(_))), "{refused:?}");
    stage(&mount, "a", tag("k", Some("w")))
        .await
        .expect("tags of an archived object");
    stage(&mount, "a", Change::Restore(1))
        .await
        .expect("a restore begins");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_has_attributes_where_the_server_keeps_them() {
    let bed = Bed::new(Bucket::embedded).await;
    bed.put("d/file", Vec::new(), Properties::default(), &Tags::new())
        .await;
    let mount = bed.mount();
    stage(&mount, "d/", meta("k", Some("v")))
        .await
        .expect("the marker is made");
    everything_else_stays(&bed, &mount, "d/").await;
    assert_eq!(bed.head("d/").await.size, 0);

    let bed = Bed::new(Bucket::seaweed).await;
    bed.put("d/file", Vec::new(), Properties::default(), &Tags::new())
        .await;
    let mount = bed.mount();
    for _ in 0..2 {
        let dropped = stage(&mount, "d/", meta("k", Some("v"))).await;
        assert!(matches!(dropped, Err(EditError::NotKept(_))), "{dropped:?}");
    }
    // Its tagging of such directories fails; that is an error, and no success.
    assert!(stage(&mount, "d/", tag("k", Some("v"))).await.is_err());
    let dropped = stage(&mount, "empty/", meta("k", Some("v"))).await;
    assert!(matches!(dropped, Err(EditError::NotKept(_))), "{dropped:?}");
    let listed = bed
        .python("print([o['Key'] for o in s3().list_objects_v2(Bucket=BUCKET)['Contents']])")
        .await;
    assert_eq!(listed.trim(), "['d/file']", "no marker is left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_kept_or_the_edit_fails() {
    let bed = Bed::new(Bucket::seaweed).await;
    bed.put("a", b"hello".to_vec(), rich("s3"), &owner()).await;
    let mount = bed.mount();
    let redirect = header(HttpHeader::WebsiteRedirect, Some("/elsewhere"));
    let dropped = stage(&mount, "a", redirect).await;
    assert!(matches!(dropped, Err(EditError::NotKept(_))), "{dropped:?}");
    stage(&mount, "a", meta("k", Some("v")))
        .await
        .expect("other edits are made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_edited_itself() {
    let bed = Bed::new(Bucket::embedded).await;
    bed.put("target", b"hello".to_vec(), rich("oss"), &owner())
        .await;
    for (link, target) in [("l", "target"), ("dangling", "nowhere")] {
        let (link, nothing, tags) = (key(link), Properties::default(), owner());
        let put = bed.store.put_symlink(&link, target, &nothing, &tags);
        put.await.expect("a link is made");
    }
    let mount = bed.mount();
    for link in ["l", "dangling"] {
        stage(&mount, link, meta("k", Some("v")))
            .await
            .expect("metadata of a link");
        stage(&mount, link, tag("k", Some("v")))
            .await
            .expect("tags of a link");
        let there = bed
            .store
            .get_symlink(&key(link))
            .await
            .expect("still a link");
        assert_eq!(there.meta.properties.user.len(), 1);
        assert_eq!(bed.tags(link).await.len(), 2);
        stage(&mount, link, meta("k", None))
            .await
            .expect("and gone again");
    }
    assert_eq!(
        bed.head("target").await.properties.user.len(),
        2,
        "the target is as it was"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_kept_in_a_versioned_bucket() {
    let bed = Bed::new(Bucket::seaweed).await;
    bed.python(
        "s3().put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={'Status': 'Enabled'})",
    )
    .await;
    bed.put("a", b"hello".to_vec(), rich("s3"), &owner()).await;
    let mount = bed.mount();
    for value in ["1", "2", "3"] {
        stage(&mount, "a", meta("k", Some(value)))
            .await
            .expect("an edit");
    }
    let versions = bed
        .store
        .list_versions(&key("a"), 10)
        .await
        .expect("versions");
    assert_eq!(versions.len(), 4);
    assert_eq!(
        mount.edits().conflicts,
        0,
        "our own versions are no intruders"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_is_stale() {
    for bucket in [Bucket::embedded, Bucket::seaweed] {
        let bed = Bed::new(bucket).await;
        bed.put("a", b"hello".to_vec(), Properties::default(), &Tags::new())
            .await;
        let mount = bed.mount();
        mount.object(&key("a")).await.expect("it is there");
        bed.store.delete(&key("a"), None).await.expect("deleted");
        let gone = stage(&mount, "a", meta("k", Some("v"))).await;
        assert!(matches!(gone, Err(EditError::Stale)), "{gone:?}");
        let gone = stage(&mount, "a", tag("k", Some("v"))).await;
        assert!(matches!(gone, Err(EditError::Stale)), "{gone:?}");
        let gone = mount
            .object(&key("a"))
            .await
            .map(|_| ())
            .map_err(|e| e.kind());
        assert_eq!(gone, Err(metamount::store::Kind::NotFound));
    }
}
