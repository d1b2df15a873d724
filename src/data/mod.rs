//! The bodies of objects.
//!
//! A [`Reader`] reads one open object: sequential readers are read ahead of, with several ranges in flight; random
//! reads ask for exactly their bytes. All readers of a mount share one [`Budget`] of memory. What an object is and which
//! body was opened, `meta` says; errors keep the meaning the store gave them.

mod budget;
mod checksum;
mod fetch;
mod part;
mod reader;
#[cfg(test)]
mod tests;
mod window;

pub use budget::Budget;
pub use reader::Reader;
