//! ListObjects and ListObjectsV2: pages of keys in byte order, grouped by a delimiter.

use super::delete::encoding;
use crate::server::error::{ACCESS_DENIED, Error, Result, invalid_argument};
use crate::server::metadata::{quoted, restore_state};
use crate::server::reply::{self, Reply};
use crate::server::request::Request;
use crate::server::service::Service;
use crate::server::storage::{Bucket, Object, Walk, decode_base64, encode_base64};
use crate::server::xml::Writer;
use crate::store::dialect::sign::encode_component;
use crate::store::types::Timestamp;
use std::borrow::Cow;
use std::ops::Bound;
use std::sync::Arc;

/// Keys of a page when the request does not say.
const DEFAULT_KEYS: usize = 100;

/// Keys of a page at most.
pub const MAX_KEYS: usize = 1000;

/// The longest prefix, delimiter or marker, in bytes.
const MAX_NAME: usize = 1023;

/// One page.
#[derive(Debug, Default)]
struct Page {
    objects: Vec<Arc<Object>>,
    prefixes: Vec<String>,
    /// Where the next page goes on, if there is one: the last key or prefix of this one.
    next: Option<String>,
}

/// Answers GET of a bucket, in either version of the listing.
pub fn objects(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service
        .storage
        .bucket(request.bucket.as_deref().unwrap_or_default())?;
    if !request.authenticated && !bucket.own().acl.starts_with("public-read") {
        return Err(Error::from(&ACCESS_DENIED));
    }
    let is_v2 = match request.value("list-type") {
        None | Some("1") => false,
        Some("2") => true,
        Some(other) => {
            return Err(invalid_argument(
                "list-type",
                other,
                "The list type is not 2.",
            ));
        }
    };
    let max_keys = request.number("max-keys", DEFAULT_KEYS, MAX_KEYS)?;
    let url_encoded = encoding(request)?;
    let prefix = name(request, "prefix")?;
    let delimiter = name(request, "delimiter")?;
    let marker = name(request, if is_v2 { "start-after" } else { "marker" })?;
    let token = request.value("continuation-token").filter(|_| is_v2);
    let after = match token {
        Some(token) => decode_token(token)?,
        None => marker.to_owned(),
    };
    let page = page(&bucket, prefix, delimiter, &after, max_keys);

    let text = |name: &str| encode(name, url_encoded).into_owned();
    let mut xml = Writer::new("ListBucketResult");
    xml.text("Name", &bucket.name);
    xml.text("Prefix", text(prefix));
    xml.text(if is_v2 { "StartAfter" } else { "Marker" }, text(marker));
    xml.text("MaxKeys", max_keys);
    xml.text("Delimiter", text(delimiter));
    if url_encoded {
        xml.text("EncodingType", "url");
    }
    xml.text("IsTruncated", page.next.is_some());
    if let Some(token) = token {
        xml.text("ContinuationToken", text(token));
    }
    match &page.next {
        Some(next) if is_v2 => xml.text(
            "NextContinuationToken",
            text(&encode_base64(next.as_bytes())),
        ),
        Some(next) => xml.text("NextMarker", text(next)),
        None => {}
    }
    if is_v2 {
        xml.text("KeyCount", page.objects.len() + page.prefixes.len());
    }
    let owner = (!is_v2 || request.value("fetch-owner") == Some("true")).then(|| service.owner());
    let now = service.now();
    for object in &page.objects {
        xml.within("Contents", |xml| {
            contents(xml, object, url_encoded, owner, now);
        });
    }
    for prefix in &page.prefixes {
        xml.within("CommonPrefixes", |xml| xml.text("Prefix", text(prefix)));
    }
    Ok(reply::xml(xml.finish()))
}

fn contents(
    xml: &mut Writer,
    object: &Object,
    url_encoded: bool,
    owner: Option<&str>,
    now: Timestamp,
) {
    let record = &object.record;
    xml.text("Key", encode(record.key.as_str(), url_encoded));
    xml.text("LastModified", record.modified.to_iso8601());
    xml.text("ETag", quoted(&record.etag));
    xml.text("Type", record.object_type.name());
    xml.text("Size", record.size);
    xml.text("StorageClass", &record.storage_class);
    if let Some(owner) = owner {
        write_owner(xml, owner);
    }
    if let Some(restore) = restore_state(record, now) {
        xml.text("RestoreInfo", restore);
    }
}

/// Writes the `Owner` element.
pub fn write_owner(xml: &mut Writer, owner: &str) {
    xml.within("Owner", |xml| {
        xml.text("ID", owner);
        xml.text("DisplayName", owner);
    });
}

/// URL-encodes a name for an answer when the request asks for that.
pub fn encode(name: &str, url_encoded: bool) -> Cow<'_, str> {
    match url_encoded {
        true => Cow::Owned(encode_component(name)),
        false => Cow::Borrowed(name),
    }
}

fn name<'a>(request: &'a Request, parameter: &'static str) -> Result<&'a str> {
    let value = request.value(parameter).unwrap_or_default();
    if value.len() > MAX_NAME {
        return Err(invalid_argument(
            parameter,
            value,
            "It is longer than 1023 bytes.",
        ));
    }
    Ok(value)
}

fn decode_token(token: &str) -> Result<String> {
    decode_base64(token.as_bytes())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            invalid_argument(
                "continuation-token",
                token,
                "The continuation token is not one of ours.",
            )
        })
}

/// Collects the page of at most `max` keys and groups that come after `after`. A group comes where its prefix does, so
/// one that is not after `after` was on an earlier page.
fn page(bucket: &Bucket, prefix: &str, delimiter: &str, after: &str, max: usize) -> Page {
    let group = |key: &str| {
        let rest = key.strip_prefix(prefix)?;
        let at = rest.find(delimiter).filter(|_| !delimiter.is_empty())?;
        Some(key[..prefix.len() + at + delimiter.len()].to_owned())
    };
    let start = match group(after) {
        Some(group) => past(&group),
        None if after < prefix => Bound::Included(prefix.to_owned()),
        None => Bound::Excluded(after.to_owned()),
    };
    let mut page = Page::default();
    let mut last = String::new();
    let from = start.as_ref().map(String::as_str);
    page.next = bucket
        .walk(from, |key, object| {
            let key = key.as_str();
            if !key.starts_with(prefix) {
                return Walk::Done(None);
            }
            if page.objects.len() + page.prefixes.len() == max {
                return Walk::Done(Some(std::mem::take(&mut last)));
            }
            match group(key) {
                Some(group) => {
                    last.clone_from(&group);
                    let next = past(&group);
                    page.prefixes.push(group);
                    Walk::Seek(next)
                }
                None => {
                    last.clear();
                    last.push_str(key);
                    page.objects.push(object.clone());
                    Walk::On
                }
            }
        })
        .flatten();
    page
}

/// Returns the bound that all keys with this prefix lie before: the prefix with its last character raised by one, the
/// order of UTF-8 being that of code points.
fn past(prefix: &str) -> Bound<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = (last as u32 + 1..=char::MAX as u32).find_map(char::from_u32);
        if let Some(next) = next {
            chars.push(next);
            return Bound::Included(chars.into_iter().collect());
        }
    }
    // Nothing comes after a prefix of the highest characters but the keys that begin with it.
    Bound::Excluded(char::MAX.to_string().repeat(MAX_NAME))
}
