//! A mount in service: made, served, ended by a signal or by an unmount from outside, and gone.

use super::kernel::{self, Mounted, Options};
use super::{MountError, Stop};
use crate::config::Config;
use crate::data::Budget;
use crate::fs::{Fs, Settings};
use crate::fuse::Adapter;
use crate::meta::{self, Metadata};
use crate::store::Store;
use crate::store::types::{Key, Timestamp};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;

/// How long the kernel may take to end the conversation after the unmount. It does at once, unless a file is open
/// still; who holds one gets an error when the process is gone.
const FAREWELL: Duration = Duration::from_secs(2);

/// How far the kernel reads ahead of a sequential reader, as root: fewer and larger reads.
const KERNEL_READ_AHEAD: u64 = 1 << 20;

/// A mount in service.
pub struct Serving {
    fs: Arc<Fs>,
    mounted: Mounted,
    /// Ends when the kernel ends the conversation.
    session: oneshot::Receiver<std::io::Result<()>>,
}

impl Serving {
    /// Mounts `store` on `point`, a directory without symlinks in its path; it is usable when this returns. To be
    /// called within a runtime, which then answers what needs requests.
    pub fn start(config: &Config, point: &Path, store: Arc<dyn Store>) -> Result<Self, MountError> {
        let url = url_of(config);
        let settings = meta::Settings {
            entries: config.head_cache,
            bytes: cache_bytes(config.head_cache),
            ttl: config.head_ttl,
            max_requests: config.max_requests,
            copy_limit: config
                .copy_limit
                .unwrap_or(config.bucket.dialect.limits.single_copy_bytes),
        };
        let metadata = Metadata::new(store.clone(), settings);
        let settings = Settings {
            bucket: config.bucket.name.clone(),
            url: url.clone(),
            mountpoint: point.to_string_lossy().into_owned(),
            root: Key::new(&config.prefix).ok(),
            read_only: config.read_only,
            uid: config.uid,
            gid: config.gid,
            file_mode: config.file_mode,
            dir_mode: config.dir_mode,
            ttl: config.head_ttl,
            read_ahead: config.read_ahead,
            mounted_at: Timestamp::from(SystemTime::now()),
        };
        let fs = Arc::new(Fs::new(
            settings,
            metadata,
            store,
            Budget::new(config.memory),
        ));
        let adapter = Adapter::new(fs.clone(), tokio::runtime::Handle::current());

        let options = Options {
            source: url.clone(),
            read_only: config.read_only,
            allow_other: config.allow_other,
            noexec: config.noexec,
        };
        let (mounted, device) = kernel::mount(point, &options)?;
        let session = match adapter.start(device) {
            Ok(session) => session,
            Err(error) => {
                take_down(&mounted);
                return Err(MountError::Session(error));
            }
        };
        mounted.set_read_ahead(KERNEL_READ_AHEAD);
        let (ended, session_end) = oneshot::channel();
        std::thread::Builder::new()
            .name("fuse".into())
            .spawn(move || {
                // Nobody waits for it after a forced end.
                let _ = ended.send(session.run());
            })
            .map_err(|error| {
                take_down(&mounted);
                MountError::Start(error)
            })?;
        log::info!("{url} is mounted on {point:?}");
        Ok(Self {
            fs,
            mounted,
            session: session_end,
        })
    }

    /// Serves until a signal comes or somebody unmounts; then waits for edits under way and takes the mount down. A
    /// second signal ends the waiting.
    pub async fn until(mut self, mut stop: Stop) {
        tokio::select! {
            ended = &mut self.session => {
                if let Ok(Err(error)) = ended {
                    log::error!("the conversation with the kernel broke off: {error}");
                }
                log::info!("unmounted from outside");
                self.drain(&mut stop).await;
                // After a broken conversation the mount is still there, and dead.
                take_down(&self.mounted);
            }
            name = stop.signalled() => {
                log::info!("{name}: unmounting");
                self.end(&mut stop).await;
            }
        }
    }

    /// Waits for edits under way and takes the mount down.
    pub async fn end(mut self, stop: &mut Stop) {
        self.drain(stop).await;
        take_down(&self.mounted);
        let farewell = tokio::time::timeout(FAREWELL, &mut self.session);
        if unless_signalled(stop, farewell)
            .await
            .is_none_or(|f| f.is_err())
        {
            log::info!("files are open still; who holds them gets an error");
        }
        // What came between the first wait and the unmount.
        self.drain(stop).await;
    }

    async fn drain(&self, stop: &mut Stop) {
        if unless_signalled(stop, self.fs.drain()).await.is_none() {
            log::warn!("signalled again: edits under way are given up");
        }
    }
}

async fn unless_signalled<T>(stop: &mut Stop, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        _ = stop.signalled() => None,
    }
}

fn take_down(mounted: &Mounted) {
    if let Err(error) = mounted.detach() {
        log::error!("the mount could not be taken away: {error}");
    }
}

/// The memory that metadata may take: 1,000 bytes an object, as one with three metadata entries takes, and never less than 8 MiB.
fn cache_bytes(entries: usize) -> usize {
    (entries.saturating_mul(1000)).max(8 << 20)
}

fn url_of(config: &Config) -> String {
    let bucket = &config.bucket;
    let mut url = format!("{}://{}", bucket.dialect.scheme, bucket.name);
    if !config.prefix.is_empty() {
        url.push('/');
        url.push_str(config.prefix.trim_end_matches('/'));
    }
    url
}
