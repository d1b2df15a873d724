//! The protocol as one mount meets it: bases, conditions, batches, requests, versions.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_edit_changes_one_entry_and_keeps_everything_else() {
    for dialect in [&OSS, &S3] {
        let world = World::new(dialect);
        world.object("a").await;
        let class = dialect.archive_classes[0]
            .replace("GLACIER", "STANDARD_IA")
            .replace("Archive", "IA");
        world.memory.alter(&key("a"), |record| {
            record.acl = Some(Acl::Canned("public-read".into()));
            record.meta.properties.storage_class = Some(class.as_str().into());
            let carried = &mut record.meta.properties.carried;
            carried.insert("x-encryption".into(), (*b"AES256").into());
        });
        let before = world.record("a");
        let mount = world.mount();
        mount.set("a", "price", "100 dollar").await.unwrap();
        assert_kept(&before, &world.record("a"), |record| {
            record
                .meta
                .properties
                .user
                .insert("price".into(), (*b"100 dollar").into());
        });
        mount
            .stage("a", meta("price", None), Existence::Present)
            .await
            .unwrap();
        assert_kept(&before, &world.record("a"), |_| {});
        assert!(mount.editor.report().losses.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_edit_of_a_cached_object_is_one_copy() {
    let world = World::new(&OSS);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    mount.read(&world, "a").await;
    let acl = Acl::Canned("default".into());
    mount
        .cache
        .add(&key("a"), None, Some(Arc::new(acl)), Instant::now());
    // The tags stayed with a copy before.
    let (before, began) = (world.memory.requests(), Instant::now());
    mount.set("a", "k", "v").await.unwrap();
    let after = world.memory.requests();
    assert_eq!(began.elapsed(), Duration::from_millis(20));
    assert_eq!(after.total() - before.total(), 1);
    assert_eq!(
        after.of(Operation::CopyObject) - before.of(Operation::CopyObject),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_edit_at_once_costs_a_head_more_and_does_not_wait() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    mount.set("a", "k", "1").await.unwrap();
    let (heads, copies) = (
        world.sent(Operation::HeadObject),
        world.sent(Operation::CopyObject),
    );
    let began = Instant::now();
    mount.set("a", "k", "2").await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_millis(40));
    assert_eq!(world.sent(Operation::HeadObject) - heads, 1);
    assert_eq!(world.sent(Operation::CopyObject) - copies, 1);
}

#[tokio::test(start_paused = true)]
async fn an_edit_after_our_own_has_settled_is_one_copy_again() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    mount.set("a", "k", "1").await.unwrap();
    settle().await;
    let before = world.memory.requests().total();
    mount.set("a", "k", "2").await.unwrap();
    assert_eq!(world.memory.requests().total() - before, 1);
}

#[tokio::test(start_paused = true)]
async fn a_walk_that_edits_many_objects_looks_again_at_the_last_few_only() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    let names: Vec<String> = (0..100).map(|i| format!("o{i}")).collect();
    for name in &names {
        world.memory.rewrite(&key(name), |_| {});
    }
    settle().await;
    for name in &names {
        mount.set(name, "k", "v").await.unwrap();
    }
    let heads = world.sent(Operation::HeadObject);
    settle().await;
    assert_eq!(world.sent(Operation::HeadObject) - heads, 16);
    assert!(
        mount.editor.0.lines.lock().is_empty(),
        "what has settled is forgotten"
    );
}

