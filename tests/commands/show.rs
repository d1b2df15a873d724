//! `metamount show`: what an SDK put is what it shows, through the mount alone.

use super::{fail, one_line, succeed};
use crate::env::{Bucket, metamount};
use serde_json::{Value, json};
use std::path::Path;

const OBJECTS: &str = r#"
import oss2
bucket = oss()
bucket.put_object("dir/photo.jpg", "text", headers={
    "x-oss-meta-author": "Jane",
    "x-oss-meta-tag.x".replace(".", "--2e"): "long",
    "x-oss-meta-mtime": "1700000000",
    "Content-Type": "image/png",
    "Cache-Control": "no-cache",
    "x-oss-storage-class": "IA",
    "x-oss-tagging": "owner=John&type=document",
})
bucket.put_symlink("dir/photo.jpg", "link", headers={"x-oss-meta-note": "a link"})
"#;

#[track_caller]
fn show(path: &Path) -> Value {
    let json = succeed(metamount().args(["show", "--json"]).arg(path));
    assert_eq!(json.lines().count(), 1, "{json}");
    serde_json::from_str(&json).unwrap()
}

#[test]
fn all_groups_of_an_object() {
    let bucket = Bucket::embedded();
    bucket.python(OBJECTS);
    let mount = bucket.mount().start();
    let path = mount.join("dir/photo.jpg");
    let shown = show(&path);
    assert_eq!(shown["path"], path.to_str().unwrap());
    let object = &shown["object"];
    assert_eq!(object["key"], "dir/photo.jpg");
    assert_eq!(object["bucket"], bucket.name.as_str());
    assert_eq!(object["size"], "4");
    assert_eq!(object["type"], "Normal");
    assert_eq!(object["storage-class"], "IA");
    assert_eq!(object["acl"], "default");
    assert_eq!(
        shown["metadata"],
        json!({"author": "Jane", "tag.x": "long"})
    );
    assert_eq!(shown["tags"], json!({"owner": "John", "type": "document"}));
    assert_eq!(
        shown["http"],
        json!({"content-type": "image/png", "cache-control": "no-cache"})
    );
    assert_eq!(shown["posix"], json!({"mtime": "1700000000"}));

    let text = succeed(metamount().arg("show").arg(&path));
    for part in [
        "author  Jane",
        "owner  John",
        "cache-control  no-cache",
        "storage-class  IA",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(
        !text.contains("Signature"),
        "a presigned URL is a secret: {text}"
    );
}

#[test]
fn metadata_and_tags_of_a_symlink() {
    let bucket = Bucket::embedded();
    bucket.python(OBJECTS);
    let mount = bucket.mount().start();
    let shown = show(&mount.join("link"));
    assert_eq!(shown["object"]["type"], "Symlink");
    assert_eq!(shown["object"]["target"], "dir/photo.jpg");
    assert_eq!(shown["metadata"], json!({"note": "a link"}));
}

#[test]
fn metadata_and_tags_of_a_symlink_that_is_none_to_the_service() {
    let bucket = Bucket::seaweed();
    bucket.python(
        r#"
s3().put_object(Bucket=BUCKET, Key="link", Metadata={"--symlink-target": "a", "note": "a link"}, Tagging="owner=John")
"#,
    );
    let mount = bucket.mount().start();
    let shown = show(&mount.join("link"));
    assert_eq!(shown["object"]["type"], "Symlink");
    assert_eq!(shown["object"]["target"], "a");
    assert_eq!(shown["metadata"], json!({"note": "a link"}));
    assert_eq!(shown["tags"], json!({"owner": "John"}));
}

#[test]
fn several_paths_and_one_that_fails() {
    let bucket = Bucket::embedded();
    bucket.python(OBJECTS);
    let mount = bucket.mount().start();
    let output = metamount()
        .args(["show", "--json"])
        .args([
            mount.join("link"),
            mount.join("none"),
            mount.join("dir/photo.jpg"),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    let keys: Vec<_> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["object"]["key"].clone())
        .collect();
    assert_eq!(keys, ["link", "dir/photo.jpg"]);
    let errors = std::process::Output {
        stdout: Vec::new(),
        ..output
    };
    assert!(one_line(&errors).contains("none\" does not exist"));
}

#[test]
fn what_has_no_object() {
    let bucket = Bucket::embedded();
    bucket.python(OBJECTS);
    let mount = bucket.mount().start();
    let line = fail(metamount().arg("show").arg(mount.join("dir")));
    assert!(line.contains("no object of its own"), "{line}");
    let line = fail(metamount().arg("show").arg(mount.path()));
    assert!(line.contains("the mount itself"), "{line}");
}
