//! Everyday tools on a mount: what they read, copy out of it and set arrives with its attributes.

use crate::env::{Bucket, Mount, Witness, attributes};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What can be seen of a tree: of each path its kind, its target or content, and its attributes.
type Tree = BTreeMap<PathBuf, (String, BTreeMap<Vec<u8>, Vec<u8>>)>;

fn tree(top: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut left = vec![top.to_owned()];
    while let Some(path) = left.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        let what = if meta.is_symlink() {
            format!("-> {}", fs::read_link(&path).unwrap().display())
        } else if meta.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            "/".into()
        } else {
            fs::read_to_string(&path).unwrap()
        };
        let name = path.strip_prefix(top).unwrap().to_owned();
        tree.insert(name, (what, attributes::all(&path)));
    }
    tree
}

/// A few objects with all that a user can set, links and directories among them.
fn furnish(bucket: &Bucket) {
    let witness = Witness::new(bucket);
    let is_oss = bucket.service.scheme == "oss";
    let link = |key: &str, target: &str| match is_oss {
        true => json!({"op": "put", "key": key, "symlink": target}),
        false => json!({"op": "put", "key": key, "body": "", "meta": {"--symlink-target": target}}),
    };
    for object in [
        json!({"op": "put", "key": "plain.txt", "body": "nothing set", "headers": {"Content-Type": "text/plain"}}),
        json!({"op": "put", "key": "empty", "body": ""}),
        json!({"op": "put", "key": "d/report.pdf", "body": "a report", "meta": {"author": "John", "title": "Q3"},
            "headers": {"Content-Type": "application/pdf", "Cache-Control": "no-cache", "Content-Language": "en"},
            "tags": {"owner": "John", "class": "a b+c"}}),
        // The type is not the name's, so it is an attribute too.
        json!({"op": "put", "key": "d/sub/photo", "body": "a photo", "headers": {"Content-Type": "image/jpeg"},
            "meta": {"bytes": "0sAAEC", "tag.x": "a literal key", "mtime": "1700000000"}}),
        link("link", "plain.txt"),
        link("dangling", "nowhere"),
    ] {
        // A key with a dot is no header of OSS.
        let mut object = object;
        if is_oss && let Some(Value::Object(meta)) = object.get_mut("meta") {
            meta.remove("tag.x");
        }
        witness.tell(object);
    }
}

fn succeed(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}: scripts/test installs it"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A local directory that keeps user attributes.
fn local(mount: &Mount, name: &str) -> PathBuf {
    let dir = mount.scratch().join(name);
    fs::create_dir(&dir).unwrap();
    attributes::set(&dir, "user.probe", "x").unwrap_or_else(|e| {
        panic!(
            "{}: {e}: set TMPDIR to a filesystem with user attributes",
            dir.display()
        )
    });
    rustix::fs::removexattr(&dir, "user.probe").unwrap();
    dir
}

