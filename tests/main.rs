//! The one test binary: everything that needs a server or a mount, and the checks of the source tree.

#![allow(clippy::unwrap_used)]

mod commands;
mod conformance;
mod edits;

// Each test file uses a part of it, and they come one by one.
#[allow(dead_code, unused_imports)]
mod env;
mod env_test;
mod exactness;
mod failures;
mod faults;
mod layers;
mod mount;
mod names;
mod preservation;
mod requests;
mod server;
mod tools;
