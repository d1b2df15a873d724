//! The vendors' SDKs, by scripts in Python.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the path of a program of the test environment, or its bare name to be found in PATH.
pub fn tool(name: &str) -> PathBuf {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-venv/bin");
    let own = venv.join(name);
    if own.exists() { own } else { name.into() }
}

/// Runs a script with the given environment and returns what it printed. What `prelude.py` defines is there.
#[track_caller]
pub fn python(script: &str, environment: &[(String, String)]) -> String {
    let output = Command::new(tool("python3"))
        .arg("-c")
        .arg(format!("{}\n{script}", include_str!("prelude.py")))
        .envs(environment.iter().map(|(k, v)| (k, v)))
        .output()
        .expect("python3 is needed: scripts/test installs it");
    assert!(
        output.status.success(),
        "{script}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("scripts print UTF-8")
}
