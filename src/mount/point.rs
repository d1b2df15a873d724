//! The directory to mount on: what must hold before, and cleaning up after a daemon that died.

use super::{MountError, kernel, table};
use rustix::io::Errno;
use std::io;
use std::path::{Path, PathBuf};

/// Returns the path of a directory that can be mounted on, absolute and without symlinks. A mount there whose daemon
/// is gone is taken away first.
pub fn prepare(point: &Path, nonempty: bool) -> Result<PathBuf, MountError> {
    let about = |error| MountError::of_point(point, error);
    clear_dead(point)?;
    let path = point.canonicalize().map_err(about)?;
    if !path.metadata().map_err(about)?.is_dir() {
        return Err(MountError::NotDirectory(point.into()));
    }
    if let Some(entry) = table::mounted_at(&path).map_err(about)? {
        return Err(MountError::Busy {
            point: point.into(),
            fstype: entry.fstype,
        });
    }
    if !nonempty && path.read_dir().map_err(about)?.next().is_some() {
        return Err(MountError::NotEmpty(point.into()));
    }
    Ok(path)
}

/// Unmounts what answers "transport endpoint is not connected"; several may lie on one another.
fn clear_dead(point: &Path) -> Result<(), MountError> {
    const MOST: usize = 16;
    for _ in 0..MOST {
        // Not stat(2), which the kernel may answer of itself for as long as the dead daemon told it to.
        if rustix::fs::statfs(point).err() != Some(Errno::NOTCONN) {
            break;
        }
        log::warn!("{point:?} is a mount whose daemon is gone: unmounting it");
        let path = resolve_parent(point).map_err(|e| MountError::of_point(point, e))?;
        kernel::detach(&path).map_err(|e| MountError::Unusable(point.into(), e))?;
    }
    Ok(())
}

/// Resolves all but the last component, which cannot be looked at.
fn resolve_parent(point: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(point)?;
    match (absolute.parent(), absolute.file_name()) {
        (Some(parent), Some(name)) => Ok(parent.canonicalize()?.join(name)),
        _ => Ok(absolute),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_a_mount_point() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let full = dir.path();
        let empty = dir.path().join("empty");
        std::fs::create_dir(&empty).unwrap();
        let fails = |point: &Path| prepare(point, false).unwrap_err().to_string();

        assert!(fails(&dir.path().join("none")).contains("does not exist"));
        assert!(fails(&file).contains("is not a directory"));
        assert!(fails(&file.join("below")).contains("is not a directory"));
        assert!(fails(full).contains("is not empty"));
        assert!(prepare(full, true).is_ok());
        assert!(fails(Path::new("/proc")).contains("proc is mounted on it"));
        assert_eq!(
            prepare(&empty.join("../empty"), false).unwrap(),
            empty.canonicalize().unwrap()
        );
    }
}
