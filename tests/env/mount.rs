//! Mounts made by the built program, as a user makes them.

use super::{Bucket, Leash, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;

/// How long a mount may take to come up, and to end.
const BOUND: Duration = Duration::from_secs(30);

/// Returns the built program with an environment that names no account of the machine's own.
pub fn metamount() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_metamount"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["OSS_", "AWS_", "ALIBABA_CLOUD_", "METAMOUNT_", "XDG_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            command.env_remove(&*name);
        }
    }
    command
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
        .stdin(Stdio::null());
    command
}

/// A mount to be made.
#[derive(Debug)]
pub struct MountBuilder {
    bucket: Bucket,
    prefix: String,
    endpoint: Option<String>,
    options: Vec<String>,
    allowed: Vec<String>,
}

impl MountBuilder {
    pub(super) fn new(bucket: Bucket) -> Self {
        Self {
            bucket,
            prefix: String::new(),
            endpoint: None,
            options: Vec::new(),
            allowed: Vec::new(),
        }
    }

    /// Mounts what is below a prefix.
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Goes to the bucket by another way, such as a proxy that fails or counts.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Adds options of the command line.
    pub fn options<const N: usize>(mut self, options: [&str; N]) -> Self {
        self.options.extend(options.map(String::from));
        self
    }

    /// Expects warnings of the daemon that hold this text; any other one fails the test.
    pub fn allow_warning(mut self, text: &str) -> Self {
        self.allowed.push(text.into());
        self
    }

    /// Returns the command that mounts on `mountpoint`, for tests that run it themselves.
    pub fn command(&self, mountpoint: &Path) -> Command {
        let endpoint = self.endpoint.clone();
        let mut command = metamount();
        command
            .arg("mount")
            .arg(self.bucket.url(&self.prefix))
            .arg(mountpoint)
            .args([
                "--endpoint",
                &endpoint.unwrap_or_else(|| self.bucket.service.endpoint()),
            ])
            .args(["--region", self.bucket.service.region])
            .args(&self.options)
            .envs(self.bucket.service.credentials());
        command
    }

    /// Mounts and waits until the mount is usable.
    #[track_caller]
    pub fn start(self) -> Mount {
        let dir = tempfile::Builder::new()
            .prefix("metamount-test-")
            .tempdir()
            .expect("a temporary directory");
        let path = dir.path().join("mnt");
        fs::create_dir(&path).expect("a directory in the temporary one");
        let log = dir.path().join("log");
        let stderr = fs::File::create(&log).expect("a file in the temporary directory");
        let mut child = self
            .command(&path)
            .arg("--foreground")
            .arg("--state-dir")
            .arg(dir.path().join("state"))
            .stdout(Stdio::null())
            .stderr(stderr)
            .process_group(0)
            .spawn()
            .expect("the program was built");
        let leash = Leash::new(
            child.id(),
            r#"umount -l "$1" || fusermount3 -uz "$1"; rm -rf --one-file-system "$2""#,
            &[
                path.to_str().expect("a path in UTF-8"),
                dir.path().to_str().expect("a path in UTF-8"),
            ],
        );
        let exited = until("the mount is up, or has failed", BOUND, || {
            match child.try_wait().expect("the child is ours") {
                Some(status) => Some(Some(status)),
                None => is_mounted(&path).then_some(None),
            }
        });
        if let Some(status) = exited {
            panic!(
                "mount: {status}\n{}",
                fs::read_to_string(&log).unwrap_or_default()
            );
        }
        Mount {
            path,
            log,
            child: Some(child),
            allowed: Mutex::new(self.allowed),
            leash,
            dir,
        }
    }
}

/// A mounted bucket. Ending it, by [`Mount::unmount`] or by dropping it, checks that the daemon left nothing behind and
/// logged no warning that was not expected.
#[derive(Debug)]
pub struct Mount {
    path: PathBuf,
    log: PathBuf,
    child: Option<Child>,
    allowed: Mutex<Vec<String>>,
    leash: Leash,
    // Last: removed after the mount is gone.
    dir: TempDir,
}

