//! Which names an object's attributes are listed by.

use super::attribute::needs_long_name;
use super::system::{is_posix, is_symlink};
use super::{Context, NAME_MAX, http, name};
use crate::store::types::{HttpHeader, Object};

/// Returns the names of what a user set, in a fixed order: metadata, headers, tags. The tags must be known.
///
/// Left out is what has a name that Linux does not take, and everything of a symbolic link: Linux reads no `user.`
/// attribute of one.
pub fn list(ctx: &Context<'_>, object: &Object) -> Vec<Box<[u8]>> {
    let meta = &*object.meta;
    if is_symlink(ctx.dialect, meta) {
        return Vec::new();
    }
    let entries = meta.properties.user.iter().filter_map(|(wire, value)| {
        if is_posix(wire, value) || wire.len() > WIRE_NAME_MAX {
            return None;
        }
        let key = name::decode(ctx.dialect, wire)?;
        let prefix: &[u8] = if needs_long_name(&key) {
            b"user.meta."
        } else {
            b"user."
        };
        Some([prefix, &*key].concat())
    });
    let headers = meta.properties.http.iter().filter_map(|(header, value)| {
        let default = *header == HttpHeader::ContentType && http::is_default_type(ctx.key, value);
        let known = ctx.dialect.http_headers.contains(header);
        (known && !default && !value.is_empty())
            .then(|| [b"user.http.", header.name().as_bytes()].concat())
    });
    let tags = object.tags.iter().flat_map(|tags| tags.iter());
    let tags = tags
        .filter(|(key, _)| !key.is_empty() && !key.contains('\0'))
        .map(|(key, _)| [b"user.tag.", key.as_bytes()].concat());
    entries
        .chain(headers)
        .chain(tags)
        .filter(|name| name.len() <= NAME_MAX)
        .map(Vec::into_boxed_slice)
        .collect()
}

/// Returns the names by which a symbolic link's metadata and tags are read. The tags must be known. What makes the link
/// one is left out.
pub fn list_of_link(ctx: &Context<'_>, object: &Object) -> Vec<Box<[u8]>> {
    let user = &object.meta.properties.user;
    let entries = user
        .iter()
        .filter(|(wire, _)| ctx.dialect.symlink_meta_key != Some(&***wire))
        .filter_map(|(wire, _)| name::decode(ctx.dialect, wire))
        .map(|key| [b"object.meta.", &*key].concat());
    let tags = object.tags.iter().flat_map(|tags| tags.iter());
    let tags = tags.map(|(key, _)| [b"object.tag.", key.as_bytes()].concat());
    entries
        .chain(tags)
        .filter(|name| name.len() <= NAME_MAX)
        .map(Vec::into_boxed_slice)
        .collect()
}

/// The longest wire name of a key that fits an attribute's name: four bytes for each of the key's.
const WIRE_NAME_MAX: usize = 4 * NAME_MAX;

#[cfg(test)]
mod tests {
    use super::super::{Attribute, Refusal, Setting, set};
    use super::*;
    use crate::store::Dialect;
    use crate::store::dialect::{OSS, S3};
    use crate::store::types::{Change, Existence, Key, ObjectMeta, Tags};
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use test_case::test_case;

    fn context<'a>(dialect: &'static Dialect, key: &'a Key) -> Context<'a> {
        Context {
            dialect,
            bucket: "examplebucket",
            key,
        }
    }

    #[test]
    fn a_link_has_names_that_linux_reads() {
        let key = Key::new("link").unwrap();
        let ctx = context(&S3, &key);
        let link = object(
            &[("--symlink-target", "a"), ("author", "Jane"), ("x--41", "")],
            &[],
            &["owner"],
        );
        assert!(list(&ctx, &link).is_empty());
        let names = list_of_link(&ctx, &link);
        let names: Vec<_> = names
            .iter()
            .map(|n| std::str::from_utf8(n).unwrap())
            .collect();
        assert_eq!(
            names,
            ["object.meta.author", "object.meta.xA", "object.tag.owner"]
        );
        for name in names {
            let attribute = Attribute::parse(&S3, name.as_bytes()).unwrap();
            assert!(attribute.value(&ctx, &link).is_ok(), "{name}");
        }
    }

    fn object(user: &[(&str, &str)], http: &[(HttpHeader, &str)], tags: &[&str]) -> Object {
        let mut meta = ObjectMeta::default();
        for (name, value) in user {
            let value = value.as_bytes().into();
            meta.properties.user.insert((*name).into(), value);
        }
        for (header, value) in http {
            let value = value.as_bytes().into();
            meta.properties.http.insert(*header, value);
        }
        let tags: Tags = tags.iter().map(|tag| ((*tag).into(), "".into())).collect();
        Object {
            meta: Arc::new(meta),
            tags: Some(Arc::new(tags)),
            acl: None,
        }
    }

    fn names(dialect: &'static Dialect, key: &str, object: &Object) -> Vec<String> {
        let key = Key::new(key).unwrap();
        let names = list(&context(dialect, &key), object);
        let text = |name: Box<[u8]>| String::from_utf8(name.into()).unwrap();
        names.into_iter().map(text).collect()
    }

