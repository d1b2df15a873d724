//! The names of user metadata: any bytes without NUL on one side, what a header name may hold on the other.
//!
//! A byte that the wire refuses is written `--hh`. The two functions are inverse to each other over all names, so that
//! no two attributes share a header and no attribute edits a header it is not shown for. What makes this possible is
//! the one rule of [`starts_escape`], asked of the plain name and of the wire name alike.

use crate::store::Dialect;
use std::borrow::Cow;

/// Returns the wire name of `key`, which holds no NUL.
pub(super) fn encode(dialect: &Dialect, key: &[u8]) -> Box<str> {
    let mut wire = String::with_capacity(key.len());
    for (at, &byte) in key.iter().enumerate() {
        if needs_escape(dialect, byte) || starts_escape(dialect, &key[at..]) {
            wire.push_str("--");
            wire.push(HEX[usize::from(byte >> 4)]);
            wire.push(HEX[usize::from(byte & 15)]);
        } else {
            wire.push(char::from(byte));
        }
    }
    wire.into()
}

/// Returns the key whose wire name is `wire`; `None` when there is none, because others wrote a byte into it that is
/// always escaped here.
pub(super) fn decode<'a>(dialect: &Dialect, wire: &'a str) -> Option<Cow<'a, [u8]>> {
    let wire = wire.as_bytes();
    if wire.is_empty() || wire.iter().any(|b| !dialect.meta_name_byte_ok(*b)) {
        return None;
    }
    if !wire.windows(2).any(|pair| pair == b"--") {
        return Some(Cow::Borrowed(wire));
    }
    let mut key = Vec::with_capacity(wire.len());
    let mut rest = wire;
    while let Some((&first, after)) = rest.split_first() {
        if let (true, Some(byte)) = (starts_escape(dialect, rest), hex_after_dash(after)) {
            key.push(byte);
            rest = &rest[4..];
        } else {
            key.push(first);
            rest = after;
        }
    }
    Some(Cow::Owned(key))
}

/// Returns whether `text` begins with an escape when it is read as a wire name, or would be read so if written as it
/// is: `--hh` of a byte that needs one, or `--2d`, a literal `-`, before what would make an escape of that `-`.
fn starts_escape(dialect: &Dialect, text: &[u8]) -> bool {
    let Some((b'-', mut rest)) = text.split_first() else {
        return false;
    };
    loop {
        match hex_after_dash(rest) {
            Some(b'-') => rest = &rest[3..],
            Some(byte) => return needs_escape(dialect, byte),
            None => return false,
        }
    }
}

/// Returns whether a key's byte never goes onto the wire as it is. NUL is in no key, so `--00` is no escape.
fn needs_escape(dialect: &Dialect, byte: u8) -> bool {
    byte != 0 && !dialect.meta_name_byte_ok(byte)
}

/// Reads `-hh`, in lower case.
fn hex_after_dash(text: &[u8]) -> Option<u8> {
    let digit = |b: u8| HEX.iter().position(|h| *h == char::from(b));
    match *text {
        [b'-', high, low, ..] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    }
}

const HEX: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use proptest::prelude::*;
    use test_case::test_case;

    #[test_case(&OSS, "author" => "author")]
    #[test_case(&OSS, "my_key" => "my--5fkey"; "underscore")]
    #[test_case(&S3, "my_key" => "my_key"; "underscore is plain in a dialect that takes it")]
    #[test_case(&OSS, "a.b" => "a--2eb"; "dot")]
    #[test_case(&S3, "a.b" => "a.b"; "dot is plain in a dialect that takes it")]
    #[test_case(&S3, "A" => "--41"; "upper case")]
    #[test_case(&S3, "é" => "--c3--a9"; "beyond ascii")]
    #[test_case(&S3, "a b\n" => "a--20b--0a"; "blank and newline")]
    #[test_case(&S3, "a--61" => "a--61"; "no escape of a byte that needs none")]
    #[test_case(&S3, "a--5f" => "a--5f"; "underscore needs none here")]
    #[test_case(&OSS, "a--5f" => "a--2d-5f"; "a literal that would read as an escape")]
    #[test_case(&OSS, "a--5F" => "a--5--46"; "upper case hex is no escape")]
    #[test_case(&OSS, "a--" => "a--"; "dashes alone")]
    #[test_case(&OSS, "---5f" => "---2d-5f"; "three dashes")]
    #[test_case(&OSS, "-_" => "---5f"; "dash before an escape")]
    #[test_case(&OSS, "--_" => "----5f"; "dashes before an escape")]
    #[test_case(&OSS, "a--2d" => "a--2d"; "2d before nothing")]
    #[test_case(&OSS, "a--2d-5f" => "a--2d-2d-5f"; "2d before what it would protect")]
    #[test_case(&OSS, "a--2d_" => "a--2d--5f"; "2d before an escape")]
    #[test_case(&S3, "--symlink-target" => "--symlink-target")]
    fn encodes(dialect: &Dialect, key: &str) -> String {
        let wire = encode(dialect, key.as_bytes());
        assert_eq!(decode(dialect, &wire).as_deref(), Some(key.as_bytes()));
        wire.into()
    }

    #[test_case(&OSS, "a_b"; "a byte the dialect refuses")]
    #[test_case(&S3, "a+b"; "a byte that is a token elsewhere")]
    #[test_case(&S3, "A"; "upper case")]
    #[test_case(&S3, ""; "nothing")]
    fn a_name_that_no_key_is_written_as_has_no_key(dialect: &Dialect, wire: &str) {
        assert_eq!(decode(dialect, wire), None);
    }

    #[test]
    fn nul_is_never_read() {
        assert_eq!(decode(&OSS, "a--00").as_deref(), Some(&b"a--00"[..]));
    }

    /// Bytes that meet in escapes far more often than chance would have it.
    fn nasty() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            6 => Just(b"-".to_vec()),
            2 => Just(b"-2d".to_vec()),
            2 => Just(b"--5f".to_vec()),
            6 => prop::sample::select(b"2d5f61a_.A\n0e".to_vec()).prop_map(|b| vec![b]),
            1 => Just("é".as_bytes().to_vec()),
            1 => (1..=255u8).prop_map(|b| vec![b]),
        ];
        prop::collection::vec(piece, 1..60).prop_map(|pieces| pieces.concat())
    }

    fn dialect() -> impl Strategy<Value = &'static Dialect> {
        prop::sample::select(vec![&OSS, &S3])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// What was set is what is shown; with that, two keys never share a wire name.
        #[test]
        fn every_key_comes_back(dialect in dialect(), key in nasty()) {
            let wire = encode(dialect, &key);
            prop_assert!(wire.bytes().all(|b| dialect.meta_name_byte_ok(b)), "{wire}");
            let read = decode(dialect, &wire);
            prop_assert_eq!(read.as_deref(), Some(&key[..]));
        }

        /// What is shown for a name, whoever wrote it, edits that name and no other.
        #[test]
        fn every_wire_name_comes_back(dialect in dialect(), wire in "(-|-2d|--5f|--2e|[2d5f61ae0_.]){1,40}") {
            match decode(dialect, &wire) {
                Some(key) => {
                    prop_assert!(!key.contains(&0));
                    prop_assert_eq!(&*encode(dialect, &key), &*wire);
                }
                None => prop_assert!(wire.bytes().any(|b| !dialect.meta_name_byte_ok(b))),
            }
        }
    }
}
