//! A server of a test's own, on a clock that the test can move.

use crate::env::python;
use metamount::server::{Server, Settings};
use metamount::store::types::{Credentials, Secret};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};
use tokio::runtime::Runtime;

pub const ACCESS_KEY: &str = "test";
pub const SECRET: &str = "secret";
pub const BUCKET: &str = "examplebucket";

/// The one account.
pub fn credentials() -> Credentials {
    Credentials {
        access_key: ACCESS_KEY.into(),
        secret: Secret::new(SECRET),
        token: None,
        expires: None,
    }
}

/// A running server with one bucket.
pub struct Local {
    runtime: Runtime,
    server: Option<Server>,
    address: SocketAddr,
    /// How far the server's clock is ahead, in seconds.
    ahead: Arc<AtomicI64>,
}

impl Local {
    /// Starts a server on a folder.
    pub fn start(dir: &Path) -> Self {
        Self::start_with(dir, |_| {})
    }

    /// Starts a server on a folder, with other settings.
    pub fn start_with(dir: &Path, change: impl FnOnce(&mut Settings)) -> Self {
        let runtime = Runtime::new().unwrap();
        let ahead = Arc::new(AtomicI64::new(0));
        let mut settings = Settings::new(dir, credentials());
        settings.buckets = vec![BUCKET.into()];
        let offset = ahead.clone();
        settings.clock = Arc::new(move || {
            let seconds = offset.load(Ordering::Relaxed);
            let by = Duration::from_secs(seconds.unsigned_abs());
            match seconds < 0 {
                true => SystemTime::now() - by,
                false => SystemTime::now() + by,
            }
        });
        change(&mut settings);
        let server = runtime.block_on(Server::start(settings)).unwrap();
        Self {
            address: server.address(),
            runtime,
            server: Some(server),
            ahead,
        }
    }

    /// Moves the server's clock.
    pub fn set_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::Relaxed);
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server as a signal would.
    pub fn stop(mut self) {
        let server = self.server.take().unwrap();
        self.runtime.block_on(server.stop());
    }

    /// Runs a script with the SDKs pointed here; it fails the test by an exception.
    #[track_caller]
    pub fn python(&self, script: &str) -> String {
        let environment = [
            ("TEST_ENDPOINT", format!("http://{}", self.address)),
            ("TEST_REGION", "cn-hangzhou".into()),
            ("TEST_BUCKET", BUCKET.into()),
            ("OSS_ACCESS_KEY_ID", ACCESS_KEY.into()),
            ("OSS_ACCESS_KEY_SECRET", SECRET.into()),
        ];
        python(
            script,
            &environment.map(|(name, value)| (name.to_owned(), value)),
        )
    }
}
