//! The floor: a filesystem that holds one file with fixed attributes in memory and answers on the FUSE thread. What it
//! costs is what the kernel and fuser cost; the same calls through a mount of metamount are compared with it.

use fuser::{
    Config, Errno, FileAttr, FileType, Filesystem, Generation, INodeNo, ReplyAttr, ReplyEntry,
    ReplyXattr, Request,
};
use std::ffi::OsStr;
use std::time::{Duration, UNIX_EPOCH};

const TTL: Duration = Duration::from_secs(60);

struct Floor {
    value: Vec<u8>,
}

/// Mounts the floor and serves it until it is unmounted.
pub fn serve(mountpoint: &str, value: &str) -> std::io::Result<()> {
    let mut config = Config::default();
    config.n_threads = Some(std::thread::available_parallelism()?.get());
    config.clone_fd = true;
    fuser::mount(
        Floor {
            value: value.into(),
        },
        mountpoint,
        &config,
    )
}

fn attr(ino: u64) -> FileAttr {
    let kind = if ino == 1 {
        FileType::Directory
    } else {
        FileType::RegularFile
    };
    FileAttr {
        ino: INodeNo(ino),
        size: 0,
        blocks: 0,
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm: 0o755,
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

impl Filesystem for Floor {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        if name == "file" {
            reply.entry(&TTL, &attr(2), Generation(0));
        } else {
            reply.error(Errno::ENOENT);
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<fuser::FileHandle>, reply: ReplyAttr) {
        reply.attr(&TTL, &attr(ino.0));
    }

    fn getxattr(&self, _: &Request, _: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
        if name != "user.author" {
            reply.error(Errno::ENODATA);
        } else if size == 0 {
            reply.size(u32::try_from(self.value.len()).expect("short"));
        } else {
            reply.data(&self.value);
        }
    }
}
