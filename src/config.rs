//! The settings of a mount: plain, validated data. Defaults are the contract's; each field names its unit.

use crate::store::Dialect;
use std::path::PathBuf;
use std::time::Duration;

/// Everything a mount is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The bucket and how it is reached.
    pub bucket: Bucket,
    /// The directory to mount on.
    pub mountpoint: PathBuf,
    /// Whether a directory with entries may be mounted over.
    pub nonempty: bool,
    /// Whether nothing on the mount may be executed.
    pub noexec: bool,
    /// Keys below this prefix are shown; empty, or ends in `/`.
    pub prefix: String,
    /// Whether every change is refused.
    pub read_only: bool,
    /// Whether other users may use the mount.
    pub allow_other: bool,
    /// The owner of everything shown.
    pub uid: u32,
    /// The group of everything shown.
    pub gid: u32,
    /// The permission bits of files.
    pub file_mode: u16,
    /// The permission bits of directories.
    pub dir_mode: u16,
    /// Objects whose metadata is kept in memory.
    pub head_cache: usize,
    /// How long metadata, listings and the kernel's copies of them are believed.
    pub head_ttl: Duration,
    /// Requests in flight at most.
    pub max_requests: usize,
    /// How far a sequential reader is read ahead, in bytes.
    pub read_ahead: u64,
    /// Bound on buffers of bodies, in bytes.
    pub memory: u64,
    /// Where staged files and the journal live.
    pub state_dir: Option<PathBuf>,
    /// Whether writes return when journalled.
    pub write_back: bool,
    /// Whether mode, owner and times set by others are shown.
    pub posix: bool,
    /// The class of new objects.
    pub storage_class: Option<String>,
    /// The tags of new objects.
    pub tags: Vec<(String, String)>,
    /// Objects above this size are edited by multipart copy, in bytes; `None` is the dialect's limit.
    pub copy_limit: Option<u64>,
}

/// A bucket and how it is reached.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// The service's dialect.
    pub dialect: &'static Dialect,
    /// The bucket's name.
    pub name: String,
    /// The endpoint's URL, without the bucket; `None` derives it from the region.
    pub endpoint: Option<String>,
    /// The region to sign for; `None` takes it from the environment or the endpoint.
    pub region: Option<String>,
    /// How the bucket goes into a URL.
    pub addressing: Addressing,
    /// The profile of the credentials files.
    pub profile: Option<String>,
    /// Whether requests are sent without a signature.
    pub anonymous: bool,
    /// Whether plain HTTP is accepted beyond loopback.
    pub allow_http: bool,
    /// Requests in flight at most.
    pub max_requests: usize,
}

/// How the bucket goes into a URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Addressing {
    /// Path for loopback and IP addresses, virtual otherwise.
    #[default]
    Auto,
    /// `bucket.endpoint/key`.
    Virtual,
    /// `endpoint/bucket/key`.
    Path,
    /// `endpoint/key`: the endpoint is a domain bound to the bucket.
    Cname,
}
