//! What a name names, and its value.

use super::system::System;
use super::{Context, Refusal, http, name, value};
use crate::store::Dialect;
use crate::store::types::{HttpHeader, Object};
use std::borrow::Cow;
use std::time::Duration;

/// What an attribute's name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// A user metadata entry, by its wire name.
    Meta(Box<str>),
    /// A tag, by its key.
    Tag(Box<str>),
    /// A stored HTTP header.
    Http(HttpHeader),
    /// What the service says of the object.
    System(System),
}

/// What must be known of an object before an attribute's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Its HEAD.
    Head,
    /// Its tags.
    Tags,
    /// Its ACL.
    Acl,
    /// A HEAD that still has the answer's headers.
    Raw,
    /// Nothing of it: the store presigns a URL for so long, which is the value.
    Presigned(Duration),
}

/// What a name says before it is known whether it is to be read, set or removed.
pub(super) enum Named<'a> {
    Meta(&'a [u8]),
    Tag(&'a [u8]),
    Http(HttpHeader),
    System(System),
    /// A form that takes a key, without one.
    NoKey,
    /// In the user's namespace, and nothing is kept there.
    Reserved,
    /// In the service's namespace, and not in the table.
    UnknownSystem,
}

impl<'a> Named<'a> {
    /// Reads a name; the errors are the same for reading, setting and removing.
    pub(super) fn parse(dialect: &Dialect, name: &'a [u8]) -> Result<Self, Refusal> {
        if name == b"user." || name.contains(&0) {
            return Err(Refusal::Invalid("no name of an attribute"));
        }
        let entry = |key: &'a [u8], named: fn(&'a [u8]) -> Self| {
            Ok(if key.is_empty() {
                Self::NoKey
            } else {
                named(key)
            })
        };
        if let Some(name) = name.strip_prefix(b"user.") {
            if let Some(key) = name.strip_prefix(b"tag.") {
                entry(key, Self::Tag)
            } else if let Some(key) = name.strip_prefix(b"meta.") {
                entry(key, Self::Meta)
            } else if let Some(header) = name.strip_prefix(b"http.") {
                Ok(http::header(dialect, header).map_or(Self::Reserved, Self::Http))
            } else if name.starts_with(b"annotation.") {
                Ok(Self::Reserved)
            } else if name == b"mime_type" {
                Ok(Self::Http(HttpHeader::ContentType))
            } else {
                entry(name, Self::Meta)
            }
        } else if let Some(name) = name.strip_prefix(b"object.") {
            if let Some(key) = name.strip_prefix(b"tag.") {
                entry(key, Self::Tag)
            } else if let Some(key) = name.strip_prefix(b"meta.") {
                entry(key, Self::Meta)
            } else {
                let system = System::from_name(dialect, name);
                Ok(system.map_or(Self::UnknownSystem, Self::System))
            }
        } else {
            Err(Refusal::Unsupported)
        }
    }
}

/// Returns whether the short name of a user metadata entry would name something else, so that it is shown by its long
/// one.
pub(super) fn needs_long_name(key: &[u8]) -> bool {
    let prefixes: [&[u8]; 4] = [b"tag.", b"http.", b"meta.", b"annotation."];
    key == b"mime_type" || prefixes.iter().any(|prefix| key.starts_with(prefix))
}

impl Attribute {
    /// Returns what a name stands for, to read it.
    pub fn parse(dialect: &Dialect, name: &[u8]) -> Result<Self, Refusal> {
        match Named::parse(dialect, name)? {
            Named::Meta(key) => Ok(Self::Meta(name::encode(dialect, key))),
            Named::Tag(key) => match std::str::from_utf8(key) {
                Ok(key) => Ok(Self::Tag(key.into())),
                Err(_) => Err(Refusal::NoData),
            },
            Named::Http(header) => Ok(Self::Http(header)),
            Named::System(system) => Ok(Self::System(system)),
            Named::NoKey | Named::Reserved | Named::UnknownSystem => Err(Refusal::NoData),
        }
    }

    /// Returns what must be known of the object before [`Attribute::value`] can tell.
    pub fn needs(&self) -> Need {
        match self {
            Self::Tag(_) => Need::Tags,
            Self::System(System::Acl) => Need::Acl,
            Self::System(System::Headers) => Need::Raw,
            Self::System(System::Url(expires)) => Need::Presigned(*expires),
            Self::Meta(_) | Self::Http(_) | Self::System(_) => Need::Head,
        }
    }

    /// Returns the value; [`Refusal::NoData`] when the object has none, and for [`Need::Presigned`].
    pub fn value<'o>(
        &self,
        ctx: &Context<'_>,
        object: &'o Object,
    ) -> Result<Cow<'o, [u8]>, Refusal> {
        let properties = &object.meta.properties;
        let value = match self {
            Self::Meta(wire) => {
                let stored = properties.user.get(&**wire);
                stored.map(|stored| value::decode(ctx.dialect, stored))
            }
            Self::Tag(key) => {
                let stored = object.tags.as_ref().and_then(|tags| tags.get(&**key));
                stored.map(|stored| Cow::Borrowed(stored.as_bytes()))
            }
            Self::Http(header) => {
                let stored = properties.http.get(header);
                stored.map(|stored| Cow::Borrowed(&**stored))
            }
            Self::System(system) => return system.value(ctx, object),
        };
        value.ok_or(Refusal::NoData)
    }
}
