//! The operations that are answered at once when what they need is known, and in a task otherwise.

use super::call::{Call, Calls, DEADLINE};
use super::reply;
use crate::fs::{Attr, DirEntry, Handle};
use crate::namespace::Ino;
use fuser::{ReplyAttr, ReplyDirectory, ReplyDirectoryPlus, ReplyEntry, ReplyOpen, ReplyXattr};

impl Calls {
    pub(super) fn lookup(&self, parent: Ino, name: &[u8], reply: ReplyEntry) {
        let call = || Call::of_entry("lookup", parent, name);
        if let Some(found) = self.try_now(call, |fs| fs.try_lookup(parent, name)) {
            return reply::entry(reply, found);
        }
        let (call, name) = (call(), name.to_vec());
        self.later(
            call,
            DEADLINE,
            move |fs| async move { fs.lookup(parent, &name).await },
            |found| reply::entry(reply, found),
        );
    }

    pub(super) fn getattr(&self, ino: Ino, reply: ReplyAttr) {
        let call = || Call::new("getattr", ino);
        if let Some(attr) = self.try_now(call, |fs| fs.try_getattr(ino)) {
            return reply::attr(reply, attr);
        }
        self.later(
            call(),
            DEADLINE,
            move |fs| async move { fs.getattr(ino).await },
            |attr| reply::attr(reply, attr),
        );
    }

    pub(super) fn getxattr(&self, ino: Ino, name: &[u8], room: u32, reply: ReplyXattr) {
        let call = || Call::new("getxattr", ino);
        if let Some(value) = self.try_now(call, |fs| fs.try_getxattr(ino, name)) {
            return reply::xattr(reply, room, value);
        }
        let name = name.to_vec();
        self.later(
            call(),
            DEADLINE,
            move |fs| async move { fs.getxattr(ino, &name).await },
            move |value| reply::xattr(reply, room, value),
        );
    }

    pub(super) fn listxattr(&self, ino: Ino, room: u32, reply: ReplyXattr) {
        let call = || Call::new("listxattr", ino);
        if let Some(names) = self.try_now(call, |fs| fs.try_listxattr(ino)) {
            return reply::xattr(reply, room, names);
        }
        self.later(
            call(),
            DEADLINE,
            move |fs| async move { fs.listxattr(ino).await },
            move |names| reply::xattr(reply, room, names),
        );
    }

    pub(super) fn readdir(&self, ino: Ino, dir: Handle, offset: u64, mut reply: ReplyDirectory) {
        let call = Call::new("readdir", ino);
        let (calls, again) = (self.clone(), call.clone());
        self.later(
            call,
            DEADLINE,
            move |fs| async move {
                let add = |entry: DirEntry<'_>| reply::add(&mut reply, &entry);
                let read = fs.readdir(dir, offset, add).await;
                Ok((reply, read))
            },
            move |done| match done {
                Ok((reply, Ok(()))) => reply.ok(),
                Ok((reply, Err(error))) => reply.error(calls.note(&again, &error)),
                // The reply went with the work, and going answers EIO.
                Err(_) => {}
            },
        );
    }

    pub(super) fn readdirplus(
        &self,
        ino: Ino,
        dir: Handle,
        offset: u64,
        mut reply: ReplyDirectoryPlus,
    ) {
        let call = Call::new("readdirplus", ino);
        let (calls, again) = (self.clone(), call.clone());
        self.later(
            call,
            DEADLINE,
            move |fs| async move {
                let add =
                    |entry: DirEntry<'_>, attr: &Attr| reply::add_plus(&mut reply, &entry, attr);
                let read = fs.readdirplus(dir, offset, add).await;
                Ok((reply, read))
            },
            move |done| match done {
                Ok((reply, Ok(()))) => reply.ok(),
                Ok((reply, Err(error))) => reply.error(calls.note(&again, &error)),
                // As above.
                Err(_) => {}
            },
        );
    }

    pub(super) fn open(&self, ino: Ino, writes: bool, reply: ReplyOpen) {
        self.later(
            Call::new("open", ino),
            DEADLINE,
            move |fs| async move { fs.open(ino, writes).await },
            |opened| reply::opened(reply, opened),
        );
    }
}
