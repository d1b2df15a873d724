//! A mount in the background: this program once more, waited for until it says that the mount is usable.

use super::{Failure, Result, announce};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a mount may take to become usable.
const BOUND: Duration = Duration::from_secs(14);

/// How long a mount that was given up may take to clean up.
const GRACE: Duration = Duration::from_secs(2);

/// Starts this program with `args` and returns it once it has said that it is ready. Its environment is this one's and
/// `variables`; its stderr goes to `log`, or is this one's.
pub(super) fn start(
    args: &[OsString],
    variables: &[(&str, &str)],
    log: Option<File>,
) -> Result<Child> {
    let failed = |e: std::io::Error| Failure(format!("the mount could not be started: {e}"));
    let program = std::env::current_exe().map_err(failed)?;
    let mut child = Command::new(program)
        .arg0("metamount")
        .args(args)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log.map_or_else(Stdio::inherit, Stdio::from))
        .spawn()
        .map_err(failed)?;
    let mut stdout = child.stdout.take().expect("it was asked for");
    match first_line(&mut stdout, BOUND) {
        Some(line) if line == announce::READY => Ok(child),
        Some(line) if line.is_empty() => {
            let status = child.wait().map_err(failed)?;
            Err(Failure(format!(
                "the mount ended before it was usable ({status}): the log says why"
            )))
        }
        Some(line) => {
            let _ = child.wait();
            Err(Failure(line))
        }
        None => {
            give_up(&mut child);
            Err(Failure(format!(
                "the mount was not usable within {} s: check the network and the endpoint; the log says more",
                BOUND.as_secs()
            )))
        }
    }
}

/// Reads until the first line is whole or the other side ended; `None` when `bound` has passed.
fn first_line(stdout: &mut ChildStdout, bound: Duration) -> Option<String> {
    let end = Instant::now() + bound;
    let mut line = Vec::new();
    loop {
        let left = end.checked_duration_since(Instant::now())?;
        let timeout = Timespec::try_from(left).expect("a few seconds fit");
        let mut fds = [PollFd::new(stdout, PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return None,
        }
        let mut chunk = [0; 4096];
        match stdout.read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(n) => line.extend_from_slice(&chunk[..n]),
        }
        if let Some(end) = line.iter().position(|b| *b == b'\n') {
            line.truncate(end);
            break;
        }
    }
    Some(String::from_utf8_lossy(&line).into_owned())
}

fn give_up(child: &mut Child) {
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
    let end = Instant::now() + GRACE;
    while Instant::now() < end {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("echo ready; sleep 3600" => Some("ready".to_owned()); "a line, and it goes on")]
    #[test_case("printf 'no bucket'" => Some("no bucket".to_owned()); "an end without a line end")]
    #[test_case("exit 1" => Some(String::new()); "nothing")]
    #[test_case("sleep 3600" => None; "too late")]
    fn waits_for_a_line(script: &str) -> Option<String> {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let line = first_line(
            &mut child.stdout.take().unwrap(),
            Duration::from_millis(500),
        );
        rustix::process::kill_process_group(Pid::from_child(&child), Signal::KILL).unwrap();
        child.wait().unwrap();
        line
    }
}