fn copies_are_whole(bucket: &Bucket) {
    furnish(bucket);
    let mount = bucket.mount().start();
    let expected = tree(mount.path());
    assert_eq!(expected.len(), 9, "{expected:#?}");
    let report = &expected[Path::new("d/report.pdf")].1;
    for (name, value) in [
        ("user.author", "John"),
        ("user.http.cache-control", "no-cache"),
        ("user.tag.class", "a b+c"),
    ] {
        assert_eq!(report[name.as_bytes()], value.as_bytes());
    }
    let photo = &expected[Path::new("d/sub/photo")].1;
    assert_eq!(photo[&b"user.bytes"[..]], [0, 1, 2]);
    assert_eq!(photo[&b"user.http.content-type"[..]], b"image/jpeg");
    assert!(!photo.contains_key(&b"user.mtime"[..]));
    assert_eq!(expected[Path::new("link")].0, "-> plain.txt");
    assert!(expected[Path::new("plain.txt")].1.is_empty());

    let from = format!("{}/", mount.path().display());
    let to = local(&mount, "rsync");
    let rsync = |more: &[&str]| {
        let mut command = Command::new("rsync");
        command.arg("-aXi").args(more).arg(&from).arg(&to);
        succeed(&mut command)
    };
    assert!(rsync(&[]).contains("report.pdf"));
    assert_eq!(tree(&to), expected);
    assert_eq!(rsync(&[]), "", "the second run changes nothing");
    assert_eq!(rsync(&["--checksum"]), "");

    let to = local(&mount, "cp");
    succeed(Command::new("cp").args(["-a", &format!("{from}."), to.to_str().unwrap()]));
    assert_eq!(tree(&to), expected);

    for (program, options) in [("tar", "--xattrs"), ("bsdtar", "--xattrs")] {
        let archive = mount.scratch().join(format!("{program}.tar"));
        let to = local(&mount, program);
        succeed(
            Command::new(program)
                .arg(options)
                .arg("-cf")
                .arg(&archive)
                .args(["-C", &from, "."]),
        );
        succeed(
            Command::new(program)
                .arg(options)
                .arg("-xpf")
                .arg(&archive)
                .arg("-C")
                .arg(&to),
        );
        assert_eq!(tree(&to), expected, "{program}");
    }
}

#[test]
fn copies_out_of_the_embedded_server_are_whole() {
    copies_are_whole(&Bucket::embedded());
}

#[test]
fn copies_out_of_seaweed_are_whole() {
    copies_are_whole(&Bucket::seaweed());
}

#[test]
fn a_tree_is_walked_and_shown() {
    let bucket = Bucket::embedded();
    furnish(&bucket);
    let mount = bucket.mount().start();
    let found = mount.run("sh", &["-c", "find . | LC_ALL=C sort"]);
    let expected =
        ". ./d ./d/report.pdf ./d/sub ./d/sub/photo ./dangling ./empty ./link ./plain.txt";
    assert_eq!(
        found.lines().collect::<Vec<_>>(),
        expected.split(' ').collect::<Vec<_>>()
    );
    assert_eq!(
        mount.run("find", &["d", "-type", "f", "-size", "-8c", "-name", "p*"]),
        "d/sub/photo\n"
    );
    let listed = mount.run("ls", &["-l"]);
    assert!(listed.contains("link -> plain.txt"), "{listed}");
    assert!(listed.contains("dangling -> nowhere"), "{listed}");
    assert_eq!(
        mount.run("stat", &["-c", "%n %s %F %a", "plain.txt", "d"]),
        "plain.txt 11 regular file 644\nd 0 directory 755\n"
    );
    assert_eq!(mount.run("cat", &["link"]), "nothing set");
    assert_eq!(
        mount.run("readlink", &["link", "dangling"]),
        "plain.txt\nnowhere\n"
    );
    let room = mount.run("df", &["--output=target,fstype", "."]);
    assert!(room.contains(mount.path().to_str().unwrap()), "{room}");
    assert!(room.contains("fuse"), "{room}");
    let dumped = mount.run("getfattr", &["-R", "-h", "-d", "."]);
    for expected in ["# file: d/report.pdf\n", "user.tag.owner=\"John\"\n"] {
        assert!(dumped.contains(expected), "{dumped}");
    }
    let said = mount.run("gio", &["info", "-a", "xattr::*", "d/report.pdf"]);
    assert!(said.contains("xattr::author: John"), "{said}");
}

