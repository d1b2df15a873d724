//! The options of a mount as they are typed, and the checks that make a [`Config`] of them.

use super::url::Source;
use super::{Failure, Result};
use crate::config::{Addressing, Bucket, Config};
use crate::store::Dialect;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::time::Duration;

const MIB: u64 = 1 << 20;

/// What a mount can be told besides its source and its mount point.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of the mount")]
pub(super) struct Options {
    /// The service's URL, without the bucket; by default that of the region
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// The region, for the signature and the default endpoint
    #[arg(long, value_name = "R")]
    region: Option<String>,
    /// How the bucket goes into a URL
    #[arg(long, value_enum, default_value_t = How::Auto, value_name = "HOW")]
    addressing: How,
    /// The profile of the credentials files
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Send requests without a signature
    #[arg(long)]
    anonymous: bool,
    /// Accept plain http:// beyond this machine
    #[arg(long)]
    allow_http: bool,
    /// Refuse every change
    #[arg(long)]
    read_only: bool,
    /// Let other users use the mount
    #[arg(long)]
    allow_other: bool,
    /// Mount over a directory that has entries
    #[arg(long)]
    nonempty: bool,
    /// Let nothing on the mount be executed
    #[arg(long)]
    noexec: bool,
    /// The owner of all files; by default who mounts
    #[arg(long, value_name = "UID")]
    uid: Option<u32>,
    /// The group of all files; by default that of who mounts
    #[arg(long, value_name = "GID")]
    gid: Option<u32>,
    /// The permission bits of files, octal
    #[arg(long, value_name = "MODE", default_value = "0644", value_parser = mode)]
    file_mode: u16,
    /// The permission bits of directories, octal
    #[arg(long, value_name = "MODE", default_value = "0755", value_parser = mode)]
    dir_mode: u16,
    /// Objects whose metadata is kept in memory
    #[arg(long, value_name = "ENTRIES", default_value_t = 100_000,
          value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    head_cache: u32,
    /// How long metadata and listings are believed
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(0..=31_536_000))]
    head_ttl: u32,
    /// Requests in flight at most
    #[arg(long, value_name = "N", default_value_t = 64,
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    max_requests: u16,
    /// How far a sequential reader is read ahead
    #[arg(long, value_name = "MIB", default_value_t = 32,
          value_parser = clap::value_parser!(u32).range(0..=4096))]
    read_ahead: u32,
    /// Bound on the buffers of files' contents
    #[arg(long, value_name = "MIB", default_value_t = 128,
          value_parser = clap::value_parser!(u32).range(8..=1_048_576))]
    memory: u32,
    /// Where staged files, the journal and the log are; by default below ~/.local/state, /var/lib for root
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Let close and setfattr return once the change is in the journal; without effect as yet
    #[arg(long)]
    write_back: bool,
    /// Show mode, owner and times that are kept with each object; without effect as yet
    #[arg(long)]
    posix: bool,
    /// The storage class of new objects; without effect as yet
    #[arg(long, value_name = "C")]
    storage_class: Option<String>,
    /// A tag of new objects; may be repeated; without effect as yet
    #[arg(long = "tag", value_name = "K=V")]
    tags: Vec<String>,
    /// How much is logged: off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(super) log_level: log::LevelFilter,
    /// Where it is logged; by default stderr, in the background a file of the state directory
    #[arg(long, value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,
    /// Objects above this size are edited by multipart copy
    #[arg(long, value_name = "BYTES", hide = true,
          value_parser = clap::value_parser!(u64).range(1..=5 << 30))]
    copy_limit: Option<u64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum How {
    Auto,
    Virtual,
    Path,
    Cname,
}

impl Options {
    /// Checks what was typed, as far as that needs no request.
    pub(super) fn config(&self, url: &str, mountpoint: &Path) -> Result<Config> {
        let source = Source::parse(url)?;
        let mountpoint = std::path::absolute(mountpoint)
            .map_err(|e| Failure(format!("mount point {mountpoint:?}: {e}")))?;
        if let Some(class) = &self.storage_class {
            check_class(class)?;
        }
        Ok(Config {
            bucket: self.bucket(&source),
            mountpoint,
            nonempty: self.nonempty,
            noexec: self.noexec,
            prefix: source.prefix,
            read_only: self.read_only,
            allow_other: self.allow_other,
            uid: self.uid.unwrap_or(rustix::process::getuid().as_raw()),
            gid: self.gid.unwrap_or(rustix::process::getgid().as_raw()),
            file_mode: self.file_mode,
            dir_mode: self.dir_mode,
            head_cache: self.head_cache as usize,
            head_ttl: Duration::from_secs(self.head_ttl.into()),
            max_requests: self.max_requests.into(),
            read_ahead: u64::from(self.read_ahead) * MIB,
            memory: u64::from(self.memory) * MIB,
            state_dir: Some(self.state_dir()?),
            write_back: self.write_back,
            posix: self.posix,
            storage_class: self.storage_class.clone(),
            tags: tags(&self.tags, source.dialect)?,
            copy_limit: self.copy_limit,
        })
    }

