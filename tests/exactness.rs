//! What was set is what is listed and read, byte for byte, after a remount and as an ordinary user; and what cannot be
//! kept is refused with the errno that says why, and changes nothing.

use crate::env::attributes::{self, get};
use crate::env::{Bucket, Mount, Witness};
use rustix::fs::{XattrFlags, lremovexattr, lsetxattr};
use rustix::io::Errno;
use serde_json::json;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

type Attributes = BTreeMap<Vec<u8>, Vec<u8>>;

fn set(path: &Path, name: &[u8], value: &[u8], flags: XattrFlags) -> rustix::io::Result<()> {
    lsetxattr(path, OsStr::from_bytes(name), value, flags)
}

/// Names and values that are hard to keep, a few to an object so that each fits the smallest limit.
fn hard_attributes() -> Vec<Vec<(Vec<u8>, Vec<u8>)>> {
    let names: [&[u8]; 18] = [
        b"user.plain",
        b"user.my_key",
        b"user.Upper",
        b"user.upper",
        b"user.a b",
        b"user.a:b=c",
        b"user.line\nbreak",
        "user.é价".as_bytes(),
        b"user.\xff\xfe",
        b"user.a--5f",
        b"user.a_",
        b"user.a--2d-5f",
        b"user.--",
        b"user.a--61",
        b"user.meta.tag.x",
        b"user.meta.http.content-type",
        b"user.meta.mime_type",
        b"user.dots.and-dashes",
    ];
    let values: [&[u8]; 20] = [
        b"100 dollar",
        b"",
        b"\0",
        b"nul\0inside",
        b"line\nbreak",
        b"a\r\nx-oss-meta-evil: 1",
        b" leading",
        b"trailing ",
        b"\t",
        b"\xe9",
        "价格 é".as_bytes(),
        "\u{1f600}".as_bytes(),
        b"0s",
        b"0sYWJj",
        b"0x41",
        b"=?UTF-8?B?YWJj?=",
        "Ã©".as_bytes(),
        b"\x7f",
        "\u{200b}".as_bytes(),
        b"a,b;c=\"d\"%20+",
    ];
    let of_names = names.iter().map(|n| (n.to_vec(), b"value".to_vec()));
    let of_values = values
        .iter()
        .enumerate()
        .map(|(n, v)| (format!("user.v{n}").into_bytes(), v.to_vec()));
    let all: Vec<_> = of_names.chain(of_values).collect();
    all.chunks(8).map(<[_]>::to_vec).collect()
}

fn objects(witness: &Witness, n: usize) {
    for at in 0..n {
        witness.tell(
            json!({"op": "put", "key": format!("o{at}.txt"), "body": "x",
            "headers": {"Content-Type": "text/plain"}}),
        );
    }
}

fn every_attribute_comes_back(bucket: &Bucket) {
    let witness = Witness::new(bucket);
    let tables = hard_attributes();
    objects(&witness, tables.len());
    let mount = bucket.mount().start();
    std::thread::scope(|scope| {
        for (at, table) in tables.iter().enumerate() {
            let path = mount.join(format!("o{at}.txt"));
            scope.spawn(move || {
                for (name, value) in table {
                    set(&path, name, value, XattrFlags::CREATE)
                        .unwrap_or_else(|e| panic!("set {}: {e}", name.escape_ascii()));
                }
            });
        }
    });
    let expect = |mount: &Mount| {
        for (at, table) in tables.iter().enumerate() {
            let expected: Attributes = table.iter().cloned().collect();
            assert_eq!(attributes::all(&mount.join(format!("o{at}.txt"))), expected);
        }
    };
    expect(&mount);
    mount.unmount();
    let mount = bucket.mount().start();
    expect(&mount);
    // And each can be taken away by the name it is listed under.
    std::thread::scope(|scope| {
        for (at, table) in tables.iter().enumerate() {
            let path = mount.join(format!("o{at}.txt"));
            scope.spawn(move || {
                for (name, _) in table {
                    lremovexattr(&path, OsStr::from_bytes(name))
                        .unwrap_or_else(|e| panic!("remove {}: {e}", name.escape_ascii()));
                }
                assert!(attributes::all(&path).is_empty());
            });
        }
    });
    for at in 0..tables.len() {
        assert_eq!(witness.snapshot(&format!("o{at}.txt"))["meta"], json!({}));
    }
}

#[test]
fn every_attribute_comes_back_on_the_embedded_server() {
    every_attribute_comes_back(&Bucket::embedded());
}

