//! Files that are replaced whole: a crash at any point leaves the old content or the new, never a mix.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The ending of files that were being written when the process died; removed at start.
pub const TEMPORARY: &str = ".tmp";

/// A directory. Its handle is opened for each sync: thousands of uploads have one each.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Opens a directory, making it when it is missing; its own entry in its parent is durable then.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        if !path.is_dir() {
            fs::create_dir_all(&path)?;
            if let Some(parent) = path.parent() {
                File::open(parent)?.sync_all()?;
            }
        }
        Ok(Self { path })
    }

    /// Returns where the directory is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes every change of the directory's entries durable.
    pub fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// Creates or replaces the file `name`; durable on return.
    pub fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let temporary = self
            .path
            .join(format!("{name}.{:016x}{TEMPORARY}", fastrand::u64(..)));
        let written = write_new(&temporary, content)
            .and_then(|()| fs::rename(&temporary, self.path.join(name)));
        if written.is_err() {
            // The first error is the one to report; what stays behind is removed at the next start.
            let _ = fs::remove_file(&temporary);
        }
        written?;
        self.sync()
    }

    /// Removes the file `name`; durable on return.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))?;
        self.sync()
    }

    /// Returns the names in the directory, without temporary files, which are removed.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            // Names are this module's own, all ASCII: what is not is no business of ours.
            let Ok(name) = name.into_string() else {
                continue;
            };
            if name.ends_with(TEMPORARY) {
                fs::remove_file(self.path.join(&name))?;
            } else {
                names.push(name);
            }
        }
        Ok(names)
    }
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Reads a JSON file; an error names it.
pub fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> io::Result<T> {
    let json = fs::read(path).map_err(|error| damaged(path, error))?;
    serde_json::from_slice(&json).map_err(|error| damaged(path, error))
}

/// Makes an error that names the file it is about.
pub fn damaged(path: &Path, why: impl std::fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{}: {why}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_is_whole_and_leftovers_go() {
        let temp = tempfile::tempdir().unwrap();
        let directory = Directory::open(temp.path().join("new")).unwrap();
        directory.replace("a", b"old").unwrap();
        directory.replace("a", b"new").unwrap();
        fs::write(directory.path().join("a.0.tmp"), b"half").unwrap();
        assert_eq!(directory.names().unwrap(), ["a"]);
        assert_eq!(fs::read(directory.path().join("a")).unwrap(), b"new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        directory.remove("a").unwrap();
        assert!(directory.names().unwrap().is_empty());
    }
}
