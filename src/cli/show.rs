//! `metamount show`: everything known of an object, in groups, through the mount alone.

use super::control::{Control, attribute};
use super::{Failure, Result, output};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use rustix::fs::{lgetxattr, lgetxattr_query, llistxattr, llistxattr_query};
use rustix::io::Errno;
use serde_json::{Map, Value};
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Show everything known of objects: system metadata, user metadata, tags, headers
///
/// A URL that reads an object without credentials is not shown, since it is a secret: ask for it by
/// `getfattr -n object.url --only-values PATH`. The service's own answer is `getfattr -n object.headers`.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// Files, directories or symlinks inside a mount
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

/// The system metadata, in the order shown.
const OBJECT: &[&str] = &[
    "key",
    "bucket",
    "type",
    "size",
    "last-modified",
    "etag",
    "version-id",
    "storage-class",
    "restore",
    "acl",
    "encryption",
    "crc64",
    "checksum",
    "expiration",
    "last-access-time",
];

/// The stored headers, which are listed only where they tell something.
const HTTP: &[&str] = &[
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
    "website-redirect-location",
];

/// Owner, mode and time, which are readable and not listed.
const POSIX: &[&str] = &["mode", "uid", "gid", "mtime"];

/// What is known of one object. Values are text, or in getfattr's `0s` form where they are none.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shown {
    path: String,
    groups: Vec<Section>,
}

/// Entries that belong together.
#[derive(Debug, PartialEq, Eq)]
struct Section {
    /// For people.
    title: &'static str,
    /// In JSON.
    name: &'static str,
    entries: Entries,
}

type Entries = Vec<(String, Readable)>;

/// A value; `None` is one that the service does not let be read.
type Readable = Option<String>;

impl Show {
    pub(super) fn run(self) -> Result<ExitCode> {
        let mut code = ExitCode::SUCCESS;
        for path in &self.paths {
            match Shown::read(path) {
                Ok(shown) if self.json => output::print(&format!("{}\n", shown.json())),
                Ok(shown) => output::print(&shown.for_people()),
                Err(failure) => {
                    eprintln!("metamount: {}", output::one_line(&failure.to_string()));
                    code = ExitCode::FAILURE;
                }
            }
        }
        Ok(code)
    }
}

impl Shown {
    fn read(path: &Path) -> Result<Self> {
        let node = Node { path };
        let status = path.symlink_metadata().map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Failure(format!("{path:?} does not exist")),
            _ => Failure(format!("{path:?}: {e}")),
        })?;
        let mut object = node.named("object.", OBJECT)?;
        if object.is_empty() {
            return Err(node.no_object());
        }
        if status.is_symlink() {
            let target = path
                .read_link()
                .map_err(|e| Failure(format!("{path:?}: {e}")))?;
            object.push(("target".into(), Some(text(target.as_os_str().as_bytes()))));
        }
        let mut user = Vec::new();
        let mut tags = Vec::new();
        let names = if status.is_symlink() {
            node.link_names()?
        } else {
            node.names()?
        };
        for name in names {
            let Some((group, key)) = classify(&name) else {
                continue;
            };
            let Some(value) = node.value(&name)? else {
                continue;
            };
            match group {
                Group::User => user.push((text(key), value)),
                Group::Tag => tags.push((text(key), value)),
            }
        }
        let (http, posix) = match status.is_symlink() {
            // The kernel gives no user attributes of symlinks.
            true => (Vec::new(), Vec::new()),
            false => (node.named("user.http.", HTTP)?, node.named("user.", POSIX)?),
        };
        // Those four may be ordinary entries as well, which are listed.
        let posix = posix
            .into_iter()
            .filter(|entry| !user.contains(entry))
            .collect();
        Ok(Self {
            path: text(path.as_os_str().as_bytes()),
            groups: vec![
                Section::new("object", "object", object),
                Section::new("user metadata", "metadata", user),
                Section::new("tags", "tags", tags),
                Section::new("HTTP headers", "http", http),
                Section::new("owner, mode and time", "posix", posix),
            ],
        })
    }

    fn json(&self) -> Value {
        let mut all = Map::new();
        all.insert("path".into(), self.path.clone().into());
        for group in &self.groups {
            let entries = group.entries.iter();
            let entries = entries.map(|(k, v)| (k.clone(), v.clone().into()));
            all.insert(group.name.into(), Value::Object(entries.collect()));
        }
        Value::Object(all)
    }

    fn for_people(&self) -> String {
        let mut out = format!("{}\n", self.path);
        for Section { title, entries, .. } in &self.groups {
            let Some(width) = entries.iter().map(|(k, _)| k.chars().count()).max() else {
                continue;
            };
            writeln!(out, "  {title}").expect("a string takes all");
            for (key, value) in entries {
                let value = value.as_deref().unwrap_or("(may not be read)");
                writeln!(out, "    {key:<width$}  {value}").expect("a string takes all");
            }
        }
        out
    }
}