#[test]
fn what_setfattr_restores_is_what_getfattr_dumped() {
    for bucket in [Bucket::embedded(), Bucket::seaweed()] {
        furnish(&bucket);
        let mount = bucket.mount().start();
        let report = mount.join("d/report.pdf");
        attributes::set(&report, "user.binary", b"\0\xff\n").unwrap();
        let before = attributes::all(&report);
        let dump = mount.scratch().join("dump");
        fs::write(&dump, mount.run("getfattr", &["-d", "d/report.pdf"])).unwrap();
        for name in ["user.author", "user.binary", "user.tag.owner"] {
            mount.run("setfattr", &["-x", name, "d/report.pdf"]);
        }
        mount.run(
            "setfattr",
            &["-n", "user.title", "-v", "other", "d/report.pdf"],
        );
        assert_ne!(attributes::all(&report), before);
        let restore = format!("--restore={}", dump.display());
        mount.run("setfattr", &[&restore]);
        assert_eq!(attributes::all(&report), before);
    }
}

#[test]
fn programs_use_attributes_by_path_and_by_descriptor() {
    let bucket = Bucket::embedded();
    furnish(&bucket);
    let mount = bucket.mount().start();
    let printed = mount.run(
        "python3",
        &[
            "-c",
            r#"
import errno, os
p = "d/report.pdf"
os.setxattr(p, "user.price", b"100 dollar")
print(os.getxattr(p, "user.price"), "user.price" in os.listxattr(p))
with open(p, "rb") as f:
    fd = f.fileno()
    os.setxattr(fd, "user.by", b"descriptor", os.XATTR_CREATE)
    print(os.getxattr(fd, "user.by"), "user.by" in os.listxattr(fd), f.read())
    os.removexattr(fd, "user.by")
    try:
        os.getxattr(fd, "user.by")
    except OSError as e:
        print(errno.errorcode[e.errno])
os.removexattr(p, "user.price")
print(sorted(os.listxattr(p)))
"#,
        ],
    );
    assert_eq!(
        printed,
        "b'100 dollar' True\nb'descriptor' True b'a report'\nENODATA\n\
         ['user.author', 'user.http.cache-control', 'user.http.content-language', 'user.tag.class', \
         'user.tag.owner', 'user.title']\n"
    );
}

const SIZES: [(&str, usize); 4] = [
    ("none", 0),
    ("one", 1),
    ("medium", 5_000_000),
    ("large", 40_000_000),
];

/// Puts files of [`SIZES`], reads them back by the SDK into a directory, and prints nothing.
const PUT_AND_GET: &str = r#"
import random
for name, size in [("none", 0), ("one", 1), ("medium", 5000000), ("large", 40000000)]:
    body, path = random.Random(size).randbytes(size), os.path.join(LOCAL, name)
    if "OSS_ACCESS_KEY_ID" in os.environ:
        oss().put_object(name, body)
        oss().get_object_to_file(name, path)
    else:
        s3().put_object(Bucket=BUCKET, Key=name, Body=body)
        s3().download_file(BUCKET, name, path)
    assert open(path, "rb").read() == body
"#;

/// Offsets and lengths all over a file, around the borders of its parts, and beyond its end.
fn places(size: usize) -> Vec<(usize, usize)> {
    let mut rng = fastrand::Rng::with_seed(7);
    let mut places: Vec<_> = (0..60)
        .map(|_| (rng.usize(..size + 10), rng.usize(1..100_000)))
        .collect();
    for border in [0, 4096, 512 << 10, 1 << 20, 8 << 20, size] {
        places.extend([(border.saturating_sub(5), 10), (border, 1)]);
    }
    places
}

