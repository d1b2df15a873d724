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

/// The longest wire name of a key that fits an attribute's name: four bytes for each of the key's.
const WIRE_NAME_MAX: usize = 4 * NAME_MAX;
