//! The vendors' SDKs against the server: the scripts of `tests/sdk`, each for both versions of the signature.

use super::Local;
use std::time::Duration;

fn run(script: &str) {
    run_ahead(0, script);
}

/// Runs a script against a server whose clock is ahead of the script's.
fn run_ahead(seconds: i64, script: &str) {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start_with(dir.path(), |settings| {
        settings.restore_time = Some(Duration::from_secs(1));
    });
    local.set_ahead(seconds);
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

#[test]
fn everything_else_by_oss2() {
    run(include_str!("../sdk/oss2_more.py"));
}

#[test]
fn everything_by_version_2() {
    run(include_str!("../sdk/v2_everything.py"));
}

#[test]
fn bad_signatures_are_refused() {
    run(include_str!("../sdk/signatures.py"));
}

#[test]
fn clocks_that_differ_are_told() {
    run_ahead(16 * 60, include_str!("../sdk/skew.py"));
}
