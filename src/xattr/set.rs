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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Dialect;
    use crate::store::dialect::{OSS, S3};
    use crate::store::types::{Acl, ETag, Key, ObjectMeta};
    use std::sync::Arc;
    use test_case::test_case;

    fn with_ctx<T>(dialect: &'static Dialect, key: &str, f: impl FnOnce(&Context<'_>) -> T) -> T {
        let key = Key::new(key).unwrap();
        f(&Context {
            dialect,
            bucket: "examplebucket",
            key: &key,
        })
    }

    fn change(dialect: &'static Dialect, name: &str, value: &str) -> Result<Change, Refusal> {
        with_ctx(dialect, "a.txt", |ctx| {
            match set(ctx, name.as_bytes(), value.as_bytes(), Existence::Any)? {
                Setting::Edit(edit) => Ok(edit.change),
                Setting::SameAs(_) => Err(Refusal::Denied),
            }
        })
    }

    fn meta(name: &str, value: &str) -> Result<Change, Refusal> {
        Ok(Change::Meta(name.into(), Some(value.as_bytes().into())))
    }

    fn tag(key: &str, value: &str) -> Result<Change, Refusal> {
        Ok(Change::Tag(key.into(), Some(value.into())))
    }

    #[test_case(&OSS, "user.price", "100 dollar" => meta("price", "100 dollar"))]
    #[test_case(&OSS, "user.my_key", "" => meta("my--5fkey", "0s"); "both escaped")]
    #[test_case(&S3, "user.a", "é" => meta("a", "=?UTF-8?B?w6k=?="); "text")]
    #[test_case(&S3, "object.meta.a", "b" => meta("a", "b"); "metadata of a symlink")]
    #[test_case(&OSS, "user.tag.owner", "Jane" => tag("owner", "Jane"))]
    #[test_case(&OSS, "user.tag.owner", "" => tag("owner", ""); "empty tag")]
    #[test_case(&OSS, "object.tag.owner", "Jane" => tag("owner", "Jane"); "tag of a symlink")]
    #[test_case(&OSS, "user.tag.", "x" => matches Err(Refusal::Invalid(_)); "no tag key")]
    #[test_case(&OSS, "user.tag.a!", "x" => matches Err(Refusal::Invalid(_)); "a character refused")]
    #[test_case(&OSS, "user.tag.a", "*" => matches Err(Refusal::Invalid(_)); "a character refused in a value")]
    #[test_case(&S3, "user.tag.aws:a", "x" => matches Err(Refusal::Invalid(_)); "reserved tag")]
    #[test_case(&OSS, "user.http.expires", "never" => Ok(Change::Http(HttpHeader::Expires, Some(b"never".as_slice().into()))))]
    #[test_case(&OSS, "user.mime_type", "a/b" => Ok(Change::Http(HttpHeader::ContentType, Some(b"a/b".as_slice().into()))))]
    #[test_case(&OSS, "user.http.expires", "a\nb" => matches Err(Refusal::Invalid(_)); "line break in a header")]
    #[test_case(&OSS, "user.http.server", "x" => Err(Refusal::Unsupported); "a header that is not stored")]
    #[test_case(&OSS, "user.http.website-redirect-location", "/" => Err(Refusal::Unsupported); "a header that others store")]
    #[test_case(&OSS, "user.annotation.a", "x" => Err(Refusal::Unsupported))]
    #[test_case(&OSS, "user.", "x" => matches Err(Refusal::Invalid(_)); "no key")]
    #[test_case(&OSS, "object.nothing", "x" => Err(Refusal::Unsupported); "not in the table")]
    #[test_case(&OSS, "object.url.x", "x" => Err(Refusal::Unsupported); "no time")]
    #[test_case(&OSS, "trusted.a", "x" => Err(Refusal::Unsupported); "another namespace")]
    #[test_case(&OSS, "object.storage-class", "IA" => Ok(Change::StorageClass("IA".into())))]
    #[test_case(&OSS, "object.storage-class", "a b" => matches Err(Refusal::Invalid(_)); "no class")]
    #[test_case(&OSS, "object.storage-class", "" => matches Err(Refusal::Invalid(_)); "empty class")]
    #[test_case(&OSS, "object.acl", "private" => Ok(Change::Acl(Acl::Canned("private".into()))))]
    #[test_case(&OSS, "object.acl", "mine" => matches Err(Refusal::Invalid(_)); "no acl")]
    #[test_case(&OSS, "object.restore", "7" => Ok(Change::Restore(7)))]
    #[test_case(&OSS, "object.restore", "0" => matches Err(Refusal::Invalid(_)); "no days")]
    #[test_case(&OSS, "object.restore", "5000000000" => matches Err(Refusal::Invalid(_)); "too many days")]
    #[test_case(&OSS, "object.url", "x" => Err(Refusal::Denied))]
    #[test_case(&OSS, "object.url.60", "x" => Err(Refusal::Denied))]
    #[test_case(&OSS, "object.headers", "x" => Err(Refusal::Denied))]
    fn sets(dialect: &'static Dialect, name: &str, value: &str) -> Result<Change, Refusal> {
        change(dialect, name, value)
    }

    #[test_case(&S3, 2048 - 11 - 1 => true; "fits")]
    #[test_case(&S3, 2048 - 11 => false; "does not")]
    fn what_fits_no_object_is_refused_at_once(dialect: &'static Dialect, bytes: usize) -> bool {
        match change(dialect, "user.a", &"x".repeat(bytes)) {
            Ok(_) => true,
            Err(refusal) => {
                assert!(matches!(refusal, Refusal::NoSpace(_)));
                false
            }
        }
    }

    #[test_case("user.a", Existence::Absent => Ok(Existence::Absent))]
    #[test_case("user.tag.a", Existence::Present => Ok(Existence::Present))]
    #[test_case("object.acl", Existence::Absent => Err(Refusal::Exists); "every object has one")]
    #[test_case("object.acl", Existence::Present => Ok(Existence::Any); "so it can be replaced")]
    fn flags(name: &str, existence: Existence) -> Result<Existence, Refusal> {
        with_ctx(&OSS, "a", |ctx| {
            match set(ctx, name.as_bytes(), b"private", existence)? {
                Setting::Edit(edit) => Ok(edit.existence),
                Setting::SameAs(_) => unreachable!("{name} can be set"),
            }
        })
    }

    #[test_case("object.etag", "abc", Existence::Any => Ok(()); "the same")]
    #[test_case("object.etag", "abd", Existence::Any => Err(Refusal::Denied); "another")]
    #[test_case("object.etag", "abc", Existence::Present => Ok(()); "the same again")]
    #[test_case("object.etag", "abc", Existence::Absent => Err(Refusal::Exists); "created")]
    #[test_case("object.crc64", "1", Existence::Any => Err(Refusal::Denied); "one that it does not have")]
    #[test_case("object.crc64", "1", Existence::Present => Err(Refusal::NoData); "replaced and missing")]
    fn read_only(name: &str, value: &str, existence: Existence) -> Result<(), Refusal> {
        let meta = ObjectMeta {
            etag: ETag::new("abc"),
            ..ObjectMeta::default()
        };
        let object = Object {
            meta: Arc::new(meta),
            ..Object::default()
        };
        with_ctx(&OSS, "a", |ctx| {
            match set(ctx, name.as_bytes(), value.as_bytes(), existence)? {
                Setting::SameAs(same) => same.check(ctx, &object),
                Setting::Edit(edit) => unreachable!("{edit:?}"),
            }
        })
    }

    #[test_case("user.a_b" => Ok(Change::Meta("a--5fb".into(), None)))]
    #[test_case("user.meta.tag.a" => Ok(Change::Meta("tag--2ea".into(), None)))]
    #[test_case("user.tag.a!" => Ok(Change::Tag("a!".into(), None)); "a tag of laxer times")]
    #[test_case("user.http.expires" => Ok(Change::Http(HttpHeader::Expires, None)))]
    #[test_case("user.mime_type" => Ok(Change::Http(HttpHeader::ContentType, Some(b"text/plain".as_slice().into()))); "back to what the name gives")]
    #[test_case("user.http.server" => Err(Refusal::NoData))]
    #[test_case("user.annotation.a" => Err(Refusal::NoData))]
    #[test_case("user.tag." => Err(Refusal::NoData))]
    #[test_case("user." => matches Err(Refusal::Invalid(_)))]
    #[test_case("object.etag" => Err(Refusal::Denied))]
    #[test_case("object.acl" => Err(Refusal::Denied))]
    #[test_case("object.url.60" => Err(Refusal::Denied))]
    #[test_case("object.nothing" => Err(Refusal::NoData))]
    #[test_case("system.x" => Err(Refusal::Unsupported))]
    fn removes(name: &str) -> Result<Change, Refusal> {
        with_ctx(&OSS, "a.txt", |ctx| {
            let edit = remove(ctx, name.as_bytes())?;
            assert_eq!(edit.existence, Existence::Present);
            Ok(edit.change)
        })
    }

    #[test]
    fn a_content_type_that_no_name_gives_goes_back_to_the_services() {
        let edit = with_ctx(&OSS, "noext", |ctx| remove(ctx, b"user.http.content-type")).unwrap();
        assert_eq!(edit.change, Change::Http(HttpHeader::ContentType, None));
    }

    #[test_case(0 => Ok(Existence::Any))]
    #[test_case(1 => Ok(Existence::Absent))]
    #[test_case(2 => Ok(Existence::Present))]
    #[test_case(3 => matches Err(Refusal::Invalid(_)))]
    fn flags_of_setxattr(flags: i32) -> Result<Existence, Refusal> {
        existence(flags)
    }
}
