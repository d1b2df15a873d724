//! What stat(2) and statfs(2) show: the listing's facts under the mount's owner and modes.

use super::Settings;
use crate::namespace::{Facts, Ino, Kind};
use crate::store::types::Timestamp;
use std::time::Duration;

/// What stat(2) shows of an inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Its number.
    pub ino: Ino,
    /// What it is.
    pub kind: Kind,
    /// Bytes of the body; of a symlink, of the path it holds, or more where that is not known.
    pub size: u64,
    /// When it was last written; a directory without a marker object shows when it was mounted.
    pub modified: Timestamp,
    /// The permission bits.
    pub mode: u16,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

impl Stat {
    /// The size that programs are told to read in: fewer calls, and no more than the kernel asks at once.
    pub const BLOCK_SIZE: u32 = 128 * 1024;

    /// Returns the bytes in use, in the 512 byte blocks of stat(2).
    pub fn blocks(&self) -> u64 {
        self.size.div_ceil(512)
    }

    pub(super) fn new(ino: Ino, facts: &Facts, settings: &Settings) -> Self {
        let mode = match facts.kind {
            Kind::File => settings.file_mode,
            Kind::Directory => settings.dir_mode,
            // What a symlink may do is decided at its target.
            Kind::Symlink => 0o777,
        };
        let modified = if facts.modified == Timestamp(0) {
            settings.mounted_at
        } else {
            facts.modified
        };
        Self {
            ino,
            kind: facts.kind,
            size: facts.size,
            modified,
            mode,
            uid: settings.uid,
            gid: settings.gid,
        }
    }
}

/// A stat with the time the kernel may believe it, and a name's pointing at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attr {
    /// What stat(2) shows.
    pub stat: Stat,
    /// How long it holds.
    pub ttl: Duration,
}

/// What a lookup found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// An inode; this counts as one lookup of it.
    Found(Attr),
    /// Nothing has this name, for so long.
    Absent(Duration),
}

/// What statfs(2) shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Bytes of a block.
    pub block_size: u32,
    /// Blocks in all; as many are free.
    pub blocks: u64,
    /// Files in all; as many are free.
    pub files: u64,
    /// Bytes of a name.
    pub name_bytes: u32,
}

impl Capacity {
    /// A bucket has no end: 1 PiB and 2^32 files are free, which programs can add up without overflow.
    pub(super) const ENDLESS: Self = Self {
        block_size: 4096,
        blocks: 1 << 38,
        files: 1 << 32,
        name_bytes: 255,
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::namespace::Body;
    use std::time::Instant;
    use test_case::test_case;

    #[test_case(Kind::File, 1025, 50 => (0o640, 3, 50); "a file has the file mode and whole blocks")]
    #[test_case(Kind::Directory, 0, 0 => (0o750, 0, 7); "a directory without a marker is as old as the mount")]
    #[test_case(Kind::Symlink, 4, 50 => (0o777, 1, 50); "a symlink is open to all")]
    fn shows_the_listing_under_the_mounts_owner(
        kind: Kind,
        size: u64,
        modified: i64,
    ) -> (u16, u64, i64) {
        let settings = Settings {
            file_mode: 0o640,
            dir_mode: 0o750,
            mounted_at: Timestamp(7),
            ..Settings::for_tests()
        };
        let facts = Facts {
            kind,
            body: Body::NONE,
            size,
            modified: Timestamp(modified),
            until: Instant::now(),
        };
        let stat = Stat::new(Ino(5), &facts, &settings);
        assert_eq!((stat.uid, stat.gid), (settings.uid, settings.gid));
        (stat.mode, stat.blocks(), stat.modified.0)
    }
}
