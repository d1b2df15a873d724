//! Byte ranges of a GET. The service's own default is to answer a range that does not lie within the object with the
//! whole object; `x-oss-range-behavior: standard` asks for what RFC 9110 says.

/// What a GET is to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The whole body, with 200.
    Whole,
    /// These bytes, first and last included, with 206.
    Part(u64, u64),
    /// Nothing: 416.
    Unsatisfiable,
}

/// Resolves a `Range` header against a body of `size` bytes. What is no single byte range counts as none.
pub fn resolve(header: Option<&[u8]>, standard: bool, size: u64) -> Range {
    let Some((first, last)) = header.and_then(parse) else {
        return Range::Whole;
    };
    let outside = if standard {
        Range::Unsatisfiable
    } else {
        Range::Whole
    };
    match (first, last) {
        (Some(first), _) if first >= size => outside,
        (Some(_), Some(last)) if last >= size && !standard => Range::Whole,
        (Some(first), last) => Range::Part(first, last.unwrap_or(u64::MAX).min(size - 1)),
        (None, Some(0)) => outside,
        (None, _) if size == 0 => outside,
        (None, Some(count)) if count > size && !standard => Range::Whole,
        (None, Some(count)) => Range::Part(size - count.min(size), size - 1),
        (None, None) => Range::Whole,
    }
}

/// Parses `bytes=a-b`, `bytes=a-` (no end) and `bytes=-n` (no start).
fn parse(header: &[u8]) -> Option<(Option<u64>, Option<u64>)> {
    let text = std::str::from_utf8(header).ok()?.trim();
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok().map(Some),
        _ => None,
    };
    match (number(first)?, number(last)?) {
        (None, None) => None,
        (Some(first), Some(last)) if first > last => None,
        range => Some(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    // (header, size) => (default, standard)
    #[test_case("bytes=0-3", 10 => (Range::Part(0, 3), Range::Part(0, 3)); "within")]
    #[test_case("bytes=4-", 10 => (Range::Part(4, 9), Range::Part(4, 9)); "to the end")]
    #[test_case("bytes=-4", 10 => (Range::Part(6, 9), Range::Part(6, 9)); "the last bytes")]
    #[test_case("bytes=9-9", 10 => (Range::Part(9, 9), Range::Part(9, 9)); "the last byte")]
    #[test_case("bytes=4-10", 10 => (Range::Whole, Range::Part(4, 9)); "past the end")]
    #[test_case("bytes=10-", 10 => (Range::Whole, Range::Unsatisfiable); "from the end")]
    #[test_case("bytes=10-12", 10 => (Range::Whole, Range::Unsatisfiable); "beyond the end")]
    #[test_case("bytes=-11", 10 => (Range::Whole, Range::Part(0, 9)); "more than there is")]
    #[test_case("bytes=-0", 10 => (Range::Whole, Range::Unsatisfiable); "the last no bytes")]
    #[test_case("bytes=0-", 0 => (Range::Whole, Range::Unsatisfiable); "of an empty body")]
    #[test_case("bytes=-5", 0 => (Range::Whole, Range::Unsatisfiable); "the last of an empty body")]
    #[test_case("bytes=3-2", 10 => (Range::Whole, Range::Whole); "backwards")]
    #[test_case("bytes=-", 10 => (Range::Whole, Range::Whole); "no number")]
    #[test_case("bytes=0-1,4-5", 10 => (Range::Whole, Range::Whole); "two ranges")]
    #[test_case("lines=0-1", 10 => (Range::Whole, Range::Whole); "another unit")]
    #[test_case("bytes=+1-2", 10 => (Range::Whole, Range::Whole); "a sign")]
    fn resolves(header: &str, size: u64) -> (Range, Range) {
        let header = Some(header.as_bytes());
        (resolve(header, false, size), resolve(header, true, size))
    }

    #[test]
    fn no_header_is_the_whole() {
        assert_eq!(resolve(None, true, 10), Range::Whole);
    }
}
