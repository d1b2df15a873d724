//! The operations over a bucket in memory.

use super::*;
use crate::store::dialect;
use crate::store::memory::Memory;
use crate::store::types::{Operation, Properties, PutRequest};
use crate::xattr::Refusal;
use test_case::test_case;

pub(super) fn bucket() -> Arc<Memory> {
    let clock = || Timestamp(1_700_000_000);
    Arc::new(Memory::new(&dialect::OSS, clock))
}

pub(super) fn fs_over(store: Arc<Memory>) -> Fs {
    fs_with(store, |_| {})
}

fn fs_with(store: Arc<Memory>, change: impl FnOnce(&mut Settings)) -> Fs {
    let mut settings = Settings::for_tests();
    change(&mut settings);
    let meta = Metadata::new(
        store.clone(),
        crate::meta::Settings {
            entries: 1000,
            bytes: 1 << 20,
            ttl: settings.ttl,
            max_requests: 64,
            copy_limit: 1 << 30,
        },
    );
    Fs::new(settings, meta, store, Budget::new(1 << 20))
}

async fn put(store: &Memory, key: &str, author: &str) {
    let mut properties = Properties::default();
    if !author.is_empty() {
        let value = author.as_bytes().into();
        properties.user.insert("author".into(), value);
    }
    let request = PutRequest {
        key: Key::new(key).unwrap(),
        properties,
        tags: Default::default(),
        acl: None,
        condition: Default::default(),
        body: "hello".into(),
    };
    store.put(request).await.unwrap();
}

impl Fs {
    async fn ino(&self, path: &str) -> Ino {
        let mut ino = Ino::ROOT;
        for name in path.split('/') {
            match self.lookup(ino, name.as_bytes()).await.unwrap() {
                Looked::Found(attr) => ino = attr.stat.ino,
                Looked::Absent(_) => panic!("{path}: nothing"),
            }
        }
        ino
    }

    async fn read_names(&self, handle: Handle, offset: u64) -> Vec<(String, u64)> {
        let mut names = Vec::new();
        self.readdir(handle, offset, |entry| {
            names.push((entry.name.to_owned(), entry.next));
            Ok(())
        })
        .await
        .unwrap();
        names
    }
}

fn errno<T: std::fmt::Debug>(result: Result<T>) -> i32 {
    result.unwrap_err().errno()
}

