//! The commands as a user types them: what they print, how they end, what they leave behind.

mod demo;
mod failures;
mod forms;
mod life;
mod serve;
mod show;
mod status;
mod user;

use crate::env::{Bucket, Leash, metamount, until};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

/// How long a process may take to do what is waited for.
const BOUND: Duration = Duration::from_secs(20);

/// A directory with a mount point in it, for mounts in the background.
struct Place {
    dir: TempDir,
    mnt: PathBuf,
    leash: Leash,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("metamount-test-")
            .tempdir()
            .unwrap();
        // The table of mounts shows the path without symlinks.
        let mnt = dir.path().canonicalize().unwrap().join("mnt");
        fs::create_dir(&mnt).unwrap();
        // A daemon ends by itself when its mount is taken away.
        let leash = Leash::on_end(
            r#"umount -l "$1"; rm -rf --one-file-system "$2""#,
            &[mnt.to_str().unwrap(), dir.path().to_str().unwrap()],
        );
        Self { dir, mnt, leash }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Returns `metamount mount` of a bucket here, in the background, its state in this place.
    fn mount(&self, bucket: &Bucket) -> Command {
        let mut command = bucket.mount().command(&self.mnt);
        command.arg("--state-dir").arg(self.path("state"));
        command
    }

    /// Mounts a bucket here and returns the daemon.
    #[track_caller]
    fn mounted(&self, bucket: &Bucket) -> Daemon {
        succeed(&mut self.mount(bucket));
        self.daemon()
    }

    /// Returns the daemon of what is mounted here.
    #[track_caller]
    fn daemon(&self) -> Daemon {
        let status = succeed(metamount().args(["status", "--json"]).arg(&self.mnt));
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        let pid = i32::try_from(status["pid"].as_i64().unwrap()).unwrap();
        Daemon(Pid::from_raw(pid).unwrap())
    }

    fn is_mounted(&self) -> bool {
        let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let mnt = self.mnt.to_str().unwrap();
        table
            .lines()
            .any(|line| line.split(' ').nth(4) == Some(mnt))
    }

    /// Returns the options and the type of the mount, as the kernel tells them.
    fn entry(&self) -> String {
        let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let mnt = self.mnt.to_str().unwrap();
        let mut lines = table.lines();
        lines
            .find(|line| line.split(' ').nth(4) == Some(mnt))
            .unwrap()
            .to_owned()
    }

    /// Takes the mount away as the command does.
    #[track_caller]
    fn unmount(&self) {
        assert_eq!(succeed(metamount().arg("unmount").arg(&self.mnt)), "");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_mounted() {
            self.leash.release();
        }
    }
}

/// A daemon that is no child of the test.
#[derive(Clone, Copy)]
struct Daemon(Pid);

impl Daemon {
    fn proc(self, name: &str) -> PathBuf {
        Path::new("/proc")
            .join(self.0.as_raw_nonzero().to_string())
            .join(name)
    }

    fn is_alive(self) -> bool {
        // One that has ended and was not waited for is gone all the same.
        pidfd_open(self.0, PidfdFlags::empty()).is_ok()
            && !fs::read_to_string(self.proc("stat")).is_ok_and(|stat| stat.contains(") Z "))
    }

    #[track_caller]
    fn ends(self) {
        until("the daemon ends", BOUND, || {
            (!self.is_alive()).then_some(())
        });
    }
}

/// Runs a command that must succeed, and returns what it printed.
#[track_caller]
fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must exit with 1 and one line on stderr, and returns the line.
#[track_caller]
fn fail(command: &mut Command) -> String {
    let output = command.output().unwrap();
    one_line(&output)
}

#[track_caller]
fn one_line(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(output.stdout, b"", "{output:?}");
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    let line = errors.strip_suffix('\n').unwrap_or_default();
    assert!(
        !line.is_empty() && !line.contains('\n'),
        "not one line: {errors}"
    );
    line.to_owned()
}

fn names(dir: impl AsRef<Path>) -> Vec<String> {
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|e| name(e.unwrap()))
        .collect();
    names.sort();
    names
}
