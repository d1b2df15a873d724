//! What setting or removing an attribute changes of the object.

use super::attribute::{Attribute, Named};
use super::system::{System, parse_decimal};
use super::{Context, Refusal, acl, http, limits, name, tag, value};
use crate::store::types::{Change, Edit, Existence, HttpHeader, Object};

/// What a setxattr asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// A change of the object.
    Edit(Edit),
    /// No change: a property that only the service sets is to have a value, which it may have already.
    SameAs(SameAs),
}

/// The value that a property only the service sets is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SameAs {
    system: System,
    value: Box<[u8]>,
    existence: Existence,
}

impl SameAs {
    /// Returns the attribute whose value [`SameAs::check`] compares.
    pub fn attribute(&self) -> Attribute {
        Attribute::System(self.system)
    }

    /// Succeeds when the object's property has the value; it cannot be given another.
    pub fn check(&self, ctx: &Context<'_>, object: &Object) -> Result<(), Refusal> {
        match (self.system.value(ctx, object), self.existence) {
            (Ok(_), Existence::Absent) => Err(Refusal::Exists),
            (Err(_), Existence::Present) => Err(Refusal::NoData),
            (Ok(present), _) if *present == *self.value => Ok(()),
            (Ok(_) | Err(_), _) => Err(Refusal::Denied),
        }
    }
}

/// Returns what setting an attribute to `value` asks for.
pub fn set(
    ctx: &Context<'_>,
    name: &[u8],
    value: &[u8],
    existence: Existence,
) -> Result<Setting, Refusal> {
    let dialect = ctx.dialect;
    let change = match Named::parse(dialect, name)? {
        Named::Meta(key) => {
            let name = name::encode(dialect, key);
            let value = value::encode(dialect, value);
            limits::check_entry(dialect, &name, &value)?;
            Change::Meta(name, Some(value.into()))
        }
        Named::Tag(key) => {
            let key = tag::check_key(dialect, key)?;
            let value = tag::check_value(dialect, value)?;
            Change::Tag(key.into(), Some(value.into()))
        }
        Named::Http(header) => {
            http::check_value(value)?;
            Change::Http(header, Some(value.into()))
        }
        Named::System(system) => return set_system(ctx, system, value, existence),
        Named::NoKey => return Err(Refusal::Invalid("a key cannot be empty")),
        Named::Reserved | Named::UnknownSystem => return Err(Refusal::Unsupported),
    };
    Ok(Setting::Edit(Edit { change, existence }))
}

fn set_system(
    ctx: &Context<'_>,
    system: System,
    value: &[u8],
    existence: Existence,
) -> Result<Setting, Refusal> {
    let text = std::str::from_utf8(value).unwrap_or_default();
    let change = match system {
        System::StorageClass => {
            let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            if text.is_empty() || !text.bytes().all(word) {
                return Err(Refusal::Invalid("a storage class is one word"));
            }
            Change::StorageClass(text.into())
        }
        System::Acl => acl::from_text(ctx.dialect, text)
            .map(Change::Acl)
            .ok_or(Refusal::Invalid("the service has no such ACL"))?,
        System::Restore => {
            let days = parse_decimal(value).and_then(|days| u32::try_from(days).ok());
            let days = days.filter(|days| *days > 0);
            Change::Restore(days.ok_or(Refusal::Invalid("set it to a number of days"))?)
        }
        System::Url(_) | System::Headers => return Err(Refusal::Denied),
        System::Etag
        | System::Size
        | System::LastModified
        | System::Type
        | System::Key
        | System::Bucket
        | System::VersionId
        | System::Crc64
        | System::Checksum
        | System::Encryption
        | System::Expiration
        | System::LastAccessTime => {
            return Ok(Setting::SameAs(SameAs {
                system,
                value: value.into(),
                existence,
            }));
        }
    };
    // Every object has these three, so there is nothing to create and nothing to miss.
    if existence == Existence::Absent {
        return Err(Refusal::Exists);
    }
    Ok(Setting::Edit(Edit {
        change,
        existence: Existence::Any,
    }))
}

/// Returns the change that removes an attribute. A content type goes back to what the name gives.
pub fn remove(ctx: &Context<'_>, name: &[u8]) -> Result<Edit, Refusal> {
    let change = match Named::parse(ctx.dialect, name)? {
        Named::Meta(key) => Change::Meta(name::encode(ctx.dialect, key), None),
        Named::Tag(key) => {
            let key = std::str::from_utf8(key).map_err(|_| Refusal::NoData)?;
            Change::Tag(key.into(), None)
        }
        Named::Http(HttpHeader::ContentType) => {
            let default = http::type_of_name(ctx.key).map(|default| default.as_bytes().into());
            Change::Http(HttpHeader::ContentType, default)
        }
        Named::Http(header) => Change::Http(header, None),
        Named::System(_) => return Err(Refusal::Denied),
        Named::NoKey | Named::Reserved | Named::UnknownSystem => return Err(Refusal::NoData),
    };
    Ok(Edit {
        change,
        existence: Existence::Present,
    })
}

/// Returns the condition that setxattr's flags make.
pub fn existence(flags: i32) -> Result<Existence, Refusal> {
    match flags {
        0 => Ok(Existence::Any),
        libc::XATTR_CREATE => Ok(Existence::Absent),
        libc::XATTR_REPLACE => Ok(Existence::Present),
        _ => Err(Refusal::Invalid("no such flags")),
    }
}
