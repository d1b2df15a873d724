//! What actions cost: the contract's table of requests, by the counts that `metamount status` gives.

use crate::env::{Bucket, Gate, Mount, Witness, attributes, until};
use rustix::fs::removexattr;
use rustix::io::Errno;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

fn counts(mount: &Mount) -> serde_json::Map<String, Value> {
    let status = mount.status();
    status["requests"].as_object().expect("an object").clone()
}

/// Returns the requests that an action costs, by operation.
fn cost(mount: &Mount, action: impl FnOnce()) -> Value {
    let before = counts(mount);
    action();
    let mut cost = serde_json::Map::new();
    for (operation, after) in counts(mount) {
        let before = before.get(&operation).and_then(Value::as_u64).unwrap_or(0);
        let sent = after.as_u64().expect("a count") - before;
        if sent > 0 {
            cost.insert(operation, sent.into());
        }
    }
    Value::Object(cost)
}

/// Returns the number of HEADs and the other requests: there are fewer HEADs where edits are more than two seconds apart,
/// on a machine that is busy.
fn heads_apart(mut cost: Value) -> (u64, Value) {
    let heads = cost.as_object_mut().and_then(|c| c.remove("HeadObject"));
    (heads.and_then(|n| n.as_u64()).unwrap_or(0), cost)
}

/// Puts objects `prefix0000`, `prefix0001`, ... of one byte, with one entry of metadata.
fn put_many(bucket: &Bucket, prefix: &str, n: usize) {
    bucket.python(&format!(
        r#"
from concurrent.futures import ThreadPoolExecutor
if "OSS_ACCESS_KEY_ID" in os.environ:
    client = oss()
    put = lambda n: client.put_object("{prefix}%04d" % n, "x", headers={{"x-oss-meta-n": str(n)}})
else:
    client = s3()
    put = lambda n: client.put_object(Bucket=BUCKET, Key="{prefix}%04d" % n, Body=b"x", Metadata={{"n": str(n)}})
with ThreadPoolExecutor(8) as pool:
    list(pool.map(put, range({n})))
"#
    ));
}

/// `ls -l` and `find` of n objects: ceil(n/1000) lists, whatever is looked at in the answers. A walk of attributes: a
/// HEAD each, and nothing the second time.
#[test]
fn walks_cost_a_list_a_thousand_and_a_head_for_attributes() {
    for bucket in [Bucket::embedded(), Bucket::seaweed()] {
        put_many(&bucket, "d/o", 1_100);
        put_many(&bucket, "few/o", 200);
        let mount = bucket.mount().start();
        // Makes the directories known to the kernel.
        mount.run("stat", &["d", "few"]);
        let listed = cost(&mount, || {
            assert_eq!(mount.run("ls", &["-l", "d"]).lines().count(), 1_101);
        });
        assert_eq!(listed, json!({"ListObjects": 2}));
        let again = cost(&mount, || {
            mount.run("find", &["d", "-size", "1c", "-newermt", "2020-01-01"]);
            mount.run("ls", &["-l", "d"]);
        });
        assert_eq!(again, json!({}));

        let walk = || {
            let dumped = mount.run("getfattr", &["-R", "-d", "few"]);
            assert_eq!(dumped.matches("user.n=").count(), 200);
        };
        let walked = cost(&mount, walk);
        // One more where a lookup's list does not tell by its order whether the directory has a marker.
        let marker = u64::from(bucket.service.scheme == "s3");
        let once = json!({"HeadObject": 200 + marker, "ListObjects": 1});
        assert_eq!(walked, once);
        assert_eq!(cost(&mount, walk), json!({}));
    }
}

