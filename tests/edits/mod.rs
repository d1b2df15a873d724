//! Edits on real servers: what one changes and keeps, several mounts and SDKs on one object, and what the servers are
//! found to honour.

mod contention;
mod preservation;

use crate::conformance::client;
use crate::env::Bucket;
use metamount::meta::{EditError, Metadata, Settings};
use metamount::store::Store;
use metamount::store::types::{
    Acl, Change, Edit, Existence, HttpHeader, Key, ObjectMeta, Properties, PutRequest, Tags,
    WriteCondition,
};
use std::sync::Arc;
use std::time::Duration;

/// A bucket with one object in it, and mounts of it.
struct Bed {
    bucket: Bucket,
    store: Arc<dyn Store>,
}

impl Bed {
    async fn new(bucket: fn() -> Bucket) -> Self {
        let bucket = tokio::task::spawn_blocking(bucket).await.expect("a bucket");
        let store = client(&bucket);
        Self { bucket, store }
    }

    /// Returns the metadata of a mount of its own, with its own connections.
    fn mount(&self) -> Arc<Metadata> {
        self.mount_with(u64::MAX)
    }

    fn mount_with(&self, copy_limit: u64) -> Arc<Metadata> {
        let settings = Settings {
            entries: 1000,
            bytes: 1 << 20,
            ttl: Duration::from_secs(60),
            max_requests: 16,
            copy_limit,
        };
        Metadata::new(client(&self.bucket), settings)
    }

    async fn put(&self, name: &str, body: Vec<u8>, properties: Properties, tags: &Tags) {
        let request = PutRequest {
            key: key(name),
            properties,
            tags: tags.clone(),
            acl: None,
            condition: WriteCondition::None,
            body: body.into(),
        };
        self.store.put(request).await.expect("a plain put succeeds");
    }

    async fn head(&self, name: &str) -> ObjectMeta {
        let head = self.store.head(&key(name), None).await;
        head.unwrap_or_else(|e| panic!("head {name}: {e}"))
    }

    async fn tags(&self, name: &str) -> Tags {
        let tags = self.store.get_tags(&key(name), None).await;
        tags.unwrap_or_else(|e| panic!("tags of {name}: {e}"))
    }

    /// Runs a script of an SDK against the bucket.
    async fn python(&self, script: &str) -> String {
        let (bucket, script) = (self.bucket.clone(), script.to_owned());
        let run = tokio::task::spawn_blocking(move || bucket.python(&script));
        run.await.expect("the script runs")
    }
}

fn key(name: &str) -> Key {
    Key::new(name).expect("a test uses valid keys")
}

async fn stage(mount: &Metadata, name: &str, change: Change) -> Result<(), EditError> {
    let existence = match &change {
        Change::Meta(_, None) | Change::Tag(_, None) | Change::Http(_, None) => Existence::Present,
        _ => Existence::Any,
    };
    mount.stage(&key(name), Edit { change, existence }).await
}

fn meta(name: &str, value: Option<&str>) -> Change {
    Change::Meta(name.into(), value.map(|value| value.as_bytes().into()))
}

fn tag(name: &str, value: Option<&str>) -> Change {
    Change::Tag(name.into(), value.map(Into::into))
}

fn header(header: HttpHeader, value: Option<&str>) -> Change {
    Change::Http(header, value.map(|value| value.as_bytes().into()))
}

fn canned(word: &str) -> Acl {
    Acl::Canned(word.into())
}

/// User metadata, every header that both services store, and a class of the service.
fn rich(scheme: &str) -> Properties {
    let user = [("author", "John"), ("price", "100 dollar")];
    let http = [
        (HttpHeader::ContentType, "image/png"),
        (HttpHeader::CacheControl, "max-age=60"),
        (HttpHeader::ContentDisposition, "attachment"),
        (HttpHeader::ContentEncoding, "identity"),
        (HttpHeader::ContentLanguage, "de"),
        (HttpHeader::Expires, "Sun, 06 Nov 2033 08:49:37 GMT"),
    ];
    let bytes = |text: &str| -> Box<[u8]> { text.as_bytes().into() };
    Properties {
        user: user
            .into_iter()
            .map(|(k, v)| (k.into(), bytes(v)))
            .collect(),
        http: http.into_iter().map(|(k, v)| (k, bytes(v))).collect(),
        storage_class: Some(if scheme == "oss" { "IA" } else { "STANDARD_IA" }.into()),
        ..Properties::default()
    }
}

fn owner() -> Tags {
    [("owner".into(), "John".into())].into_iter().collect()
}
