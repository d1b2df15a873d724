//! Why a mount could not be made: one line that names the cause and what to do.

use crate::store;
use std::io;
use std::path::{Path, PathBuf};

/// Why a mount could not be made or kept.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// The store refused, or could not be reached.
    #[error("{0}")]
    Store(#[from] store::Error),
    /// There is no such directory.
    #[error("mount point {0:?} does not exist: create it with mkdir")]
    Missing(PathBuf),
    /// It is something else.
    #[error("mount point {0:?} is not a directory: name an empty directory")]
    NotDirectory(PathBuf),
    /// It has entries.
    #[error(
        "mount point {0:?} is not empty: name an empty directory, or hide its entries with -o nonempty"
    )]
    NotEmpty(PathBuf),
    /// Something is mounted there.
    #[error(
        "mount point {point:?} is busy ({fstype} is mounted on it): unmount it first, or name another directory"
    )]
    Busy {
        /// The directory.
        point: PathBuf,
        /// The type of what is mounted there.
        fstype: String,
    },
    /// It cannot be looked at.
    #[error("mount point {0:?} cannot be used ({1}): name an empty directory of yours")]
    Unusable(PathBuf, #[source] io::Error),
    /// The kernel has no FUSE, or the container was not given it.
    #[error(
        "/dev/fuse cannot be opened ({0}): load the kernel's FUSE with `modprobe fuse`, or give the container --device /dev/fuse"
    )]
    NoDevice(#[source] io::Error),
    /// The device is not for everybody, as it usually is.
    #[error(
        "/dev/fuse may not be opened by this user: allow it with `chmod 666 /dev/fuse`, or mount as root"
    )]
    DeviceDenied,
    /// An ordinary user needs the set-user-id program that mounts for him.
    #[error("fusermount3 was not found: install the package fuse3 (or mount as root)")]
    NoFusermount,
    /// fusermount3 does not let ordinary users share a mount.
    #[error(
        "--allow-other needs the line `user_allow_other` in /etc/fuse.conf (or mount as root, or without it)"
    )]
    AllowOther,
    /// fusermount3 refused, in its own words.
    #[error(
        "fusermount3 could not mount on {0:?} ({1}): name an empty directory of yours, or mount as root"
    )]
    Fusermount(PathBuf, String),
    /// mount(2) refused.
    #[error("the kernel could not mount on {0:?}: {1}")]
    Kernel(PathBuf, #[source] io::Error),
    /// The conversation with the kernel could not begin.
    #[error("the kernel's FUSE did not answer: {0}")]
    Session(#[source] io::Error),
    /// The process could not be set up: threads, signals.
    #[error("the mount could not be started: {0}")]
    Start(#[source] io::Error),
}

impl MountError {
    /// Says what a failed look at a mount point means.
    pub(super) fn of_point(point: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(point.into()),
            io::ErrorKind::NotADirectory => Self::NotDirectory(point.into()),
            _ => Self::Unusable(point.into(), error),
        }
    }
}