/// A name in a directory not listed yet: one HEAD and one list. In a listed one: nothing, there or not.
#[test]
fn lookups_cost_two_requests_or_none() {
    for bucket in [Bucket::embedded(), Bucket::seaweed()] {
        put_many(&bucket, "d/o", 3);
        let mount = bucket.mount().start();
        let looks = |name: &str| {
            cost(&mount, || {
                let _ = fs::symlink_metadata(mount.join(name));
            })
        };
        let both = json!({"HeadObject": 1, "ListObjects": 1});
        assert_eq!(looks("d"), both);
        assert_eq!(looks("d/o0001"), both);
        assert_eq!(looks("d/absent"), both);
        assert_eq!(looks("d/absent"), json!({}));
        assert_eq!(looks("d/o0001"), json!({}));
        let listed = cost(&mount, || {
            mount.run("ls", &["d"]);
        });
        assert_eq!(listed, json!({"ListObjects": 1}));
        for name in [
            ".hidden",
            ".Trash-0",
            ".directory",
            ".xdg-volume-info",
            "autorun.inf",
            "o0002",
        ] {
            assert_eq!(looks(&format!("d/{name}")), json!({}), "{name}");
        }
    }
}

/// What `cp -a` sets for a file of mode 0644: an ACL of three entries.
const ACL: [u8; 28] = *b"\x02\0\0\0\x01\0\x06\0\xff\xff\xff\xff\x04\0\x04\0\xff\xff\xff\xff\x20\0\x04\0\xff\xff\xff\xff";

/// The first look at an object's attributes: a HEAD, and its tags if it has any. Any further one: nothing; names of
/// other namespaces: never anything.
#[test]
fn attributes_cost_two_requests_at_first_and_none_after() {
    for bucket in [Bucket::embedded(), Bucket::seaweed()] {
        let witness = Witness::new(&bucket);
        let object =
            |key: &str| json!({"op": "put", "key": key, "body": "x", "meta": {"author": "John"}});
        witness.tell(object("plain"));
        let mut tagged = object("tagged");
        tagged["tags"] = json!({"owner": "John"});
        witness.tell(tagged);
        let mount = bucket.mount().start();
        mount.run("ls", &["-l"]);
        let foreign = cost(&mount, || {
            let path = mount.join("plain");
            for name in [
                "security.selinux",
                "system.posix_acl_access",
                "trusted.overlay.opaque",
                "nothing",
            ] {
                assert_eq!(attributes::get(&path, name), Err(Errno::OPNOTSUPP));
                // The kernel itself looks into this one.
                let value = match name {
                    "system.posix_acl_access" => &ACL[..],
                    _ => b"x",
                };
                let set = attributes::set(&path, name, value);
                assert_eq!(set, Err(Errno::OPNOTSUPP), "{name}");
                assert_eq!(removexattr(&path, name), Err(Errno::OPNOTSUPP));
            }
        });
        assert_eq!(foreign, json!({}));

        let dump = |key: &'static str, expected: &'static str| {
            let mount = &mount;
            move || {
                let dumped = mount.run("getfattr", &["-d", key]);
                assert!(dumped.contains(expected), "{dumped}");
            }
        };
        let cold = cost(&mount, dump("tagged", "user.tag.owner=\"John\""));
        assert_eq!(cold, json!({"HeadObject": 1, "GetObjectTagging": 1}));
        let cold = cost(&mount, dump("plain", "user.author=\"John\""));
        let tells = json!({"HeadObject": 1});
        let does_not_tell = json!({"HeadObject": 1, "GetObjectTagging": 1});
        assert!(cold == tells || cold == does_not_tell, "{cold}");
        assert!(bucket.service.scheme != "oss" || cold == tells, "{cold}");
        let warm = cost(&mount, || {
            dump("tagged", "user.tag.owner=\"John\"")();
            dump("plain", "user.author=\"John\"")();
            let path = mount.join("tagged");
            for name in ["object.etag", "object.size", "object.url"] {
                assert!(attributes::get(&path, name).is_ok(), "{name}");
            }
            for name in ["user.absent", "object.absent", "user.tag.absent"] {
                assert_eq!(attributes::get(&path, name), Err(Errno::NODATA), "{name}");
            }
            fs::metadata(&path).expect("it is there");
        });
        assert_eq!(warm, json!({}));
        // The answer itself is kept from when it was asked for first, and takes no tags away.
        for expected in [json!({"HeadObject": 1}), json!({})] {
            let raw = cost(&mount, || {
                let headers = attributes::get(&mount.join("tagged"), "object.headers");
                assert!(headers.is_ok_and(|h| h.contains(&b':')));
                dump("tagged", "user.tag.owner=\"John\"")();
            });
            assert_eq!(raw, expected);
        }
    }
}