    /// Returns the options that were given and change nothing in this version, which writes no content.
    pub(super) fn without_effect(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("--write-back", self.write_back),
            ("--posix", self.posix),
            ("--storage-class", self.storage_class.is_some()),
            ("--tag", !self.tags.is_empty()),
        ];
        given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(option, _)| option)
    }

    fn bucket(&self, source: &Source) -> Bucket {
        Bucket {
            dialect: source.dialect,
            name: source.bucket.clone(),
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            addressing: match self.addressing {
                How::Auto => Addressing::Auto,
                How::Virtual => Addressing::Virtual,
                How::Path => Addressing::Path,
                How::Cname => Addressing::Cname,
            },
            profile: self.profile.clone(),
            anonymous: self.anonymous,
            allow_http: self.allow_http,
            max_requests: self.max_requests.into(),
        }
    }

    /// Returns the state directory: the one given, or the user's own.
    fn state_dir(&self) -> Result<PathBuf> {
        let chosen = match &self.state_dir {
            Some(dir) => dir.clone(),
            None => default_state_dir(|name| std::env::var_os(name).map(PathBuf::from))?,
        };
        std::path::absolute(&chosen).map_err(|e| Failure(format!("--state-dir {chosen:?}: {e}")))
    }
}

fn default_state_dir(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf> {
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    if let Some(state) = absolute("XDG_STATE_HOME") {
        return Ok(state.join("metamount"));
    }
    if rustix::process::geteuid().is_root() {
        return Ok("/var/lib/metamount".into());
    }
    absolute("HOME")
        .map(|home| home.join(".local/state/metamount"))
        .ok_or_else(|| {
            Failure::new("no place for the state directory, HOME is not set: give --state-dir DIR")
        })
}

fn mode(text: &str) -> Result<u16, String> {
    match u16::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o777 && !text.starts_with('+') => Ok(mode),
        _ => Err("permission bits are octal, 0 to 777".into()),
    }
}

fn check_class(class: &str) -> Result<()> {
    let fine = class
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if fine && !class.is_empty() {
        return Ok(());
    }
    Err(Failure(format!(
        "--storage-class {class:?} is no class: give the service's word, such as Standard or STANDARD_IA"
    )))
}

