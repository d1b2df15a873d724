//! How mount(8), /etc/fstab and mount.fuse call the program, made into the arguments of `metamount mount`.
//!
//! - `mount.metamount SOURCE DIR [-sfnv] [-t TYPE] [-o OPTIONS]`, the helper of `mount -t metamount`;
//! - `metamount URL DIR -o OPTIONS`, what mount.fuse runs.

use super::{Failure, Parsed, Result, mount, parse};
use clap::{Args, Parser};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// Words of mount(8) that ask for nothing this program has to do: what mount(8) and systemd keep to themselves, what
/// holds for every FUSE mount, and times of access, which objects do not have.
const IGNORED: &[&str] = &[
    "defaults",
    "rw",
    "auto",
    "noauto",
    "user",
    "nouser",
    "users",
    "nousers",
    "owner",
    "noowner",
    "group",
    "nogroup",
    "_netdev",
    "nofail",
    "comment",
    "helper",
    "default_permissions",
    "dev",
    "nodev",
    "suid",
    "nosuid",
    "exec",
    "atime",
    "noatime",
    "diratime",
    "nodiratime",
    "relatime",
    "norelatime",
    "strictatime",
    "nostrictatime",
    "lazytime",
    "nolazytime",
    "sync",
    "async",
    "dirsync",
    "mand",
    "nomand",
    "silent",
    "loud",
    "iversion",
    "noiversion",
];

/// Words of mount(8) that are options of ours under another name.
const RENAMED: &[(&str, &str)] = &[("ro", "read-only")];

/// What mount(8) gives a helper (mount(8), "External helpers").
#[derive(Debug, Parser)]
#[command(name = "mount.metamount", disable_help_flag = true)]
struct Helper {
    source: OsString,
    directory: OsString,
    #[arg(short = 'o', allow_hyphen_values = true)]
    options: Vec<OsString>,
    /// Unknown options are tolerated
    #[arg(short = 's')]
    sloppy: bool,
    /// All is done but the mount itself
    #[arg(short = 'f')]
    fake: bool,
    #[arg(short = 'n')]
    no_mtab: bool,
    #[arg(short = 'v')]
    verbose: bool,
    #[arg(short = 't')]
    fstype: Option<OsString>,
    #[arg(short = 'N')]
    namespace: Option<OsString>,
}

/// Gives arguments in one of the other forms the form of `metamount mount`; leaves all others as they are.
pub(super) fn translate(args: Vec<OsString>) -> Result<Vec<OsString>> {
    let program = args.first().and_then(|path| Path::new(path).file_name());
    if program.is_some_and(|name| name.as_bytes().starts_with(b"mount.")) {
        return match parse::<Helper>(&args)? {
            Parsed::Command(helper) => Ok(helper.into_args()),
            Parsed::Printed => unreachable!("a helper has neither help nor version"),
        };
    }
    let is_url = |arg: &OsString| arg.as_bytes().windows(3).any(|w| w == b"://");
    if args.get(1).is_some_and(is_url) {
        let mut args = args;
        args.insert(1, "mount".into());
        return Ok(args);
    }
    Ok(args)
}

impl Helper {
    fn into_args(self) -> Vec<OsString> {
        let mut args: Vec<OsString> = vec!["metamount".into(), "mount".into()];
        for options in self.options {
            args.extend(["-o".into(), options]);
        }
        args.extend(self.sloppy.then(|| "--sloppy".into()));
        args.extend(self.fake.then(|| "--fake".into()));
        args.extend(["--".into(), self.source, self.directory]);
        args
    }
}

/// Makes long options of the words of `-o`. A dash and an underscore are the same; a comma in a value is written `\,`
/// or the value is put in double quotes. `sloppy` drops what is unknown.
pub(super) fn long_options(lists: &[OsString], sloppy: bool) -> Result<Vec<OsString>> {
    let known = mount::Mount::augment_args(clap::Command::new("mount"));
    let mut long = Vec::new();
    for word in lists.iter().flat_map(|list| split(list.as_bytes())) {
        let word = word.as_bytes();
        let (name, value) = match word.iter().position(|b| *b == b'=') {
            Some(at) => (&word[..at], Some(&word[at + 1..])),
            None => (word, None),
        };
        let name = String::from_utf8_lossy(name);
        if name.is_empty() && value.is_none() || is_ignored(&name) {
            continue;
        }
        let renamed = RENAMED.iter().find(|(theirs, _)| *theirs == name);
        let wanted = renamed.map_or_else(|| name.replace('_', "-"), |(_, ours)| (*ours).into());
        let found = known
            .get_arguments()
            .find(|arg| arg.get_long() == Some(&*wanted) && !mount::is_internal(&wanted));
        let Some(arg) = found else {
            if sloppy {
                continue;
            }
            return Err(Failure(format!(
                "-o {name}: no such option: metamount mount --help lists them, without their dashes"
            )));
        };
        let mut option = OsString::from(format!("--{wanted}"));
        match (arg.get_action().takes_values(), value) {
            (true, Some(value)) => {
                option.push("=");
                option.push(OsStr::from_bytes(value));
            }
            (false, None) => {}
            (true, None) => {
                return Err(Failure(format!("-o {name} needs a value: {name}=VALUE")));
            }
            (false, Some(_)) => {
                return Err(Failure(format!("-o {name} takes no value: {name} alone")));
            }
        }
        long.push(option);
    }
    Ok(long)
}