#[tokio::test(start_paused = true)]
async fn edits_that_arrive_together_go_together() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    let before = world.memory.requests();
    let (first, rest) = tokio::join!(mount.set("a", "k0", "v"), async {
        // The first has its HEAD and ACL and is being written.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let names: Vec<String> = (1..9).map(|i| format!("k{i}")).collect();
        let edits = names.iter().map(|name| mount.set("a", name, "v"));
        futures_util::future::join_all(edits).await
    });
    assert!(first.is_ok() && rest.iter().all(Result::is_ok));
    assert_eq!(world.record("a").meta.properties.user.len(), 10);
    let after = world.memory.requests();
    assert_eq!(
        after.of(Operation::CopyObject) - before.of(Operation::CopyObject),
        2
    );
    // One for the base, none between the two: an answer is as fresh as a HEAD.
    assert_eq!(
        after.of(Operation::HeadObject) - before.of(Operation::HeadObject),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn one_edit_of_a_batch_fails_alone() {
    let world = World::new(&S3);
    world.object("a").await;
    let mount = world.mount();
    let (created, replaced, removed, set) = tokio::join!(
        mount.stage("a", meta("author", Some("x")), Existence::Absent),
        mount.stage("a", meta("none", Some("x")), Existence::Present),
        mount.stage("a", meta("none", None), Existence::Present),
        mount.stage("a", meta("new", Some("x")), Existence::Absent),
    );
    assert!(matches!(created, Err(EditError::Exists)));
    assert!(matches!(replaced, Err(EditError::Missing)));
    assert!(matches!(removed, Err(EditError::Missing)));
    assert!(set.is_ok());
    assert_eq!(world.user("a"), "author=John new=x");
}

#[tokio::test(start_paused = true)]
async fn existence_is_judged_on_a_fresh_view_not_on_the_cached_one() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    mount.read(&world, "a").await;
    world.memory.rewrite(&key("a"), |record| {
        record.meta.properties.user.remove("author");
        record
            .meta
            .properties
            .user
            .insert("other".into(), (*b"1").into());
    });
    settle().await;
    let created = mount
        .stage("a", meta("author", Some("x")), Existence::Absent)
        .await;
    assert!(created.is_ok(), "{created:?}");
    let copies = world.sent(Operation::CopyObject);
    let again = mount
        .stage("a", meta("other", Some("x")), Existence::Absent)
        .await;
    assert!(matches!(again, Err(EditError::Exists)));
    assert_eq!(
        world.sent(Operation::CopyObject),
        copies,
        "a refused edit writes nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn an_edit_merges_into_what_another_wrote_since_it_was_cached() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    mount.read(&world, "a").await;
    world.foreign("a", "theirs", "1");
    mount.set("a", "ours", "1").await.unwrap();
    assert_eq!(world.user("a"), "author=John ours=1 theirs=1");
    assert_eq!(mount.editor.report().conflicts, 1);
}

#[tokio::test(start_paused = true)]
async fn an_edit_waits_until_a_foreign_write_has_settled() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    world.foreign("a", "theirs", "1");
    let written = world.record("a").meta.last_modified;
    mount.set("a", "ours", "1").await.unwrap();
    assert!(world.record("a").meta.last_modified >= written.plus(2));
    assert_eq!(mount.editor.report().waits, 1);
    assert_eq!(world.user("a"), "author=John ours=1 theirs=1");
}

/// Two writes in one second: the second does not move Last-Modified, and no condition shows it.
#[tokio::test(start_paused = true)]
async fn a_second_foreign_write_within_the_second_seen_is_not_lost() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    world.foreign("a", "first", "1");
    let memory = world.memory.clone();
    world.fault.after(Operation::HeadObject, 1, async move {
        memory.rewrite(&key("a"), |record| {
            record
                .meta
                .properties
                .user
                .insert("second".into(), (*b"1").into());
        });
    });
    mount.set("a", "ours", "1").await.unwrap();
    assert_eq!(world.user("a"), "author=John first=1 ours=1 second=1");
}

#[tokio::test(start_paused = true)]
async fn an_sdk_write_between_two_of_ours_is_seen_even_within_the_second() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    mount.set("a", "k1", "1").await.unwrap();
    world.foreign("a", "theirs", "1");
    mount.set("a", "k2", "1").await.unwrap();
    assert_eq!(world.user("a"), "author=John k1=1 k2=1 theirs=1");
}