impl Section {
    fn new(title: &'static str, name: &'static str, entries: Entries) -> Self {
        Self {
            title,
            name,
            entries,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    User,
    Tag,
}

/// Says what a listed name stands for, and the key that it names; `None` for headers, which are read by name.
fn classify(name: &[u8]) -> Option<(Group, &[u8])> {
    let user = |key| (Group::User, key);
    let tag = |key| (Group::Tag, key);
    if let Some(rest) = name.strip_prefix(b"object.") {
        return (rest.strip_prefix(b"meta.").map(user))
            .or_else(|| rest.strip_prefix(b"tag.").map(tag));
    }
    let rest = name.strip_prefix(b"user.")?;
    if rest.starts_with(b"http.") {
        return None;
    }
    (rest.strip_prefix(b"tag.").map(tag))
        .or_else(|| rest.strip_prefix(b"meta.").map(user))
        .or_else(|| Some(user(rest)))
}

/// Something inside a mount; never followed when it is a symlink.
struct Node<'a> {
    path: &'a Path,
}

impl Node<'_> {
    /// Reads attributes by name, leaving out those that are not there.
    fn named(&self, prefix: &str, names: &[&str]) -> Result<Entries> {
        let mut found = Vec::new();
        for name in names {
            if let Some(value) = self.value(format!("{prefix}{name}").as_bytes())? {
                found.push(((*name).into(), value));
            }
        }
        Ok(found)
    }

    /// Reads one attribute as text; `None` when the object has none such.
    fn value(&self, name: &[u8]) -> Result<Option<Readable>> {
        let read = |_: &str, buffer: &mut [u8]| lgetxattr(self.path, name, buffer);
        match attribute(read, "", || lgetxattr_query(self.path, name)) {
            Ok(value) => Ok(Some(Some(text(&value)))),
            Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
            Err(Errno::ACCESS | Errno::PERM) => Ok(Some(None)),
            Err(errno) => Err(Failure(format!("{:?}: {}: {errno}", self.path, text(name)))),
        }
    }

    /// Returns the listed names.
    fn names(&self) -> Result<Vec<Vec<u8>>> {
        let read = |_: &str, buffer: &mut [u8]| llistxattr(self.path, buffer);
        let list = attribute(read, "", || llistxattr_query(self.path));
        let list = list.map_err(|errno| Failure(format!("{:?}: {errno}", self.path)))?;
        Ok(split(&list))
    }

    /// Returns the names that a symlink has and no listing of it may show; its mount knows them.
    fn link_names(&self) -> Result<Vec<Vec<u8>>> {
        let failed = |e: std::io::Error| Failure(format!("{:?}: {e}", self.path));
        let device = |path: &Path| {
            path.symlink_metadata()
                .map(|m| std::os::unix::fs::MetadataExt::dev(&m))
        };
        let status = self.path.symlink_metadata().map_err(failed)?;
        let inode = std::os::unix::fs::MetadataExt::ino(&status);
        let own = std::os::unix::fs::MetadataExt::dev(&status);
        let parent = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let parent = parent.canonicalize().map_err(failed)?;
        let inside = parent
            .ancestors()
            .take_while(|dir| device(dir).is_ok_and(|d| d == own));
        match inside.last() {
            Some(root) => Ok(split(&Control::new(root).names(inode)?)),
            None => Ok(Vec::new()),
        }
    }

