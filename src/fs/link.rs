//! Symbolic links: the service's own, whose target is a key, and those kept in metadata, whose target is a path.

use super::inode::split;
use super::{Error, Fs, Result};
use crate::meta::{LinkTarget, link_target};
use crate::namespace::{Ino, Kind};

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
        match link_target(self.meta.dialect(), &object.meta) {
            Some(LinkTarget::Path(path)) => Ok(path.into_owned()),
            Some(LinkTarget::Key(target)) => Ok(relative(split(&key).0, target).into_bytes()),
            // It is a link no more.
            None => Err(Error::Stale),
        }
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
