//! The kernel's requests: decoded, answered at once or in a task, replied to.
//!
//! No decisions are made here: what an operation does and which errno a failure is belong to `fs`. What does live
//! here is what every operation shares: faults contained, deadlines kept, failures noted once.

mod adapter;
mod answer;
mod call;
mod reply;

use crate::fs::Fs;
use call::Calls;
use fuser::{InitFlags, KernelConfig, Session, SessionACL};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// The filesystem as the kernel speaks to it.
pub struct Adapter {
    calls: Calls,
}

impl Adapter {
    /// What is asked of the kernel; one that lacks some of it is served all the same.
    ///
    /// Not among it: `SETXATTR_EXT`, whose longer request fuser cannot read; `WRITEBACK_CACHE`, by which the kernel
    /// would own size and times; `POSIX_ACL`, of which a bucket has none.
    const WANTED: [InitFlags; 8] = [
        InitFlags::FUSE_ASYNC_READ,
        InitFlags::FUSE_PARALLEL_DIROPS,
        // Else every write is preceded by a getxattr of security.capability.
        InitFlags::FUSE_HANDLE_KILLPRIV_V2,
        InitFlags::FUSE_DO_READDIRPLUS,
        InitFlags::FUSE_READDIRPLUS_AUTO,
        InitFlags::FUSE_ATOMIC_O_TRUNC,
        InitFlags::FUSE_CACHE_SYMLINKS,
        InitFlags::FUSE_DIRECT_IO_ALLOW_MMAP,
    ];
    /// The largest read or write in one request, in bytes.
    const MAX_TRANSFER: u32 = 1 << 20;
    /// Requests that the kernel sends on its own account (read-ahead) at most at once.
    const MAX_BACKGROUND: u16 = 64;

    /// Makes the adapter; what cannot be answered at once runs on `runtime`.
    pub fn new(fs: Arc<Fs>, runtime: tokio::runtime::Handle) -> Self {
        Self {
            calls: Calls::new(fs, runtime),
        }
    }

    /// Begins the conversation with the kernel over the descriptor of a mount. `Session::run` then serves it.
    pub fn start(self, device: OwnedFd) -> io::Result<Session<Self>> {
        let mut config = fuser::Config::default();
        let cpus = std::thread::available_parallelism().map_or(2, usize::from);
        config.n_threads = Some(cpus.clamp(2, 8));
        // One descriptor a thread needs the device once more, which a sandbox may not give.
        config.clone_fd = std::fs::File::options()
            .read(true)
            .write(true)
            .open("/dev/fuse")
            .is_ok();
        // Who may use the mount the kernel itself decides (allow_other); to ask again here would refuse a process
        // that changed its user after it opened a file.
        Session::from_fd(self, device, SessionACL::All, config)
    }

    fn configure(config: &mut KernelConfig) {
        for flag in Self::WANTED {
            if config.add_capabilities(flag).is_err() {
                log::debug!("the kernel has no {flag:?}");
            }
        }
        let nearest = |error: Result<_, _>| error.unwrap_or_else(|possible| possible);
        nearest(config.set_max_write(Self::MAX_TRANSFER));
        if let Err(error) = config.set_max_background(Self::MAX_BACKGROUND) {
            log::debug!("the kernel takes {error} requests in the background");
        }
    }
}
