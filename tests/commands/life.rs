//! A mount in the background, from its beginning to its end.

use super::{BOUND, Daemon, Place, fail, names, succeed};
use crate::env::{Bucket, OwnServer, attributes, metamount, until};
use metamount::store::types::Secret;
use rustix::process::{Signal, kill_process};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};
use test_case::test_case;

fn with_an_object() -> Bucket {
    let bucket = Bucket::embedded();
    bucket.python(r#"oss().put_object("a.txt", "text")"#);
    bucket
}

#[test]
fn mount_returns_when_the_mount_is_usable() {
    let bucket = with_an_object();
    let place = Place::new();
    assert_eq!(succeed(&mut place.mount(&bucket)), "");
    assert_eq!(names(&place.mnt), ["a.txt"]);
    assert_eq!(fs::read_to_string(place.mnt.join("a.txt")).unwrap(), "text");
    assert!(
        place.entry().contains("fuse.metamount"),
        "{}",
        place.entry()
    );
    let daemon = place.daemon();
    place.unmount();
    assert!(!daemon.is_alive(), "unmount waits for the daemon's end");
    assert!(!place.is_mounted());
}

#[test]
fn the_daemon_holds_nothing_of_where_it_was_started() {
    let bucket = with_an_object();
    let place = Place::new();
    let daemon = place.mounted(&bucket);
    assert_eq!(
        fs::read_link(daemon.proc("cwd")).unwrap().to_str(),
        Some("/")
    );
    for stream in ["fd/0", "fd/1"] {
        let target = fs::read_link(daemon.proc(stream)).unwrap();
        assert_eq!(target.to_str(), Some("/dev/null"), "{stream}");
    }
    let log = fs::read_link(daemon.proc("fd/2")).unwrap();
    assert!(
        log.starts_with(place.path("state").canonicalize().unwrap()),
        "{log:?}"
    );
    let session = rustix::process::getsid(Some(daemon.0)).unwrap();
    assert_eq!(session, daemon.0, "it leads a session of its own");
    place.unmount();
}

#[test]
fn secrets_are_in_no_command_line_log_or_status() {
    const HUSH: &str = "Zm9yLW5vYm9keXMtZXllcw";
    let server = OwnServer::start(|settings| settings.credentials.secret = Secret::new(HUSH));
    let bucket = Bucket::new(server.service());
    let place = Place::new();
    succeed(place.mount(&bucket).args(["--log-level", "trace"]));
    // Something to log, that fails as well.
    fs::write(place.mnt.join("none"), "").unwrap_err();
    bucket.python(r#"oss().put_object("a.txt", "text")"#);
    assert_eq!(fs::read_to_string(place.mnt.join("a.txt")).unwrap(), "text");
    let url = succeed(
        Command::new("getfattr")
            .args(["--only-values", "-n", "object.url", "a.txt"])
            .current_dir(&place.mnt),
    );
    let signature = url
        .split("signature=")
        .nth(1)
        .expect("a URL that is signed");
    let daemon = place.daemon();
    let cmdline = fs::read(daemon.proc("cmdline")).unwrap();
    let status = succeed(metamount().args(["status", "--json"]).arg(&place.mnt));
    place.unmount();
    let log = place.path("state").join(format!("oss-{}.log", bucket.name));
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("DEBUG") || log.contains("TRACE"), "{log}");
    for (what, text) in [
        ("log", &*log),
        ("status", &*status),
        ("command line", &*String::from_utf8_lossy(&cmdline)),
    ] {
        assert!(!text.contains(HUSH), "{what}: {text}");
        assert!(!text.contains(signature), "{what}: {text}");
        assert!(
            !text.contains("OSS4-HMAC-SHA256 Credential"),
            "{what}: {text}"
        );
    }
}

#[test]
fn the_log_is_the_owners_alone_and_where_it_was_asked_for() {
    let bucket = with_an_object();
    let place = Place::new();
    let file = place.path("own.log");
    let mut command = place.mount(&bucket);
    command.arg("--log-file").arg(&file);
    command.args(["--log-level", "debug"]);
    succeed(&mut command);
    place.unmount();
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    assert!(!fs::read_to_string(&file).unwrap().is_empty());
}

#[test]
fn options_that_do_nothing_yet_say_so() {
    let bucket = with_an_object();
    let place = Place::new();
    succeed(place.mount(&bucket).args(["--posix", "--tag", "a=b"]));
    place.unmount();
    let log = place.path("state").join(format!("oss-{}.log", bucket.name));
    let log = fs::read_to_string(log).unwrap();
    for option in ["--posix", "--tag"] {
        assert!(log.contains(&format!("{option} has no effect")), "{log}");
    }
    assert!(!log.contains("--write-back"), "{log}");
}

/// Mounts with a directory for temporary files of its own, and uses the mount.
fn used(place: &Place, bucket: &Bucket) -> Daemon {
    fs::create_dir_all(place.path("tmp")).unwrap();
    succeed(place.mount(bucket).env("TMPDIR", place.path("tmp")));
    let file = place.mnt.join("a.txt");
    assert_eq!(fs::read_to_string(&file).unwrap(), "text");
    attributes::set(&file, "user.author", "Jane").unwrap();
    place.daemon()
}

/// Checks that a mount that has ended left nothing but its log.
fn left_nothing(place: &Place, bucket: &Bucket) {
    assert!(!place.is_mounted());
    assert_eq!(names(&place.mnt), [""; 0]);
    assert_eq!(names(place.path("tmp")), [""; 0]);
    let log = format!("oss-{}.log", bucket.name);
    assert_eq!(names(place.path("state")), [log]);
}

#[test_case(|_, daemon| kill_process(daemon.0, Signal::TERM).unwrap(); "SIGTERM")]
#[test_case(|_, daemon| kill_process(daemon.0, Signal::INT).unwrap(); "SIGINT")]
#[test_case(|place, _| { succeed(Command::new("fusermount3").arg("-u").arg(&place.mnt)); }; "fusermount3")]
#[test_case(|place, _| { succeed(Command::new("umount").arg(&place.mnt)); }; "umount")]
#[test_case(|place, _| { succeed(Command::new("umount").arg("-l").arg(&place.mnt)); }; "a lazy umount")]
fn an_end_from_outside_leaves_nothing(end: fn(&Place, Daemon)) {
    let bucket = with_an_object();
    let place = Place::new();
    let daemon = used(&place, &bucket);
    end(&place, daemon);
    daemon.ends();
    left_nothing(&place, &bucket);
}

#[test]
fn a_killed_daemon_and_the_mount_over_it_leave_nothing() {
    let bucket = with_an_object();
    let place = Place::new();
    dies(used(&place, &bucket), &place);
    let daemon = used(&place, &bucket);
    place.unmount();
    daemon.ends();
    left_nothing(&place, &bucket);
}

#[test]
fn a_busy_mount_stays_and_names_who_uses_it() {
    let bucket = with_an_object();
    let place = Place::new();
    let daemon = place.mounted(&bucket);
    let mut user = Command::new("sleep")
        .arg("3600")
        .current_dir(&place.mnt)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    // A shell hands its open files on to what it starts, which is not who uses them.
    let inherited = fs::File::open(&place.mnt).unwrap();
    let line = fail(metamount().arg("unmount").arg(&place.mnt).stdin(inherited));
    assert!(line.contains(&format!("sleep ({})", user.id())), "{line}");
    assert!(!line.contains("metamount ("), "{line}");
    assert!(daemon.is_alive() && place.is_mounted());
    user.kill().unwrap();
    user.wait().unwrap();
    place.unmount();
}

/// Kills a daemon and waits until the kernel has noticed.
fn dies(daemon: Daemon, place: &Place) {
    kill_process(daemon.0, Signal::KILL).unwrap();
    daemon.ends();
    until("the mount answers that it is dead", BOUND, || {
        fs::read_dir(&place.mnt).is_err().then_some(())
    });
}

#[test]
fn a_mount_whose_daemon_died_is_taken_away() {
    let bucket = with_an_object();
    let place = Place::new();
    let daemon = place.mounted(&bucket);
    dies(daemon, &place);
    let line = fail(metamount().arg("status").arg(&place.mnt));
    assert!(line.contains("daemon is gone"), "{line}");
    let output = metamount().arg("unmount").arg(&place.mnt).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(!place.is_mounted());
}

#[test]
fn a_mount_over_one_whose_daemon_died_works() {
    let bucket = with_an_object();
    let place = Place::new();
    let daemon = place.mounted(&bucket);
    // The kernel goes on answering this for a while.
    fs::metadata(&place.mnt).unwrap();
    dies(daemon, &place);
    place.mounted(&bucket);
    assert_eq!(names(&place.mnt), ["a.txt"]);
    place.unmount();
}

#[test]
fn paths_may_be_relative() {
    let bucket = with_an_object();
    let place = Place::new();
    let mut command = bucket.mount().command("mnt".as_ref());
    command.args(["--state-dir", "state", "--log-file", "log"]);
    succeed(command.current_dir(place.dir.path()));
    assert_eq!(names(&place.mnt), ["a.txt"]);
    let mut unmount = metamount();
    succeed(
        unmount
            .args(["unmount", "mnt"])
            .current_dir(place.dir.path()),
    );
    assert!(!place.is_mounted());
    assert!(place.path("log").exists());
}

#[test]
fn the_waiting_command_when_interrupted_leaves_no_mount() {
    // A bucket whose only answer waits until nobody waits for the mount any more.
    let slow = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut bucket = with_an_object();
    bucket.service.address = slow.local_addr().unwrap();
    let place = Place::new();
    let mut mount = place.mount(&bucket).stderr(Stdio::null()).spawn().unwrap();
    let (mut connection, _) = slow.accept().unwrap();
    mount.kill().unwrap();
    mount.wait().unwrap();
    let _ = connection.read(&mut [0; 4096]).unwrap();
    let body = "<ListBucketResult><Name>b</Name><MaxKeys>1</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>";
    let length = body.len();
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();

    let log = place.path("state").join(format!("oss-{}.log", bucket.name));
    until("the daemon has mounted and unmounted", BOUND, || {
        let log = fs::read_to_string(&log).unwrap_or_default();
        (log.contains("who asked for the mount is gone") && !place.is_mounted()).then_some(())
    });
    let mnt = place.mnt.to_str().unwrap();
    until("no daemon of this mount point is left", BOUND, || {
        let pattern = format!("^metamount mount .*{mnt}");
        let found = Command::new("pgrep")
            .args(["-f", &pattern])
            .output()
            .unwrap();
        found.stdout.is_empty().then_some(())
    });
}
