//! Extended attributes: what an object's properties are called and how their values read, and what a change of an
//! attribute changes of the object.
//!
//! Pure functions from [`Object`]s and names to values, lists and [`Edit`](crate::store::types::Edit)s; `docs/SEMANTICS.md` has the rules.
//! Fetching what an attribute [needs](Attribute::needs), merging edits and errno numbers are for `fs` and `meta`.
//!
//! [`Object`]: crate::store::types::Object

mod acl;
mod attribute;
mod encoded_word;
mod http;
mod limits;
mod list;
mod name;
mod set;
mod system;
mod tag;
mod value;

pub use attribute::{Attribute, Need};
pub use limits::{check_limits, check_tags, check_user_meta, user_meta_bytes};
pub use list::{list, list_of_link};
pub use set::{SameAs, Setting, existence, remove, set};
pub use system::System;

use crate::store::Dialect;
use crate::store::types::Key;

/// Where an object is, for what its attributes say of that.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The dialect its metadata is written in.
    pub dialect: &'static Dialect,
    /// The bucket's name.
    pub bucket: &'a str,
    /// The object's key.
    pub key: &'a Key,
}

/// Why an attribute cannot be read or changed as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such namespace, or nothing of this kind is kept by the service (EOPNOTSUPP).
    #[error("not supported")]
    Unsupported,
    /// The object has no such attribute (ENODATA).
    #[error("no such attribute")]
    NoData,
    /// It exists and was to be created (EEXIST).
    #[error("the attribute exists")]
    Exists,
    /// It cannot be set, or not to this (EPERM).
    #[error("the attribute is read-only")]
    Denied,
    /// The name or the value is one that the service refuses (EINVAL).
    #[error("{0}")]
    Invalid(&'static str),
    /// The object's metadata or tags would exceed the service's limit (ENOSPC).
    #[error("{0}")]
    NoSpace(&'static str),
}

/// The longest name of an attribute that Linux takes, namespace included, in bytes.
const NAME_MAX: usize = 255;
