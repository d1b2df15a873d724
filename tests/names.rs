//! Keys that are hard to show: which names a mount shows, byte for byte, which it hides and counts, and what the ones
//! beside them have of it.

use crate::env::{Bucket, Mount, Witness, attributes};
use rustix::fs::{XattrFlags, lsetxattr};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names in a directory.
fn names(dir: &Path) -> BTreeSet<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
    let entries = fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    entries.map(|entry| name(entry).unwrap()).collect()
}

fn set_of(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

fn put(witness: &Witness, key: &str) {
    let object = json!({"op": "put", "key": key, "body": key, "meta": {"author": "John"},
        "headers": {"Content-Type": "text/plain"}});
    witness.tell(object);
}

/// Returns the errno of what must fail.
#[track_caller]
fn errno<T: std::fmt::Debug>(result: std::io::Result<T>) -> i32 {
    result.unwrap_err().raw_os_error().unwrap()
}

fn long(n: usize) -> String {
    "n".repeat(n)
}

/// A key that no path can name is not shown, not touched, and counted; what is beside it works.
#[test]
fn what_no_path_can_name_is_counted() {
    let bucket = Bucket::embedded();
    let witness = Witness::new(&bucket);
    let component = format!("long/{}", long(256));
    let hidden = [
        "a//b", "a/", "./x", "../x", "x/.", "x/..", "both", &component,
    ];
    for key in hidden {
        assert_eq!(bucket.put_exactly(key), Some(200), "{key:?}");
    }
    // OSS has no key that begins with a slash.
    assert_eq!(bucket.put_exactly("/lead"), Some(400));
    let fits = format!("long/{}", long(255));
    for key in ["a/fine", "x/fine", "both/in", "fine", &fits] {
        put(&witness, key);
    }
    let before = witness.tell(json!({"op": "list"}));

    let mount = bucket.mount().start();
    assert_eq!(
        names(mount.path()),
        set_of(&["a", "x", "both", "long", "fine"])
    );
    for (dir, expected) in [
        ("a", "fine"),
        ("x", "fine"),
        ("both", "in"),
        ("long", &long(255)),
    ] {
        assert_eq!(names(&mount.join(dir)), set_of(&[expected]), "{dir}");
    }
    // `./`, `../` and the object `both` in the root; `a//`; `x/.` and `x/..`; the long one.
    assert_eq!(mount.status()["hidden_keys"], 3 + 1 + 2 + 1);
    for key in ["a/fine", "x/fine", "both/in", "fine", &fits] {
        let path = mount.join(key);
        assert_eq!(fs::read_to_string(&path).unwrap(), key);
        attributes::set(&path, "user.price", "100 dollar").unwrap();
        assert_eq!(witness.snapshot(key)["meta"]["price"], "100 dollar");
    }
    assert_eq!(witness.tell(json!({"op": "list"})), before);
}

/// Keys of odd but showable names, read and edited. `changed`: those that the service itself makes another key of.
fn odd_names_are_shown(bucket: &Bucket, changed: &[&str]) {
    let odd = [
        "new\nline",
        "\u{1}",
        "del\u{7f}",
        "back\\slash",
        "%41",
        "100%",
        "a+b",
        "?q#f&x=y",
        "'\"`",
        "<a>&amp;",
        "\u{1f600}",
        "e\u{301}",
        "\u{e9}",
        " lead",
        "trail.",
        "_$folder$",
        "...",
        ".hidden",
        "a b=c",
        "~!@$^*()[]{}|;:,",
    ];
    let witness = Witness::new(bucket);
    let shown: Vec<_> = odd.into_iter().filter(|n| !changed.contains(n)).collect();
    for name in &shown {
        put(&witness, &format!("d/{name}"));
    }
    let mount = bucket.mount().start();
    assert_eq!(names(&mount.join("d")), set_of(&shown));
    assert_eq!(mount.status()["hidden_keys"], 0);
    std::thread::scope(|scope| {
        for name in &shown {
            let (mount, witness) = (&mount, &witness);
            scope.spawn(move || is_read_and_edited(mount, witness, name));
        }
    });
}

fn is_read_and_edited(mount: &Mount, witness: &Witness, name: &str) {
    let key = format!("d/{name}");
    let path = mount.join(&key);
    assert_eq!(fs::read_to_string(&path).unwrap(), key);
    let value = |name: &str| attributes::get(&path, name).unwrap();
    assert_eq!(value("object.key"), key.as_bytes());
    assert_eq!(value("user.author"), b"John");
    attributes::set(&path, "user.price", "100 dollar").unwrap_or_else(|e| panic!("{name:?}: {e}"));
    attributes::set(&path, "user.tag.owner", "John").unwrap();
    let seen = witness.snapshot(&key);
    let expected = json!({"author": "John", "price": "100 dollar"});
    assert_eq!(seen["meta"], expected, "{name:?}");
    assert_eq!(seen["tags"], json!({"owner": "John"}), "{name:?}");
}

#[test]
fn odd_names_are_shown_on_the_embedded_server() {
    odd_names_are_shown(&Bucket::embedded(), &[]);
}

#[test]
fn odd_names_are_shown_on_seaweed() {
    // SeaweedFS keeps keys as paths of a filesystem, where a backslash is a slash.
    odd_names_are_shown(&Bucket::seaweed(), &["back\\slash"]);
}

/// Every component of a long key fits; the key is as long as the service allows.
#[test]
fn the_longest_key_is_a_path() {
    for (bucket, limit) in [(Bucket::embedded(), 1023), (Bucket::seaweed(), 1024)] {
        let witness = Witness::new(&bucket);
        let mut key = format!("{}/", "k".repeat(200)).repeat(5);
        key += &"z".repeat(limit - key.len());
        put(&witness, &key);
        let mount = bucket.mount().start();
        let found = mount.run("find", &[".", "-type", "f"]);
        assert_eq!(found, format!("./{key}\n"));
        assert_eq!(fs::read_to_string(mount.join(&key)).unwrap(), key);
        attributes::set(&mount.join(&key), "user.price", "x").unwrap();
        assert_eq!(witness.snapshot(&key)["meta"]["price"], "x");
        let beyond = fs::symlink_metadata(mount.join(format!("{key}z")));
        let beyond = errno(beyond);
        assert!(beyond == libc::ENAMETOOLONG || beyond == libc::ENOENT);
        let beyond = fs::symlink_metadata(mount.join(long(256)));
        assert_eq!(errno(beyond), libc::ENAMETOOLONG);
    }
}

/// A marker is its directory's attributes, whatever else it holds; without one a directory has none.
#[test]
fn a_markers_properties_are_the_directorys() {
    let bucket = Bucket::embedded();
    let witness = Witness::new(&bucket);
    witness.tell(
        json!({"op": "put", "key": "d/", "body": "a body", "meta": {"author": "John"}, "tags": {"owner": "John"}}),
    );
    put(&witness, "d/f");
    put(&witness, "bare/f");
    let mount = bucket.mount().start();
    let dir = mount.join("d");
    assert!(fs::metadata(&dir).unwrap().is_dir());
    assert_eq!(names(&dir), set_of(&["f"]));
    let all = attributes::all(&dir);
    assert_eq!(all[&b"user.author"[..]], b"John");
    assert_eq!(all[&b"user.tag.owner"[..]], b"John");
    assert!(attributes::all(&mount.join("bare")).is_empty());
    attributes::set(&dir, "user.price", "x").unwrap();
    attributes::set(&mount.join("bare"), "user.price", "x").unwrap();
    let marker = witness.snapshot("d/");
    assert_eq!(marker["meta"], json!({"author": "John", "price": "x"}));
    assert_eq!(marker["size"], "6");
    assert_eq!(witness.snapshot("bare/")["meta"], json!({"price": "x"}));
    assert_eq!(attributes::all(&mount.join("bare")).len(), 1);
}

/// Names that lead nowhere, and content, which is only read: the errno that programs expect.
#[test]
fn wrong_paths_and_writes_are_refused_by_name() {
    for bucket in [Bucket::embedded(), Bucket::seaweed()] {
        let witness = Witness::new(&bucket);
        put(&witness, "f");
        put(&witness, "d/f");
        let mount = bucket.mount().start();
        let path = |name: &str| mount.join(name);
        let missing = "user.author";
        let set = |path: &Path| lsetxattr(path, "user.a", b"x", XattrFlags::empty());
        for (name, expected) in [
            ("absent", libc::ENOENT),
            ("absent/f", libc::ENOENT),
            ("d/absent", libc::ENOENT),
            ("f/below", libc::ENOTDIR),
            ("f/", libc::ENOTDIR),
            ("d/f/below", libc::ENOTDIR),
        ] {
            assert_eq!(errno(fs::metadata(path(name))), expected, "{name}");
            assert_eq!(errno(fs::read(path(name))), expected, "{name}");
            let got = attributes::get(&path(name), missing).unwrap_err();
            assert_eq!(got.raw_os_error(), expected, "{name}");
            let set = set(&path(name)).unwrap_err();
            assert_eq!(set.raw_os_error(), expected, "{name}");
        }
        assert_eq!(errno(fs::read_dir(path("f"))), libc::ENOTDIR);
        assert_eq!(errno(fs::read(path("d"))), libc::EISDIR);
        for refused in [
            errno(fs::write(path("new"), "x")),
            errno(fs::write(path("f"), "x")),
            errno(fs::create_dir(path("new"))),
            errno(fs::remove_file(path("f"))),
            errno(fs::remove_dir(path("d"))),
            errno(fs::rename(path("f"), path("g"))),
            errno(std::os::unix::fs::symlink("f", path("l"))),
            errno(fs::File::options().append(true).open(path("f"))),
        ] {
            assert_eq!(refused, libc::EROFS);
        }
        assert_eq!(
            attributes::set(mount.path(), "user.a", "x").unwrap_err(),
            rustix::io::Errno::OPNOTSUPP
        );
        assert_eq!(names(mount.path()), set_of(&["d", "f"]));
    }
}

fn links_are_links(bucket: &Bucket, link: impl Fn(&str, &str) -> Value) {
    let witness = Witness::new(bucket);
    put(&witness, "data/target name");
    witness.tell(json!({"op": "put", "key": "empty", "body": ""}));
    // Whose text of a target a service keeps differs: a key, or a path.
    witness.tell(link("links/l", "data/target name"));
    witness.tell(link("links/dangling", "data/nowhere"));
    let mount = bucket.mount().start();
    // Once its target is known, the size of a link is that of the path.
    let stat = fs::symlink_metadata(mount.join("links/dangling")).unwrap();
    assert_eq!(stat.len(), "../data/nowhere".len() as u64);
    let listed = mount.run("ls", &["-l", "links"]);
    for (name, target) in [
        ("l", "../data/target name"),
        ("dangling", "../data/nowhere"),
    ] {
        let shown = format!(" {name} -> {target}\n");
        assert!(listed.contains(&shown), "{shown:?} in {listed}");
        let path = format!("links/{name}");
        assert_eq!(mount.run("readlink", &[&path]), format!("{target}\n"));
        let stat = fs::symlink_metadata(mount.join(&path)).unwrap();
        assert!(stat.is_symlink() && stat.len() >= target.len() as u64);
    }
    let found = mount.run("sh", &["-c", "find . -type l | sort"]);
    assert_eq!(found, "./links/dangling\n./links/l\n");
    let found = mount.run("sh", &["-c", "find . -type f | sort"]);
    assert_eq!(found, "./data/target name\n./empty\n");
    assert_eq!(mount.run("cat", &["links/l"]), "data/target name");
    let dangling = mount.join("links/dangling");
    assert_eq!(errno(fs::read(&dangling)), libc::ENOENT);
    // Attributes of a link, by the names that Linux lets through; of `user.` the kernel says that there are none.
    let path = mount.join("links/l");
    attributes::set(&path, "object.meta.price", "x").unwrap();
    assert_eq!(attributes::get(&path, "object.meta.price").unwrap(), b"x");
    assert_eq!(
        attributes::set(&path, "user.price", "x").unwrap_err(),
        rustix::io::Errno::PERM
    );
    assert_eq!(witness.snapshot("links/l")["meta"]["price"], "x");
    assert_eq!(mount.run("readlink", &["links/l"]), "../data/target name\n");
}

#[test]
fn links_of_oss_are_links() {
    links_are_links(
        &Bucket::embedded(),
        |key, target| json!({"op": "put", "key": key, "symlink": target}),
    );
}

/// As geesefs writes them: an empty object with the path, percent-encoded, in its metadata.
#[test]
fn links_in_metadata_are_links() {
    links_are_links(&Bucket::seaweed(), |key, target| {
        let stored = format!("../{}", target.replace(' ', "%20"));
        json!({"op": "put", "key": key, "body": "", "meta": {"--symlink-target": stored}})
    });
}
