//! Extended attributes through the kernel.

use super::{Mount, bucket, put, put_with};
use metamount::store::dialect::OSS;
use metamount::store::fault::Fault;
use metamount::store::types::{HttpHeader, Key, Operation, Properties};
use rustix::fs::{
    XattrFlags, getxattr, getxattr_query, lgetxattr, listxattr, listxattr_query, lsetxattr,
    removexattr, setxattr,
};
use rustix::io::Errno;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

fn get(path: &Path, name: &str) -> Result<String, Errno> {
    let mut room = vec![0; 65_536];
    let size = getxattr(path, name, &mut room)?;
    room.truncate(size);
    Ok(String::from_utf8(room).unwrap())
}

fn list(path: &Path) -> Vec<String> {
    let mut room = vec![0; 65_536];
    let size = listxattr(path, &mut room).unwrap();
    let names = String::from_utf8(room[..size].to_vec()).unwrap();
    names.split_terminator('\0').map(str::to_owned).collect()
}

fn photo() -> Properties {
    let mut properties = Properties::default();
    properties.user.insert("author".into(), (*b"Jane").into());
    let cache = (*b"max-age=60").into();
    properties.http.insert(HttpHeader::CacheControl, cache);
    let png = (*b"image/png").into();
    properties.http.insert(HttpHeader::ContentType, png);
    properties
}

#[test]
fn what_a_head_tells_is_read_at_one_request() {
    let store = bucket(&OSS);
    put_with(&*store, "d/photo.png", "body", photo());
    let mount = Mount::new(store);
    let file = mount.join("d/photo.png");
    assert_eq!(get(&file, "user.author").unwrap(), "Jane");
    // Of d, and of the photo.
    assert_eq!(mount.requests(Operation::HeadObject), 2);
    let sent = mount.store.requests().total();
    assert_eq!(list(&file), ["user.author", "user.http.cache-control"]);
    assert_eq!(get(&file, "user.http.cache-control").unwrap(), "max-age=60");
    assert_eq!(get(&file, "object.size").unwrap(), "4");
    assert_eq!(get(&file, "object.key").unwrap(), "d/photo.png");
    assert_eq!(get(&file, "user.none"), Err(Errno::NODATA));
    assert_eq!(get(&file, "object.none"), Err(Errno::NODATA));
    assert_eq!(mount.store.requests().total(), sent);
    mount.end();
}

#[test]
fn a_value_goes_into_a_buffer_that_holds_it() {
    let store = bucket(&OSS);
    put_with(&*store, "a", "", photo());
    let mount = Mount::new(store);
    let file = mount.join("a");
    assert_eq!(getxattr_query(&file, "user.author"), Ok(4));
    assert_eq!(
        getxattr(&file, "user.author", &mut [0; 3]),
        Err(Errno::RANGE)
    );
    assert_eq!(getxattr(&file, "user.author", &mut [0; 4]), Ok(4));
    let size = listxattr_query(&file).unwrap();
    assert_eq!(listxattr(&file, &mut vec![0; size - 1]), Err(Errno::RANGE));
    assert_eq!(listxattr(&file, &mut vec![0; size]), Ok(size));
    mount.end();
}

#[test]
fn names_of_other_namespaces_cost_nothing() {
    let store = bucket(&OSS);
    put(&*store, "a", "");
    let mount = Mount::new(store);
    let file = mount.join("a");
    fs::metadata(&file).unwrap();
    let sent = mount.store.requests().total();
    for name in [
        "security.capability",
        "security.selinux",
        "system.posix_acl_access",
        "trusted.overlay.opaque",
        "metamount.status",
        "nothing",
    ] {
        assert_eq!(get(&file, name), Err(Errno::OPNOTSUPP), "{name}");
    }
    assert_eq!(mount.store.requests().total(), sent);
    mount.end();
}

#[test]
fn the_bucket_has_no_attributes_and_a_prefix_those_of_its_marker() {
    let store = bucket(&OSS);
    put_with(&*store, "p/", "", photo());
    put(&*store, "p/unmarked/a", "");
    let whole = Mount::new(store.clone());
    for name in ["user.author", "object.etag"] {
        assert_eq!(get(&whole.path, name), Err(Errno::OPNOTSUPP));
    }
    assert_eq!(list(&whole.path), [""; 0]);
    assert_eq!(get(&whole.join("p"), "user.author").unwrap(), "Jane");
    let unmarked = whole.join("p/unmarked");
    assert_eq!(get(&unmarked, "user.author"), Err(Errno::NODATA));
    assert_eq!(list(&unmarked), [""; 0]);
    whole.end();
    let part = Mount::with(store, |config| config.prefix = "p/".into());
    assert_eq!(get(&part.path, "user.author").unwrap(), "Jane");
    part.end();
}

