//! What a test stands on: real services, real mounts, the vendors' SDKs.
//!
//! Everything started here ends with the test, also when it panics or is killed; every wait has a bound. A part that
//! is missing (a server program, an SDK, /dev/fuse) fails the test with a line that says so: `scripts/test` installs
//! them all.

mod answering;
pub mod attributes;
mod embedded;
mod gate;
mod http;
mod leash;
mod mount;
mod python;
mod seaweed;
mod service;
mod until;
mod witness;

pub use answering::Answering;
pub use embedded::OwnServer;
pub use gate::Gate;
pub use leash::Leash;
pub use mount::{Mount, MountBuilder, metamount};
pub use python::{python, tool};
pub use service::{Bucket, Service};
pub use until::until;
pub use witness::Witness;
