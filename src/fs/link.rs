//! Symbolic links: the service's own, whose target is a key, and those kept in metadata, whose target is a path.

use super::inode::split;
use super::{Error, Fs, Result};
use crate::meta::{Known, LinkTarget, link_target};
use crate::namespace::{Ino, Kind};
use crate::store::types::{Key, ObjectMeta};

/// The size of a link whose target no HEAD has shown yet. Programs take it for the room that readlink(2) needs, and some
/// kernels cut a cached target off there: it must not be too small, and is the most that a path may have.
const UNKNOWN_TARGET_BYTES: u64 = 4095;

impl Fs {
    /// Returns the path that a symlink holds.
    pub async fn readlink(&self, ino: Ino) -> Result<Vec<u8>> {
        let (Some(key), facts) = self.node(ino)? else {
            return Err(Error::NotSymlink);
        };
        if facts.kind != Kind::Symlink {
            return Err(Error::NotSymlink);
        }
        let object = self.meta.object(&key).await?;
        // It may be a link no more.
        self.target(&key, &object.meta).ok_or(Error::Stale)
    }

    /// Returns the size that stat(2) shows of a link: that of the path it holds.
    pub(super) fn link_size(&self, key: &Key) -> u64 {
        let target = match self.meta.peek(key) {
            Known::Present(object) => self.target(key, &object.meta),
            Known::Absent | Known::Unknown => None,
        };
        target.map_or(UNKNOWN_TARGET_BYTES, |path| path.len() as u64)
    }

    fn target(&self, key: &Key, meta: &ObjectMeta) -> Option<Vec<u8>> {
        Some(match link_target(self.meta.dialect(), meta)? {
            LinkTarget::Path(path) => path.into_owned(),
            LinkTarget::Key(target) => relative(split(key).0, target).into_bytes(),
        })
    }
}

/// Returns the path from the directory `dir` (empty, or ending in `/`) to a key of the same bucket: relative, so that
/// it holds wherever the bucket, or a part of it that has both, is mounted.
fn relative(dir: &str, target: &str) -> String {
    let common = dir
        .split_inclusive('/')
        .zip(target.split_inclusive('/'))
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len())
        .sum();
    let up = dir[common..].matches('/').count();
    let path = "../".repeat(up) + &target[common..];
    if path.is_empty() { ".".into() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("", "a" => "a"; "both in the root")]
    #[test_case("d/", "a" => "../a"; "one up")]
    #[test_case("d/e/", "d/f/a" => "../f/a"; "beside")]
    #[test_case("d/", "d/e/a" => "e/a"; "below")]
    #[test_case("d/", "de/a" => "../de/a"; "a common beginning of names is none of paths")]
    #[test_case("d/", "d/" => "."; "its own directory")]
    #[test_case("d/e/", "d/e" => "../e"; "an object beside its prefix")]
    fn a_key_becomes_a_relative_path(dir: &str, target: &str) -> String {
        relative(dir, target)
    }
}
