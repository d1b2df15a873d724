//! The services that tests run against, and buckets on them.

use super::{MountBuilder, embedded, http, python, seaweed, until};
use metamount::store::Dialect;
use metamount::store::dialect::sign::{Scope, Target};
use metamount::store::types::{Credentials, Secret};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

/// An object store that is running.
#[derive(Clone, Debug)]
pub struct Service {
    /// `oss` or `s3`.
    pub scheme: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// The region it signs for.
    pub region: &'static str,
    /// The account's public half.
    pub access_key: String,
    /// The account's secret half.
    pub secret: String,
}

impl Service {
    /// Returns SeaweedFS, which speaks S3; one serves all tests of this process.
    pub fn seaweed() -> Self {
        seaweed::shared()
    }

    /// Returns the embedded server, which speaks OSS; one serves all tests of this process.
    pub fn embedded() -> Self {
        embedded::shared()
    }

    /// Returns the endpoint's URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the account as the library takes it.
    pub fn account(&self) -> Credentials {
        Credentials {
            access_key: self.access_key.as_str().into(),
            secret: Secret::new(self.secret.as_str()),
            token: None,
            expires: None,
        }
    }

    /// Sends a signed request without a body and returns the status; `None` while nobody answers.
    fn signed(&self, method: ::http::Method, bucket: &str, key: Option<&str>) -> Option<u16> {
        let credentials = self.account();
        let host = self.address.to_string();
        let path = format!("/{bucket}/{}", Dialect::encode_key(key.unwrap_or_default()));
        let target = Target {
            host: &host,
            path: &path,
            bucket,
            key,
        };
        let scope = Scope {
            credentials: &credentials,
            region: self.region,
            time: SystemTime::now().into(),
        };
        let mut headers = ::http::HeaderMap::new();
        let dialect = Dialect::of_scheme(self.scheme).expect("a scheme of ours");
        dialect.sign(&method, &target, &[], &mut headers, &scope);
        http::status(self.address, method.as_str(), &path, &headers)
    }

    /// Returns the credentials as environment variables of the service's own names.
    pub fn credentials(&self) -> Vec<(String, String)> {
        let prefix = match self.scheme {
            "oss" => ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"],
            _ => ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
        };
        vec![
            (prefix[0].into(), self.access_key.clone()),
            (prefix[1].into(), self.secret.clone()),
        ]
    }
}

/// A bucket of a test's own, empty at first.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Where it is.
    pub service: Service,
    /// Its name.
    pub name: String,
}

impl Bucket {
    /// Makes a bucket on SeaweedFS.
    pub fn seaweed() -> Self {
        Self::new(Service::seaweed())
    }

    /// Makes a bucket on the embedded server.
    pub fn embedded() -> Self {
        Self::new(Service::embedded())
    }

    /// Makes a bucket and waits until objects can be put into it.
    pub fn new(service: Service) -> Self {
        let name = fresh_name();
        let sent = |method, key| service.signed(method, &name, key);
        for key in [None, Some(".probe")] {
            until("the bucket takes objects", Duration::from_secs(30), || {
                sent(::http::Method::PUT, key).filter(|status| *status == 200)
            });
        }
        sent(::http::Method::DELETE, Some(".probe"));
        Self { service, name }
    }

    /// Puts an empty object under exactly this key and returns the status: what the SDKs are built on takes dots and
    /// slashes out of paths.
    pub fn put_exactly(&self, key: &str) -> Option<u16> {
        self.service
            .signed(::http::Method::PUT, &self.name, Some(key))
    }

    /// Returns the URL that a mount takes, with an optional prefix.
    pub fn url(&self, prefix: &str) -> String {
        let slash = if prefix.is_empty() { "" } else { "/" };
        format!("{}://{}{slash}{prefix}", self.service.scheme, self.name)
    }

    /// Begins a mount of the whole bucket.
    pub fn mount(&self) -> MountBuilder {
        MountBuilder::new(self.clone())
    }

    /// Returns what a script or another program needs to reach the bucket.
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut environment = self.service.credentials();
        environment.extend([
            ("TEST_ENDPOINT".into(), self.service.endpoint()),
            ("TEST_REGION".into(), self.service.region.into()),
            ("TEST_BUCKET".into(), self.name.clone()),
        ]);
        environment
    }

    /// Runs a script against the bucket (see `prelude.py`) and returns what it printed.
    #[track_caller]
    pub fn python(&self, script: &str) -> String {
        python(script, &self.environment())
    }

    /// Runs a script that prints one JSON value, by `show(...)`.
    #[track_caller]
    pub fn python_json(&self, script: &str) -> Value {
        let printed = self.python(script);
        serde_json::from_str(&printed)
            .unwrap_or_else(|e| panic!("the script printed no JSON ({e}): {printed}"))
    }
}

/// Returns a bucket name that no other test has.
fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!(
        "test-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}
