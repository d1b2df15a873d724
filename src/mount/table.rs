//! The kernel's mount table, `/proc/self/mountinfo`: read without touching any mount.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The filesystem's device, `major:minor`: unique among the mounted filesystems.
    pub device: String,
    /// Where it is mounted.
    pub point: PathBuf,
    /// Its type, `fuse.metamount` for ours.
    pub fstype: String,
}

/// Returns the topmost mount at `point`, an absolute path without symlinks.
pub fn mounted_at(point: &Path) -> io::Result<Option<Entry>> {
    let table = std::fs::read("/proc/self/mountinfo")?;
    Ok(topmost(&table, point))
}

/// Later lines are mounted over earlier ones.
fn topmost(table: &[u8], point: &Path) -> Option<Entry> {
    table
        .split(|b| *b == b'\n')
        .filter_map(parse)
        .rfind(|entry| entry.point == point)
}

/// Parses `id parent major:minor root point options [tags] - type source options`.
fn parse(line: &[u8]) -> Option<Entry> {
    let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
    let mut fields = line.split(|b| *b == b' ');
    let device = text(fields.nth(2)?);
    let point = PathBuf::from(OsString::from_vec(unescape(fields.nth(1)?)));
    let fstype = text(fields.skip_while(|f| *f != b"-").nth(1)?);
    Some(Entry {
        device,
        point,
        fstype,
    })
}

/// Undoes the kernel's `\040` for blanks, tabs, line ends and backslashes.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'\\'
            && let Some((digits, after)) = tail.split_first_chunk::<3>()
            && let Some(code) = octal(digits)
        {
            out.push(code);
            rest = after;
        } else {
            out.push(byte);
        }
    }
    out
}

fn octal(digits: &[u8; 3]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    u8::from_str_radix(text, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    const TABLE: &[u8] = b"\
22 27 0:21 / /proc rw,relatime - proc proc rw
40 27 0:55 / /mnt/my\\040bucket rw,nosuid shared:9 master:1 - fuse.metamount oss://b rw,user_id=0
41 40 0:56 / /mnt/my\\040bucket rw - tmpfs tmpfs rw
42 27 0:57 / /mnt/back\\134slash rw - fuse.metamount s3://b/p\\054 rw
";

    #[test_case("/proc", Some(("0:21", "proc")); "no optional field")]
    #[test_case("/mnt/my bucket", Some(("0:56", "tmpfs")); "a blank in the path, and the later of two")]
    #[test_case("/mnt/back\\slash", Some(("0:57", "fuse.metamount")); "a backslash in the path")]
    #[test_case("/mnt", None; "a directory above a mount")]
    fn finds_the_topmost_mount(point: &str, expected: Option<(&str, &str)>) {
        let found = topmost(TABLE, Path::new(point));
        assert_eq!(
            found
                .as_ref()
                .map(|e| (e.device.as_str(), e.fstype.as_str())),
            expected
        );
    }

    #[test]
    fn finds_a_real_mount() {
        let entry = mounted_at(Path::new("/proc")).unwrap().unwrap();
        assert_eq!(entry.fstype, "proc");
    }
}
