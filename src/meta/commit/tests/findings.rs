//! What the first edits find out of a server, and what is done about it.

use super::*;
use test_case::test_case;

#[tokio::test(start_paused = true)]
async fn the_first_edit_finds_out_that_conditions_are_honoured() {
    let world = World::new(&S3);
    world.object("a").await;
    let mount = world.mount();
    assert_eq!(mount.editor.report().conditions, Conditions::Unknown);
    mount.set("a", "k", "1").await.unwrap();
    assert_eq!(mount.editor.report().conditions, Conditions::Honoured);
    assert_eq!(
        world.sent(Operation::CopyObject),
        2,
        "the false condition, then the true one"
    );
    mount.set("a", "k", "2").await.unwrap();
    assert_eq!(world.sent(Operation::CopyObject), 3);
}

#[tokio::test(start_paused = true)]
async fn a_server_without_conditions_is_reported_and_read_back() {
    let quirks = Quirks {
        ignores_source_conditions: true,
        ..Default::default()
    };
    let world = World::with_quirks(&S3, quirks);
    world.object("a").await;
    let mount = world.mount();
    mount.set("a", "k", "1").await.unwrap();
    assert_eq!(mount.editor.report().conditions, Conditions::Ignored);
    assert_eq!(
        world.sent(Operation::CopyObject),
        1,
        "the copy with the false condition was made"
    );
    // A foreign write on an old view takes ours away; the one after it is read back and made again.
    let memory = world.memory.clone();
    world.fault.after(Operation::CopyObject, 1, async move {
        memory.rewrite(&key("a"), |record| {
            record.meta.properties.user.remove("k2");
            record
                .meta
                .properties
                .user
                .insert("theirs".into(), (*b"1").into());
        });
    });
    mount.set("a", "k2", "1").await.unwrap();
    assert_eq!(world.user("a"), "author=John k=1 k2=1 theirs=1");
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_copies_keep_last_modified_protects_nothing() {
    let quirks = Quirks {
        copy_keeps_last_modified: true,
        ..Default::default()
    };
    let world = World::with_quirks(&S3, quirks);
    world.object("a").await;
    let mount = world.mount();
    mount.set("a", "k", "1").await.unwrap();
    assert_eq!(mount.editor.report().conditions, Conditions::Ignored);
}

#[test_case(Quirks { drops_headers: vec![HttpHeader::Expires], ..Default::default() }, header(HttpHeader::Expires, Some("1")))]
#[test_case(Quirks { drops_headers: vec![HttpHeader::WebsiteRedirect], ..Default::default() }, header(HttpHeader::WebsiteRedirect, Some("/x")))]
#[test_case(Quirks { keeps_omitted_headers: true, ..Default::default() }, header(HttpHeader::CacheControl, None); "a header that does not go")]
#[test_case(Quirks { drops_class: true, ..Default::default() }, Change::StorageClass("STANDARD_IA".into()))]
#[test_case(Quirks { drops_empty_values: true, ..Default::default() }, meta("k", Some("")))]
#[test_case(Quirks { drops_acl: true, ..Default::default() }, Change::Acl(Acl::Canned("public-read".into())))]
#[tokio::test(start_paused = true)]
async fn what_a_server_drops_is_no_success_and_not_tried_twice(quirks: Quirks, change: Change) {
    let world = World::with_quirks(&S3, quirks);
    world.object("a").await;
    let mount = world.mount();
    let dropped = mount.stage("a", change.clone(), Existence::Any).await;
    assert!(matches!(dropped, Err(EditError::NotKept(_))), "{dropped:?}");
    assert_eq!(mount.editor.report().not_kept.len(), 1);
    settle().await;
    let copies = world.sent(Operation::CopyObject) + world.sent(Operation::PutObjectAcl);
    let dropped = mount.stage("a", change, Existence::Any).await;
    assert!(matches!(dropped, Err(EditError::NotKept(_))));
    assert_eq!(
        world.sent(Operation::CopyObject) + world.sent(Operation::PutObjectAcl),
        copies
    );
    mount.set("a", "other", "1").await.unwrap();
}

/// An edit overwritten by a program with an old view within the second must not be taken for one that the server
/// does not keep.
#[tokio::test(start_paused = true)]
async fn a_first_edit_that_another_overwrites_is_made_again() {
    let world = World::new(&S3);
    world.object("a").await;
    let mount = world.mount();
    let memory = world.memory.clone();
    world.fault.after(Operation::CopyObject, 2, async move {
        memory.rewrite(&key("a"), |record| {
            record.meta.properties.user = Default::default();
        });
    });
    mount.set("a", "k", "1").await.unwrap();
    assert_eq!(world.user("a"), "k=1");
    assert!(mount.editor.report().not_kept.is_empty());
}

#[tokio::test(start_paused = true)]
async fn tags_that_a_copy_drops_are_put_back_after_every_copy() {
    for quirks in [
        Quirks {
            drops_tags_on_copy: true,
            ..Default::default()
        },
        Quirks {
            drops_tags_on_copy: true,
            tags_move_last_modified: true,
            ..Default::default()
        },
        Quirks {
            drops_tags_on_copy: true,
            hides_source_version: true,
            ..Default::default()
        },
    ] {
        let world = World::with_quirks(&S3, quirks);
        world.object("a").await;
        let before = world.record("a");
        let mount = world.mount();
        for (i, entry) in ["k", "l", "m"].into_iter().enumerate() {
            mount.set("a", entry, "1").await.unwrap();
            assert_eq!(world.record("a").tags, before.tags, "edit {i}");
        }
        let (with_tag, both) = tokio::join!(
            mount.stage("a", tag("new", Some("1")), Existence::Absent),
            mount.set("a", "n", "1")
        );
        assert!(with_tag.is_ok() && both.is_ok());
        assert_eq!(world.record("a").tags.len(), 2);
        mount.set("a", "o", "1").await.unwrap();
        assert_eq!(world.record("a").tags.len(), 2);
        assert!(mount.editor.report().losses.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_acl_that_a_copy_drops_is_put_back() {
    let quirks = Quirks {
        drops_acl_on_copy: true,
        ..Default::default()
    };
    let world = World::with_quirks(&S3, quirks);
    world.object("a").await;
    let acl = Some(Acl::Canned("public-read".into()));
    world
        .memory
        .alter(&key("a"), |record| record.acl = acl.clone());
    let mount = world.mount();
    for entry in ["k", "l"] {
        mount.set("a", entry, "1").await.unwrap();
        assert_eq!(world.record("a").acl, acl);
    }
    assert_eq!(mount.editor.report().not_kept, ["an ACL across a copy"]);
}

#[tokio::test(start_paused = true)]
async fn what_else_a_rewrite_lost_is_reported_loudly() {
    let quirks = Quirks {
        drops_headers: vec![HttpHeader::Expires],
        ..Default::default()
    };
    let world = World::with_quirks(&S3, quirks);
    // The test's own write is not subject to the quirk, the copy is.
    world.object("a").await;
    let mount = world.mount();
    mount.set("a", "k", "1").await.unwrap();
    let losses = mount.editor.report().losses;
    assert!(
        losses.len() == 1 && losses[0].contains("expires"),
        "{losses:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_keeps_no_metadata_is_left_as_it_was() {
    let quirks = Quirks {
        drops_marker_meta: true,
        ..Default::default()
    };
    let world = World::with_quirks(&S3, quirks);
    let mount = world.mount();
    for change in [meta("k", Some("1")), tag("k", Some("1"))] {
        let dropped = mount.stage("d/", change, Existence::Any).await;
        assert!(matches!(dropped, Err(EditError::NotKept(_))), "{dropped:?}");
        assert!(
            world.memory.peek(&key("d/")).is_none(),
            "the marker is unmade"
        );
    }
    let puts = world.sent(Operation::PutObject);
    for change in [meta("k", Some("1")), tag("k", Some("1"))] {
        let dropped = mount.stage("e/", change, Existence::Any).await;
        assert!(matches!(dropped, Err(EditError::NotKept(_))), "{dropped:?}");
    }
    assert_eq!(world.sent(Operation::PutObject), puts);
}

/// What an upload in parts keeps says nothing of what a copy keeps.
#[tokio::test(start_paused = true)]
async fn a_server_may_drop_tags_on_copies_and_keep_those_of_uploads() {
    let quirks = Quirks {
        copy_limit: Some(10),
        drops_tags_on_copy: true,
        ..Default::default()
    };
    let world = World::with_quirks(&S3, quirks);
    world.object("small").await;
    world.object("large").await;
    world.memory.alter(&key("large"), |record| {
        record.body = "more than ten bytes".into();
    });
    let mount = world.mount_with(10);
    for name in ["large", "small", "large"] {
        mount.set(name, "k", "1").await.unwrap();
        assert_eq!(world.record(name).tags.len(), 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_merged_intruder_does_not_cost_the_tags() {
    let quirks = Quirks {
        drops_tags_on_copy: true,
        ..Default::default()
    };
    let world = World::of(World::memory(&S3).with_quirks(quirks).with_versions());
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
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
    mount.set("a", "k2", "1").await.unwrap();
    assert_eq!(world.user("a"), "author=John k1=1 k2=1 theirs=1");
    assert_eq!(world.record("a").tags.len(), 1);
}
