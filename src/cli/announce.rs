//! What the process in the background says to the one that waits for it: one line on its stdout, `ready` or why not.

use super::{Result, output};
use rustix::process::{Signal, getpid, kill_process};
use std::fs::File;
use std::io::Write;

/// What is said of a mount that is usable.
pub(super) const READY: &str = "ready";

/// Leaves the terminal and the directory of the process that started this one.
pub(super) fn detach() {
    // Fails for the leader of a process group only, and then there is a session already.
    let _ = rustix::process::setsid();
    let _ = std::env::set_current_dir("/");
}

/// Says that the mount is usable. Nobody listens any more when the waiting process was interrupted: then nobody wants
/// the mount either, and it is taken down again.
pub(super) fn ready() {
    if say(READY).is_err() {
        log::warn!("who asked for the mount is gone: unmounting");
        // The signal that ends a mount.
        let _ = kill_process(getpid(), Signal::TERM);
    }
    if let Ok(null) = File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(null);
    }
}

/// Passes a failure on, to the waiting process and to whoever reads the log.
pub(super) fn outcome<T>(outcome: Result<T>) -> Result<T> {
    if let Err(failure) = &outcome {
        let _ = say(&output::one_line(&failure.to_string()));
    }
    outcome
}

fn say(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
