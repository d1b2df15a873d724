//! Percent-encoding, the one form of it that every signature wants: all but `A-Z a-z 0-9 - . _ ~`, in upper case.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};

const UNRESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const PATH: AsciiSet = UNRESERVED.remove(b'/');

/// Encodes a key for a path: `/` stays.
pub fn encode_key(key: &str) -> String {
    utf8_percent_encode(key, &PATH).to_string()
}

/// Encodes a name or value for a query or a header: `/` is encoded too, a blank is `%20`.
pub fn encode_component(text: &str) -> String {
    utf8_percent_encode(text, &UNRESERVED).to_string()
}

/// Encodes bytes as [`encode_component`] does text.
pub fn encode_bytes(bytes: &[u8]) -> String {
    percent_encode(bytes, &UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("1234+-/123/1.txt", "1234%2B-/123/1.txt", "1234%2B-%2F123%2F1.txt")]
    #[test_case("a b~_", "a%20b~_", "a%20b~_")]
    #[test_case("é*'()!%", "%C3%A9%2A%27%28%29%21%25", "%C3%A9%2A%27%28%29%21%25")]
    fn encodes_all_but_unreserved(raw: &str, key: &str, component: &str) {
        assert_eq!(encode_key(raw), key);
        assert_eq!(encode_component(raw), component);
    }
}