fn bytes_are_the_sdks(bucket: &Bucket) {
    let mount = bucket.mount().start();
    let local = mount.scratch();
    bucket.python(&format!("LOCAL = {:?}\n{PUT_AND_GET}", local.display()));
    for (name, size) in SIZES {
        let (theirs, ours) = (local.join(name), mount.join(name));
        let theirs_text = theirs.to_str().unwrap();
        let expected = fs::read(&theirs).unwrap();
        assert_eq!(fs::metadata(&ours).unwrap().len(), size as u64);
        // At random first, while nothing is in the kernel's cache.
        let file = File::open(&ours).unwrap();
        for (offset, len) in places(size) {
            let mut buffer = vec![0; len];
            let n = file.read_at(&mut buffer, offset as u64).unwrap();
            let end = (offset + len).min(size);
            let right = expected.get(offset..end).unwrap_or_default();
            assert!(buffer[..n] == *right, "{name}: {len} bytes at {offset}");
        }
        drop(file);
        mount.run("cmp", &[name, theirs_text]);
        for (program, options) in [
            ("md5sum", &[][..]),
            ("head", &["-c", "70000"]),
            ("tail", &["-c", "70000"]),
        ] {
            let of = |path: &Path| {
                let mut command = Command::new(program);
                // By standard input: no name in what is printed.
                command.args(options).stdin(File::open(path).unwrap());
                command.output().unwrap()
            };
            assert!(of(&ours) == of(&theirs), "{program} {name}");
        }
    }
}

#[test]
fn bytes_of_the_embedded_server_are_the_sdks() {
    bytes_are_the_sdks(&Bucket::embedded());
}

#[test]
fn bytes_of_seaweed_are_the_sdks() {
    bytes_are_the_sdks(&Bucket::seaweed());
}

const NOBODY: &str = "65534";

/// Runs a program in the mount as a user who is not root; returns whether it succeeded and all that it printed.
fn as_nobody(dir: &Path, program: &[&str]) -> (bool, String) {
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={NOBODY}"))
        .arg(format!("--regid={NOBODY}"))
        .arg("--clear-groups")
        .args(["env", "--chdir"])
        .arg(dir)
        .args(program);
    let output = command.output().unwrap();
    let all = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&all).into_owned(),
    )
}

/// Lets everybody reach the mount point, if the mount itself allows it.
fn reachable(mount: &Mount) -> &Path {
    let dir = mount.path().parent().unwrap();
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
    mount.path()
}

#[test]
fn others_use_a_mount_as_far_as_it_allows() {
    let bucket = Bucket::embedded();
    furnish(&bucket);
    // Root's own: nobody else gets in.
    let own = bucket.mount().start();
    let (entered, said) = as_nobody(reachable(&own), &["ls"]);
    assert!(!entered && said.contains("Permission denied"), "{said}");

    // Root's, open to others: they read, and may not write.
    let shared = bucket.mount().options(["--allow-other"]).start();
    let dir = reachable(&shared);
    let (read, said) = as_nobody(dir, &["cat", "d/report.pdf"]);
    assert!(read && said == "a report", "{said}");
    let (read, said) = as_nobody(dir, &["getfattr", "-R", "-h", "-d", "."]);
    assert!(read && said.contains("user.author=\"John\""), "{said}");
    let set = ["setfattr", "-n", "user.by", "-v", "nobody", "d/report.pdf"];
    let (written, said) = as_nobody(dir, &set);
    assert!(!written && said.contains("Permission denied"), "{said}");

    // Somebody else's by --uid: the owner writes, and copies everything out.
    let theirs = ["--allow-other", "--uid", NOBODY, "--gid", NOBODY];
    let theirs = bucket.mount().options(theirs).start();
    let dir = reachable(&theirs);
    let (written, said) = as_nobody(dir, &set);
    assert!(written, "{said}");
    let copy = local(&theirs, "copy");
    std::os::unix::fs::chown(&copy, Some(65534), Some(65534)).unwrap();
    for _ in 0..2 {
        let (copied, said) = as_nobody(dir, &["rsync", "-aXi", "./", copy.to_str().unwrap()]);
        assert!(copied, "{said}");
    }
    assert_eq!(tree(&copy), tree(dir));
    let (_, said) = as_nobody(dir, &["rsync", "-aXi", "./", copy.to_str().unwrap()]);
    assert_eq!(said, "");
    let by = attributes::get(&copy.join("d/report.pdf"), "user.by");
    assert_eq!(by.as_deref(), Ok(&b"nobody"[..]));
}
