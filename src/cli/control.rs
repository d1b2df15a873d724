//! The door to a running mount: extended attributes of its root, which no listing shows.

use super::{Failure, Result};
use rustix::fs::{XattrFlags, getxattr, getxattr_query, setxattr};
use rustix::io::Errno;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

const STATUS: &str = "metamount.status";
const DRAIN: &str = "metamount.drain";
const NAMES: &str = "metamount.names.";

/// The root of a mount.
#[derive(Clone, Debug)]
pub(super) struct Control {
    root: PathBuf,
}

/// What the daemon tells, as far as a command acts on it; [`Control::report`] returns all of it.
#[derive(Debug, Deserialize)]
pub(super) struct Brief {
    /// The daemon's process.
    pub(super) pid: i32,
    /// What is not in the bucket yet.
    pub(super) pending: Pending,
}

/// What is not in the bucket yet.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub(super) struct Pending {
    /// Changes of metadata.
    pub(super) edits: u64,
    /// Files.
    pub(super) uploads: u64,
}

impl Pending {
    pub(super) fn total(self) -> u64 {
        self.edits + self.uploads
    }
}

impl Control {
    pub(super) fn new(mountpoint: &Path) -> Self {
        Self {
            root: mountpoint.into(),
        }
    }

    /// Returns the daemon's report, JSON.
    pub(super) fn report(&self) -> Result<String> {
        let bytes = attribute(
            |name, buffer| getxattr(&self.root, name, buffer),
            STATUS,
            || getxattr_query(&self.root, STATUS),
        );
        let bytes = bytes.map_err(|errno| self.failure(errno))?;
        String::from_utf8(bytes).map_err(|_| self.unreadable())
    }

    /// Returns the part of the report that commands act on.
    pub(super) fn brief(&self) -> Result<Brief> {
        serde_json::from_str(&self.report()?).map_err(|_| self.unreadable())
    }

    /// Returns the report for reading.
    pub(super) fn value(&self) -> Result<Value> {
        serde_json::from_str(&self.report()?).map_err(|_| self.unreadable())
    }

    /// Returns the names of an inode's attributes that its own listing may not show, each ended by a NUL.
    pub(super) fn names(&self, inode: u64) -> Result<Vec<u8>> {
        let name = format!("{NAMES}{inode}");
        let read = |name: &str, buffer: &mut [u8]| getxattr(&self.root, name, buffer);
        attribute(read, &name, || getxattr_query(&self.root, &*name))
            .map_err(|errno| self.failure(errno))
    }

    /// Waits until nothing is pending.
    pub(super) fn drain(&self) -> Result<()> {
        match setxattr(&self.root, DRAIN, b"1", XattrFlags::empty()) {
            // The kernel lets nothing be set on a read-only mount, where nothing is ever pending.
            Ok(()) | Err(Errno::ROFS) => Ok(()),
            Err(Errno::IO) => Err(Failure(format!(
                "{:?}: not everything could be uploaded: `metamount status` names what and why; it is still mounted",
                self.root
            ))),
            Err(errno) => Err(self.failure(errno)),
        }
    }

    fn failure(&self, errno: Errno) -> Failure {
        let path = &self.root;
        Failure(match errno {
            Errno::NOENT => format!("{path:?} does not exist"),
            Errno::OPNOTSUPP | Errno::NODATA => format!(
                "{path:?} is not where metamount mounted something: name the directory that `metamount mount` was given"
            ),
            Errno::NOTCONN => format!(
                "{path:?}: the mount's daemon is gone: `metamount unmount` takes the mount away"
            ),
            Errno::ACCESS | Errno::PERM => {
                format!("{path:?} is not yours to look into: call this as the user who mounted it")
            }
            errno => format!("{path:?}: {errno}"),
        })
    }

    fn unreadable(&self) -> Failure {
        Failure(format!(
            "{:?}: the mount's report cannot be read: is its daemon of another version of metamount?",
            self.root
        ))
    }
}

/// Reads a whole attribute, which may grow between asking for its size and reading it.
pub(super) fn attribute(
    read: impl Fn(&str, &mut [u8]) -> Result<usize, Errno>,
    name: &str,
    size: impl Fn() -> Result<usize, Errno>,
) -> Result<Vec<u8>, Errno> {
    loop {
        let mut buffer = vec![0; size()? + 256];
        match read(name, &mut buffer) {
            Err(Errno::RANGE) => {}
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            Err(errno) => return Err(errno),
        }
    }
}
