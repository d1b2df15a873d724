//! Mounting and unmounting: mount(2) as root, fusermount3 as an ordinary user.
//!
//! The mount is our own and not the fuser crate's: as root it shows as type `fuse.metamount`, and it is taken down
//! only while it is still ours.

use super::{MountError, table};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::mount::{MountFlags, UnmountFlags};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, recvmsg};
use std::ffi::CString;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FSTYPE: &str = "fuse.metamount";
const FUSERMOUNT: &str = "fusermount3";

/// What a mount is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the mount table shows as its source.
    pub source: String,
    /// Whether the kernel refuses every change.
    pub read_only: bool,
    /// Whether other users may use it.
    pub allow_other: bool,
    /// Whether nothing on it may be executed.
    pub noexec: bool,
}

/// A mount of ours.
#[derive(Debug)]
pub struct Mounted {
    point: PathBuf,
    /// `major:minor`, ours alone for as long as the connection lives; the kernel gives it out again after that.
    device: Option<String>,
    /// The descriptor that the kernel is spoken to through.
    connection: OwnedFd,
}

impl Mounted {
    /// Returns whether what is mounted there is still ours: somebody else may have unmounted it, and mounted anew.
    pub fn is_there(&self) -> bool {
        let there = table::mounted_at(&self.point).ok().flatten();
        self.is_connected()
            && self.device.is_some()
            && there.map(|entry| entry.device) == self.device
    }

    /// Returns whether the filesystem lives: it ends with its last mount and its last open file.
    fn is_connected(&self) -> bool {
        let mut descriptors = [PollFd::new(&self.connection, PollFlags::empty())];
        let polled = rustix::event::poll(&mut descriptors, Some(&Timespec::default()));
        polled.is_ok() && !descriptors[0].revents().contains(PollFlags::ERR)
    }

    /// Takes the mount away at once, even where a file is open or somebody stands in it; they keep what they hold for
    /// as long as this process lives. One that is not there any more is no error.
    pub fn detach(&self) -> io::Result<()> {
        if self.is_there() {
            detach(&self.point)
        } else {
            Ok(())
        }
    }

    /// Lets the kernel read so far ahead of a sequential reader. Root only, and no error where it cannot be done:
    /// the mount works without.
    pub fn set_read_ahead(&self, bytes: u64) {
        if let Some(device) = &self.device {
            let path = format!("/sys/class/bdi/{device}/read_ahead_kb");
            if let Err(error) = std::fs::write(&path, (bytes / 1024).to_string()) {
                log::debug!("{path} was left as it is: {error}");
            }
        }
    }
}

/// Mounts on `point`, an absolute path without symlinks; returns the mount and the descriptor it speaks through.
pub fn mount(point: &Path, options: &Options) -> Result<(Mounted, OwnedFd), MountError> {
    let fd = if rustix::process::geteuid().is_root() {
        match mount_directly(point, options) {
            // Root without the right to mount, in a container: fusermount3 may have it.
            Err(MountError::Kernel(_, error))
                if error.kind() == io::ErrorKind::PermissionDenied =>
            {
                log::debug!("mount(2) is not permitted, trying {FUSERMOUNT}");
                mount_by_helper(point, options)?
            }
            other => other?,
        }
    } else {
        mount_by_helper(point, options)?
    };
    let device = table::mounted_at(point)
        .ok()
        .flatten()
        .map(|entry| entry.device);
    let connection = fd
        .try_clone()
        .map_err(|error| MountError::Kernel(point.into(), error))?;
    let mounted = Mounted {
        point: point.into(),
        device,
        connection,
    };
    Ok((mounted, fd))
}

fn mount_directly(point: &Path, options: &Options) -> Result<OwnedFd, MountError> {
    let device = open_device()?;
    let data = format!(
        "fd={},rootmode=40000,user_id={},group_id={}{}",
        device.as_raw_fd(),
        rustix::process::getuid().as_raw(),
        rustix::process::getgid().as_raw(),
        shared_options(options),
    );
    let data = CString::new(data).expect("numbers and fixed words hold no NUL");
    let mut flags = MountFlags::NOSUID | MountFlags::NODEV;
    if options.read_only {
        flags |= MountFlags::RDONLY;
    }
    if options.noexec {
        flags |= MountFlags::NOEXEC;
    }
    rustix::mount::mount(&*options.source, point, FSTYPE, flags, data.as_c_str())
        .map_err(|e| MountError::Kernel(point.into(), e.into()))?;
    Ok(device.into())
}

fn open_device() -> Result<std::fs::File, MountError> {
    let mut options = std::fs::File::options();
    let opened = options.read(true).write(true).open("/dev/fuse");
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => MountError::DeviceDenied,
        _ => MountError::NoDevice(error),
    })
}

/// The kernel checks owner and modes (`default_permissions`), for other users as for the one who mounts.
fn shared_options(options: &Options) -> &'static str {
    if options.allow_other {
        ",default_permissions,allow_other"
    } else {
        ",default_permissions"
    }
}

fn mount_by_helper(point: &Path, options: &Options) -> Result<OwnedFd, MountError> {
    let failed = |error: io::Error| MountError::Kernel(point.into(), error);
    // It opens the device with this user's rights.
    open_device()?;
    let source = options.source.replace('\\', r"\\").replace(',', r"\,");
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    // The descriptor to answer on is its standard input: a child inherits that one without further ado.
    let child = Command::new(FUSERMOUNT)
        .arg("-o")
        .arg(format!(
            "fsname={source},subtype=metamount,nosuid,nodev,{}{}{}",
            if options.read_only { "ro" } else { "rw" },
            if options.noexec { ",noexec" } else { "" },
            shared_options(options)
        ))
        .arg("--")
        .arg(point)
        .env("_FUSE_COMMFD", "0")
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(of_helper(point))?;
    let received = receive_descriptor(&ours);
    let output = child.wait_with_output().map_err(failed)?;
    match received {
        Ok(Some(fd)) if output.status.success() => Ok(fd),
        Err(error) => Err(failed(error)),
        Ok(_) => {
            let said = String::from_utf8_lossy(&output.stderr);
            if said.contains("user_allow_other") {
                return Err(MountError::AllowOther);
            }
            let line = said.lines().next().unwrap_or("no reason given");
            let reason = line.trim_start_matches("fusermount3: ");
            Err(MountError::Fusermount(point.into(), reason.into()))
        }
    }
}

fn of_helper(point: &Path) -> impl Fn(io::Error) -> MountError + '_ {
    |error| match error.kind() {
        io::ErrorKind::NotFound => MountError::NoFusermount,
        _ => MountError::Fusermount(point.into(), error.to_string()),
    }
}

/// Receives the descriptor that fusermount3 passes; `None` when it ended without one.
fn receive_descriptor(socket: &UnixStream) -> io::Result<Option<OwnedFd>> {
    let mut byte = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::io::retry_on_intr(|| {
        recvmsg(
            socket,
            &mut [IoSliceMut::new(&mut byte)],
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        )
    })?;
    if received.bytes == 0 || received.flags.contains(ReturnFlags::CTRUNC) {
        return Ok(None);
    }
    let descriptor = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    Ok(descriptor)
}

/// Takes the topmost mount at `point` away at once.
pub fn detach(point: &Path) -> io::Result<()> {
    match rustix::mount::unmount(point, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::PERM) => detach_by_helper(point),
        Err(error) => Err(error.into()),
    }
}

fn detach_by_helper(point: &Path) -> io::Result<()> {
    let output = Command::new(FUSERMOUNT)
        .args(["-u", "-z", "--"])
        .arg(point)
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(said.trim().to_owned()))
    }
}