#[test]
fn every_attribute_comes_back_on_seaweed() {
    every_attribute_comes_back(&Bucket::seaweed());
}

#[test]
fn plain_names_and_values_are_plain_for_other_tools() {
    let bucket = Bucket::embedded();
    let witness = Witness::new(&bucket);
    objects(&witness, 1);
    let mount = bucket.mount().start();
    let path = mount.join("o0.txt");
    set(&path, b"user.price", b"100 dollar", XattrFlags::empty()).unwrap();
    set(
        &path,
        b"user.my_key",
        "价格".as_bytes(),
        XattrFlags::empty(),
    )
    .unwrap();
    set(&path, b"user.tag.owner", b"John", XattrFlags::empty()).unwrap();
    set(&path, b"user.mime_type", b"text/csv", XattrFlags::empty()).unwrap();
    let seen = witness.snapshot("o0.txt");
    assert_eq!(seen["meta"]["price"], "100 dollar");
    // The driver shows header bytes as Latin-1.
    assert_eq!(
        seen["meta"]["my--5fkey"],
        "\u{e4}\u{bb}\u{b7}\u{e6}\u{a0}\u{bc}"
    );
    assert_eq!(seen["tags"], json!({"owner": "John"}));
    assert_eq!(seen["headers"]["Content-Type"], "text/csv");
    assert_eq!(get(&path, b"user.http.content-type").unwrap(), b"text/csv");
}

/// Mounts for a test that asks for what is refused, which the daemon logs.
fn refusing(bucket: &Bucket) -> Mount {
    let errnos = ["[errno 22]", "[errno 28]", "[errno 1]", "[errno 17]"];
    errnos
        .iter()
        .fold(bucket.mount(), |mount, errno| mount.allow_warning(errno))
        .start()
}

/// Each row: a name, a value, flags, and the errno.
fn refused() -> Vec<(Vec<u8>, Vec<u8>, XattrFlags, Errno)> {
    let any = XattrFlags::empty();
    let row =
        |name: &str, value: &[u8], errno| (name.as_bytes().to_vec(), value.to_vec(), any, errno);
    vec![
        (
            b"user.author".into(),
            b"x".into(),
            XattrFlags::CREATE,
            Errno::EXIST,
        ),
        (
            b"user.absent".into(),
            b"x".into(),
            XattrFlags::REPLACE,
            Errno::NODATA,
        ),
        (
            b"user.tag.owner".into(),
            b"x".into(),
            XattrFlags::CREATE,
            Errno::EXIST,
        ),
        (
            b"user.tag.absent".into(),
            b"x".into(),
            XattrFlags::REPLACE,
            Errno::NODATA,
        ),
        row("user.", b"x", Errno::INVAL),
        row("user.big", &[b'x'; 9000], Errno::NOSPC),
        row("user.tag.", b"x", Errno::INVAL),
        row("user.tag.a!b", b"x", Errno::INVAL),
        row("user.tag.a*b", b"x", Errno::INVAL),
        row("user.tag.a&b", b"x", Errno::INVAL),
        row("user.tag.k", b"a&b", Errno::INVAL),
        row("user.tag.k", b"\xff", Errno::INVAL),
        row(&format!("user.tag.{}", "k".repeat(129)), b"x", Errno::INVAL),
        row("user.tag.k", &[b'v'; 257], Errno::INVAL),
        row("user.http.cache-control", b"a\r\nx-evil: 1", Errno::INVAL),
        row("user.annotation.x", b"x", Errno::OPNOTSUPP),
        row("object.etag", b"x", Errno::PERM),
        row("object.size", b"999", Errno::PERM),
        row("object.key", b"other", Errno::PERM),
        row("object.url", b"x", Errno::PERM),
        row("object.headers", b"x", Errno::PERM),
        row("object.nonsense", b"x", Errno::OPNOTSUPP),
        row("security.selinux", b"x", Errno::OPNOTSUPP),
        row("trusted.x", b"x", Errno::OPNOTSUPP),
        row("system.other", b"x", Errno::OPNOTSUPP),
        row("other.x", b"x", Errno::OPNOTSUPP),
        row("none", b"x", Errno::OPNOTSUPP),
    ]
}

