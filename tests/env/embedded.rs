//! The embedded server, in this process, which speaks OSS.

use super::{Leash, Service};
use metamount::server::{Server, Settings};
use metamount::store::types::{Credentials, Secret};
use std::sync::OnceLock;
use tokio::runtime::Runtime;

const ACCESS_KEY: &str = "test";
const SECRET: &str = "secret";

/// Returns the server of this process, started at the first call. What it stored goes when the process ends.
pub(super) fn shared() -> Service {
    static SHARED: OnceLock<(Service, Runtime, Server, Leash)> = OnceLock::new();
    SHARED.get_or_init(start).0.clone()
}

fn start() -> (Service, Runtime, Server, Leash) {
    let dir = tempfile::Builder::new()
        .prefix("metamount-test-embedded-")
        .tempdir()
        .expect("a temporary directory")
        .keep();
    let path = dir.to_str().expect("a path in UTF-8");
    let leash = Leash::new(std::process::id(), r#"rm -rf "$1""#, &[path]);
    let credentials = Credentials {
        access_key: ACCESS_KEY.into(),
        secret: Secret::new(SECRET),
        token: None,
        expires: None,
    };
    let runtime = Runtime::new().expect("a runtime");
    let settings = Settings::new(&dir, credentials);
    let server = runtime
        .block_on(Server::start(settings))
        .expect("the server starts");
    let service = Service {
        scheme: "oss",
        address: server.address(),
        region: "cn-hangzhou",
        access_key: ACCESS_KEY.into(),
        secret: SECRET.into(),
    };
    (service, runtime, server, leash)
}
