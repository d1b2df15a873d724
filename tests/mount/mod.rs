//! The kernel's side of the filesystem: real mounts in this process, over a bucket in memory.
//!
//! What the operations do is tested in `fs`; here is what only a kernel can show: that it is answered, with what, and
//! how often, and that a mount comes and goes cleanly.

mod attributes;
mod directories;
mod files;
mod lifecycle;
mod ordinary;

use crate::env::Leash;
use metamount::config::{Addressing, Bucket, Config};
use metamount::mount::{Serving, Stop};
use metamount::store::dialect::OSS;
use metamount::store::memory::Memory;
use metamount::store::types::{Key, Operation, Properties, PutRequest, Timestamp};
use metamount::store::{Dialect, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::runtime::Runtime;

/// A bucket in memory, whose objects are two minutes old.
fn bucket(dialect: &'static Dialect) -> Arc<Memory> {
    let born = Timestamp::from(SystemTime::now()).plus(-120);
    Arc::new(Memory::new(dialect, move || born))
}

/// Writes an object.
fn put(store: &dyn Store, key: &str, body: &str) {
    put_with(store, key, body, Properties::default());
}

fn put_with(store: &dyn Store, key: &str, body: &str, properties: Properties) {
    let request = PutRequest {
        key: Key::new(key).unwrap(),
        properties,
        tags: Default::default(),
        acl: None,
        condition: Default::default(),
        body: body.to_owned().into(),
    };
    block_on(store.put(request)).unwrap();
}

/// Writes a symbolic link of the service's own kind.
fn link(store: &dyn Store, key: &str, target: &str, properties: &Properties) {
    let key = Key::new(key).unwrap();
    block_on(store.put_symlink(&key, target, properties, &Default::default())).unwrap();
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// A mount in this process.
struct Mount {
    store: Arc<dyn Store>,
    path: PathBuf,
    /// Taken when the mount ends.
    serving: Option<Serving>,
    runtime: Runtime,
    leash: Leash,
    /// Removed last.
    _dir: tempfile::TempDir,
}

impl Mount {
    fn new(store: Arc<dyn Store>) -> Self {
        Self::with(store, |_| {})
    }

    fn with(store: Arc<dyn Store>, change: impl FnOnce(&mut Config)) -> Self {
        assert!(
            Path::new("/dev/fuse").exists(),
            "mount tests need /dev/fuse: run them where FUSE is"
        );
        let dir = tempfile::Builder::new()
            .prefix("metamount-test-")
            .tempdir()
            .unwrap();
        let path = dir.path().canonicalize().unwrap().join("mnt");
        std::fs::create_dir(&path).unwrap();
        let mut config = config(&path);
        change(&mut config);
        let runtime = Runtime::new().unwrap();
        let serving = {
            let _context = runtime.enter();
            Serving::start(&config, &path, store.clone()).unwrap()
        };
        let leash = Leash::on_end(
            r#"umount -l "$1"; rm -rf --one-file-system "$2""#,
            &[path.to_str().unwrap(), dir.path().to_str().unwrap()],
        );
        Self {
            store,
            path,
            serving: Some(serving),
            runtime,
            leash,
            _dir: dir,
        }
    }

    fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    fn requests(&self, operation: Operation) -> u64 {
        self.store.requests().of(operation)
    }

    /// Ends the mount as a signal does.
    fn end(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        if let Some(serving) = self.serving.take() {
            self.runtime.block_on(serving.end(&mut Stop::never()));
        }
        if !is_mounted(&self.path) {
            self.leash.release();
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_mounted(path: &Path) -> bool {
    mount_line(path).is_some()
}

/// Returns the kernel's line about what is mounted on exactly this directory.
fn mount_line(path: &Path) -> Option<String> {
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let line = table
        .lines()
        .rfind(|line| line.split(' ').nth(4) == path.to_str());
    line.map(str::to_owned)
}

fn config(mountpoint: &Path) -> Config {
    Config {
        bucket: Bucket {
            dialect: &OSS,
            name: "examplebucket".into(),
            endpoint: None,
            region: None,
            addressing: Addressing::Auto,
            profile: None,
            anonymous: false,
            allow_http: false,
            max_requests: 64,
        },
        mountpoint: mountpoint.into(),
        noexec: false,
        nonempty: false,
        prefix: String::new(),
        read_only: false,
        allow_other: true,
        uid: 1000,
        gid: 100,
        file_mode: 0o644,
        dir_mode: 0o755,
        head_cache: 100_000,
        head_ttl: Duration::from_secs(60),
        max_requests: 64,
        read_ahead: 1 << 20,
        memory: 64 << 20,
        state_dir: None,
        write_back: false,
        posix: false,
        storage_class: None,
        tags: Vec::new(),
        copy_limit: None,
    }
}
