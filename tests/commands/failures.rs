//! A mount that cannot be made says so within 15 s: exit code 1 and one line with cause and remedy.

use super::{Place, fail};
use crate::env::{Bucket, metamount};
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};
use test_case::test_case;

/// Runs a mount that must fail, in the background and in the foreground, and returns its line.
#[track_caller]
fn refused(place: &Place, command: impl Fn() -> Command) -> String {
    let begun = Instant::now();
    let line = fail(&mut command());
    assert!(begun.elapsed() < Duration::from_secs(15), "{line}");
    assert!(!place.is_mounted(), "{line}");
    line
}

#[test_case(Bucket::embedded; "of OSS")]
#[test_case(Bucket::seaweed; "of S3")]
fn a_bucket_that_does_not_exist(bucket: fn() -> Bucket) {
    let place = Place::new();
    let mut bucket = bucket();
    bucket.name = "no-such-bucket-here".into();
    let line = refused(&place, || place.mount(&bucket));
    assert!(
        line.contains("no-such-bucket-here does not exist"),
        "{line}"
    );
    assert!(line.contains("check its name"), "{line}");
}

#[test_case(Bucket::embedded; "of OSS")]
#[test_case(Bucket::seaweed; "of S3")]
fn a_wrong_secret(bucket: fn() -> Bucket) {
    let place = Place::new();
    let mut bucket = bucket();
    bucket.service.secret = "quite-another-one".into();
    let line = refused(&place, || place.mount(&bucket));
    assert!(line.contains("does not accept the credentials"), "{line}");
    assert!(!line.contains("quite-another-one"), "{line}");
}

#[test_case(Bucket::embedded; "of OSS")]
#[test_case(Bucket::seaweed; "of S3")]
fn an_unknown_key(bucket: fn() -> Bucket) {
    let place = Place::new();
    let mut bucket = bucket();
    bucket.service.access_key = "NOBODY".into();
    let line = refused(&place, || place.mount(&bucket));
    assert!(line.contains("does not accept the credentials"), "{line}");
}

#[test_case("oss://bucket", "OSS_ACCESS_KEY_ID"; "of OSS")]
#[test_case("s3://bucket", "AWS_ACCESS_KEY_ID"; "of S3")]
fn no_credentials(url: &str, variable: &str) {
    let place = Place::new();
    let line = refused(&place, || {
        let mut command = metamount();
        command.args(["mount", url]).arg(&place.mnt);
        command.args(["--region", "r", "--endpoint", "http://127.0.0.1:1"]);
        command.arg("--state-dir").arg(place.path("state"));
        command
    });
    assert!(line.contains("no credentials"), "{line}");
    assert!(line.contains(variable), "{line}");
}

#[test]
fn a_credentials_file_that_cannot_be_read() {
    let place = Place::new();
    // Not even root reads a directory.
    let file = place.path("credentials");
    fs::create_dir(&file).unwrap();
    let line = refused(&place, || {
        let mut command = metamount();
        command.args(["mount", "s3://bucket"]).arg(&place.mnt);
        command.args(["--region", "r", "--endpoint", "http://127.0.0.1:1"]);
        command.arg("--state-dir").arg(place.path("state"));
        command.env("AWS_SHARED_CREDENTIALS_FILE", &file);
        command
    });
    assert!(line.contains(file.to_str().unwrap()), "{line}");
}

#[test]
fn nobody_listens() {
    let place = Place::new();
    let mut bucket = Bucket::embedded();
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    bucket.service.address = port.local_addr().unwrap();
    drop(port);
    let line = refused(&place, || place.mount(&bucket));
    assert!(line.contains("cannot be reached"), "{line}");
    assert!(line.contains("check the network"), "{line}");
}

#[test]
fn a_host_without_a_name() {
    let place = Place::new();
    let bucket = Bucket::embedded();
    let line = refused(&place, || {
        let mut command = bucket.mount().command(&place.mnt);
        command.args(["--endpoint", "https://no-such-host.invalid"]);
        command.arg("--state-dir").arg(place.path("state"));
        command
    });
    assert!(line.contains("cannot be reached"), "{line}");
}

#[test]
fn a_server_that_never_answers() {
    let place = Place::new();
    let mut bucket = Bucket::embedded();
    // Connections are accepted by the kernel and by nobody else.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    bucket.service.address = silent.local_addr().unwrap();
    let line = refused(&place, || place.mount(&bucket));
    assert!(line.contains("check the network"), "{line}");
}

