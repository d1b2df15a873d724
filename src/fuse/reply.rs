//! Results in the kernel's terms.

use crate::fs::{Attr, Capacity, DirEntry, Full, Handle, Looked, Stat};
use crate::namespace::{Ino, Kind};
use fuser::{
    Errno, FileAttr, FileHandle, FileType, FopenFlags, Generation, INodeNo, ReplyAttr, ReplyData,
    ReplyDirectory, ReplyDirectoryPlus, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyXattr,
};
use std::time::SystemTime;

/// Inode numbers are never given out twice, so one generation serves for all.
const GENERATION: Generation = Generation(0);

/// The number shown for an entry without an inode: "unknown", as libfuse shows it. 0 would hide the entry.
const UNKNOWN_INO: u64 = 0xffff_ffff;

pub(super) fn entry(reply: ReplyEntry, looked: Result<Looked, Errno>) {
    match looked {
        Ok(Looked::Found(attr)) => reply.entry(&attr.ttl, &file_attr(&attr.stat), GENERATION),
        // Number 0 is an entry that is known to be none, for as long as its time to live says.
        Ok(Looked::Absent(ttl)) if !ttl.is_zero() => reply.entry(&ttl, &no_entry(), GENERATION),
        Ok(Looked::Absent(_)) => reply.error(Errno::ENOENT),
        Err(errno) => reply.error(errno),
    }
}

pub(super) fn attr(reply: ReplyAttr, attr: Result<Attr, Errno>) {
    match attr {
        Ok(attr) => reply.attr(&attr.ttl, &file_attr(&attr.stat)),
        Err(errno) => reply.error(errno),
    }
}

pub(super) fn opened(reply: ReplyOpen, opened: Result<Handle, Errno>) {
    match opened {
        // Nothing is written, so a close has nothing to flush. An inode is one body, so that what the kernel keeps of it
        // holds.
        Ok(handle) => reply.opened(
            FileHandle(handle.0),
            FopenFlags::FOPEN_NOFLUSH | FopenFlags::FOPEN_KEEP_CACHE,
        ),
        Err(errno) => reply.error(errno),
    }
}

pub(super) fn empty(reply: ReplyEmpty, result: Result<(), Errno>) {
    match result {
        Ok(()) => reply.ok(),
        Err(errno) => reply.error(errno),
    }
}

pub(super) fn data(reply: ReplyData, data: Result<impl AsRef<[u8]>, Errno>) {
    match data {
        Ok(data) => reply.data(data.as_ref()),
        Err(errno) => reply.error(errno),
    }
}

/// Answers getxattr and listxattr: a caller with no room asks for the size, one with too little gets ERANGE.
pub(super) fn xattr(reply: ReplyXattr, room: u32, value: Result<impl AsRef<[u8]>, Errno>) {
    match value {
        Ok(value) => {
            let value = value.as_ref();
            match u32::try_from(value.len()) {
                Ok(size) if room == 0 => reply.size(size),
                Ok(size) if size <= room => reply.data(value),
                _ => reply.error(Errno::ERANGE),
            }
        }
        Err(errno) => reply.error(errno),
    }
}

pub(super) fn statfs(reply: ReplyStatfs, of: &Capacity) {
    reply.statfs(
        of.blocks,
        of.blocks,
        of.blocks,
        of.files,
        of.files,
        of.block_size,
        of.name_bytes,
        of.block_size,
    );
}

pub(super) fn add(reply: &mut ReplyDirectory, entry: &DirEntry<'_>) -> Result<(), Full> {
    let ino = INodeNo(entry.ino.map_or(UNKNOWN_INO, |ino| ino.0));
    full(reply.add(ino, entry.next, file_type(entry.kind), entry.name))
}

pub(super) fn add_plus(
    reply: &mut ReplyDirectoryPlus,
    entry: &DirEntry<'_>,
    of: &Attr,
) -> Result<(), Full> {
    let mut attr = file_attr(&of.stat);
    attr.ino = INodeNo(entry.ino.map_or(UNKNOWN_INO, |ino| ino.0));
    full(reply.add(attr.ino, entry.next, entry.name, &of.ttl, &attr, GENERATION))
}

fn full(is_full: bool) -> Result<(), Full> {
    if is_full { Err(Full) } else { Ok(()) }
}

pub(super) fn file_type(kind: Kind) -> FileType {
    match kind {
        Kind::File => FileType::RegularFile,
        Kind::Directory => FileType::Directory,
        Kind::Symlink => FileType::Symlink,
    }
}

fn file_attr(stat: &Stat) -> FileAttr {
    let time = SystemTime::from(stat.modified);
    FileAttr {
        ino: INodeNo(stat.ino.0),
        size: stat.size,
        blocks: stat.blocks(),
        atime: time,
        mtime: time,
        ctime: time,
        crtime: time,
        kind: file_type(stat.kind),
        perm: stat.mode,
        // 1 for directories too: tells find(1) that the number of links says nothing of subdirectories.
        nlink: 1,
        uid: stat.uid,
        gid: stat.gid,
        rdev: 0,
        blksize: Stat::BLOCK_SIZE,
        flags: 0,
    }
}

fn no_entry() -> FileAttr {
    file_attr(&Stat {
        ino: Ino(0),
        kind: Kind::File,
        size: 0,
        modified: Default::default(),
        mode: 0,
        uid: 0,
        gid: 0,
    })
}
