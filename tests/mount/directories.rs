//! Names, directories and stat, as the kernel shows them.

use super::{Mount, bucket, put};
use metamount::store::dialect::{OSS, S3};
use metamount::store::types::{Operation, Properties};
use rustix::fs::StatVfs;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

/// The names in a directory, sorted.
fn names(dir: impl AsRef<std::path::Path>) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn run(program: &str, args: &[&str], dir: &std::path::Path) -> String {
    let output = Command::new(program)
        .args(args)
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_prefix_is_a_directory_and_a_key_a_file() {
    let store = bucket(&OSS);
    put(&*store, "a.txt", "hello");
    put(&*store, "dir/sub/deep.txt", "x");
    put(&*store, "marked/", "");
    // Both an object and a prefix: the directory is shown.
    put(&*store, "both", "hidden");
    put(&*store, "both/in", "");
    // No path can name these.
    put(&*store, "bad//x", "");
    put(&*store, "bad/./y", "");
    put(&*store, "bad/fine", "");
    let mount = Mount::new(store);

    assert_eq!(
        names(&mount.path),
        ["a.txt", "bad", "both", "dir", "marked"]
    );
    assert_eq!(names(mount.join("bad")), ["fine"]);
    assert_eq!(names(mount.join("both")), ["in"]);
    assert_eq!(names(mount.join("marked")), [""; 0]);
    let file = fs::metadata(mount.join("a.txt")).unwrap();
    assert!(file.is_file());
    assert_eq!(
        (file.len(), file.uid(), file.gid(), file.mode() & 0o7777),
        (5, 1000, 100, 0o644)
    );
    assert_eq!((file.nlink(), file.blocks()), (1, 1));
    let age = file.modified().unwrap().elapsed().unwrap().as_secs();
    assert!((100..200).contains(&age), "Last-Modified is shown: {age}");
    let dir = fs::metadata(mount.join("dir/sub")).unwrap();
    assert!(dir.is_dir());
    assert_eq!(dir.permissions().mode() & 0o7777, 0o755);
    mount.end();
}

#[test]
fn a_long_listing_costs_a_request_a_thousand_and_nothing_else() {
    let store = bucket(&OSS);
    for n in 0..2500 {
        put(&*store, &format!("d/{n:05}"), "x");
    }
    let mount = Mount::new(store);
    let before = mount.requests(Operation::ListObjects);
    let listed = run("ls", &["-l"], &mount.join("d"));
    assert_eq!(listed.lines().count(), 2501);
    assert_eq!(mount.requests(Operation::HeadObject), 1, "of d itself");
    // One of them looked d up.
    assert_eq!(mount.requests(Operation::ListObjects) - before, 3 + 1);
    let again = mount.store.requests().total();
    assert_eq!(run("ls", &["-l"], &mount.join("d")), listed);
    assert_eq!(mount.store.requests().total(), again, "all is known");
    mount.end();
}

#[test]
fn what_is_not_there_is_asked_for_once() {
    let store = bucket(&OSS);
    put(&*store, "a", "");
    let mount = Mount::new(store);
    let missing = |name: &str| {
        fs::metadata(mount.join(name))
            .unwrap_err()
            .raw_os_error()
            .unwrap()
    };
    assert_eq!(missing("none"), libc::ENOENT);
    let sent = mount.store.requests();
    assert_eq!(sent.of(Operation::HeadObject), 1);
    assert_eq!(sent.of(Operation::ListObjects), 1);
    assert_eq!(missing("none"), libc::ENOENT);
    assert_eq!(missing("a/below"), libc::ENOTDIR);
    assert_eq!(missing(&"x".repeat(256)), libc::ENAMETOOLONG);
    names(&mount.path);
    let sent = mount.store.requests().total();
    for name in [".hidden", ".Trash-1000", "autorun.inf"] {
        assert_eq!(missing(name), libc::ENOENT);
    }
    assert_eq!(
        mount.store.requests().total(),
        sent,
        "a complete listing answers"
    );
    mount.end();
}

#[test]
fn names_are_shown_byte_for_byte() {
    let odd = [
        "new\nline",
        "\u{1}\u{7f}",
        "back\\slash",
        "%41+b",
        "?#&\"'<>",
        "🙂",
        "e\u{301}",
        " lead",
        "trail.",
        "_$folder$",
        "...",
    ];
    let store = bucket(&OSS);
    for name in odd {
        put(&*store, &format!("d/{name}"), name);
    }
    let long = "n".repeat(255);
    put(&*store, &format!("d/{long}"), "");
    put(&*store, &format!("d/{long}x"), "");
    let mount = Mount::new(store);
    let mut expected: Vec<_> = odd.iter().map(ToString::to_string).chain([long]).collect();
    expected.sort();
    assert_eq!(names(mount.join("d")), expected);
    for name in odd {
        let stat = fs::metadata(mount.join("d").join(name)).unwrap();
        assert_eq!(stat.len(), name.len() as u64, "{name:?}");
    }
    mount.end();
}

#[test]
fn a_link_of_the_service_is_a_relative_path() {
    let store = bucket(&OSS);
    put(&*store, "data/target.txt", "hello");
    super::link(
        &*store,
        "links/l",
        "data/target.txt",
        &Properties::default(),
    );
    let mount = Mount::new(store);
    let link = mount.join("links/l");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(
        fs::read_link(&link).unwrap().to_str(),
        Some("../data/target.txt")
    );
    assert_eq!(fs::metadata(&link).unwrap().len(), 5);
    let listed = run("find", &[".", "-type", "l"], &mount.path);
    assert_eq!(listed, "./links/l\n");
    mount.end();
}

#[test]
fn a_link_kept_in_metadata_is_found_by_its_head() {
    let store = bucket(&S3);
    let mut properties = Properties::default();
    properties
        .user
        .insert("--symlink-target".into(), (*b"real%20file").into());
    super::put_with(&*store, "d/l", "", properties);
    put(&*store, "d/empty", "");
    put(&*store, "d/real file", "hello");
    let mount = Mount::new(store);
    // `ls` reads the directory first: the kernel must not take the listing's word for what they are.
    let listed = run("ls", &["-l"], &mount.join("d"));
    assert!(listed.contains("l -> real file"), "{listed}");
    assert!(
        fs::symlink_metadata(mount.join("d/empty"))
            .unwrap()
            .is_file()
    );
    assert_eq!(fs::metadata(mount.join("d/l")).unwrap().len(), 5);
    assert_eq!(mount.requests(Operation::HeadObject), 3, "d, l and empty");
    mount.end();
}

#[test]
fn a_part_of_a_bucket_is_mounted_by_its_prefix() {
    let store = bucket(&OSS);
    put(&*store, "p/q/a", "1");
    put(&*store, "p/other", "2");
    let mount = Mount::with(store, |config| config.prefix = "p/q/".into());
    assert_eq!(names(&mount.path), ["a"]);
    assert_eq!(fs::metadata(mount.join("a")).unwrap().len(), 1);
    mount.end();
}

#[test]
fn there_is_room_for_what_programs_ask() {
    let mount = Mount::new(bucket(&OSS));
    let stat: StatVfs = rustix::fs::statvfs(&mount.path).unwrap();
    assert_eq!(stat.f_bavail * stat.f_frsize, 1 << 50);
    assert_eq!(stat.f_namemax, 255);
    run("df", &["-h", "."], &mount.path);
    mount.end();
}

#[test]
fn content_is_not_changed() {
    let store = bucket(&OSS);
    put(&*store, "a", "hello");
    put(&*store, "d/b", "hello");
    let mount = Mount::new(store);
    let a = mount.join("a");
    let refused = [
        fs::write(mount.join("new"), "x").unwrap_err(),
        fs::write(&a, "x").unwrap_err(),
        fs::File::options().append(true).open(&a).unwrap_err(),
        fs::create_dir(mount.join("dir")).unwrap_err(),
        fs::remove_file(&a).unwrap_err(),
        fs::remove_dir(mount.join("d")).unwrap_err(),
        fs::rename(&a, mount.join("b")).unwrap_err(),
        std::os::unix::fs::symlink("a", mount.join("l")).unwrap_err(),
        fs::set_permissions(&a, fs::Permissions::from_mode(0o600)).unwrap_err(),
    ];
    let refused = refused.map(|error| error.raw_os_error().unwrap());
    assert_eq!(refused, [libc::EROFS; 9]);
    let link = fs::hard_link(&a, mount.join("h")).unwrap_err();
    assert_eq!(link.raw_os_error(), Some(libc::EPERM));
    let fifo = Command::new("mkfifo").arg(mount.join("fifo")).output();
    let said = String::from_utf8(fifo.unwrap().stderr).unwrap();
    assert!(said.contains("not permitted"), "{said}");
    assert!(fs::symlink_metadata(mount.join("fifo")).is_err());
    assert_eq!(names(&mount.path), ["a", "d"]);
    mount.end();
}
