//! Paths: which names can be shown, and which inode number stands for which key.
//!
//! Pure tables and rules: no request, no clock of its own, no lock. What an object holds is `meta`'s, what the kernel
//! is told of it is `fs`'s.

mod inodes;
pub mod name;

pub use inodes::{Body, Facts, Ino, Inodes, Kind, Node};
pub use name::{InvalidName, Name};