/// An edit of an object that was not written lately: one copy. Within two seconds of one's own write: a HEAD more. Of
/// its tags: one GET and one PUT. OSS asks for the ACL once an object.
#[test]
fn an_edit_costs_one_copy() {
    for bucket in [Bucket::embedded(), Bucket::seaweed()] {
        put_many(&bucket, "o", 3);
        put_many(&bucket, "last", 1);
        let mount = bucket.mount().start();
        let path = |n: usize| mount.join(format!("o{n:04}"));
        // The first edit of a mount finds out what the server honours; when it is done, older objects are settled.
        attributes::set(&mount.join("last0000"), "user.first", "x").expect("the edit is taken");
        for n in 0..3 {
            attributes::all(&path(n));
        }
        let edit = |n: usize, name: &str| {
            cost(&mount, || {
                attributes::set(&path(n), name, "x").expect("the edit is taken");
            })
        };
        let first = match bucket.service.scheme {
            "oss" => json!({"CopyObject": 1, "GetObjectAcl": 1}),
            _ => json!({"CopyObject": 1}),
        };
        assert_eq!(edit(1, "user.price"), first);
        let (heads, others) = heads_apart(edit(1, "user.color"));
        assert_eq!(others, json!({"CopyObject": 1}));
        assert!(heads <= 1, "{heads}");
        let tags = json!({"GetObjectTagging": 1, "PutObjectTagging": 1});
        assert_eq!(edit(2, "user.tag.owner"), tags);
        let seen = cost(&mount, || {
            let all = attributes::all(&path(1));
            assert_eq!(all[&b"user.price"[..]], b"x");
        });
        assert_eq!(seen, json!({}));
    }
}

/// Many programs that edit one object at once: the kernel brings their edits one after another, and each is kept at the
/// price of one. Edits of several objects are under way at the same time.
#[test]
fn edits_that_come_together_are_all_kept() {
    let bucket = Bucket::embedded();
    put_many(&bucket, "o", 4);
    put_many(&bucket, "last", 1);
    let gate = Gate::to(bucket.service.address);
    let mount = bucket.mount().endpoint(gate.endpoint()).start();
    attributes::set(&mount.join("last0000"), "user.first", "x").expect("the edit is taken");
    let paths: Vec<_> = (0..4).map(|n| mount.join(format!("o{n:04}"))).collect();
    for path in &paths {
        attributes::all(path);
    }
    let spent = cost(&mount, || {
        gate.stall();
        std::thread::scope(|scope| {
            for n in 0..20 {
                let path = &paths[n % 4];
                scope.spawn(move || {
                    let name = format!("user.edit{n}");
                    attributes::set(path, name, "x").expect("the edit is taken");
                });
            }
            let bound = Duration::from_secs(10);
            until("an edit of each object is under way", bound, || {
                let status = mount.status();
                (status["pending"]["edits"] == 4).then_some(())
            });
            gate.open();
        });
    });
    // Of each object, every edit but the first is within two seconds of the one before.
    let (heads, others) = heads_apart(spent);
    assert_eq!(others, json!({"CopyObject": 20, "GetObjectAcl": 4}));
    assert!(heads <= 16, "{heads}");
    let witness = Witness::new(&bucket);
    for object in 0..4 {
        let kept = witness.snapshot(&format!("o{object:04}"));
        for n in (0..20).filter(|n| n % 4 == object) {
            assert_eq!(kept["meta"][format!("edit{n}")], "x", "{kept}");
        }
    }
}