fn tags(given: &[String], dialect: &Dialect) -> Result<Vec<(String, String)>> {
    let limits = &dialect.limits;
    let mut tags: Vec<(String, String)> = Vec::new();
    for text in given {
        let wrong = |why: String| Failure(format!("--tag {text:?}: {why}"));
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| wrong("give KEY=VALUE".into()))?;
        if key.is_empty() || key.chars().count() > limits.tag_key_chars {
            let most = limits.tag_key_chars;
            return Err(wrong(format!("a key has 1 to {most} characters")));
        }
        if value.chars().count() > limits.tag_value_chars {
            let most = limits.tag_value_chars;
            return Err(wrong(format!("a value has at most {most} characters")));
        }
        if let Some(bad) = text.chars().find(|c| !dialect.tag_char_ok(*c)) {
            let service = dialect.service;
            return Err(wrong(format!("{service} takes no {bad:?} in a tag")));
        }
        if dialect
            .reserved_tag_prefix
            .is_some_and(|p| key.starts_with(p))
        {
            return Err(wrong("the service keeps this prefix to itself".into()));
        }
        tags.retain(|(k, _)| k != key);
        tags.push((key.into(), value.into()));
    }
    if tags.len() > limits.tags {
        let most = limits.tags;
        return Err(Failure(format!("--tag: an object has at most {most} tags")));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use clap::Parser;
    use test_case::test_case;

    #[derive(Debug, Parser)]
    struct Only {
        #[command(flatten)]
        options: Options,
    }

    fn config(args: &[&str]) -> Result<Config, String> {
        let args = ["metamount", "--state-dir", "/state"]
            .into_iter()
            .chain(args.iter().copied());
        let only = Only::try_parse_from(args).map_err(|e| e.to_string())?;
        only.options
            .config("oss://bucket/p", Path::new("/mnt"))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_contract() {
        let config = config(&[]).unwrap();
        assert_eq!(config.prefix, "p/");
        assert_eq!(config.head_cache, 100_000);
        assert_eq!(config.head_ttl, Duration::from_secs(60));
        assert_eq!(config.max_requests, 64);
        assert_eq!(config.bucket.max_requests, 64);
        assert_eq!((config.file_mode, config.dir_mode), (0o644, 0o755));
        assert_eq!(config.bucket.addressing, Addressing::Auto);
        assert!(!config.read_only && !config.allow_other && !config.posix && !config.write_back);
        assert_eq!(config.copy_limit, None);
    }

    #[test]
    fn every_option_arrives() {
        let config = config(&[
            "--endpoint=http://127.0.0.1:9",
            "--region=cn-hangzhou",
            "--addressing=cname",
            "--profile=work",
            "--anonymous",
            "--allow-http",
            "--read-only",
            "--allow-other",
            "--nonempty",
            "--noexec",
            "--uid=1",
            "--gid=2",
            "--file-mode=600",
            "--dir-mode=0700",
            "--head-cache=5",
            "--head-ttl=0",
            "--max-requests=7",
            "--read-ahead=1",
            "--memory=9",
            "--write-back",
            "--posix",
            "--storage-class=IA",
            "--tag=a=b",
            "--tag=c=",
            "--copy-limit=4096",
        ])
        .unwrap();
        let bucket = &config.bucket;
        assert_eq!(bucket.endpoint.as_deref(), Some("http://127.0.0.1:9"));
        assert_eq!(bucket.region.as_deref(), Some("cn-hangzhou"));
        assert_eq!(bucket.addressing, Addressing::Cname);
        assert_eq!(bucket.profile.as_deref(), Some("work"));
        assert!(bucket.anonymous && bucket.allow_http);
        assert!(config.read_only && config.allow_other && config.nonempty && config.noexec);
        assert!(config.write_back && config.posix);
        assert_eq!((config.uid, config.gid), (1, 2));
        assert_eq!((config.file_mode, config.dir_mode), (0o600, 0o700));
        assert_eq!((config.head_cache, config.max_requests), (5, 7));
        assert_eq!(config.head_ttl, Duration::ZERO);
        assert_eq!((config.read_ahead, config.memory), (MIB, 9 * MIB));
        assert_eq!(config.storage_class.as_deref(), Some("IA"));
        assert_eq!(
            config.tags,
            [("a".into(), "b".into()), ("c".into(), String::new())]
        );
        assert_eq!(config.copy_limit, Some(4096));
        assert_eq!(config.state_dir.as_deref(), Some(Path::new("/state")));
    }

    #[test_case("--file-mode=888"; "a mode that is not octal")]
    #[test_case("--file-mode=1777"; "a mode with a sticky bit")]
    #[test_case("--dir-mode=+755"; "a mode with a sign")]
    #[test_case("--head-cache=0"; "no cache")]
    #[test_case("--head-ttl=-1"; "a negative time")]
    #[test_case("--max-requests=0"; "no requests")]
    #[test_case("--max-requests=1025"; "too many requests")]
    #[test_case("--memory=7"; "too little memory")]
    #[test_case("--read-ahead=lots"; "not a number")]
    #[test_case("--uid=root"; "a name for a number")]
    #[test_case("--addressing=dns"; "an unknown addressing")]
    #[test_case("--copy-limit=0"; "no copy")]
    #[test_case("--log-level=loud"; "an unknown level")]
    #[test_case("--storage-class=a b"; "a class with a blank")]
    #[test_case("--tag=a"; "a tag without a value")]
    #[test_case("--tag==b"; "a tag without a key")]
    fn refuses(option: &str) {
        config(&[option]).unwrap_err();
    }

    #[test_case(&["k=a!"], &OSS, "'!'"; "a character that no tag holds")]
    #[test_case(&["aws:k=a"], &S3, "prefix"; "a reserved key")]
    #[test_case(&["1=", "2=", "3=", "4=", "5=", "6=", "7=", "8=", "9=", "10=", "11="], &OSS, "at most 10"; "one too many")]
    fn refuses_tags(given: &[&str], dialect: &Dialect, expected: &str) {
        let given: Vec<_> = given.iter().map(ToString::to_string).collect();
        let message = tags(&given, dialect).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn a_tag_given_twice_has_its_last_value() {
        let given = ["a=1", "b=2", "a=3"].map(String::from);
        let expected = [
            ("b".to_owned(), "2".to_owned()),
            ("a".to_owned(), "3".to_owned()),
        ];
        assert_eq!(tags(&given, &OSS).unwrap(), expected);
    }

    #[test]
    fn the_state_directory_follows_xdg() {
        let set = |name: &'static str, value: &'static str| {
            move |asked: &str| (asked == name).then(|| PathBuf::from(value))
        };
        let dir = default_state_dir(set("XDG_STATE_HOME", "/x")).unwrap();
        assert_eq!(dir, Path::new("/x/metamount"));
        let relative = default_state_dir(set("XDG_STATE_HOME", "x"));
        let root = rustix::process::geteuid().is_root();
        assert_eq!(
            relative.is_ok(),
            root,
            "a relative path is no path of XDG's"
        );
    }
}
