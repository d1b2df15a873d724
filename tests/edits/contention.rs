//! Several mounts and an SDK on one object.

use super::*;
use std::time::Instant;

/// Makes edits of different keys one after the other, and returns the longest wait.
async fn edit_in_turn(mount: Arc<Metadata>, writer: String, edits: usize) -> Duration {
    let mut longest = Duration::ZERO;
    for i in 0..edits {
        let began = Instant::now();
        let made = stage(&mount, "a", meta(&format!("{writer}-{i}"), Some("v"))).await;
        made.unwrap_or_else(|e| panic!("{writer}-{i}: {e}"));
        longest = longest.max(began.elapsed());
    }
    longest
}

/// Lets two writers of each of two mounts edit at the same time.
async fn contend(bed: &Bed, mounts: &[Arc<Metadata>; 2], round: usize, edits: usize) {
    let writers = (0..4).map(|writer| {
        let name = format!("r{round}-w{writer}");
        tokio::spawn(edit_in_turn(mounts[writer % 2].clone(), name, edits))
    });
    for writer in futures_util::future::join_all(writers).await {
        let longest = writer.expect("the writer ends");
        assert!(longest < Duration::from_secs(15), "{longest:?}");
    }
    let there = bed.head("a").await.properties.user;
    let ours = there
        .iter()
        .filter(|(name, _)| name.starts_with('r'))
        .count();
    assert_eq!(ours, (round + 1) * 4 * edits, "no edit of a mount is lost");
}

async fn nothing_is_lost(bucket: fn() -> Bucket, sdk: &str) {
    let bed = Bed::new(bucket).await;
    bed.put("a", b"hello".to_vec(), Properties::default(), &owner())
        .await;
    let mounts = [bed.mount(), bed.mount()];
    for round in 0..2 {
        contend(&bed, &mounts, round, 5).await;
        // Right after: within a second of a mount's last write, as often as not.
        bed.python(&format!("NAME = 'sdk-{round}'\n{sdk}")).await;
        stage(&mounts[0], "a", meta("after", Some("v")))
            .await
            .expect("an edit after the SDK's");
        let there = bed.head("a").await.properties.user;
        let theirs = there
            .iter()
            .filter(|(name, _)| name.starts_with("sdk"))
            .count();
        assert_eq!(theirs, round + 1, "no edit of the SDK is lost");
    }
    assert_eq!(bed.tags("a").await, owner());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_on_the_embedded_server() {
    let sdk = r#"
meta = {k: v for k, v in oss().head_object("a").headers.items() if k.lower().startswith("x-oss-meta-")}
meta["x-oss-meta-" + NAME] = "v"
oss().update_object_meta("a", meta)
"#;
    nothing_is_lost(Bucket::embedded, sdk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_on_seaweed() {
    let sdk = r#"
head = s3().head_object(Bucket=BUCKET, Key="a")
s3().copy_object(Bucket=BUCKET, Key="a", CopySource={"Bucket": BUCKET, "Key": "a"},
    MetadataDirective="REPLACE", ContentType=head["ContentType"], Metadata={**head["Metadata"], NAME: "v"})
"#;
    nothing_is_lost(Bucket::seaweed, sdk).await;
}
