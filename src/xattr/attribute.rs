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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use test_case::test_case;

    fn meta(wire: &str) -> Result<Attribute, Refusal> {
        Ok(Attribute::Meta(wire.into()))
    }

    fn tag(key: &str) -> Result<Attribute, Refusal> {
        Ok(Attribute::Tag(key.into()))
    }

    #[test_case(b"user.author" => meta("author"))]
    #[test_case(b"user.my_key" => meta("my--5fkey"); "escaped")]
    #[test_case(b"user.tag.a" => tag("a"))]
    #[test_case(b"user.tag.a.b" => tag("a.b"); "a tag with a dot")]
    #[test_case(b"user.tag" => meta("tag"); "tag alone is a key")]
    #[test_case(b"user.tagged" => meta("tagged"))]
    #[test_case(b"user.Tag.a" => meta("--54ag--2ea"); "names are not folded")]
    #[test_case(b"user.meta.tag.a" => meta("tag--2ea"); "the long form")]
    #[test_case(b"user.meta.meta.a" => meta("meta--2ea"); "the long form of a long form")]
    #[test_case(b"user.meta.mime_type" => meta("mime--5ftype"); "the long form of the alias")]
    #[test_case(b"user.meta.author" => meta("author"); "the long form of an ordinary key")]
    #[test_case(b"user.mime_type" => Ok(Attribute::Http(HttpHeader::ContentType)))]
    #[test_case(b"user.http.expires" => Ok(Attribute::Http(HttpHeader::Expires)))]
    #[test_case(b"user.http.etag" => Err(Refusal::NoData); "no stored header")]
    #[test_case(b"user.annotation.a" => Err(Refusal::NoData); "annotation")]
    #[test_case(b"user.meta.annotation.a" => meta("annotation--2ea"); "a key that begins like one")]
    #[test_case(b"user." => matches Err(Refusal::Invalid(_)); "no key")]
    #[test_case(b"user.tag." => Err(Refusal::NoData); "no tag")]
    #[test_case(b"user.meta." => Err(Refusal::NoData); "no long key")]
    #[test_case(b"user.tag.\xff" => Err(Refusal::NoData); "no text")]
    #[test_case(b"object.meta.author" => meta("author"); "metadata of a symlink")]
    #[test_case(b"object.tag.a" => tag("a"); "tag of a symlink")]
    #[test_case(b"object.etag" => Ok(Attribute::System(System::Etag)))]
    #[test_case(b"object.nothing" => Err(Refusal::NoData); "not in the table")]
    #[test_case(b"object." => Err(Refusal::NoData); "nothing of the object")]
    #[test_case(b"user" => Err(Refusal::Unsupported); "no dot")]
    #[test_case(b"" => Err(Refusal::Unsupported); "empty")]
    #[test_case(b"security.capability" => Err(Refusal::Unsupported))]
    #[test_case(b"system.posix_acl_access" => Err(Refusal::Unsupported))]
    #[test_case(b"trusted.x" => Err(Refusal::Unsupported))]
    #[test_case(b"User.x" => Err(Refusal::Unsupported); "another namespace")]
    #[test_case(b"user.a\0b" => matches Err(Refusal::Invalid(_)); "nul")]
    fn names(name: &[u8]) -> Result<Attribute, Refusal> {
        Attribute::parse(&OSS, name)
    }

    #[test]
    fn a_header_that_a_dialect_lacks_is_none() {
        let name = b"user.http.website-redirect-location";
        let header = Attribute::Http(HttpHeader::WebsiteRedirect);
        assert_eq!(Attribute::parse(&S3, name), Ok(header));
        assert_eq!(Attribute::parse(&OSS, name), Err(Refusal::NoData));
    }

    #[test_case(b"user.a" => Need::Head)]
    #[test_case(b"user.http.expires" => Need::Head)]
    #[test_case(b"object.size" => Need::Head)]
    #[test_case(b"user.tag.a" => Need::Tags)]
    #[test_case(b"object.tag.a" => Need::Tags)]
    #[test_case(b"object.acl" => Need::Acl)]
    #[test_case(b"object.headers" => Need::Raw)]
    #[test_case(b"object.url" => Need::Presigned(Duration::from_secs(3600)))]
    #[test_case(b"object.url.60" => Need::Presigned(Duration::from_secs(60)))]
    fn needs(name: &[u8]) -> Need {
        Attribute::parse(&OSS, name).unwrap().needs()
    }
}