impl Mount {
    /// Returns the mount point.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of a key in the mount.
    pub fn join(&self, key: impl AsRef<Path>) -> PathBuf {
        self.path.join(key)
    }

    /// Returns a directory outside the mount that goes with it.
    pub fn scratch(&self) -> PathBuf {
        let scratch = self.dir.path().join("scratch");
        fs::create_dir_all(&scratch).expect("a directory in the temporary one");
        scratch
    }

    /// Returns the daemon's process.
    pub fn pid(&self) -> Pid {
        let child = self.child.as_ref().expect("present until the end");
        Pid::from_child(child)
    }

    /// Returns what the daemon has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Expects warnings of the daemon that hold this text; any other one fails the test.
    pub fn allow_warning(&self, text: &str) {
        self.allowed.lock().expect("not poisoned").push(text.into());
    }

    /// Returns what `metamount status --json` prints.
    #[track_caller]
    pub fn status(&self) -> Value {
        let output = metamount()
            .args(["status", "--json"])
            .arg(&self.path)
            .output()
            .expect("the program was built");
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        serde_json::from_str(&printed).unwrap_or_else(|e| panic!("status: {e}: {printed}{errors}"))
    }

    /// Returns how many requests of an operation the mount has sent, all of them for `"requests_total"`.
    #[track_caller]
    pub fn requests(&self, operation: &str) -> u64 {
        let status = self.status();
        let count = match operation {
            "requests_total" => &status["requests_total"],
            _ => &status["requests"][operation],
        };
        count.as_u64().unwrap_or(0)
    }

    /// Runs a program in the mount's directory and returns what it printed; it must succeed.
    #[track_caller]
    pub fn run(&self, program: &str, args: &[&str]) -> String {
        let output = Command::new(program)
            .args(args)
            .current_dir(&self.path)
            .output()
            .unwrap_or_else(|e| panic!("{program}: {e}: scripts/test installs it"));
        assert!(
            output.status.success(),
            "{program} {args:?}: {}\n{}{}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
            self.log()
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Ends the mount by SIGTERM and returns how the daemon ended.
    #[track_caller]
    pub fn unmount(mut self) -> ExitStatus {
        let status = self.end();
        self.check(status);
        status
    }

    fn end(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("ended once");
        // It may have ended by itself: then there is nobody to signal.
        let _ = kill_process(Pid::from_child(&child), Signal::TERM);
        let status = until("the daemon ends after SIGTERM", BOUND, || {
            child.try_wait().expect("the child is ours")
        });
        if !is_mounted(&self.path) {
            self.leash.release();
        }
        status
    }

    fn check(&self, status: ExitStatus) {
        let log = self.log();
        let allowed = self.allowed.lock().expect("not poisoned");
        let unexpected: Vec<_> = log
            .lines()
            .filter(|line| is_unexpected(line, &allowed))
            .collect();
        assert!(status.success(), "the daemon ended with {status}:\n{log}");
        assert!(!is_mounted(&self.path), "still mounted:\n{log}");
        assert!(
            unexpected.is_empty(),
            "unexpected: {unexpected:#?}\nin:\n{log}"
        );
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of {}:\n{}", self.path.display(), self.log());
        } else if self.child.is_some() {
            let status = self.end();
            self.check(status);
        }
    }
}

/// Returns whether a line of the log is a warning or an error that holds none of the allowed texts.
pub(super) fn is_unexpected(line: &str, allowed: &[String]) -> bool {
    let bad = [" WARN ", " ERROR ", "panicked at"]
        .iter()
        .any(|word| line.contains(word));
    bad && !allowed.iter().any(|text| line.contains(text.as_str()))
}

/// Returns whether something is mounted on exactly this directory.
pub(super) fn is_mounted(path: &Path) -> bool {
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("Linux has /proc");
    let path = path.to_str().expect("a path in UTF-8");
    mounts
        .lines()
        .any(|line| line.split(' ').nth(4) == Some(path))
}
