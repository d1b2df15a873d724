//! What a tag's key and value may be.

use super::Refusal;
use crate::store::Dialect;

/// Checks a tag's key and returns it as text.
pub(super) fn check_key<'a>(dialect: &Dialect, key: &'a [u8]) -> Result<&'a str, Refusal> {
    let key =
        std::str::from_utf8(key).map_err(|_| Refusal::Invalid("a tag's key must be UTF-8"))?;
    let reserved = |prefix| key.starts_with(prefix);
    if key.is_empty() {
        Err(Refusal::Invalid("a tag's key cannot be empty"))
    } else if key.chars().count() > dialect.limits.tag_key_chars {
        Err(Refusal::Invalid("a tag's key has too many characters"))
    } else if dialect.reserved_tag_prefix.is_some_and(reserved) {
        Err(Refusal::Invalid(
            "a tag's key begins with a prefix that the service keeps for itself",
        ))
    } else if !key.chars().all(|c| dialect.tag_char_ok(c)) {
        Err(Refusal::Invalid(
            "a tag's key holds a character that the service refuses",
        ))
    } else {
        Ok(key)
    }
}

/// Checks a tag's value and returns it as text.
pub(super) fn check_value<'a>(dialect: &Dialect, value: &'a [u8]) -> Result<&'a str, Refusal> {
    let value =
        std::str::from_utf8(value).map_err(|_| Refusal::Invalid("a tag's value must be UTF-8"))?;
    if value.chars().count() > dialect.limits.tag_value_chars {
        Err(Refusal::Invalid("a tag's value has too many characters"))
    } else if !value.chars().all(|c| dialect.tag_char_ok(c)) {
        Err(Refusal::Invalid(
            "a tag's value holds a character that the service refuses",
        ))
    } else {
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use test_case::test_case;

    #[test_case(&OSS, "owner" => true)]
    #[test_case(&OSS, "部门" => true; "any script")]
    #[test_case(&OSS, "a b+-=._:/" => true; "punctuation")]
    #[test_case(&OSS, "a@b" => false; "not in this dialect")]
    #[test_case(&S3, "a@b" => true; "in this one")]
    #[test_case(&OSS, "" => false; "empty")]
    #[test_case(&OSS, "!" => false; "exclamation mark")]
    #[test_case(&OSS, "a*" => false; "asterisk")]
    #[test_case(&OSS, "a&b" => false; "ampersand")]
    #[test_case(&OSS, "a\n" => false; "newline")]
    #[test_case(&S3, "aws:x" => false; "reserved")]
    #[test_case(&OSS, "aws:x" => true; "not reserved here")]
    #[test_case(&OSS, &"é".repeat(128) => true; "the longest")]
    #[test_case(&OSS, &"é".repeat(129) => false; "too long")]
    fn keys(dialect: &Dialect, key: &str) -> bool {
        check_key(dialect, key.as_bytes()).is_ok()
    }

    #[test_case("" => true; "empty")]
    #[test_case(&"é".repeat(256) => true; "the longest")]
    #[test_case(&"é".repeat(257) => false; "too long")]
    #[test_case("a&b" => false; "ampersand")]
    fn values(value: &str) -> bool {
        check_value(&OSS, value.as_bytes()).is_ok()
    }

    #[test]
    fn a_tag_is_utf8() {
        assert!(check_key(&OSS, b"\xe9").is_err());
        assert!(check_value(&OSS, b"\xe9").is_err());
    }
}