#[test]
fn a_link_has_its_attributes_by_the_names_linux_lets_through() {
    let store = bucket(&OSS);
    put(&*store, "a", "");
    super::link(&*store, "l", "a", &photo());
    let mount = Mount::new(store);
    let mut room = [0; 64];
    let size = lgetxattr(mount.join("l"), "object.meta.author", &mut room).unwrap();
    assert_eq!(&room[..size], b"Jane");
    let refused = lgetxattr(mount.join("l"), "user.author", &mut room).unwrap_err();
    assert_eq!(refused, Errno::NODATA, "the kernel's own answer");
    let inode = fs::symlink_metadata(mount.join("l")).unwrap().ino();
    let names = get(&mount.path, &format!("metamount.names.{inode}"));
    assert_eq!(names.unwrap(), "object.meta.author\0");
    let name = "object.meta.color";
    lsetxattr(mount.join("l"), name, b"red", XattrFlags::empty()).unwrap();
    let size = lgetxattr(mount.join("l"), name, &mut room).unwrap();
    assert_eq!(&room[..size], b"red");
    mount.end();
}

#[test]
fn an_edit_keeps_what_is_there() {
    let store = bucket(&OSS);
    put_with(&*store, "a", "body", photo());
    put(&*store, "d/in", "");
    let mount = Mount::new(store.clone());
    let file = mount.join("a");
    let set =
        |path: &Path, name: &str, value: &str, flags| setxattr(path, name, value.as_bytes(), flags);
    let any = XattrFlags::empty();
    set(&file, "user.price", "100 dollar", any).unwrap();
    set(&file, "user.tag.owner", "John", any).unwrap();
    set(&file, "user.author", "Jo", XattrFlags::REPLACE).unwrap();
    assert_eq!(get(&file, "user.price").unwrap(), "100 dollar");
    assert_eq!(get(&file, "user.author").unwrap(), "Jo");
    assert_eq!(
        set(&file, "user.price", "", XattrFlags::CREATE),
        Err(Errno::EXIST)
    );
    assert_eq!(
        set(&file, "user.none", "", XattrFlags::REPLACE),
        Err(Errno::NODATA)
    );
    removexattr(&file, "user.price").unwrap();
    assert_eq!(removexattr(&file, "user.price"), Err(Errno::NODATA));
    let left = [
        "user.author",
        "user.http.content-type",
        "user.http.cache-control",
        "user.tag.owner",
    ];
    assert_eq!(list(&file), left);
    assert_eq!(fs::read_to_string(&file).unwrap(), "body");
    let changed = fs::metadata(&file).unwrap().mtime();
    let written = store
        .peek(&Key::new("a").unwrap())
        .unwrap()
        .meta
        .last_modified;
    assert_eq!(changed, written.0, "stat shows what the edit made of it");
    // A directory gets a marker for its attributes.
    set(&mount.join("d"), "user.author", "Jane", any).unwrap();
    assert_eq!(get(&mount.join("d"), "user.author").unwrap(), "Jane");
    assert!(store.peek(&Key::new("d/").unwrap()).is_some());
    mount.end();
}

#[test]
fn what_no_setting_changes_is_refused_without_a_request() {
    let store = bucket(&OSS);
    put(&*store, "a", "");
    let mount = Mount::new(store);
    let file = mount.join("a");
    fs::metadata(&file).unwrap();
    let sent = mount.store.requests().total();
    let long = "v".repeat(9000);
    for (name, value, errno) in [
        ("user.big", long.as_str(), Errno::NOSPC),
        ("user.tag.bad!", "", Errno::INVAL),
        ("object.url", "x", Errno::PERM),
        ("object.unknown", "x", Errno::OPNOTSUPP),
        ("user.annotation.a", "x", Errno::OPNOTSUPP),
        ("security.selinux", "x", Errno::OPNOTSUPP),
        ("system.other", "x", Errno::OPNOTSUPP),
    ] {
        let set = setxattr(&file, name, value.as_bytes(), XattrFlags::empty());
        assert_eq!(set, Err(errno), "{name}");
    }
    assert_eq!(mount.store.requests().total(), sent);
    mount.end();
}

#[test]
fn the_root_tells_how_the_mount_is() {
    let store = bucket(&OSS);
    put(&*store, "a", "");
    put(&*store, "bad//key", "");
    let mount = Mount::new(store);
    fs::read_dir(&mount.path).unwrap().count();
    fs::read_dir(mount.join("bad")).unwrap().count();
    let status: serde_json::Value =
        serde_json::from_str(&get(&mount.path, "metamount.status").unwrap()).unwrap();
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["pid"], std::process::id());
    assert_eq!(status["mountpoint"], mount.path.to_str().unwrap());
    assert_eq!(status["hidden_keys"], 1);
    assert!(status["requests"]["ListObjects"].as_u64().unwrap() >= 2);
    assert_eq!(list(&mount.path), [""; 0]);
    mount.end();
}

#[test]
fn a_fault_of_the_program_is_an_error_and_the_mount_lives() {
    let store = bucket(&OSS);
    put_with(&*store, "a", "", photo());
    let fault = Arc::new(Fault::new(store));
    let mount = Mount::new(fault.clone());
    let file = mount.join("a");
    fault.before(Operation::HeadObject, 1, async { panic!("a test's panic") });
    assert_eq!(get(&file, "user.author"), Err(Errno::IO));
    assert_eq!(get(&file, "user.author").unwrap(), "Jane");
    let status: serde_json::Value =
        serde_json::from_str(&get(&mount.path, "metamount.status").unwrap()).unwrap();
    assert_eq!(status["last_errors"][0]["errno"], libc::EIO);
    assert_eq!(status["last_errors"][0]["key"], "a");
    mount.end();
}
