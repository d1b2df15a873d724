//! `metamount unmount`: drain, unmount, and wait for the daemon's end.

use super::control::Control;
use super::{Failure, Result, progress};
use crate::mount::{kernel, table};
use clap::Args;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::mount::UnmountFlags;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;

/// How long the daemon may take to end once it is unmounted and nothing is pending.
const BOUND: Timespec = Timespec {
    tv_sec: 30,
    tv_nsec: 0,
};

/// Unmount, once everything is uploaded
#[derive(Args, Debug)]
pub(super) struct Unmount {
    /// The directory that `metamount mount` was given
    #[arg(value_name = "MOUNTPOINT")]
    mountpoint: PathBuf,
}

impl Unmount {
    pub(super) fn run(self) -> Result<ExitCode> {
        unmount(&self.mountpoint)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Unmounts what is mounted on `mountpoint`. A mount whose daemon is gone is taken away.
pub(super) fn unmount(mountpoint: &Path) -> Result<()> {
    let path = resolve(mountpoint)?;
    let entry = table::mounted_at(&path).map_err(|e| Failure(format!("/proc: {e}")))?;
    if entry.is_none_or(|entry| entry.fstype != "fuse.metamount") {
        return Err(Failure(format!(
            "{mountpoint:?} is not where metamount mounted something: name the directory that `metamount mount` was given"
        )));
    }
    if path
        .metadata()
        .is_err_and(|e| e.raw_os_error() == Some(libc::ENOTCONN))
    {
        eprintln!("metamount: {mountpoint:?}: the mount's daemon was gone already");
        return kernel::detach(&path).map_err(|e| Failure(format!("{mountpoint:?}: {e}")));
    }
    let control = Control::new(&path);
    let daemon = daemon(control.brief()?.pid);
    drain(&control)?;
    take_away(&path, mountpoint)?;
    match daemon {
        Some(daemon) => wait_for(&daemon),
        None => Ok(()),
    }
}

/// Makes the path absolute without looking at its last component, which a dead daemon would have to answer for.
fn resolve(mountpoint: &Path) -> Result<PathBuf> {
    let failed = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => Failure(format!("{mountpoint:?} does not exist")),
        _ => Failure(format!("{mountpoint:?}: {e}")),
    };
    match mountpoint.canonicalize() {
        Err(e) if e.raw_os_error() == Some(libc::ENOTCONN) => {
            let absolute = std::path::absolute(mountpoint).map_err(failed)?;
            match (absolute.parent(), absolute.file_name()) {
                (Some(parent), Some(name)) => Ok(parent.canonicalize().map_err(failed)?.join(name)),
                _ => Ok(absolute),
            }
        }
        other => other.map_err(failed),
    }
}

fn daemon(pid: i32) -> Option<OwnedFd> {
    pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()
}

fn drain(control: &Control) -> Result<()> {
    let (tell, told) = mpsc::channel();
    let waiting = control.clone();
    std::thread::spawn(move || {
        // The receiver is there until it was told.
        let _ = tell.send(waiting.drain());
    });
    progress::show(control, &told)
        .unwrap_or_else(|_| Err(Failure::new("the wait for uploads was lost: call it again")))
}

fn take_away(path: &Path, shown: &Path) -> Result<()> {
    let busy = || {
        let holders = holders(path);
        let who = match holders.is_empty() {
            true => String::from("a process of another user"),
            false => holders.join(", "),
        };
        Failure(format!(
            "{shown:?} is busy, {who} uses it: end that or let it leave the directory, then call this again"
        ))
    };
    match rustix::mount::unmount(path, UnmountFlags::NOFOLLOW) {
        Ok(()) => return Ok(()),
        Err(Errno::BUSY) => return Err(busy()),
        // Ordinary users unmount through the set-user-id program.
        Err(Errno::PERM) => {}
        Err(errno) => return Err(Failure(format!("{shown:?}: {errno}"))),
    }
    let output = Command::new("fusermount3")
        .args(["-u", "--"])
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| Failure(format!("fusermount3: {e}: install the package fuse3")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("busy") {
        return Err(busy());
    }
    Err(Failure(format!("{shown:?}: {}", said.trim())))
}

fn wait_for(daemon: &OwnedFd) -> Result<()> {
    let mut fds = [PollFd::new(daemon, PollFlags::IN)];
    match rustix::io::retry_on_intr(|| poll(&mut fds, Some(&BOUND))) {
        Ok(0) => Err(Failure(format!(
            "unmounted, but the daemon still runs after {} s: its log says why",
            BOUND.tv_sec
        ))),
        _ => Ok(()),
    }
}

/// Returns the processes that stand in a mount or hold a file of it open, as far as this user may see them.
fn holders(root: &Path) -> Vec<String> {
    // This process may have inherited a file of the mount from the shell, which is the one to name.
    let own = std::process::id().to_string();
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let holds = |process: &Path| {
        let links = ["cwd", "root", "exe"].map(|link| process.join(link));
        let open = fs::read_dir(process.join("fd")).into_iter().flatten();
        let open = open.filter_map(|entry| Some(entry.ok()?.path()));
        links
            .into_iter()
            .chain(open)
            .any(|link| fs::read_link(link).is_ok_and(|target| target.starts_with(root)))
    };
    processes
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|process| {
            let name = process.file_name().unwrap_or_default();
            let is_other = name != own.as_str();
            is_other && name.as_encoded_bytes().iter().all(u8::is_ascii_digit) && holds(process)
        })
        .map(|process| {
            let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
            let pid = process.file_name().unwrap_or_default().to_string_lossy();
            format!("{} ({pid})", name.trim_end())
        })
        .take(5)
        .collect()
}
