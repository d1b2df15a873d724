//! The embedded server, in the test's own process.

use super::{Leash, Service};
use metamount::server::{Server, Settings};
use std::sync::OnceLock;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const REGION: &str = "cn-hangzhou";

/// Returns the server of this process, started at the first call. It ends, with all it stored, when the process does.
pub(super) fn shared() -> Service {
    static SHARED: OnceLock<(OwnServer, Leash)> = OnceLock::new();
    let (server, _) = SHARED.get_or_init(|| {
        let server = OwnServer::start(|_| {});
        // What a static holds is never dropped.
        let dir = server.dir.path().to_str().expect("a path in UTF-8");
        let leash = Leash::on_end(r#"rm -rf "$1""#, &[dir]);
        (server, leash)
    });
    server.service()
}

/// A server that a test has for itself: with settings of its own, or to be stopped and started again.
#[derive(Debug)]
pub struct OwnServer {
    running: Option<Server>,
    settings: Settings,
    // These outlive the server.
    runtime: Runtime,
    dir: TempDir,
}

impl OwnServer {
    /// Starts a server on a free port, with an empty folder.
    pub fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("metamount-test-oss-")
            .tempdir()
            .expect("a temporary directory");
        let service = service(([127, 0, 0, 1], 0).into());
        let mut settings = Settings::new(dir.path().join("data"), service.account());
        settings.region = REGION.into();
        change(&mut settings);
        let mut server = Self {
            running: None,
            settings,
            runtime: Runtime::new().expect("threads"),
            dir,
        };
        server.restart();
        server
    }

    /// Starts the server again after [`OwnServer::stop`], at the same address with the same folder.
    pub fn restart(&mut self) {
        let running = self.runtime.block_on(Server::start(self.settings.clone()));
        let running = running.expect("the embedded server starts");
        self.settings.listen = running.address();
        self.running = Some(running);
    }

    /// Stops the server; nobody listens any more.
    pub fn stop(&mut self) {
        if let Some(server) = self.running.take() {
            self.runtime.block_on(server.stop());
        }
    }

    /// Returns how the server is reached.
    pub fn service(&self) -> Service {
        let account = &self.settings.credentials;
        Service {
            access_key: (&*account.access_key).into(),
            secret: account.secret.expose().into(),
            ..service(self.settings.listen)
        }
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn service(address: std::net::SocketAddr) -> Service {
    Service {
        scheme: "oss",
        address,
        region: REGION,
        access_key: "test".into(),
        secret: "secret".into(),
    }
}