#[tokio::test(start_paused = true)]
async fn an_sdk_write_right_after_ours_is_seen_after_we_were_idle() {
    for idle in [1, 2, 3, 10] {
        let world = World::new(&S3);
        let mount = world.mount().acquainted(&world).await;
        world.object("a").await;
        mount.set("a", "k1", "1").await.unwrap();
        world.foreign("a", "theirs", "1");
        tokio::time::sleep(Duration::from_secs(idle)).await;
        mount.set("a", "k2", "1").await.unwrap();
        assert_eq!(
            world.user("a"),
            "author=John k1=1 k2=1 theirs=1",
            "{idle} s"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_foreign_rewrite_of_the_body_is_never_mixed_with_old_metadata() {
    for dialect in [&OSS, &S3] {
        let world = World::new(dialect);
        let mount = world.mount().acquainted(&world).await;
        world.object("a").await;
        let memory = world.memory.clone();
        world.fault.before(Operation::CopyObject, 1, async move {
            memory.rewrite(&key("a"), |record| {
                record.body = "another".into();
                record.meta.etag = ETag::new("another");
                record.meta.properties.user = Default::default();
            });
        });
        mount.set("a", "ours", "1").await.unwrap();
        let record = world.record("a");
        assert_eq!(
            (&*record.body, user(&record.meta.properties)),
            (&b"another"[..], "ours=1".into())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_new_truth_is_cached_and_a_failed_edit_leaves_the_cache_alone() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    mount.read(&world, "a").await;
    let before = mount.cached("a");
    world.fault.fail(Operation::CopyObject, 1, Kind::Denied);
    let (one, two) = tokio::join!(mount.set("a", "k", "1"), mount.set("a", "l", "1"));
    for failed in [one, two] {
        assert!(matches!(failed, Err(EditError::Store(error)) if error.kind() == Kind::Denied));
    }
    assert_eq!(mount.cached("a"), before);
    mount.set("a", "k", "1").await.unwrap();
    let cached = mount.cached("a").unwrap();
    assert_eq!(user(&cached.meta.properties), "author=John k=1");
    assert_eq!(
        cached.meta.last_modified,
        world.record("a").meta.last_modified
    );
    assert_eq!(cached.meta.raw, None);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_does_not_end_the_write() {
    let world = World::new(&S3);
    world.object("a").await;
    let mount = world.mount();
    let given_up = tokio::time::timeout(Duration::from_millis(5), mount.set("a", "k", "1")).await;
    assert!(given_up.is_err());
    assert_eq!(mount.editor.pending(), 1);
    mount.editor.drain().await;
    assert_eq!(mount.editor.pending(), 0);
    assert_eq!(world.user("a"), "author=John k=1");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_gone_is_stale() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    mount.read(&world, "a").await;
    world.memory.delete(&key("a"), None).await.unwrap();
    assert!(matches!(
        mount.set("a", "k", "1").await,
        Err(EditError::Stale)
    ));
    assert!(matches!(
        mount.stage("a", tag("k", Some("1")), Existence::Any).await,
        Err(EditError::Stale)
    ));
    assert_eq!(mount.cached("a"), None);
}

#[tokio::test(start_paused = true)]
async fn in_a_versioned_bucket_an_intruder_within_the_second_is_merged() {
    for hides_source_version in [false, true] {
        let quirks = Quirks {
            hides_source_version,
            ..Default::default()
        };
        let world = World::of(World::memory(&S3).with_quirks(quirks).with_versions());
        let mount = world.mount().acquainted(&world).await;
        world.object("a").await;
        // Ours, then at once another of ours; the intruder comes in the same second, just before the copy.
        mount.set("a", "k1", "1").await.unwrap();
        let memory = world.memory.clone();
        world.fault.before(Operation::CopyObject, 1, async move {
            memory.rewrite(&key("a"), |record| {
                record
                    .meta
                    .properties
                    .user
                    .insert("theirs".into(), (*b"1").into());
            });
        });
        mount
            .stage("a", meta("k2", Some("1")), Existence::Absent)
            .await
            .unwrap();
        assert_eq!(world.user("a"), "author=John k1=1 k2=1 theirs=1");
        let versions = world.memory.list_versions(&key("a"), 10).await.unwrap();
        assert_eq!(
            versions.len(),
            5,
            "history is kept: the object, ours, theirs, ours, merged"
        );
    }
}
