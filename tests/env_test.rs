//! The test environment itself: servers come up, what is started ends.

use crate::env::{Bucket, Leash, OwnServer, until};
use serde_json::json;
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn seaweed_takes_what_an_sdk_puts() {
    let bucket = Bucket::seaweed();
    let listed = bucket.python_json(
        r#"
s3().put_object(Bucket=BUCKET, Key="a/b", Body=b"text", Metadata={"author": "Jane"})
show([o["Key"] for o in s3().list_objects_v2(Bucket=BUCKET)["Contents"]])
"#,
    );
    assert_eq!(listed, json!(["a/b"]));
}

#[test]
fn the_embedded_server_takes_what_the_sdks_put() {
    let bucket = Bucket::embedded();
    let listed = bucket.python_json(
        r#"
oss().put_object("a/b", "text", headers={"x-oss-meta-author": "Jane"})
import alibabacloud_oss_v2 as v2
oss_v2().put_object(v2.PutObjectRequest(bucket=BUCKET, key="c", body=b"text"))
show([o.key for o in oss().list_objects_v2().object_list])
"#,
    );
    assert_eq!(listed, json!(["a/b", "c"]));
}

#[test]
fn a_server_of_ones_own_comes_back_where_it_was() {
    let mut server = OwnServer::start(|_| {});
    let bucket = Bucket::new(server.service());
    server.stop();
    assert!(std::net::TcpStream::connect(bucket.service.address).is_err());
    server.restart();
    assert_eq!(server.service().address, bucket.service.address);
    let name = bucket.python("print(oss().get_bucket_info().name)");
    assert_eq!(name.trim(), bucket.name);
}

#[test]
fn a_leash_ends_what_it_holds_and_cleans_up() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("left");
    std::fs::write(&file, "").unwrap();
    let mut child = Command::new("sleep")
        .arg("3600")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let leash = Leash::new(child.id(), r#"rm "$1""#, &[file.to_str().unwrap()]);
    drop(leash);
    let status = until("the child is killed", Duration::from_secs(10), || {
        child.try_wait().unwrap()
    });
    assert!(!status.success());
    assert!(!file.exists());
}

#[test]
fn a_released_leash_leaves_things_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("left");
    std::fs::write(&file, "").unwrap();
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let mut leash = Leash::new(child.id(), r#"rm "$1""#, &[file.to_str().unwrap()]);
    leash.release();
    drop(leash);
    assert!(child.try_wait().unwrap().is_none());
    assert!(file.exists());
    child.kill().unwrap();
    child.wait().unwrap();
}
