//! What a running mount says of itself: attributes of the mount's root that are not listed.
//!
//! `metamount.status` reads as JSON, setting `metamount.drain` returns once no edit is under way, and
//! `metamount.names.<inode>` reads as the names of a symlink's attributes, which no listing of it may show. The commands
//! `status`, `unmount` and `show` use them, so they need no socket beside the mount.

use super::{Error, Failure, Fs, Result};
use crate::namespace::Ino;
use serde::Serialize;
use std::collections::BTreeMap;

pub(super) const STATUS: &[u8] = b"metamount.status";
pub(super) const DRAIN: &[u8] = b"metamount.drain";
const NAMES: &[u8] = b"metamount.names.";

/// Returns the inode whose names are asked for by this attribute of the root.
pub(super) fn names_of(ino: Ino, name: &[u8]) -> Option<Ino> {
    let number = name.strip_prefix(NAMES).filter(|_| ino == Ino::ROOT)?;
    std::str::from_utf8(number).ok()?.parse().ok().map(Ino)
}

#[derive(Serialize)]
struct Status<'a> {
    version: &'static str,
    pid: u32,
    url: &'a str,
    mountpoint: &'a str,
    read_only: bool,
    requests: BTreeMap<&'static str, u64>,
    requests_total: u64,
    retried: u64,
    bytes_received: u64,
    bytes_sent: u64,
    cache: Cache,
    pending: Pending,
    hidden_keys: u64,
    conditions: &'static str,
    /// What the server was seen to accept and not keep.
    not_kept: Vec<String>,
    /// What a rewrite was seen to lose and could not put back.
    losses: Vec<String>,
    inodes: usize,
    last_errors: Vec<Failure>,
}

#[derive(Serialize)]
struct Cache {
    entries: usize,
    bytes: usize,
    hits: u64,
    misses: u64,
}

#[derive(Serialize)]
struct Pending {
    edits: usize,
    /// Nothing is uploaded as long as content is only read.
    uploads: usize,
}

impl Fs {
    /// Answers the attributes that control the mount; `None` for any other name.
    pub(super) fn try_control(&self, ino: Ino, name: &[u8]) -> Option<Result<Vec<u8>>> {
        (ino == Ino::ROOT && name == STATUS).then(|| self.status())
    }

    fn status(&self) -> Result<Vec<u8>> {
        let requests = self.store.requests();
        let report = self.meta.report();
        let edits = self.meta.edits();
        let status = Status {
            version: env!("CARGO_PKG_VERSION"),
            pid: std::process::id(),
            url: &self.settings.url,
            mountpoint: &self.settings.mountpoint,
            read_only: self.settings.read_only,
            requests: requests.iter().map(|(o, n)| (o.name(), n)).collect(),
            requests_total: requests.total(),
            retried: requests.retried,
            bytes_received: requests.bytes_received,
            bytes_sent: requests.bytes_sent,
            cache: Cache {
                entries: report.cache.entries,
                bytes: report.cache.bytes,
                hits: report.cache.hits,
                misses: report.cache.misses,
            },
            pending: Pending {
                edits: self.meta.pending(),
                uploads: 0,
            },
            hidden_keys: report.hidden,
            conditions: edits.conditions.name(),
            not_kept: edits.not_kept,
            losses: edits.losses,
            inodes: self.inodes.lock().len(),
            last_errors: self.failures.latest(),
        };
        serde_json::to_vec(&status).map_err(|error| Error::Internal(error.to_string()))
    }
}
