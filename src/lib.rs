//! metamount mounts a bucket of Alibaba OSS or Amazon S3 and makes every object's metadata an extended attribute.
//!
//! The layers, from the top; a module uses only those below it, `tests/layers.rs` holds them to it:
//!
//! - `main`: parses, runs, exits.
//! - [`cli`]: the commands and their options.
//! - [`mount`]: puts a mount together, and takes it down.
//! - [`server`]: the embedded OSS-compatible server.
//! - [`fuse`]: the kernel's requests, decoded and replied to.
//! - [`fs`]: the operations of the filesystem.
//! - [`namespace`], [`xattr`]: paths and attributes as pure functions.
//! - [`meta`]: what is known of objects, and edits of it.
//! - [`data`](mod@data): bodies.
//! - [`store`]: the services.
//! - [`config`]: validated settings, plain data.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod cli;
pub mod config;
pub mod data;
pub mod fs;
pub mod fuse;
pub mod meta;
pub mod mount;
pub mod namespace;
pub mod server;
pub mod store;
pub mod xattr;
