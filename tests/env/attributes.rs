//! Extended attributes of a path itself, names and values as bytes.

use rustix::fs::{XattrFlags, lgetxattr, llistxattr, lsetxattr};
use rustix::io::Result;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Returns the value of an attribute.
pub fn get(path: &Path, name: impl AsRef<[u8]>) -> Result<Vec<u8>> {
    let mut buffer = vec![0; 65_536];
    let n = lgetxattr(path, OsStr::from_bytes(name.as_ref()), &mut buffer)?;
    buffer.truncate(n);
    Ok(buffer)
}

/// Sets an attribute, there before or not.
pub fn set(path: &Path, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<()> {
    let name = OsStr::from_bytes(name.as_ref());
    lsetxattr(path, name, value.as_ref(), XattrFlags::empty())
}

/// Returns the names that are listed, in their order.
pub fn list(path: &Path) -> Result<Vec<Vec<u8>>> {
    let mut buffer = vec![0u8; 65_536];
    let n = llistxattr(path, &mut buffer)?;
    let names = buffer[..n].split_inclusive(|b| *b == 0);
    Ok(names.map(|name| name[..name.len() - 1].to_vec()).collect())
}

/// Returns every listed attribute and its value.
#[track_caller]
pub fn all(path: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let names = list(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let read = |name: Vec<u8>| {
        let value = get(path, &name).unwrap_or_else(|e| panic!("{}: {e}", name.escape_ascii()));
        (name, value)
    };
    names.into_iter().map(read).collect()
}
