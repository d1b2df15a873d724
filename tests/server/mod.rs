//! The embedded server from outside: real sockets, the vendors' SDKs, restarts.

mod local;
mod raw;
mod sdk;

pub use local::Local;
