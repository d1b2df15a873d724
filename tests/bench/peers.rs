//! The programs under test: each is started on an empty directory, waited for, and taken down by process id.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The account of the server under test.
pub const ACCESS_KEY: &str = "AKBENCH";
/// Its secret.
pub const SECRET_KEY: &str = "SKBENCHSKBENCH";
/// The bucket everything is measured on.
pub const BUCKET: &str = "bench";

/// A mounted filesystem and its process.
pub struct Mounted {
    /// Where.
    pub path: PathBuf,
    child: Child,
    _dirs: tempfile::TempDir,
}

impl Mounted {
    /// Mounts metamount on the bucket behind `endpoint`.
    pub fn metamount(endpoint: &str, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_metamount"));
        command.args([
            "mount",
            "--foreground",
            "--region",
            "us-east-1",
            "--addressing",
            "path",
        ]);
        command
            .args(["--endpoint", endpoint, &format!("s3://{BUCKET}")])
            .args(options);
        command
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
        Self::start(command, |command, path, dirs| {
            command.arg(path).arg("--state-dir").arg(dirs.join("state"));
        })
    }

    /// Mounts s3fs with extended attributes.
    pub fn s3fs(endpoint: &str) -> Self {
        let mut command = Command::new("s3fs");
        command.arg(BUCKET);
        let options =
            format!("url={endpoint},use_path_request_style,use_xattr=1,enable_noobj_cache");
        Self::start(command, |command, path, dirs| {
            let password = dirs.join("passwd");
            std::fs::write(&password, format!("{ACCESS_KEY}:{SECRET_KEY}"))
                .expect("a file can be written");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&password, mode).expect("its mode can be set");
            let options = format!("{options},passwd_file={}", password.display());
            command.arg(path).args(["-f", "-o", &options]);
        })
    }

    /// Mounts with rclone.
    pub fn rclone(endpoint: &str) -> Self {
        let mut command = Command::new("rclone");
        command.args([
            "mount",
            &format!("bench:{BUCKET}"),
            "--vfs-cache-mode",
            "off",
            "--dir-cache-time",
            "60s",
        ]);
        for (name, value) in [
            ("TYPE", "s3"),
            ("PROVIDER", "SeaweedFS"),
            ("ENDPOINT", endpoint),
            ("ACCESS_KEY_ID", ACCESS_KEY),
            ("SECRET_ACCESS_KEY", SECRET_KEY),
            ("FORCE_PATH_STYLE", "true"),
        ] {
            command.env(format!("RCLONE_CONFIG_BENCH_{name}"), value);
        }
        Self::start(command, |command, path, dirs| {
            command
                .arg(path)
                .env("RCLONE_CONFIG", dirs.join("rclone.conf"));
        })
    }

    /// Mounts the in-memory floor.
    pub fn floor(value: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.args(["floor", value]);
        Self::start(command, |command, path, _| {
            command.arg(path);
        })
    }

    fn start(mut command: Command, arguments: impl FnOnce(&mut Command, &Path, &Path)) -> Self {
        let dirs = tempfile::tempdir().expect("a temporary directory can be made");
        let path = dirs.path().join("mnt");
        std::fs::create_dir(&path).expect("a directory can be made");
        arguments(&mut command, &path, dirs.path());
        let log = std::fs::File::create(dirs.path().join("log")).expect("a log can be made");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let mut child = command
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?} cannot be started: {e}"));
        let end = Instant::now() + Duration::from_secs(30);
        while !is_mounted(&path) {
            let log = || std::fs::read_to_string(dirs.path().join("log")).unwrap_or_default();
            if let Ok(Some(status)) = child.try_wait() {
                panic!("{command:?} ended with {status}: {}", log());
            }
            assert!(Instant::now() < end, "{command:?} did not mount: {}", log());
            std::thread::sleep(Duration::from_millis(5));
        }
        // The first access of some waits for more than the mount.
        let _ = std::fs::metadata(&path);
        Self {
            path,
            child,
            _dirs: dirs,
        }
    }

    /// Returns the resident set of the process, in bytes.
    pub fn rss(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .unwrap_or_default();
        let line = status
            .lines()
            .find_map(|l| l.strip_prefix("VmRSS:"))
            .unwrap_or("0");
        line.trim()
            .trim_end_matches(" kB")
            .parse::<u64>()
            .unwrap_or(0)
            * 1024
    }

    /// Returns the highest resident set so far, in bytes.
    pub fn peak_rss(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .unwrap_or_default();
        let line = status
            .lines()
            .find_map(|l| l.strip_prefix("VmHWM:"))
            .unwrap_or("0");
        line.trim()
            .trim_end_matches(" kB")
            .parse::<u64>()
            .unwrap_or(0)
            * 1024
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let unmounted = Command::new("fusermount3")
            .arg("-u")
            .arg(&self.path)
            .status();
        let end = Instant::now() + Duration::from_secs(10);
        while unmounted.is_ok() && Instant::now() < end {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = Command::new("fusermount3")
            .args(["-u", "-z"])
            .arg(&self.path)
            .status();
    }
}

fn is_mounted(path: &Path) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts
        .lines()
        .any(|line| line.split(' ').nth(1) == path.to_str())
}
