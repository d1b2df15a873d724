//! Puts a mount together, and takes it down.
//!
//! [`run`] is what the program does from the first request to the last: it checks the mount point, asks the bucket
//! whether it can be used, mounts, serves until it is told to end, waits for edits under way, and leaves nothing
//! behind.

mod error;
pub mod kernel;
mod point;
mod serving;
mod stop;
pub mod table;

pub use error::MountError;
pub use serving::Serving;
pub use stop::Stop;

use crate::config::Config;
use crate::store;
use std::time::Duration;

/// Mounts, calls `ready` once the mount is usable, and returns after it is gone.
pub fn run(config: Config, ready: impl FnOnce()) -> Result<(), MountError> {
    let point = point::prepare(&config.mountpoint, config.nonempty)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("metamount")
        .build()
        .map_err(MountError::Start)?;
    let result = runtime.block_on(async {
        let store = store::open(&config.bucket).await?;
        store::check(&*store, &config.bucket, &config.prefix).await?;
        let stop = Stop::listen().map_err(MountError::Start)?;
        let serving = Serving::start(&config, &point, store)?;
        ready();
        serving.until(stop).await;
        Ok(())
    });
    // A request that hangs must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}