#[tokio::test(start_paused = true)]
async fn a_name_is_asked_for_once() {
    let store = bucket();
    put(&store, "d/a", "").await;
    let fs = fs_over(store.clone());
    assert!(fs.try_lookup(Ino::ROOT, b"d").is_none());
    let d = fs.ino("d").await;
    let a = fs.ino("d/a").await;
    let known = fs.try_lookup(d, b"a").unwrap().unwrap();
    let Looked::Found(attr) = known else {
        panic!("{known:?}")
    };
    assert_eq!(
        (attr.stat.ino, attr.stat.size, attr.ttl),
        (a, 5, fs.settings.ttl)
    );
    assert_eq!(fs.try_getattr(a).unwrap().unwrap().stat, attr.stat);
    assert_eq!(store.requests().of(Operation::HeadObject), 2);
    assert_eq!(store.requests().of(Operation::ListObjects), 2);
    // Twice here, once inside `ino`.
    assert!(fs.node(a).is_ok());
    fs.forget(a, 2);
    assert!(fs.node(a).is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_known_to_be_absent() {
    let fs = fs_over(bucket());
    let none = fs.lookup(Ino::ROOT, b"none").await.unwrap();
    assert_eq!(none, Looked::Absent(fs.settings.ttl));
    assert_eq!(fs.try_lookup(Ino::ROOT, b"none").unwrap().unwrap(), none);
}

#[test_case(b"\xff" => libc::ENOENT; "no key is so")]
#[test_case(&[b'x'; 256] => libc::ENAMETOOLONG; "too long")]
fn names_that_no_key_has_are_answered_at_once(name: &[u8]) -> i32 {
    let fs = fs_over(bucket());
    errno(fs.try_lookup(Ino::ROOT, name).unwrap())
}

#[tokio::test]
async fn nothing_is_below_a_file() {
    let store = bucket();
    put(&store, "a", "").await;
    let fs = fs_over(store);
    let a = fs.ino("a").await;
    assert_eq!(errno(fs.lookup(a, b"b").await), libc::ENOTDIR);
    assert_eq!(errno(fs.opendir(a)), libc::ENOTDIR);
    assert_eq!(errno(fs.readlink(a).await), libc::EINVAL);
    assert_eq!(errno(fs.lookup(Ino(99), b"b").await), libc::ESTALE);
}

#[tokio::test]
async fn a_directory_is_read_on_from_any_offset() {
    let store = bucket();
    for name in ["a", "b", "c"] {
        put(&store, name, "").await;
    }
    let fs = fs_over(store.clone());
    let handle = fs.opendir(Ino::ROOT).unwrap();
    let all = fs.read_names(handle, 0).await;
    let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [".", "..", "a", "b", "c"]);
    for at in 0..all.len() {
        assert_eq!(fs.read_names(handle, all[at].1).await, all[at + 1..]);
    }
    // What came since is seen by who begins anew.
    put(&store, "d", "").await;
    assert_eq!(fs.read_names(handle, all[3].1).await, all[4..]);
    fs.releasedir(handle);
    let closed = fs.readdir(handle, 0, |_| Ok(())).await;
    assert_eq!(errno(closed), libc::EBADF);
}

#[tokio::test]
async fn an_entry_that_did_not_fit_was_not_looked_up() {
    let store = bucket();
    put(&store, "a", "").await;
    put(&store, "b", "").await;
    let fs = fs_over(store.clone());
    let handle = fs.opendir(Ino::ROOT).unwrap();
    let mut room = 3;
    let mut seen = Vec::new();
    fs.readdirplus(handle, 0, |entry, attr| {
        if room == 0 {
            return Err(Full);
        }
        room -= 1;
        seen.push((entry.name.to_owned(), attr.stat));
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(seen.len(), 3, ". and .. and a");
    assert_eq!(fs.inodes.lock().len(), 2, "the root and a");
    let (_, a) = seen.pop().unwrap();
    assert_eq!(fs.try_getattr(a.ino).unwrap().unwrap().stat, a);
    assert_eq!(store.requests().of(Operation::HeadObject), 0);
    fs.forget(a.ino, 1);
    assert_eq!(fs.inodes.lock().len(), 1);
}

#[tokio::test]
async fn an_attribute_is_known_after_it_was_asked_for() {
    let store = bucket();
    put(&store, "a", "Jane").await;
    let fs = fs_over(store.clone());
    let handle = fs.opendir(Ino::ROOT).unwrap();
    fs.read_names(handle, 0).await;
    let a = fs.ino("a").await;
    assert!(fs.try_getxattr(a, b"user.author").is_none());
    assert_eq!(fs.getxattr(a, b"user.author").await.unwrap(), b"Jane");
    let again = fs.try_getxattr(a, b"user.author").unwrap().unwrap();
    assert_eq!(again, b"Jane");
    assert_eq!(fs.try_listxattr(a).unwrap().unwrap(), b"user.author\0");
    assert_eq!(store.requests().of(Operation::HeadObject), 1);
    assert!(
        fs.try_getxattr(a, b"object.url").is_none(),
        "each URL is made anew"
    );
    let url = fs.getxattr(a, b"object.url").await.unwrap();
    assert!(!url.is_empty());
}

#[test_case(b"security.selinux"; "security")]
#[test_case(b"system.posix_acl_access"; "system")]
#[test_case(b"metamount.status"; "control of the root alone")]
#[test_case(b"trusted.x"; "trusted")]
#[tokio::test]
async fn other_namespaces_are_refused_before_anything_is_looked_at(name: &[u8]) {
    let fs = fs_over(bucket());
    let nobody = Ino(99);
    assert_eq!(
        errno(fs.try_getxattr(nobody, name).unwrap()),
        libc::EOPNOTSUPP
    );
    let set = fs.setxattr(nobody, name, b"", 0).await;
    assert_eq!(errno(set), libc::EOPNOTSUPP);
    assert_eq!(errno(fs.removexattr(nobody, name).await), libc::EOPNOTSUPP);
}

#[tokio::test]
async fn the_bucket_itself_has_no_attributes() {
    let fs = fs_over(bucket());
    for name in [&b"user.a"[..], b"object.etag"] {
        let get = fs.try_getxattr(Ino::ROOT, name).unwrap();
        assert!(matches!(get, Err(Error::Attribute(Refusal::Unsupported))));
        let set = fs.setxattr(Ino::ROOT, name, b"", 0).await;
        assert_eq!(errno(set), libc::EOPNOTSUPP);
    }
    assert_eq!(fs.try_listxattr(Ino::ROOT).unwrap().unwrap(), b"");
}

#[tokio::test]
async fn a_property_of_the_service_may_be_set_to_what_it_is() {
    let store = bucket();
    put(&store, "a", "").await;
    let fs = fs_with(store, |settings| settings.read_only = true);
    let a = fs.ino("a").await;
    fs.setxattr(a, b"object.size", b"5", 0).await.unwrap();
    assert_eq!(
        errno(fs.setxattr(a, b"object.size", b"6", 0).await),
        libc::EPERM
    );
    assert_eq!(errno(fs.setxattr(a, b"user.a", b"1", 0).await), libc::EROFS);
    assert_eq!(errno(fs.removexattr(a, b"user.a").await), libc::EROFS);
}

#[tokio::test]
async fn a_change_of_nothing_succeeds() {
    let store = bucket();
    put(&store, "a", "").await;
    let fs = fs_over(store);
    let a = fs.ino("a").await;
    let set = |mode, size| {
        let wanted = NewAttr {
            mode: Some(mode),
            size: Some(size),
            ..NewAttr::default()
        };
        fs.setattr(a, &wanted).map(|attr| attr.stat.size)
    };
    assert_eq!(set(0o100_644, 5).unwrap(), 5);
    assert_eq!(errno(set(0o600, 5)), libc::EROFS);
    assert_eq!(errno(set(0o644, 0)), libc::EROFS);
}

#[tokio::test(start_paused = true)]
async fn what_was_listed_is_believed_for_its_time() {
    let store = bucket();
    put(&store, "a", "").await;
    let fs = fs_over(store.clone());
    let handle = fs.opendir(Ino::ROOT).unwrap();
    let mut ino = Ino::ROOT;
    fs.readdirplus(handle, 0, |entry, attr| {
        if entry.name == "a" {
            ino = attr.stat.ino;
        }
        Ok(())
    })
    .await
    .unwrap();
    tokio::time::advance(fs.settings.ttl / 2).await;
    let attr = fs.try_getattr(ino).unwrap().unwrap();
    assert_eq!(attr.ttl, fs.settings.ttl / 2, "no longer than the listing");
    tokio::time::advance(fs.settings.ttl).await;
    assert!(fs.try_getattr(ino).is_none());
    assert_eq!(fs.getattr(ino).await.unwrap().stat, attr.stat);
    assert_eq!(store.requests().of(Operation::HeadObject), 1);
}

#[tokio::test(start_paused = true)]
async fn the_kernel_believes_nothing_longer_than_we_do() {
    let store = bucket();
    put(&store, "a", "").await;
    let fs = fs_over(store.clone());
    let handle = fs.opendir(Ino::ROOT).unwrap();
    fs.read_names(handle, 0).await;
    tokio::time::advance(fs.settings.ttl * 3 / 4).await;
    let left = fs.settings.ttl / 4;
    let a = fs.try_lookup(Ino::ROOT, b"a").unwrap().unwrap();
    assert!(
        matches!(a, Looked::Found(attr) if attr.ttl == left),
        "{a:?}"
    );
    let none = fs.try_lookup(Ino::ROOT, b"none").unwrap().unwrap();
    assert_eq!(none, Looked::Absent(left));
    let mut told = Vec::new();
    fs.readdirplus(handle, 2, |_, attr| {
        told.push(attr.ttl);
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(told, [left]);
    assert_eq!(store.requests().of(Operation::ListObjects), 1);
}
