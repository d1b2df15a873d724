//! What a case works on: a store, a place in it of its own, and short words for what most cases do.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use metamount::store::types::{
    Acl, ByteRange, CopyRequest, ETag, GetRequest, HttpHeader, Key, ListPage, ListRequest, Listed,
    MetadataDirective, ObjectMeta, Properties, PutOutcome, PutRequest, SourceConditions,
    TaggingDirective, Tags, UserMeta, WriteCondition,
};
use metamount::store::{Dialect, Kind, Result, Store};
use std::sync::Arc;

/// A store and a prefix that no other case uses.
#[derive(Clone)]
pub struct Bed {
    pub store: Arc<dyn Store>,
    pub prefix: String,
}

impl Bed {
    pub fn dialect(&self) -> &'static Dialect {
        self.store.dialect()
    }

    /// Returns a key of this case.
    pub fn key(&self, name: &str) -> Key {
        Key::new(format!("{}{name}", self.prefix)).expect("a case uses valid keys")
    }

    /// Writes an object without any properties but a content type.
    pub async fn put(&self, name: &str, body: &'static [u8]) -> PutOutcome {
        self.put_with(name, body, Properties::default(), Tags::new())
            .await
    }

    /// Writes an object.
    pub async fn put_with(
        &self,
        name: &str,
        body: &'static [u8],
        properties: Properties,
        tags: Tags,
    ) -> PutOutcome {
        let request = PutRequest {
            properties,
            tags,
            ..put(self.key(name), body)
        };
        self.store.put(request).await.expect("a plain put succeeds")
    }

    pub async fn head(&self, name: &str) -> ObjectMeta {
        let head = self.store.head(&self.key(name), None).await;
        head.unwrap_or_else(|e| panic!("head {name}: {e}"))
    }

    pub async fn tags(&self, name: &str) -> Tags {
        let tags = self.store.get_tags(&self.key(name), None).await;
        tags.unwrap_or_else(|e| panic!("tags of {name}: {e}"))
    }

    /// Reads a body or a range of it, and the range that the answer gives.
    pub async fn read(&self, name: &str, range: Option<(u64, u64)>) -> Result<(Bytes, ByteRange)> {
        let range = range.map(|(start, end)| ByteRange { start, end });
        let request = GetRequest {
            range,
            ..get(self.key(name))
        };
        let answer = self.store.get(request).await?;
        Ok((collect(answer.body).await?, answer.range))
    }

    /// Reads a whole body, which must succeed.
    pub async fn body(&self, name: &str) -> Bytes {
        let read = self.read(name, None).await;
        read.unwrap_or_else(|e| panic!("get {name}: {e}")).0
    }

    /// Lists below this case's prefix.
    pub async fn list(&self, request: ListRequest) -> ListPage {
        let prefix = format!("{}{}", self.prefix, request.prefix);
        let start_after = request.start_after.map(|s| format!("{}{s}", self.prefix));
        let request = ListRequest {
            prefix,
            start_after,
            ..request
        };
        self.store.list(request).await.expect("a listing succeeds")
    }

    /// Returns a key of this case as the case names it.
    pub fn name<'a>(&self, key: &'a str) -> &'a str {
        key.strip_prefix(self.prefix.as_str())
            .expect("a listing holds what was asked for")
    }

    /// Returns the names of a listing.
    pub fn names(&self, listed: &[Listed]) -> Vec<String> {
        let names = listed.iter().map(|l| self.name(l.key.as_str()).to_owned());
        names.collect()
    }

    /// A copy that keeps everything.
    pub fn copy(&self, source: &str, destination: &str) -> CopyRequest {
        CopyRequest {
            source: self.key(source),
            source_version: None,
            destination: self.key(destination),
            metadata: MetadataDirective::Copy,
            storage_class: None,
            tagging: TaggingDirective::Copy,
            acl: None,
            conditions: SourceConditions::default(),
            condition: WriteCondition::None,
        }
    }

    /// A copy of an object onto itself that replaces its metadata.
    pub fn edit(&self, name: &str, properties: Properties) -> CopyRequest {
        CopyRequest {
            metadata: MetadataDirective::Replace(properties),
            ..self.copy(name, name)
        }
    }
}

pub fn put(key: Key, body: impl Into<Bytes>) -> PutRequest {
    PutRequest {
        key,
        properties: Properties::default(),
        tags: Tags::new(),
        acl: None,
        condition: WriteCondition::None,
        body: body.into(),
    }
}

pub fn get(key: Key) -> GetRequest {
    GetRequest {
        key,
        version: None,
        range: None,
        if_match: None,
    }
}

/// Everything of a body, or the error that ends it.
pub async fn collect(mut body: metamount::store::types::BodyStream) -> Result<Bytes> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = body.next().await {
        whole.extend_from_slice(&chunk?);
    }
    Ok(whole.freeze())
}

pub fn meta(entries: &[(&str, &str)]) -> UserMeta {
    let entry = |(name, value): &(&str, &str)| ((*name).into(), value.as_bytes().into());
    entries.iter().map(entry).collect()
}

pub fn tags(entries: &[(&str, &str)]) -> Tags {
    let entry = |(key, value): &(&str, &str)| ((*key).into(), (*value).into());
    entries.iter().map(entry).collect()
}

/// User metadata, and each header that every dialect stores.
pub fn properties(user: &[(&str, &str)]) -> Properties {
    let http = [
        (HttpHeader::ContentType, "image/png"),
        (HttpHeader::CacheControl, "max-age=3600"),
        (
            HttpHeader::ContentDisposition,
            "attachment; filename=\"a b.png\"",
        ),
        (HttpHeader::ContentEncoding, "identity"),
        (HttpHeader::ContentLanguage, "de"),
        (HttpHeader::Expires, "Sun, 06 Nov 2033 08:49:37 GMT"),
    ];
    Properties {
        user: meta(user),
        http: http
            .map(|(h, v)| (h, v.as_bytes().into()))
            .into_iter()
            .collect(),
        ..Properties::default()
    }
}

pub fn canned(word: &str) -> Acl {
    Acl::Canned(word.into())
}

pub fn wrong_etag() -> ETag {
    ETag::new("00000000000000000000000000000000")
}

/// Asserts that a request fails with this meaning.
#[track_caller]
pub fn fails<T>(result: Result<T>, kind: Kind) {
    match result {
        Ok(_) => panic!("succeeded, {kind:?} was expected"),
        Err(error) => assert_eq!(error.kind(), kind, "{error}"),
    }
}
