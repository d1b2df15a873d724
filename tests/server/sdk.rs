//! The vendors' SDKs against the server: the scripts of `tests/sdk`, each for both versions of the signature.

use super::Local;
use std::time::Duration;

fn run(script: &str) {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start_with(dir.path(), |settings| {
        settings.restore_time = Some(Duration::from_secs(1));
    });
    local.python(&format!(
        "{}\n{script}",
        include_str!("../sdk/assertions.py")
    ));
    local.stop();
}

#[test]
fn objects_by_oss2() {
    run(include_str!("../sdk/oss2_objects.py"));
}
