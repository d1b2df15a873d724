//! ali-oss, the SDK for Node, against the server.

use super::Local;
use super::local::{ACCESS_KEY, BUCKET, SECRET};
use std::path::Path;
use std::process::Command;

/// Where `scripts/test` installs the package.
const MODULES: &str = "target/test-node/node_modules";

#[test]
fn everything_by_ali_oss() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = root.join(MODULES);
    assert!(
        modules.join("ali-oss").is_dir(),
        "the npm package ali-oss is needed in {MODULES}: scripts/test installs it"
    );
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path());
    let output = Command::new("node")
        .arg(root.join("tests/sdk/ali_oss.js"))
        .env("NODE_PATH", modules)
        .env("TEST_ENDPOINT", format!("http://{}", local.address()))
        .env("TEST_BUCKET", BUCKET)
        .env("OSS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("OSS_ACCESS_KEY_SECRET", SECRET)
        .output()
        .expect("node is needed: scripts/test installs it");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    local.stop();
}