    fn no_object(&self) -> Failure {
        let path = self.path;
        Failure(if Control::new(path).report().is_ok() {
            format!("{path:?} is the mount itself: a bucket has no metadata of an object's kind")
        } else if self.value(b"object.etag").is_ok_and(|v| v.is_none()) && self.in_mount() {
            format!(
                "{path:?} has no object of its own: a directory gets one when an attribute is set"
            )
        } else {
            format!("{path:?} is in no mount of metamount")
        })
    }

    /// Tells a directory without an object (no data) from another filesystem (not supported).
    fn in_mount(&self) -> bool {
        lgetxattr_query(self.path, "object.etag") == Err(Errno::NODATA)
    }
}

/// Splits a list of names at its NULs.
fn split(list: &[u8]) -> Vec<Vec<u8>> {
    let names = list.split(|b| *b == 0).filter(|name| !name.is_empty());
    names.map(<[u8]>::to_vec).collect()
}

/// Writes bytes as text, or as getfattr writes what is none.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) && !text.starts_with("0s") => text.into(),
        _ => format!("0s{}", BASE64_STANDARD.encode(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("user.author", Some((Group::User, "author")); "a key")]
    #[test_case("user.tag.owner", Some((Group::Tag, "owner")); "a tag")]
    #[test_case("user.meta.tag.owner", Some((Group::User, "tag.owner")); "the long form")]
    #[test_case("user.http.cache-control", None; "a header")]
    #[test_case("user.tags", Some((Group::User, "tags")); "a key that begins alike")]
    #[test_case("object.meta.author", Some((Group::User, "author")); "a key of a symlink")]
    #[test_case("object.tag.owner", Some((Group::Tag, "owner")); "a tag of a symlink")]
    #[test_case("object.etag", None; "system metadata")]
    #[test_case("security.selinux", None; "another namespace")]
    fn names(name: &str, expected: Option<(Group, &str)>) {
        let expected = expected.map(|(group, key)| (group, key.as_bytes()));
        assert_eq!(classify(name.as_bytes()), expected);
    }

    #[test_case(b"plain \xc3\xbc" => "plain ü"; "text")]
    #[test_case(b"" => ""; "nothing")]
    #[test_case(b"a\nb" => "0sYQpi"; "a line end")]
    #[test_case(b"\xff" => "0s/w=="; "no text")]
    #[test_case(b"0sYQ==" => "0sMHNZUT09"; "what would read as encoded")]
    fn values(bytes: &[u8]) -> String {
        text(bytes)
    }

    fn example() -> Shown {
        let entry = |k: &str, v: &str| (k.to_owned(), Some(v.to_owned()));
        Shown {
            path: "mnt/a.txt".into(),
            groups: vec![
                Section::new(
                    "object",
                    "object",
                    vec![
                        entry("key", "a.txt"),
                        entry("storage-class", "IA"),
                        ("acl".into(), None),
                    ],
                ),
                Section::new("user metadata", "metadata", vec![entry("author", "Jane")]),
                Section::new("tags", "tags", vec![]),
            ],
        }
    }

    #[test]
    fn groups_for_people() {
        assert_eq!(
            example().for_people(),
            "\
mnt/a.txt
  object
    key            a.txt
    storage-class  IA
    acl            (may not be read)
  user metadata
    author  Jane
"
        );
    }

    #[test]
    fn groups_as_json() {
        assert_eq!(
            example().json(),
            serde_json::json!({
                "path": "mnt/a.txt",
                "object": {"key": "a.txt", "storage-class": "IA", "acl": null},
                "metadata": {"author": "Jane"},
                "tags": {},
            })
        );
    }
}
