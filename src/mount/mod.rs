//! Puts a mount together, and takes it down.
//!
//! [`run`] is what the program does from the first request to the last: it checks the mount point, asks the bucket
//! whether it can be used, mounts, serves until it is told to end, waits for edits under way, and leaves nothing
//! behind.

mod error;
mod kernel;
pub mod point;
mod serving;
mod stop;
mod table;

pub use error::MountError;
pub use serving::Serving;

pub use stop::Stop;
