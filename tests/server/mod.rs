//! The embedded server from outside: real sockets, the vendors' SDKs, restarts.

mod local;
mod sdk;

pub use local::Local;
