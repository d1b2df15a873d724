//! The name of an object in its bucket.

use std::fmt;
use std::sync::Arc;

/// An object's key: 1 to 1,024 bytes of UTF-8. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The empty text names the bucket, not an object.
    #[error("a key cannot be empty")]
    Empty,
    /// Longer than every dialect allows.
    #[error("a key is at most {} bytes of UTF-8", Key::MAX_BYTES)]
    TooLong,
    /// A NUL byte; no service stores one and no path can hold one.
    #[error("a key cannot hold a NUL byte")]
    Nul,
}

impl Key {
    /// The longest key any dialect takes, in bytes; a dialect may allow less (`Limits::key_bytes`).
    pub const MAX_BYTES: usize = 1024;

    /// Checks `key` and takes it.
    pub fn new(key: impl AsRef<str>) -> Result<Self, InvalidKey> {
        let key = key.as_ref();
        if key.is_empty() {
            Err(InvalidKey::Empty)
        } else if key.len() > Self::MAX_BYTES {
            Err(InvalidKey::TooLong)
        } else if key.contains('\0') {
            Err(InvalidKey::Nul)
        } else {
            Ok(Self(key.into()))
        }
    }

    /// Returns the key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the key ends in `/`, the form of a directory's marker object.
    pub fn is_marker(&self) -> bool {
        self.0.ends_with('/')
    }

    /// Returns the last component, without a marker's final `/`.
    pub fn file_name(&self) -> &str {
        let path = self.0.strip_suffix('/').unwrap_or(&self.0);
        path.rsplit('/').next().unwrap_or(path)
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("", Err(InvalidKey::Empty))]
    #[test_case("a/b", Ok("b"))]
    #[test_case("a/b/", Ok("b"))]
    #[test_case("a", Ok("a"))]
    #[test_case("a\0b", Err(InvalidKey::Nul))]
    fn takes_what_a_service_can_name(text: &str, expected: Result<&str, InvalidKey>) {
        assert_eq!(
            Key::new(text).as_ref().map(Key::file_name).map_err(|e| *e),
            expected
        );
    }

    #[test]
    fn a_key_has_at_most_1024_bytes() {
        assert!(Key::new("é".repeat(512)).is_ok());
        assert_eq!(Key::new("x".repeat(1025)), Err(InvalidKey::TooLong));
    }
}
