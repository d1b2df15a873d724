//! One edit changes one thing: objects of every make are edited through the mount, each kind of attribute set, replaced
//! and removed, and all that the vendor's SDK shows of the object is compared before and after.

use crate::env::{Bucket, Mount, Witness};
use rustix::fs::{XattrFlags, lremovexattr, lsetxattr};
use serde_json::{Value, json};
use std::path::Path;

/// One edit through the mount and what it changes of a snapshot: a path, and the value there afterwards.
struct Step {
    name: &'static str,
    value: Option<&'static str>,
    changes: (&'static [&'static str], Value),
}

fn set(name: &'static str, value: &'static str, path: &'static [&'static str]) -> Step {
    Step {
        name,
        value: Some(value),
        changes: (path, json!(value)),
    }
}

fn remove(name: &'static str, path: &'static [&'static str]) -> Step {
    Step {
        name,
        value: None,
        changes: (path, Value::Null),
    }
}

/// Edits of metadata, tags and headers that every object takes, each kind set, replaced and removed.
fn steps() -> Vec<Step> {
    vec![
        set("user.price", "100 dollar", &["meta", "price"]),
        set("user.tag.type", "document", &["tags", "type"]),
        set("user.author", "Jane", &["meta", "author"]),
        set(
            "user.http.content-disposition",
            "inline",
            &["headers", "Content-Disposition"],
        ),
        set("user.tag.owner", "Jane", &["tags", "owner"]),
        set(
            "user.http.cache-control",
            "max-age=60",
            &["headers", "Cache-Control"],
        ),
        set(
            "user.http.content-type",
            "text/csv",
            &["headers", "Content-Type"],
        ),
        set(
            "user.http.content-language",
            "fr",
            &["headers", "Content-Language"],
        ),
        remove("user.author", &["meta", "author"]),
        remove("user.tag.type", &["tags", "type"]),
        remove(
            "user.http.content-disposition",
            &["headers", "Content-Disposition"],
        ),
        remove("user.tag.owner", &["tags", "owner"]),
        remove("user.price", &["meta", "price"]),
    ]
}

fn everything(key: &str) -> Value {
    json!({
        "op": "put", "key": key, "body": "some text",
        "meta": {"author": "John", "title": "A report", "n": "1"},
        "headers": {
            "Content-Type": "application/pdf", "Cache-Control": "no-cache", "Content-Encoding": "identity",
            "Content-Language": "en", "Expires": "Thu, 01 Dec 2033 16:00:00 GMT",
        },
        "tags": {"owner": "John", "class": "a b+c"},
    })
}

fn with(mut object: Value, more: Value) -> Value {
    let more = more.as_object().expect("an object").clone();
    object.as_object_mut().expect("an object").extend(more);
    object
}

/// Applies `steps` to one object and compares after each. `free` names what the service itself may change.
fn edit_and_compare(mount: &Mount, witness: &Witness, key: &str, steps: Vec<Step>, free: &[&str]) {
    let path = mount.join(key.trim_end_matches('/'));
    let mut expected = witness.snapshot(key);
    for Step {
        name,
        value,
        changes: (at, to),
    } in steps
    {
        apply(&path, name, value)
            .unwrap_or_else(|e| panic!("{key}: {name}={value:?}: {e}\n{}", mount.log()));
        let mut seen = witness.snapshot(key);
        let (last, parents) = at.split_last().expect("a path");
        let mut place = &mut expected;
        for parent in parents {
            place = &mut place[*parent];
        }
        let place = place.as_object_mut().expect("an object");
        if to.is_null() {
            place.remove(*last);
        } else {
            place.insert((*last).into(), to);
        }
        for free in free {
            expected[*free] = seen[*free].take();
            seen[*free] = expected[*free].clone();
        }
        assert_eq!(
            seen,
            expected,
            "{key} after {name}={value:?}\n{}",
            mount.log()
        );
    }
}

fn apply(path: &Path, name: &str, value: Option<&str>) -> rustix::io::Result<()> {
    match value {
        Some(value) => lsetxattr(path, name, value.as_bytes(), XattrFlags::empty()),
        None => lremovexattr(path, name),
    }
}

/// Objects above this are edited by multipart copy here; the servers' smallest parts fit below it.
const COPY_LIMIT: &str = "6000000";

/// Every make of object is edited at the same time, so that waits for trusted times overlap.
fn edit_all(bucket: &Bucket, objects: Vec<(Value, Vec<Step>, &[&str])>) {
    let witness = Witness::new(bucket);
    for (object, _, _) in &objects {
        witness.tell(object.clone());
    }
    let mount = bucket.mount().options(["--copy-limit", COPY_LIMIT]).start();
    std::thread::scope(|scope| {
        for (object, steps, free) in objects {
            let (mount, witness) = (&mount, &witness);
            scope.spawn(move || {
                let key = object["key"].as_str().expect("a key");
                edit_and_compare(mount, witness, key, steps, free);
            });
        }
    });
}

#[test]
fn seaweed_objects_keep_all_but_the_one_thing_edited() {
    let class = set("object.storage-class", "STANDARD_IA", &["class"]);
    let mut with_class = steps();
    with_class.push(class);
    edit_all(
        &Bucket::seaweed(),
        vec![
            (everything("simple.pdf"), steps(), &[]),
            (everything("dir/below.pdf"), with_class, &[]),
            (
                with(everything("class.pdf"), json!({"class": "STANDARD_IA"})),
                steps(),
                &[],
            ),
            // Two parts, below the limit of a single copy... and above it, where the entity tag becomes another.
            (
                with(everything("parts.pdf"), json!({"body": "x", "parts": 1})),
                steps(),
                &[],
            ),
            (
                with(everything("large.pdf"), json!({"body": "x", "parts": 2})),
                steps(),
                &["etag"],
            ),
        ],
    );
}

#[test]
fn embedded_objects_keep_all_but_the_one_thing_edited() {
    let mut everything_settable = steps();
    everything_settable.push(set("object.storage-class", "IA", &["class"]));
    everything_settable.push(set("object.acl", "public-read", &["acl"]));
    everything_settable.push(set("user.after", "acl", &["meta", "after"]));
    let marker = json!({"op": "put", "key": "marked/", "body": "", "meta": {"author": "John", "n": "1"},
        "tags": {"owner": "John"}, "headers": {"Cache-Control": "no-cache"}});
    let link_steps = vec![
        set("object.meta.price", "100 dollar", &["meta", "price"]),
        set("object.tag.owner", "Jane", &["tags", "owner"]),
        set("object.meta.author", "Jane", &["meta", "author"]),
        remove("object.meta.author", &["meta", "author"]),
    ];
    edit_all(
        &Bucket::embedded(),
        vec![
            (everything("simple.pdf"), everything_settable, &[]),
            (
                with(
                    everything("owned.pdf"),
                    json!({"class": "IA", "acl": "private"}),
                ),
                steps(),
                &[],
            ),
            (
                with(
                    everything("public.pdf"),
                    json!({"acl": "public-read", "sse": "AES256"}),
                ),
                steps(),
                &[],
            ),
            (
                with(everything("parts.pdf"), json!({"body": "x", "parts": 3})),
                steps(),
                &[],
            ),
            (
                with(
                    everything("large.pdf"),
                    json!({"body": "x".repeat(70), "parts": 1}),
                ),
                steps(),
                &["etag", "type"],
            ),
            (
                with(everything("grows.pdf"), json!({"append": true})),
                steps(),
                &[],
            ),
            (marker, steps(), &[]),
            (
                json!({"op": "put", "key": "link", "symlink": "simple.pdf", "meta": {"author": "John", "n": "1"},
                    "tags": {"owner": "John"}}),
                link_steps,
                // These are the target's.
                &["etag", "size", "sha256", "crc64", "class"],
            ),
        ],
    );
}

/// Adds keys through the mount while an SDK that keeps no rule writes others: all must stand at the end.
#[test]
fn an_sdk_and_a_mount_that_edit_different_keys_lose_nothing() {
    for bucket in [Bucket::embedded(), Bucket::seaweed()] {
        let witness = Witness::new(&bucket);
        witness.tell(everything("shared.pdf"));
        let mount = bucket.mount().start();
        let path = mount.join("shared.pdf");
        for round in 0..3 {
            witness.tell(json!({"op": "merge_meta", "key": "shared.pdf", "meta": {format!("sdk{round}"): "x"}}));
            apply(&path, &format!("user.mount{round}"), Some("y")).expect("the edit is taken");
        }
        let meta = &witness.snapshot("shared.pdf")["meta"];
        for round in 0..3 {
            assert_eq!(meta[format!("sdk{round}")], "x", "{meta}");
            assert_eq!(meta[format!("mount{round}")], "y", "{meta}");
        }
    }
}

/// Four writers on two mounts and an SDK writer, each with keys of its own, at the same time. (Not on SeaweedFS, which
/// is not atomic between a copy and a put of tags.)
#[test]
fn four_writers_on_two_mounts_and_an_sdk_lose_no_key() {
    const EACH: usize = 5;
    let bucket = Bucket::embedded();
    let witness = Witness::new(&bucket);
    witness.tell(everything("busy.pdf"));
    let mounts = [bucket.mount().start(), bucket.mount().start()];
    std::thread::scope(|scope| {
        for (at, mount) in mounts.iter().enumerate() {
            for writer in 0..2 {
                scope.spawn(move || {
                    for n in 0..EACH {
                        let name = format!("user.m{at}w{writer}n{n}");
                        apply(&mount.join("busy.pdf"), &name, Some("v"))
                            .expect("the edit is taken");
                    }
                });
            }
        }
        scope.spawn(|| {
            for n in 0..EACH {
                witness.tell(
                    json!({"op": "put_tags", "key": "busy.pdf", "tags": {"sdk": n.to_string()}}),
                );
            }
        });
    });
    let seen = witness.snapshot("busy.pdf");
    for at in 0..2 {
        for writer in 0..2 {
            for n in 0..EACH {
                assert_eq!(seen["meta"][format!("m{at}w{writer}n{n}")], "v", "{seen}");
            }
        }
    }
    assert_eq!(seen["tags"], json!({"sdk": (EACH - 1).to_string()}));
    assert_eq!(seen["meta"]["author"], "John");
    assert_eq!(seen["headers"]["Content-Type"], "application/pdf");
}
