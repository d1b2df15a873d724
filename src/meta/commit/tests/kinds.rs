//! Each kind of edit, and each kind of object.

use super::*;

#[tokio::test(start_paused = true)]
async fn every_kind_of_edit_is_made_and_removed() {
    for dialect in [&OSS, &S3] {
        let world = World::new(dialect);
        world.object("a").await;
        let before = world.record("a");
        let mount = world.mount();
        let any = Existence::Any;
        mount
            .stage("a", header(HttpHeader::ContentLanguage, Some("de")), any)
            .await
            .unwrap();
        mount
            .stage(
                "a",
                header(HttpHeader::CacheControl, None),
                Existence::Present,
            )
            .await
            .unwrap();
        mount
            .stage(
                "a",
                header(HttpHeader::ContentType, None),
                Existence::Present,
            )
            .await
            .unwrap();
        mount
            .stage("a", tag("type", Some("document")), any)
            .await
            .unwrap();
        mount
            .stage("a", Change::Acl(Acl::Canned("public-read".into())), any)
            .await
            .unwrap();
        mount.set("a", "k", "v").await.unwrap();
        assert_kept(&before, &world.record("a"), |record| {
            let http = &mut record.meta.properties.http;
            http.insert(HttpHeader::ContentLanguage, (*b"de").into());
            http.remove(&HttpHeader::CacheControl);
            http.insert(
                HttpHeader::ContentType,
                (*b"application/octet-stream").into(),
            );
            record.tags.insert("type".into(), "document".into());
            record.acl = Some(Acl::Canned("public-read".into()));
            record
                .meta
                .properties
                .user
                .insert("k".into(), (*b"v").into());
        });
        for name in ["type", "owner"] {
            mount
                .stage("a", tag(name, None), Existence::Present)
                .await
                .unwrap();
        }
        assert!(world.record("a").tags.is_empty());
        assert_eq!(world.sent(Operation::DeleteObjectTagging), 1);
        let twice = mount
            .stage("a", tag("owner", None), Existence::Present)
            .await;
        assert!(matches!(twice, Err(EditError::Missing)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_edit_of_tags_is_one_get_and_one_put() {
    let world = World::new(&S3);
    world.object("a").await;
    let mount = world.mount();
    mount.read(&world, "a").await;
    let before = world.memory.requests().total();
    mount
        .stage("a", tag("k", Some("1")), Existence::Absent)
        .await
        .unwrap();
    assert_eq!(world.memory.requests().total() - before, 2);
    let cached = mount.cached("a").unwrap().tags.unwrap();
    assert_eq!(*cached, world.record("a").tags);
}

#[tokio::test(start_paused = true)]
async fn cached_tags_are_no_base() {
    let world = World::new(&S3);
    world.object("a").await;
    let mount = world.mount();
    mount.read(&world, "a").await;
    mount
        .cache
        .add(&key("a"), Some(Arc::default()), None, Instant::now());
    mount
        .stage("a", tag("k", Some("1")), Existence::Any)
        .await
        .unwrap();
    assert_eq!(world.record("a").tags.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_class_is_changed_by_a_copy_and_kept_by_the_next() {
    let world = World::new(&S3);
    world.object("a").await;
    let mount = world.mount();
    let class = |class: &str| Change::StorageClass(class.into());
    let stored = || world.record("a").meta.properties.storage_class;
    mount
        .stage("a", class("STANDARD_IA"), Existence::Any)
        .await
        .unwrap();
    mount.set("a", "k", "1").await.unwrap();
    assert_eq!(stored().as_deref(), Some("STANDARD_IA"));
    mount
        .stage("a", class("STANDARD"), Existence::Any)
        .await
        .unwrap();
    assert_eq!(stored(), None, "the default class goes unsaid");
    mount
        .stage("a", class("GLACIER"), Existence::Any)
        .await
        .unwrap();
    let refused = mount.stage("a", class("STANDARD"), Existence::Any).await;
    assert!(matches!(refused, Err(EditError::Refused(_))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn an_archived_object_refuses_edits_but_of_its_tags_until_it_is_restored() {
    let world = World::new(&OSS);
    world.object("a").await;
    world.memory.alter(&key("a"), |record| {
        record.meta.properties.storage_class = Some("Archive".into());
    });
    let mount = world.mount();
    let (refused, tagged) = tokio::join!(
        mount.set("a", "k", "1"),
        mount.stage("a", tag("k", Some("1")), Existence::Any)
    );
    assert!(matches!(refused, Err(EditError::Refused(_))), "{refused:?}");
    tagged.unwrap();
    assert_eq!(world.sent(Operation::CopyObject), 0);
    mount
        .stage("a", Change::Restore(3), Existence::Any)
        .await
        .unwrap();
    assert_eq!(world.sent(Operation::RestoreObject), 1);
    world.memory.alter(&key("a"), |record| {
        record.meta.restore = Some(r#"ongoing-request="false", expiry-date="soon""#.into());
    });
    mount.set("a", "k", "1").await.unwrap();
    let record = world.record("a");
    assert_eq!(
        record.meta.properties.storage_class.as_deref(),
        Some("Archive")
    );
}

#[tokio::test(start_paused = true)]
async fn metadata_that_cannot_be_seen_is_not_rewritten() {
    let world = World::new(&S3);
    world.object("a").await;
    world
        .memory
        .alter(&key("a"), |record| record.meta.missing_meta = 2);
    let mount = world.mount();
    let refused = mount.set("a", "k", "1").await;
    assert!(matches!(refused, Err(EditError::Refused(_))));
    let refused = mount
        .stage("a", header(HttpHeader::Expires, None), Existence::Present)
        .await;
    assert!(matches!(refused, Err(EditError::Refused(_))));
    mount
        .stage("a", tag("k", Some("1")), Existence::Any)
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_appendable_object_is_edited_or_the_refusal_is_clear() {
    for refuses_appendable_copy in [false, true] {
        let quirks = Quirks {
            refuses_appendable_copy,
            ..Default::default()
        };
        let world = World::with_quirks(&OSS, quirks);
        let mount = world.mount().acquainted(&world).await;
        world.object("a").await;
        world.memory.alter(&key("a"), |record| {
            record.meta.object_type = Some(ObjectType::Appendable);
        });
        let result = mount.set("a", "k", "1").await;
        match refuses_appendable_copy {
            true => assert!(matches!(result, Err(EditError::Refused(_))), "{result:?}"),
            false => result.unwrap(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_symlink_is_edited_itself_and_stays_one() {
    let world = World::new(&OSS);
    world.object("target").await;
    let mut properties = Properties::default();
    properties.user.insert("k".into(), (*b"1").into());
    for (link, target) in [("l", "target"), ("dangling", "nowhere")] {
        let tags = [("t".into(), "1".into())].into_iter().collect();
        world
            .memory
            .put_symlink(&key(link), target, &properties, &tags)
            .await
            .unwrap();
    }
    settle().await;
    let mount = world.mount();
    for link in ["l", "dangling"] {
        let before = world.record(link);
        mount.set(link, "l", "2").await.unwrap();
        mount
            .stage(link, tag("u", Some("2")), Existence::Any)
            .await
            .unwrap();
        mount
            .stage(link, meta("k", None), Existence::Present)
            .await
            .unwrap();
        assert_kept(&before, &world.record(link), |record| {
            record.meta.properties.user = [("l".into(), (*b"2").into())].into_iter().collect();
            record.tags.insert("u".into(), "2".into());
        });
        // The target is written all the time; the link is another object.
        world.foreign("target", "busy", link);
        let began = Instant::now();
        settle().await;
        world.foreign("target", "busy", "again");
        mount.set(link, "m", "3").await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(4));
    }
    assert_eq!(world.user("target"), "author=John busy=again");
}

#[tokio::test(start_paused = true)]
async fn a_directory_gets_its_marker_with_the_first_attribute() {
    for dialect in [&OSS, &S3] {
        let world = World::new(dialect);
        let mount = world.mount();
        let missing = mount.stage("d/", meta("k", None), Existence::Present).await;
        assert!(matches!(missing, Err(EditError::Missing)));
        let missing = mount.stage("d/", tag("k", None), Existence::Present).await;
        assert!(matches!(missing, Err(EditError::Missing)));
        assert_eq!(world.sent(Operation::PutObject), 0);
        mount
            .stage("d/", meta("k", Some("1")), Existence::Absent)
            .await
            .unwrap();
        let record = world.record("d/");
        assert_eq!(
            (user(&record.meta.properties), record.body.len()),
            ("k=1".into(), 0)
        );
        mount
            .stage("d/", meta("l", Some("2")), Existence::Absent)
            .await
            .unwrap();
        mount
            .stage("d/", meta("k", None), Existence::Present)
            .await
            .unwrap();
        assert_eq!(world.user("d/"), "l=2");
        mount
            .stage("e/", tag("k", Some("1")), Existence::Absent)
            .await
            .unwrap();
        assert_eq!(world.record("e/").tags.len(), 1);
        assert!(matches!(
            mount.set("file", "k", "1").await,
            Err(EditError::Stale)
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn the_class_of_a_symlink_is_refused_and_says_nothing_of_files() {
    let world = World::new(&OSS);
    world.object("target").await;
    let none = (Properties::default(), Tags::new());
    world
        .memory
        .put_symlink(&key("l"), "target", &none.0, &none.1)
        .await
        .unwrap();
    settle().await;
    let mount = world.mount();
    let class = || Change::StorageClass("IA".into());
    let before = world.record("l");
    for _ in 0..2 {
        let refused = mount.stage("l", class(), Existence::Any).await;
        assert!(matches!(refused, Err(EditError::NotKept(_))), "{refused:?}");
    }
    assert_kept(&before, &world.record("l"), |_| {});
    mount.set("l", "k", "1").await.unwrap();
    mount
        .stage("target", class(), Existence::Any)
        .await
        .unwrap();
    let stored = world.record("target").meta.properties.storage_class;
    assert_eq!(stored.as_deref(), Some("IA"));
    assert!(mount.editor.report().not_kept.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_acl_as_the_first_attribute_of_a_directory_makes_its_marker() {
    for dialect in [&OSS, &S3] {
        let world = World::new(dialect);
        let mount = world.mount();
        let acl = || Change::Acl(Acl::Canned("public-read".into()));
        mount.stage("d/", acl(), Existence::Any).await.unwrap();
        let record = world.record("d/");
        assert_eq!(record.acl, Some(Acl::Canned("public-read".into())));
        assert_eq!(record.body.len(), 0);
        mount.set("d/", "k", "1").await.unwrap();
        assert_kept(&record, &world.record("d/"), |record| {
            let user = &mut record.meta.properties.user;
            user.insert("k".into(), (*b"1").into());
        });
        let stale = mount.stage("file", acl(), Existence::Any).await;
        assert!(matches!(stale, Err(EditError::Stale)), "{stale:?}");
        let restore = mount.stage("e/", Change::Restore(1), Existence::Any).await;
        assert!(matches!(restore, Err(EditError::Invalid(_))), "{restore:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_marker_that_another_makes_first_is_merged_into() {
    let world = World::new(&S3);
    let mount = world.mount();
    let memory = world.memory.clone();
    world.fault.before(Operation::PutObject, 1, async move {
        memory.rewrite(&key("d/"), |record| {
            record
                .meta
                .properties
                .user
                .insert("theirs".into(), (*b"1").into());
        });
    });
    mount.set("d/", "ours", "1").await.unwrap();
    assert_eq!(world.user("d/"), "ours=1 theirs=1");
}

#[tokio::test(start_paused = true)]
async fn an_object_above_the_copy_limit_is_rewritten_in_parts_with_everything() {
    for (dialect, dates_uploads_at_start) in [(&OSS, false), (&S3, false), (&S3, true)] {
        let quirks = Quirks {
            copy_limit: Some(1000),
            dates_uploads_at_start,
            ..Default::default()
        };
        let world = World::with_quirks(dialect, quirks);
        world.object("a").await;
        let body: Vec<u8> = (0..2500_u32).map(|i| i.to_le_bytes()[0]).collect();
        world.memory.alter(&key("a"), |record| {
            record.body = body.into();
            record.acl = Some(Acl::Canned("public-read".into()));
            record.meta.properties.storage_class = Some("IA".into());
        });
        let before = world.record("a");
        let mount = world.mount_with(1000);
        for value in ["1", "2"] {
            let etag = world.record("a").meta.etag;
            mount.set("a", "k", value).await.unwrap();
            let after = world.record("a");
            if dialect.has_write_if_match() {
                assert_ne!(after.meta.etag, etag, "joining shows in the entity tag");
            }
            assert_kept(&before, &after, |record| {
                record
                    .meta
                    .properties
                    .user
                    .insert("k".into(), value.as_bytes().into());
                record.meta.etag = after.meta.etag.clone();
                record.meta.object_type = Some(ObjectType::Multipart);
                record.meta.crc64 = after.meta.crc64;
            });
            settle().await;
        }
        assert_eq!(world.memory.open_uploads(), 0);
        assert!(mount.editor.report().losses.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_while_parts_are_copied_is_merged_and_no_upload_is_left() {
    for (operation, nth) in [
        (Operation::CreateMultipartUpload, 1),
        (Operation::UploadPartCopy, 2),
        (Operation::CompleteMultipartUpload, 1),
    ] {
        let quirks = Quirks {
            copy_limit: Some(2),
            ..Default::default()
        };
        let world = World::with_quirks(&S3, quirks);
        world.object("a").await;
        let mount = world.mount_with(2);
        let memory = world.memory.clone();
        world.fault.before(operation, nth, async move {
            memory.rewrite(&key("a"), |record| {
                record.body = "a longer body".into();
                record.meta.etag = ETag::new("another");
                record
                    .meta
                    .properties
                    .user
                    .insert("theirs".into(), (*b"1").into());
            });
        });
        mount.set("a", "ours", "1").await.unwrap();
        let record = world.record("a");
        assert_eq!(
            user(&record.meta.properties),
            "author=John ours=1 theirs=1",
            "{operation:?}"
        );
        assert_eq!(&*record.body, b"a longer body");
        assert_eq!(record.tags.len(), 1);
        assert_eq!(world.memory.open_uploads(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_part_aborts_the_upload_and_changes_nothing() {
    let quirks = Quirks {
        copy_limit: Some(2),
        ..Default::default()
    };
    let world = World::with_quirks(&S3, quirks);
    world.object("a").await;
    let before = world.record("a");
    let mount = world.mount_with(2);
    world.fault.fail(Operation::UploadPartCopy, 2, Kind::Denied);
    let failed = mount.set("a", "k", "1").await;
    assert!(matches!(failed, Err(EditError::Store(error)) if error.kind() == Kind::Denied));
    assert_eq!(world.memory.open_uploads(), 0);
    assert_kept(&before, &world.record("a"), |_| {});
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_the_service_finds_too_large_is_made_in_parts() {
    let quirks = Quirks {
        copy_limit: Some(4),
        ..Default::default()
    };
    let world = World::with_quirks(&S3, quirks);
    world.object("a").await;
    let mount = world.mount_with(1 << 30);
    mount.set("a", "k", "1").await.unwrap();
    assert_eq!(world.user("a"), "author=John k=1");
    assert_eq!(world.sent(Operation::CompleteMultipartUpload), 1);
}

#[tokio::test(start_paused = true)]
async fn tags_that_an_upload_drops_are_put_back() {
    let quirks = Quirks {
        copy_limit: Some(2),
        drops_tags_of_uploads: true,
        ..Default::default()
    };
    let world = World::with_quirks(&S3, quirks);
    world.object("a").await;
    let mount = world.mount_with(2);
    for value in ["1", "2"] {
        mount.set("a", "k", value).await.unwrap();
        assert_eq!(world.record("a").tags.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_acl_is_asked_for_once_and_only_where_objects_have_one() {
    let world = World::new(&S3);
    world.object("a").await;
    let mount = world.mount();
    for value in ["1", "2", "3"] {
        mount.set("a", "k", value).await.unwrap();
    }
    settle().await;
    mount.set("a", "k", "4").await.unwrap();
    assert_eq!(world.sent(Operation::GetObjectAcl), 1);
    let world = World::with_quirks(
        &S3,
        Quirks {
            has_no_acls: true,
            ..Default::default()
        },
    );
    world.object("a").await;
    world.mount().set("a", "k", "1").await.unwrap();
    assert_eq!(world.sent(Operation::GetObjectAcl), 0);
}

/// Edits handed it on from view to view for as long as they went on, and reset what somebody had set long ago.
#[tokio::test(start_paused = true)]
async fn an_acl_is_not_believed_for_longer_than_anything_else() {
    let world = World::new(&S3);
    world.object("a").await;
    let mount = world.mount();
    mount.set("a", "k", "0").await.unwrap();
    let acl = Some(Acl::Canned("public-read".into()));
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(58) {
        tokio::time::sleep(Duration::from_millis(900)).await;
        mount.set("a", "k", "again").await.unwrap();
    }
    assert_eq!(world.sent(Operation::GetObjectAcl), 1);
    let theirs = acl.clone();
    world.memory.alter(&key("a"), |record| record.acl = theirs);
    tokio::time::sleep(Duration::from_millis(1900)).await;
    mount.set("a", "k", "last").await.unwrap();
    assert_eq!(world.record("a").acl, acl);
}

#[tokio::test(start_paused = true)]
async fn an_acl_that_may_not_be_read_is_not_reset() {
    let world = World::new(&S3);
    world.object("a").await;
    let mount = world.mount();
    world.fault.fail(Operation::GetObjectAcl, 1, Kind::Denied);
    let refused = mount.set("a", "k", "1").await;
    assert!(matches!(refused, Err(EditError::Refused(_))), "{refused:?}");
    assert_eq!(world.sent(Operation::CopyObject), 0);
}

/// Metadata alone does not move the entity tag: only the look before the parts are joined shows it.
#[tokio::test(start_paused = true)]
async fn metadata_that_changes_after_the_last_part_was_copied_is_merged() {
    for dialect in [&OSS, &S3] {
        let quirks = Quirks {
            copy_limit: Some(2),
            ..Default::default()
        };
        let world = World::with_quirks(dialect, quirks);
        world.object("a").await;
        let mount = world.mount_with(2);
        let memory = world.memory.clone();
        world.fault.before(Operation::HeadObject, 2, async move {
            memory.rewrite(&key("a"), |record| {
                record
                    .meta
                    .properties
                    .user
                    .insert("theirs".into(), (*b"1").into());
            });
        });
        mount.set("a", "ours", "1").await.unwrap();
        assert_eq!(world.user("a"), "author=John ours=1 theirs=1");
        assert_eq!(world.memory.open_uploads(), 0);
    }
}

/// A rewrite in parts by another mount leaves the metadata as it was seen but for its own entry; where joining
/// depends on the entity tag, its new number of parts shows it.
#[tokio::test(start_paused = true)]
async fn a_rewrite_in_parts_after_the_last_look_fails_the_joining() {
    let quirks = Quirks {
        copy_limit: Some(2),
        ..Default::default()
    };
    let world = World::with_quirks(&S3, quirks);
    world.object("a").await;
    let (mount, other) = (world.mount_with(2), world.mount_with(2));
    other.set("a", "first", "1").await.unwrap();
    settle().await;
    let joining = world.fault.clone();
    joining.before(Operation::CompleteMultipartUpload, 1, async move {
        other.set("a", "theirs", "1").await.unwrap();
    });
    mount.set("a", "ours", "1").await.unwrap();
    assert_eq!(world.user("a"), "author=John first=1 ours=1 theirs=1");
}