fn is_ignored(name: &str) -> bool {
    name.starts_with("x-") || name.starts_with("X-") || IGNORED.contains(&name)
}

/// Splits a list at its commas.
fn split(list: &[u8]) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut word = Vec::new();
    let mut quoted = false;
    let mut rest = list;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail.first()) {
            (b'\\', Some(&escaped @ (b',' | b'\\'))) => {
                word.push(escaped);
                rest = &tail[1..];
            }
            (b'"', _) if !quoted && word.ends_with(b"=") => quoted = true,
            (b'"', None | Some(b',')) if quoted => quoted = false,
            (b',', _) if !quoted => words.push(OsString::from_vec(std::mem::take(&mut word))),
            _ => word.push(byte),
        }
    }
    words.push(OsString::from_vec(word));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    fn strings(args: &[OsString]) -> Vec<&str> {
        args.iter().map(|arg| arg.to_str().unwrap()).collect()
    }

    #[test_case(
        &["metamount", "oss://bucket", "/mnt", "-o", "rw,dev,suid"],
        &["metamount", "mount", "oss://bucket", "/mnt", "-o", "rw,dev,suid"];
        "mount.fuse")]
    #[test_case(
        &["/sbin/mount.metamount", "s3://bucket/p", "/mnt", "-o", "ro,uid=5", "-n", "-v"],
        &["metamount", "mount", "-o", "ro,uid=5", "--", "s3://bucket/p", "/mnt"];
        "mount(8)")]
    #[test_case(
        &["mount.fuse.metamount", "s3://bucket", "/mnt", "-sfnv", "-t", "fuse.metamount", "-o", "a", "-o", "b"],
        &["metamount", "mount", "-o", "a", "-o", "b", "--sloppy", "--fake", "--", "s3://bucket", "/mnt"];
        "all flags")]
    #[test_case(&["metamount", "status", "/mnt"], &["metamount", "status", "/mnt"]; "a subcommand")]
    #[test_case(&["metamount"], &["metamount"]; "nothing")]
    fn forms(args: &[&str], expected: &[&str]) {
        let translated = translate(args.iter().map(OsString::from).collect()).unwrap();
        assert_eq!(strings(&translated), expected);
    }

    #[test]
    fn a_helper_without_a_directory_is_an_error() {
        let args = ["mount.metamount", "s3://bucket"].map(OsString::from);
        let message = translate(args.into()).unwrap_err().to_string();
        assert!(message.contains("<DIRECTORY>"), "{message}");
    }

    #[test_case("", &[]; "nothing")]
    #[test_case("defaults,_netdev,nofail,noauto,x-systemd.automount,user", &[]; "words of others")]
    #[test_case("rw,dev,suid,exec,noatime", &[]; "words without an effect here")]
    #[test_case("ro", &["--read-only"]; "read only")]
    #[test_case("allow_other,default_permissions", &["--allow-other"]; "words of FUSE")]
    #[test_case("uid=1000,gid=100", &["--uid=1000", "--gid=100"]; "numbers")]
    #[test_case("head_ttl=5,head-ttl=6", &["--head-ttl=5", "--head-ttl=6"]; "dashes and underscores")]
    #[test_case("endpoint=http://127.0.0.1:9000,region=r", &["--endpoint=http://127.0.0.1:9000", "--region=r"]; "a URL")]
    #[test_case("tag=a=b,tag=c=d", &["--tag=a=b", "--tag=c=d"]; "an equals sign in a value")]
    #[test_case(r"log_file=/a\,b\\c,posix", &[r"--log-file=/a,b\c", "--posix"]; "escapes")]
    #[test_case(r"state_dir=C\d", &[r"--state-dir=C\d"]; "a backslash that escapes nothing")]
    #[test_case(r#"log_file="/a,b",posix"#, &["--log-file=/a,b", "--posix"]; "quotes")]
    #[test_case("profile=", &["--profile="]; "an empty value")]
    #[test_case("noexec", &["--noexec"]; "a word of mount(8) that we keep")]
    fn words(list: &str, expected: &[&str]) {
        let long = long_options(&[list.into()], false).unwrap();
        assert_eq!(strings(&long), expected);
    }

    #[test_case("frobnicate", "no such option"; "unknown")]
    #[test_case("announce", "no such option"; "an internal option")]
    #[test_case("o=ro", "no such option"; "itself")]
    #[test_case("region", "needs a value"; "a value missing")]
    #[test_case("posix=yes", "takes no value"; "a value too many")]
    #[test_case("=x", "no such option"; "no name")]
    fn refused(list: &str, expected: &str) {
        let message = long_options(&[list.into()], false).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn sloppy_drops_the_unknown() {
        let long = long_options(&["frobnicate=1,ro".into()], true).unwrap();
        assert_eq!(strings(&long), ["--read-only"]);
    }

    #[test]
    fn values_that_are_not_utf8_pass() {
        let list = OsString::from_vec(b"state_dir=/\xff".to_vec());
        let long = long_options(&[list], false).unwrap();
        assert_eq!(long[0].as_bytes(), b"--state-dir=/\xff");
    }
}
