//! `metamount status`.

use super::{Place, names, succeed};
use crate::env::{Bucket, metamount};
use serde_json::Value;

#[test]
fn it_counts_what_was_asked() {
    let bucket = Bucket::embedded();
    bucket.python(r#"oss().put_object("a.txt", "text")"#);
    let place = Place::new();
    let daemon = place.mounted(&bucket);
    names(&place.mnt);
    let json = succeed(metamount().args(["status", "--json"]).arg(&place.mnt));
    assert!(json.ends_with('\n') && json.lines().count() == 1, "{json}");
    let status: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["pid"], daemon.0.as_raw_nonzero().get());
    assert_eq!(status["url"], bucket.url(""));
    assert_eq!(status["mountpoint"], place.mnt.to_str().unwrap());
    assert_eq!(status["pending"]["edits"], 0);
    assert_eq!(status["pending"]["uploads"], 0);
    let counts = status["requests"].as_object().unwrap().values();
    let sum: u64 = counts.map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(status["requests_total"], sum);
    assert!(sum >= 2, "the probe and a list: {json}");

    let shown = succeed(metamount().arg("status").arg(&place.mnt));
    let first = shown.lines().next().unwrap();
    assert!(first.contains(&bucket.url("")), "{shown}");
    assert!(shown.contains("ListObjects"), "{shown}");
    place.unmount();
}

#[test]
fn a_prefix_and_hidden_keys_are_told() {
    let bucket = Bucket::embedded();
    bucket.python(
        r#"
for key in ["p/a", "p//b", "p/../c", "q"]:
    oss().put_object(key, "")
"#,
    );
    let place = Place::new();
    let mut command = metamount();
    command.args(["mount", &bucket.url("p")]).arg(&place.mnt);
    command.args(["--endpoint", &bucket.service.endpoint()]);
    command.args(["--region", bucket.service.region]);
    command.arg("--state-dir").arg(place.path("state"));
    succeed(command.envs(bucket.service.credentials()));
    assert_eq!(names(&place.mnt), ["a"]);
    let json = succeed(metamount().args(["status", "--json"]).arg(&place.mnt));
    let status: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(status["url"], bucket.url("p"));
    assert_eq!(status["hidden_keys"], 2, "{json}");
    place.unmount();
}