    #[test]
    fn lists_metadata_then_headers_then_tags() {
        let object = object(
            &[("price", "1"), ("author", "John"), ("my--5fkey", "x")],
            &[
                (HttpHeader::CacheControl, "no-cache"),
                (HttpHeader::ContentType, "a/b"),
            ],
            &["type", "owner"],
        );
        assert_eq!(
            names(&OSS, "a.txt", &object),
            [
                "user.author",
                "user.my_key",
                "user.price",
                "user.http.content-type",
                "user.http.cache-control",
                "user.tag.owner",
                "user.tag.type",
            ]
        );
    }

    #[test_case("tag.a" => "user.meta.tag.a")]
    #[test_case("http.expires" => "user.meta.http.expires")]
    #[test_case("meta.a" => "user.meta.meta.a")]
    #[test_case("mime_type" => "user.meta.mime_type")]
    #[test_case("annotation.a" => "user.meta.annotation.a")]
    #[test_case("tag" => "user.tag"; "a key like a prefix")]
    #[test_case("mime_types" => "user.mime_types"; "a key like the alias")]
    fn keys_that_read_as_something_else_are_listed_by_their_long_name(wire: &str) -> String {
        names(&S3, "a", &object(&[(wire, "x")], &[], &[])).remove(0)
    }

    #[test_case(&[("mode", "33188"), ("uid", "0"), ("gid", "0"), ("mtime", "1.5")] => 0; "of a file")]
    #[test_case(&[("mode", "fast"), ("mtime", "now")] => 2; "of the user")]
    #[test_case(&[("a+b", "x")] => 0; "a name that no attribute has")]
    fn entries_listed(user: &[(&str, &str)]) -> usize {
        names(&S3, "a", &object(user, &[], &[])).len()
    }

    #[test_case(250 => 1; "the longest")]
    #[test_case(251 => 0; "too long")]
    #[test_case(100_000 => 0; "far too long")]
    fn names_are_as_long_as_linux_takes(bytes: usize) -> usize {
        let key = "a".repeat(bytes);
        names(&OSS, "a", &object(&[(&key, "x")], &[], &[])).len()
    }

    #[test]
    fn a_symlink_lists_nothing() {
        let key = S3.symlink_meta_key.unwrap();
        let link = object(&[(key, "target"), ("a", "x")], &[], &["t"]);
        assert!(names(&S3, "link", &link).is_empty());
    }

    #[test]
    fn a_default_content_type_is_readable_and_not_listed() {
        let jpeg = object(&[], &[(HttpHeader::ContentType, "image/jpeg")], &[]);
        assert!(names(&OSS, "a.jpg", &jpeg).is_empty());
        assert_eq!(names(&OSS, "a.png", &jpeg), ["user.http.content-type"]);
        let key = Key::new("a.jpg").unwrap();
        let alias = Attribute::parse(&OSS, b"user.mime_type").unwrap();
        let value = alias.value(&context(&OSS, &key), &jpeg).unwrap();
        assert_eq!(*value, *b"image/jpeg");
    }

    fn any_object() -> impl Strategy<Value = Object> {
        let wire = prop_oneof![
            "(-|-2d|--5f|--2e|[2d5f61ae0_.]){1,12}",
            "(tag|http|meta|annotation)(\\.|--2e)[a-c]",
            "mime(_|--5f)type|mode|[a-z+!~]{1,4}|a{240,260}",
        ];
        let value = prop_oneof![
            "[ -~]{0,8}",
            "0s[a-zA-Z]{0,4}={0,2}",
            ".{0,4}",
            "[0-9]{1,3}"
        ];
        let tag = "[a-z.\u{e9}]{0,4}|\u{4ef7}{80,100}";
        let user = prop::collection::vec((wire, value), 0..8);
        let http = prop::collection::vec(prop::sample::select(&HttpHeader::ALL[..]), 0..4);
        (user, http, prop::collection::vec(tag, 0..4)).prop_map(|(user, http, tags)| {
            let user: Vec<_> = user.iter().map(|(k, v)| (&**k, &**v)).collect();
            let http: Vec<_> = http.iter().map(|h| (*h, "x")).collect();
            let tags: Vec<_> = tags.iter().map(|t| &**t).collect();
            object(&user, &http, &tags)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        /// Every listed name is one that Linux takes, is listed once, can be read, and set changes what it reads.
        #[test]
        fn every_listed_name_is_read_and_edited(
            dialect in prop::sample::select(vec![&OSS, &S3]),
            object in any_object(),
        ) {
            let key = Key::new("a.txt").unwrap();
            let ctx = context(dialect, &key);
            let names = list(&ctx, &object);
            prop_assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
            for name in names {
                prop_assert!(name.len() <= NAME_MAX && !name.contains(&0));
                let attribute = Attribute::parse(dialect, &name).unwrap();
                let value = attribute.value(&ctx, &object).unwrap();
                match set(&ctx, &name, &value, Existence::Any) {
                    Ok(Setting::Edit(edit)) => match (edit.change, attribute) {
                        (Change::Meta(a, _), Attribute::Meta(b)) => prop_assert_eq!(a, b),
                        (Change::Tag(a, _), Attribute::Tag(b)) => prop_assert_eq!(a, b),
                        (Change::Http(a, _), Attribute::Http(b)) => prop_assert_eq!(a, b),
                        other => prop_assert!(false, "{:?}", other),
                    },
                    other => prop_assert!(matches!(other, Err(Refusal::NoSpace(_) | Refusal::Invalid(_)))),
                }
            }
        }
    }
}
