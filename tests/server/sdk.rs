//! The vendors' SDKs against the server: the scripts of `tests/sdk`, each run once for both signatures.

use super::Local;

fn run(script: &str) {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path());
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
