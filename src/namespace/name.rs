//! One component of a path: what a directory can show, and what the kernel may ask for.

use std::fmt;

/// The longest component of a path, in bytes (`NAME_MAX`).
pub const MAX_BYTES: usize = 255;

/// Returns whether a directory can show an entry of this name: a path can reach it.
pub fn is_showable(name: &str) -> bool {
    Name::new(name.as_bytes()).is_ok()
}

/// A component of a path that a key can hold: UTF-8, 1 to 255 bytes, neither `.` nor `..`, without `/` and NUL.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name<'a>(&'a str);

/// Why bytes are no [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Longer than a component may be.
    #[error("a name is at most {MAX_BYTES} bytes")]
    TooLong,
    /// No UTF-8; keys are text.
    #[error("a name in a bucket is UTF-8")]
    NotUtf8,
    /// Empty, `.`, `..`, or with a `/` or NUL in it.
    #[error("no path can hold this name")]
    Unreachable,
}

impl<'a> Name<'a> {
    /// Checks the bytes of a component and takes it.
    pub fn new(bytes: &'a [u8]) -> Result<Self, InvalidName> {
        if bytes.len() > MAX_BYTES {
            return Err(InvalidName::TooLong);
        }
        if matches!(bytes, b"" | b"." | b"..") || bytes.iter().any(|b| matches!(b, b'/' | 0)) {
            return Err(InvalidName::Unreachable);
        }
        std::str::from_utf8(bytes)
            .map(Self)
            .map_err(|_| InvalidName::NotUtf8)
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case(b"photo.png", None; "a plain name")]
    #[test_case("naïve 中文 🙂".as_bytes(), None; "any text")]
    #[test_case(b" leading, trailing. ", None; "blanks and dots")]
    #[test_case(b"a\nb\x01\x7f\\%+?#&\"'<>", None; "control characters and punctuation")]
    #[test_case(b"...", None; "three dots")]
    #[test_case(b"", Some(InvalidName::Unreachable); "empty, as between two slashes")]
    #[test_case(b".", Some(InvalidName::Unreachable); "dot")]
    #[test_case(b"..", Some(InvalidName::Unreachable); "dot dot")]
    #[test_case(b"a/b", Some(InvalidName::Unreachable); "slash")]
    #[test_case(b"a\0", Some(InvalidName::Unreachable); "nul")]
    #[test_case(b"\xff", Some(InvalidName::NotUtf8); "no utf-8")]
    #[test_case(&[b'x'; 255], None; "255 bytes")]
    #[test_case(&[b'x'; 256], Some(InvalidName::TooLong); "256 bytes")]
    fn takes_what_a_path_and_a_key_can_hold(bytes: &[u8], refused: Option<InvalidName>) {
        assert_eq!(Name::new(bytes).err(), refused);
        if let Ok(text) = std::str::from_utf8(bytes) {
            assert_eq!(is_showable(text), refused.is_none());
        }
    }
}
