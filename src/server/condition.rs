//! Preconditions of reads and copies: If-Match and its kin, at the protocol's grain of one second.
//!
//! Precedence: a true if-match switches a false if-unmodified-since off, and a true if-none-match a false
//! if-modified-since. What does not hold and is not switched off fails the request.

use super::error::{Error, NOT_MODIFIED, PRECONDITION_FAILED, Result};
use crate::store::types::Timestamp;
use http::HeaderMap;

/// The conditions of one request.
#[derive(Debug, Default)]
pub struct Conditions {
    if_match: Option<Vec<u8>>,
    if_none_match: Option<Vec<u8>>,
    if_modified_since: Option<Timestamp>,
    if_unmodified_since: Option<Timestamp>,
}

impl Conditions {
    /// Reads the conditions whose header names begin with `prefix` (empty, or `x-oss-copy-source-`). A date that cannot
    /// be read is no condition, as RFC 9110 has it.
    pub fn of(headers: &HeaderMap, prefix: &str) -> Self {
        let value = |name: &str| {
            headers
                .get(format!("{prefix}{name}"))
                .map(http::HeaderValue::as_bytes)
        };
        let date = |name: &str| {
            let text = std::str::from_utf8(value(name)?).ok()?.trim();
            Timestamp::from_http_date(text).or_else(|| Timestamp::from_iso8601(text))
        };
        Self {
            if_match: value("if-match").map(<[u8]>::to_vec),
            if_none_match: value("if-none-match").map(<[u8]>::to_vec),
            if_modified_since: date("if-modified-since"),
            if_unmodified_since: date("if-unmodified-since"),
        }
    }

    /// Judges an object: `Ok` when all hold, else the answer.
    pub fn check(&self, etag: &str, modified: Timestamp) -> Result<()> {
        let matches = self.if_match.as_ref().map(|list| names(list, etag));
        let unmodified = self.if_unmodified_since.map(|since| modified <= since);
        match (matches, unmodified) {
            (Some(false), _) => return Err(failed("If-Match")),
            (None, Some(false)) => return Err(failed("If-Unmodified-Since")),
            _ => {}
        }
        let other = self.if_none_match.as_ref().map(|list| !names(list, etag));
        let newer = self.if_modified_since.map(|since| modified > since);
        match (other, newer) {
            (Some(false), _) | (None, Some(false)) => Err(Error::from(&NOT_MODIFIED)),
            _ => Ok(()),
        }
    }
}

fn failed(condition: &'static str) -> Error {
    Error::from(&PRECONDITION_FAILED).element("Condition", condition)
}

/// Returns whether a list of entity tags, quoted or bare, holds `etag`, which is bare.
fn names(list: &[u8], etag: &str) -> bool {
    list.split(|b| *b == b',').any(|tag| {
        let tag = tag.trim_ascii();
        let tag = tag.strip_prefix(b"\"").unwrap_or(tag);
        let tag = tag.strip_suffix(b"\"").unwrap_or(tag);
        tag == b"*" || tag.eq_ignore_ascii_case(etag.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};
    use test_case::test_case;

    const MATCH: &str = "\"ABC\"";
    const OTHER: &str = "\"DEF\"";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    // The object: ETag ABC, last modified THEN.
    #[test_case(&[] => 200; "no condition")]
    #[test_case(&[("if-match", MATCH)] => 200; "the tag in quotes")]
    #[test_case(&[("if-match", "abc")] => 200; "the tag bare and in lower case")]
    #[test_case(&[("if-match", "*")] => 200; "any tag")]
    #[test_case(&[("if-match", "\"X\", \"ABC\"")] => 200; "a list with the tag")]
    #[test_case(&[("if-match", OTHER)] => 412; "another tag")]
    #[test_case(&[("if-unmodified-since", THEN)] => 200; "unmodified since that second")]
    #[test_case(&[("if-unmodified-since", AFTER)] => 200; "unmodified since later")]
    #[test_case(&[("if-unmodified-since", BEFORE)] => 412; "modified since")]
    #[test_case(&[("if-match", MATCH), ("if-unmodified-since", BEFORE)] => 200; "a true match switches the date off")]
    #[test_case(&[("if-match", OTHER), ("if-unmodified-since", AFTER)] => 412; "a true date does not rescue the match")]
    #[test_case(&[("if-none-match", OTHER)] => 200; "none match other")]
    #[test_case(&[("if-none-match", MATCH)] => 304; "none match the tag")]
    #[test_case(&[("if-none-match", "*")] => 304; "none match any")]
    #[test_case(&[("if-modified-since", BEFORE)] => 200; "modified since before")]
    #[test_case(&[("if-modified-since", THEN)] => 304; "not modified since that second")]
    #[test_case(&[("if-modified-since", AFTER)] => 304; "not modified since later")]
    #[test_case(&[("if-none-match", OTHER), ("if-modified-since", AFTER)] => 200; "a true none match switches the date off")]
    #[test_case(&[("if-none-match", MATCH), ("if-modified-since", BEFORE)] => 304; "a true date does not rescue none match")]
    #[test_case(&[("if-match", OTHER), ("if-none-match", MATCH)] => 412; "412 is judged before 304")]
    #[test_case(&[("if-unmodified-since", "yesterday")] => 200; "an unreadable date is no condition")]
    #[test_case(&[("if-unmodified-since", "1994-11-06T08:49:36.000Z")] => 412; "ISO 8601 is read")]
    fn judges(conditions: &[(&'static str, &'static str)]) -> u16 {
        let mut headers = HeaderMap::new();
        for (name, value) in conditions {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let then = Timestamp::from_http_date(THEN).unwrap();
        match Conditions::of(&headers, "").check("ABC", then) {
            Ok(()) => 200,
            Err(error) => error.code.status,
        }
    }

    #[test]
    fn a_copys_conditions_have_their_own_names() {
        let mut headers = HeaderMap::new();
        headers.insert("if-match", HeaderValue::from_static("DEF"));
        headers.insert(
            "x-oss-copy-source-if-match",
            HeaderValue::from_static("ABC"),
        );
        let conditions = Conditions::of(&headers, "x-oss-copy-source-");
        assert!(conditions.check("ABC", Timestamp(0)).is_ok());
    }
}
