//! The folder after a crash at each step, after a restart, and under concurrent writers.

use super::*;
use crate::store::types::{Key, Timestamp};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const OWN: fn() -> BucketRecord = || BucketRecord {
    created: Timestamp(1),
    acl: "private".into(),
    storage_class: "Standard".into(),
};

struct Folder {
    temp: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        Self { temp }
    }

    fn path(&self) -> &Path {
        self.temp.path()
    }

    fn bucket_path(&self, rest: &str) -> PathBuf {
        self.path().join("buckets/bucket").join(rest)
    }

    /// Opens the folder, once the threads of the storage before have let go of it.
    fn open(&self) -> Storage {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            match Storage::open(self.path().to_owned()) {
                Err(error) if error.to_string().contains("in use") && Instant::now() < end => {
                    std::thread::yield_now();
                }
                opened => return opened.unwrap(),
            }
        }
    }

    /// Opens, makes the bucket when it is missing, returns both: the lock on the folder lives in the storage.
    async fn bucket(&self) -> (Storage, Arc<Bucket>) {
        let storage = self.open();
        storage.create_bucket("bucket", OWN()).await.unwrap();
        let bucket = storage.bucket("bucket").unwrap();
        (storage, bucket)
    }

    fn files(&self, of: &str) -> BTreeSet<String> {
        fs::read_dir(self.bucket_path(of))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// Waits until the sweeper has left this many body files.
    fn await_bodies(&self, count: usize) {
        let end = Instant::now() + Duration::from_secs(10);
        while self.files("bodies").len() != count {
            assert!(Instant::now() < end, "{:?}", self.files("bodies"));
            std::thread::yield_now();
        }
    }
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

async fn body(bucket: &Bucket, bytes: &[u8]) -> Body {
    let mut writer = bucket.writer();
    writer.write(Bytes::copy_from_slice(bytes)).await.unwrap();
    writer.finish().await.unwrap().body
}

async fn put(bucket: &Arc<Bucket>, name: &str, bytes: &[u8]) -> Arc<Object> {
    let record = Record::new(key(name), Timestamp(7));
    let body = body(bucket, bytes).await;
    let lock = bucket.lock(&record.key).await;
    bucket.commit(lock, record, body).await.unwrap()
}

fn read(bucket: &Bucket, name: &str) -> Option<Vec<u8>> {
    let object = bucket.get(&key(name))?;
    Some(object.body.clone().read().unwrap())
}

const ODD_KEYS: [&str; 6] = [
    "../../etc/passwd",
    "a//b",
    "/",
    ".",
    "x\u{1}\n",
    "\u{1f600}",
];

#[tokio::test]
async fn objects_outlive_the_server() {
    let folder = Folder::new();
    let (storage, bucket) = folder.bucket().await;
    for name in ODD_KEYS {
        put(&bucket, name, name.as_bytes()).await;
    }
    let empty = put(&bucket, "empty", b"").await;
    assert_eq!(empty.record.size, 0);
    drop((storage, bucket, empty));
    let (_storage, bucket) = folder.bucket().await;
    for name in ODD_KEYS {
        assert_eq!(read(&bucket, name).unwrap(), name.as_bytes());
    }
    assert_eq!(read(&bucket, "empty").unwrap(), b"");
    assert_eq!(folder.files("bodies").len(), ODD_KEYS.len());
}

#[tokio::test]
async fn bytes_stay_as_long_as_something_names_them() {
    let folder = Folder::new();
    let (storage, bucket) = folder.bucket().await;
    let first = put(&bucket, "a", b"shared").await;
    let copy = Record {
        key: key("b"),
        ..first.record.clone()
    };
    let lock = bucket.lock(&copy.key).await;
    bucket.commit(lock, copy, first.body.clone()).await.unwrap();
    drop(first);
    let lock = bucket.lock(&key("a")).await;
    bucket.remove(lock).await.unwrap().unwrap();
    assert_eq!(read(&bucket, "b").unwrap(), b"shared");

    // A reader that has the old version reads it to its end.
    let old = bucket.get(&key("b")).unwrap();
    put(&bucket, "b", b"new").await;
    assert_eq!(old.body.clone().read().unwrap(), b"shared");
    drop(old);
    folder.await_bodies(1);
    drop((storage, bucket));
    let (_storage, bucket) = folder.bucket().await;
    assert_eq!(read(&bucket, "b").unwrap(), b"new");
}

#[tokio::test]
async fn a_body_without_a_commit_leaves_nothing() {
    let folder = Folder::new();
    let (_storage, bucket) = folder.bucket().await;
    drop(body(&bucket, b"never committed").await);
    folder.await_bodies(0);
    assert!(folder.files("records").is_empty());
}

#[tokio::test]
async fn what_a_crash_leaves_is_collected() {
    let folder = Folder::new();
    let (storage, bucket) = folder.bucket().await;
    put(&bucket, "a", b"old").await;
    let upload = {
        let lock = bucket.lock(&key("u")).await;
        let record = Record::new(key("u"), Timestamp(1));
        bucket.begin_upload(lock, record).await.unwrap()
    };
    drop((storage, bucket));
    let record = folder.files("records").pop_first().unwrap();
    // A body that no record came to name, a record whose rename did not happen, an upload that was being ended, a
    // bucket that was being made, one that was being removed.
    fs::write(folder.bucket_path("bodies/0123"), b"half a bo").unwrap();
    fs::write(
        folder
            .bucket_path("records")
            .join(format!("{record}.0.tmp")),
        b"{\"key\":",
    )
    .unwrap();
    fs::remove_file(
        folder
            .bucket_path("uploads")
            .join(&*upload.id)
            .join("upload.json"),
    )
    .unwrap();
    fs::create_dir_all(folder.path().join("buckets/unmade")).unwrap();
    fs::create_dir_all(folder.path().join("buckets/old.0.gone/records")).unwrap();

    let (_storage, bucket) = folder.bucket().await;
    assert_eq!(read(&bucket, "a").unwrap(), b"old");
    assert_eq!(folder.files("records"), [record].into());
    assert_eq!(folder.files("bodies").len(), 1);
    assert!(folder.files("uploads").is_empty());
    let buckets = fs::read_dir(folder.path().join("buckets")).unwrap();
    assert_eq!(buckets.count(), 1);
}

#[tokio::test]
async fn damage_is_named_not_guessed_at() {
    type Damage = fn(&Folder);
    let damage: [(&str, Damage); 5] = [
        ("too short", |folder| {
            let body = folder.files("bodies").pop_first().unwrap();
            fs::write(folder.bucket_path("bodies").join(body), b"").unwrap();
        }),
        ("missing", |folder| {
            let body = folder.files("bodies").pop_first().unwrap();
            fs::remove_file(folder.bucket_path("bodies").join(body)).unwrap();
        }),
        ("another key", |folder| {
            let record = folder.files("records").pop_first().unwrap();
            let other = folder
                .bucket_path("records")
                .join(record.replace(".json", "0.json"));
            fs::rename(folder.bucket_path("records").join(record), other).unwrap();
        }),
        ("EOF", |folder| {
            let record = folder.files("records").pop_first().unwrap();
            fs::write(folder.bucket_path("records").join(record), b"{").unwrap();
        }),
        ("bucket.json", |folder| {
            fs::remove_file(folder.bucket_path("bucket.json")).unwrap();
        }),
    ];
    for (expected, damage) in damage {
        let folder = Folder::new();
        let (storage, bucket) = folder.bucket().await;
        put(&bucket, "a", b"body").await;
        drop((storage, bucket));
        damage(&folder);
        let error = Storage::open(folder.path().to_owned())
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
        let path = folder.bucket_path("");
        assert!(
            error.contains(path.to_str().unwrap().trim_end_matches('/')),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_folder_has_one_server_and_is_no_other_folder() {
    let folder = Folder::new();
    let storage = folder.open();
    let error = Storage::open(folder.path().to_owned()).unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
    drop(storage);
    folder.open();

    let other = Folder::new();
    fs::write(other.path().join("precious"), b"").unwrap();
    let error = Storage::open(other.path().to_owned()).unwrap_err();
    assert!(error.to_string().contains("neither empty nor"), "{error}");
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn uploads_outlive_the_server() {
    let folder = Folder::new();
    let (storage, bucket) = folder.bucket().await;
    let lock = bucket.lock(&key("u")).await;
    let upload = bucket
        .begin_upload(lock, Record::new(key("u"), Timestamp(1)))
        .await
        .unwrap();
    for (number, bytes) in [(2, &b"two"[..]), (1, b"lost"), (1, b"one")] {
        let body = body(&bucket, bytes).await;
        let record = PartRecord {
            etag: "E".into(),
            size: body.size(),
            crc64: 0,
            modified: Timestamp(2),
            body: body.extents(),
        };
        upload
            .put_part(number, Part { record, body })
            .await
            .unwrap();
    }
    folder.await_bodies(2);
    let id = upload.id.clone();
    drop((storage, bucket, upload));

    let (storage, bucket) = folder.bucket().await;
    let upload = bucket.uploads.get(&key("u"), &id).unwrap();
    let parts = upload.parts().await.unwrap();
    let joined = Body::join(parts.iter().flatten().map(|(_, part)| &part.body));
    let lock = bucket.lock(&key("u")).await;
    bucket
        .complete_upload(lock, upload.clone(), parts, upload.object.clone(), joined)
        .await
        .unwrap();
    assert_eq!(upload.parts().await.unwrap_err().code.name, "NoSuchUpload");
    drop((storage, bucket, upload));
    let (_storage, bucket) = folder.bucket().await;
    assert_eq!(read(&bucket, "u").unwrap(), b"onetwo");
    assert!(bucket.uploads.is_empty());
}

#[tokio::test]
async fn a_bucket_goes_only_when_it_is_empty() {
    let folder = Folder::new();
    let (storage, bucket) = folder.bucket().await;
    put(&bucket, "a", b"x").await;
    assert!(!storage.delete_bucket("bucket").await.unwrap());
    let lock = bucket.lock(&key("a")).await;
    bucket.remove(lock).await.unwrap();
    assert!(storage.delete_bucket("bucket").await.unwrap());
    // Who still has it can store nothing in it.
    let lock = bucket.lock(&key("a")).await;
    let refused = bucket
        .commit(lock, Record::new(key("a"), Timestamp(1)), Body::default())
        .await;
    assert_eq!(refused.unwrap_err().code.name, "NoSuchBucket");
    assert!(!folder.bucket_path("").exists());
}

/// Each writer adds one tag to what it finds, under the lock of the key: none is lost, and the disk agrees.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_one_key_are_serialised() {
    let folder = Folder::new();
    let (storage, bucket) = folder.bucket().await;
    put(&bucket, "a", b"body").await;
    let writers: Vec<_> = (0..40)
        .map(|n| {
            let bucket = bucket.clone();
            tokio::spawn(async move {
                let lock = bucket.lock(&key("a")).await;
                let object = bucket.get(&key("a")).unwrap();
                let mut record = object.record.clone();
                record.tags.insert(format!("{n}").into(), "".into());
                bucket
                    .commit(lock, record, object.body.clone())
                    .await
                    .unwrap();
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(bucket.get(&key("a")).unwrap().record.tags.len(), 40);
    drop((storage, bucket));
    let (_storage, bucket) = folder.bucket().await;
    assert_eq!(bucket.get(&key("a")).unwrap().record.tags.len(), 40);
    assert_eq!(read(&bucket, "a").unwrap(), b"body");
}

/// A record that names two files of which one is missing: the start fails, and the other is still there after it.
#[tokio::test]
async fn a_failed_start_removes_nothing() {
    let folder = Folder::new();
    let (storage, bucket) = folder.bucket().await;
    let joined = Body::join([&body(&bucket, b"one").await, &body(&bucket, b"two").await]);
    let lock = bucket.lock(&key("a")).await;
    let record = Record::new(key("a"), Timestamp(1));
    let object = bucket.commit(lock, record, joined).await.unwrap();
    let second = object.body.extents()[1].file.clone();
    drop((storage, bucket, object));
    let second = folder.bucket_path("bodies").join(&*second);
    fs::rename(&second, folder.path().join("aside")).unwrap();
    let error = Storage::open(folder.path().to_owned()).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
    fs::rename(folder.path().join("aside"), &second).unwrap();
    let (_storage, bucket) = folder.bucket().await;
    assert_eq!(read(&bucket, "a").unwrap(), b"onetwo");
}

/// A commit whose request went away is whole: in memory as on disk.
#[tokio::test]
async fn a_dropped_commit_still_happens_as_a_whole() {
    let folder = Folder::new();
    let (storage, bucket) = folder.bucket().await;
    let body = body(&bucket, b"bytes").await;
    let lock = bucket.lock(&key("a")).await;
    let mut commit = Box::pin(bucket.commit(lock, Record::new(key("a"), Timestamp(1)), body));
    // One poll hands the work to the blocking thread.
    let waker = std::task::Waker::noop();
    let polled = commit
        .as_mut()
        .poll(&mut std::task::Context::from_waker(waker));
    assert!(polled.is_pending());
    drop(commit);
    // Its lock is given back only when it is done.
    drop(bucket.lock(&key("a")).await);
    assert_eq!(read(&bucket, "a").unwrap(), b"bytes");
    drop((storage, bucket));
    let (_storage, bucket) = folder.bucket().await;
    assert_eq!(read(&bucket, "a").unwrap(), b"bytes");
}
