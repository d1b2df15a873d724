//! A change of one property of an object, as a user asks for it.

use super::{Acl, HttpHeader};

/// A new value of one property, or its removal (`None`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A user metadata entry, by its wire name and wire value.
    Meta(Box<str>, Option<Box<[u8]>>),
    /// A tag.
    Tag(Box<str>, Option<Box<str>>),
    /// A stored HTTP header, by its wire value; removing gives the service's default back.
    Http(HttpHeader, Option<Box<[u8]>>),
    /// The storage class.
    StorageClass(Box<str>),
    /// The ACL.
    Acl(Acl),
    /// Asks for an archived body to be readable for so many days.
    Restore(u32),
}

/// Whether a change needs the property to be there already. Judged on a fresh view of the object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existence {
    /// Either way.
    #[default]
    Any,
    /// It must not be there (`XATTR_CREATE`).
    Absent,
    /// It must be there (`XATTR_REPLACE`, and every removal).
    Present,
}

/// One change with its condition, as one setxattr or removexattr makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What changes.
    pub change: Change,
    /// Whether it must be there already.
    pub existence: Existence,
}
