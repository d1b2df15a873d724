//! Requests that fail, and answers that get lost.

use super::*;
use test_case::test_case;

/// A copy whose answer was lost after it took effect: the edit was made, and made once.
#[test_case(Existence::Any)]
#[test_case(Existence::Absent)]
#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_up(existence: Existence) {
    for kind in [Kind::Unknown, Kind::Unavailable] {
        let world = World::new(&S3);
        let mount = world.mount().acquainted(&world).await;
        world.object("a").await;
        world.fault.lose_answer(Operation::CopyObject, 1, kind);
        let copies = world.sent(Operation::CopyObject);
        mount
            .stage("a", meta("k", Some("1")), existence)
            .await
            .unwrap();
        assert_eq!(world.sent(Operation::CopyObject) - copies, 1);
        assert_eq!(world.user("a"), "author=John k=1");
        assert_eq!(mount.editor.report().unknown_outcomes, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_took_no_effect_is_made_again() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    world.fault.fail(Operation::CopyObject, 1, Kind::Unknown);
    mount.set("a", "k", "1").await.unwrap();
    assert_eq!(world.user("a"), "author=John k=1");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_with_a_foreign_write_on_top_is_merged_and_no_error() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    world
        .fault
        .lose_answer(Operation::CopyObject, 1, Kind::Unknown);
    let memory = world.memory.clone();
    world.fault.after(Operation::CopyObject, 1, async move {
        memory.rewrite(&key("a"), |record| {
            record.meta.properties.user.remove("k");
            record
                .meta
                .properties
                .user
                .insert("theirs".into(), (*b"1").into());
        });
    });
    mount
        .stage("a", meta("k", Some("1")), Existence::Absent)
        .await
        .unwrap();
    assert_eq!(world.user("a"), "author=John k=1 theirs=1");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_down_fails_the_edit_with_its_error() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    mount.read(&world, "a").await;
    world.fault.fail(Operation::CopyObject, 1, Kind::Unknown);
    for nth in 1..=2 {
        world.fault.fail(Operation::HeadObject, nth, Kind::Connect);
    }
    let failed = mount.set("a", "k", "1").await;
    assert!(matches!(failed, Err(EditError::Store(error)) if error.kind() == Kind::Unknown));
    let failed = mount.set("b", "k", "1").await;
    assert!(matches!(failed, Err(EditError::Store(error)) if error.kind() == Kind::Connect));
    assert_eq!(mount.editor.pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_tried_again_on_what_is_there_then() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    for nth in 1..=3 {
        world.fault.fail(Operation::CopyObject, nth, Kind::Conflict);
    }
    mount.set("a", "k", "1").await.unwrap();
    assert_eq!(world.user("a"), "author=John k=1");
    assert_eq!(mount.editor.report().conflicts, 3);
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_never_gets_its_turn_fails_in_time() {
    let world = World::new(&S3);
    let mount = world.mount().acquainted(&world).await;
    world.object("a").await;
    for nth in 1..=1000 {
        world
            .fault
            .fail(Operation::CopyObject, nth, Kind::Precondition);
    }
    let began = Instant::now();
    let failed = mount.set("a", "k", "1").await;
    assert!(matches!(failed, Err(EditError::Store(error)) if error.kind() == Kind::Conflict));
    assert!(
        began.elapsed() < Duration::from_secs(63),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_tags_is_looked_up() {
    let world = World::new(&S3);
    world.object("a").await;
    let mount = world.mount();
    world
        .fault
        .lose_answer(Operation::PutObjectTagging, 1, Kind::Unknown);
    mount
        .stage("a", tag("k", Some("1")), Existence::Absent)
        .await
        .unwrap();
    world
        .fault
        .fail(Operation::PutObjectTagging, 1, Kind::Unknown);
    let failed = mount
        .stage("a", tag("l", Some("1")), Existence::Absent)
        .await;
    assert!(matches!(failed, Err(EditError::Store(error)) if error.kind() == Kind::Unknown));
    assert_eq!(world.record("a").tags.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_panics_leaves_its_callers_an_error_and_its_key_usable() {
    let world = World::new(&S3);
    world.object("a").await;
    let mount = world.mount();
    world.fault.before(Operation::CopyObject, 1, async {
        panic!("a scripted panic")
    });
    let failed = mount.set("a", "k", "1").await;
    assert!(matches!(failed, Err(EditError::Store(error)) if error.kind() == Kind::Local));
    assert_eq!(mount.editor.pending(), 0);
    mount.set("a", "k", "1").await.unwrap();
    assert_eq!(world.user("a"), "author=John k=1");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_does_not_lose_the_tags_that_a_copy_drops() {
    let quirks = Quirks {
        drops_tags_on_copy: true,
        ..Default::default()
    };
    let world = World::with_quirks(&S3, quirks);
    world.object("a").await;
    let mount = world.mount();
    world
        .fault
        .lose_answer(Operation::CopyObject, 2, Kind::Unknown);
    mount.set("a", "k", "1").await.unwrap();
    assert_eq!(world.record("a").tags.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_marker_whose_making_was_not_answered_is_found() {
    for kind in [Kind::Unknown, Kind::Unavailable] {
        let world = World::new(&S3);
        let mount = world.mount();
        world.fault.lose_answer(Operation::PutObject, 1, kind);
        mount
            .stage("d/", meta("k", Some("1")), Existence::Absent)
            .await
            .unwrap();
        assert_eq!(world.user("d/"), "k=1");
    }
}

#[tokio::test(start_paused = true)]
async fn parts_that_were_joined_are_joined_whether_a_head_answers_or_not() {
    let quirks = Quirks {
        copy_limit: Some(2),
        ..Default::default()
    };
    let world = World::with_quirks(&S3, quirks);
    world.object("a").await;
    let mount = world.mount_with(2);
    for nth in [3, 4] {
        world.fault.fail(Operation::HeadObject, nth, Kind::Connect);
    }
    mount.set("a", "k", "1").await.unwrap();
    assert_eq!(world.user("a"), "author=John k=1");
    assert_eq!(world.fault.steps_left(), 0);
    assert_eq!(mount.cached("a"), None);
}
