//! The embedded server from outside: real sockets, the vendors' SDKs, kill -9.

mod client;
mod crash;
mod local;
mod node;
mod raw;
mod sdk;

use local::Local;