#[test]
fn what_cannot_be_kept_is_refused_and_changes_nothing() {
    for bucket in [Bucket::embedded(), Bucket::seaweed()] {
        let witness = Witness::new(&bucket);
        witness.tell(
            json!({"op": "put", "key": "f.txt", "body": "x", "meta": {"author": "John"},
            "tags": {"owner": "John"}, "headers": {"Content-Type": "text/plain"}}),
        );
        let before = witness.snapshot("f.txt");
        let mount = refusing(&bucket);
        let path = mount.join("f.txt");
        for (name, value, flags, errno) in refused() {
            let shown = name.escape_ascii().to_string();
            assert_eq!(
                set(&path, &name, &value, flags),
                Err(errno),
                "set {shown}\n{}",
                mount.log()
            );
        }
        for (name, errno) in [
            ("user.absent", Errno::NODATA),
            ("user.tag.absent", Errno::NODATA),
            ("object.nonsense", Errno::NODATA),
            ("object.etag", Errno::PERM),
            ("object.storage-class", Errno::PERM),
            ("object.acl", Errno::PERM),
            ("object.url", Errno::PERM),
            ("security.selinux", Errno::OPNOTSUPP),
            ("system.x", Errno::OPNOTSUPP),
            ("trusted.x", Errno::OPNOTSUPP),
            ("other.x", Errno::OPNOTSUPP),
            ("user.http.expires", Errno::NODATA),
        ] {
            assert_eq!(lremovexattr(&path, name), Err(errno), "remove {name}");
        }
        for (name, errno) in [
            ("user.absent", Errno::NODATA),
            ("user.tag.absent", Errno::NODATA),
            ("object.nonsense", Errno::NODATA),
            ("security.capability", Errno::OPNOTSUPP),
            ("system.posix_acl_access", Errno::OPNOTSUPP),
            ("trusted.x", Errno::OPNOTSUPP),
            ("other.x", Errno::OPNOTSUPP),
            ("user.http.expires", Errno::NODATA),
        ] {
            assert_eq!(get(&path, name.as_bytes()), Err(errno), "get {name}");
        }
        assert_eq!(witness.snapshot("f.txt"), before);
        assert_eq!(
            set(&mount.join("absent"), b"user.x", b"y", XattrFlags::empty()),
            Err(Errno::NOENT)
        );
        assert_eq!(
            set(mount.path(), b"user.x", b"y", XattrFlags::empty()),
            Err(Errno::OPNOTSUPP)
        );
        // Reading what one has and writing it back is no change.
        let etag = get(&path, b"object.etag").unwrap();
        assert_eq!(
            set(&path, b"object.etag", &etag, XattrFlags::empty()),
            Ok(())
        );
    }
}

#[test]
fn an_eleventh_tag_is_refused() {
    let bucket = Bucket::embedded();
    let witness = Witness::new(&bucket);
    objects(&witness, 1);
    let mount = refusing(&bucket);
    let path = mount.join("o0.txt");
    for n in 0..10 {
        set(
            &path,
            format!("user.tag.t{n}").as_bytes(),
            b"",
            XattrFlags::empty(),
        )
        .unwrap();
    }
    assert_eq!(
        set(&path, b"user.tag.t10", b"x", XattrFlags::empty()),
        Err(Errno::NOSPC)
    );
    assert_eq!(
        witness.snapshot("o0.txt")["tags"]
            .as_object()
            .unwrap()
            .len(),
        10
    );
    set(&path, b"user.tag.t0", b"replaced", XattrFlags::empty()).unwrap();
}

#[test]
fn metadata_up_to_the_limit_is_kept_and_above_it_refused() {
    // The header's name counts with its prefix: `x-amz-meta-big` and `x-oss-meta-big` are 14 bytes.
    for (bucket, limit) in [(Bucket::seaweed(), 2048), (Bucket::embedded(), 8191)] {
        let witness = Witness::new(&bucket);
        objects(&witness, 1);
        let mount = refusing(&bucket);
        let path = mount.join("o0.txt");
        let fits = vec![b'x'; limit - 14];
        set(&path, b"user.big", &fits, XattrFlags::empty()).unwrap();
        assert_eq!(get(&path, b"user.big").unwrap(), fits);
        assert_eq!(
            set(
                &path,
                b"user.big",
                &[&fits[..], b"x"].concat(),
                XattrFlags::empty()
            ),
            Err(Errno::NOSPC)
        );
        assert_eq!(
            set(&path, b"user.y", b"", XattrFlags::empty()),
            Err(Errno::NOSPC)
        );
        assert_eq!(get(&path, b"user.big").unwrap(), fits);
    }
}