#[test]
fn a_server_that_is_no_object_store() {
    let place = Place::new();
    let mut bucket = Bucket::embedded();
    let web = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    bucket.service.address = web.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in web.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 28\r\nConnection: close\r\n\r\n<html><body>hi</body></html>",
            );
        }
    });
    let line = refused(&place, || place.mount(&bucket));
    assert!(
        line.contains("does not answer as Alibaba Cloud OSS does"),
        "{line}"
    );
    assert!(line.contains("--endpoint"), "{line}");
}

#[test]
fn plain_http_beyond_this_machine() {
    let place = Place::new();
    let bucket = Bucket::embedded();
    let line = refused(&place, || {
        let mut command = place.mount(&bucket);
        // An address that documents may use and nobody has.
        command.args(["--endpoint", "http://192.0.2.1"]);
        command
    });
    assert!(line.contains("--allow-http"), "{line}");
}

#[test]
fn a_mount_point_that_cannot_be_one() {
    let bucket = Bucket::embedded();
    let place = Place::new();
    let file = place.path("file");
    fs::write(&file, "").unwrap();
    let link = place.path("link");
    symlink("nowhere", &link).unwrap();
    let full = place.path("full");
    fs::create_dir_all(full.join("entry")).unwrap();
    for (path, expected) in [
        (place.path("none"), "does not exist"),
        (link, "does not exist"),
        (file, "is not a directory"),
        (full, "is not empty"),
        ("/proc".into(), "busy"),
    ] {
        let line = refused(&place, || {
            let mut command = bucket.mount().command(&path);
            command.arg("--state-dir").arg(place.path("state"));
            command
        });
        assert!(line.contains(expected), "{path:?}: {line}");
    }
}

#[test]
fn a_mount_point_that_is_mounted_already() {
    let bucket = Bucket::embedded();
    let place = Place::new();
    let daemon = place.mounted(&bucket);
    let line = fail(&mut place.mount(&bucket));
    assert!(line.contains("busy"), "{line}");
    place.unmount();
    daemon.ends();
}

#[test]
fn a_place_for_the_log_that_is_none() {
    let bucket = Bucket::embedded();
    let place = Place::new();
    let file = place.path("file");
    fs::write(&file, "").unwrap();
    let line = refused(&place, || {
        let mut command = bucket.mount().command(&place.mnt);
        command.arg("--state-dir").arg(file.join("state"));
        command
    });
    assert!(line.contains("--state-dir"), "{line}");
    let line = refused(&place, || {
        let mut command = place.mount(&bucket);
        command.arg("--log-file").arg(file.join("log"));
        command
    });
    assert!(line.contains("--log-file"), "{line}");
}

#[test_case(&["mount", "oss://Bucket", "/mnt"], "no bucket name"; "a bucket's name")]
#[test_case(&["mount", "ftp://bucket", "/mnt"], "unknown scheme"; "a scheme")]
#[test_case(&["mount", "oss://bucket/a//b", "/mnt"], "no path leads"; "a prefix")]
#[test_case(&["mount", "oss://bucket"], "<MOUNTPOINT>"; "no mount point")]
#[test_case(&["mount", "oss://bucket", "/mnt", "--frob"], "--frob"; "an option")]
#[test_case(&["mount", "oss://bucket", "/mnt", "-o", "frob"], "-o frob"; "a word of the list")]
#[test_case(&["mount", "oss://bucket", "/mnt", "--max-requests", "0"], "--max-requests"; "a number")]
#[test_case(&["mount", "oss://bucket", "/mnt", "--dir-mode", "9"], "octal"; "a mode")]
#[test_case(&["status", "/"], "not where metamount mounted"; "the status of nothing")]
#[test_case(&["unmount", "/"], "not where metamount mounted"; "the end of nothing")]
#[test_case(&["unmount", "/no/such/dir"], "does not exist"; "the end of what is not there")]
#[test_case(&["status", "/no/such/dir"], "does not exist"; "the status of what is not there")]
#[test_case(&["show", "/proc/version"], "in no mount of metamount"; "a file of another filesystem")]
#[test_case(&["serve", "--bucket", "No"], "bucket name"; "a bucket to serve")]
#[test_case(&["serve", "--listen", "here"], "--listen"; "an address")]
#[test_case(&[], "--help"; "nothing")]
fn what_was_typed(args: &[&str], expected: &str) {
    let line = fail(metamount().args(args));
    assert!(line.contains(expected), "{line}");
}
