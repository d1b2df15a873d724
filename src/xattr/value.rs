//! The values of user metadata: any bytes on one side, a legal header value on the other.
//!
//! What is plain stays plain for every other tool; the rest goes as text in the dialect's form or as `0s` and base64,
//! the form that getfattr and setfattr use. `decode(encode(v)) == v` for all bytes.

use super::encoded_word;
use crate::store::Dialect;
use crate::store::dialect::TextForm;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// Returns the wire form of a value.
pub(super) fn encode<'a>(dialect: &Dialect, value: &'a [u8]) -> Cow<'a, [u8]> {
    match (text_of(value), dialect.text_form) {
        (Some(text), _) if text.is_ascii() => Cow::Borrowed(value),
        (Some(_), TextForm::Utf8) => Cow::Borrowed(value),
        // Reading takes such a text for one encoded twice.
        (Some(text), TextForm::EncodedWord) if undo_latin1(text.as_bytes()).is_some() => {
            Cow::Owned(encode_base64(value))
        }
        (Some(text), TextForm::EncodedWord) => Cow::Owned(encoded_word::encode(text).into()),
        (None, _) => Cow::Owned(encode_base64(value)),
    }
}

/// Returns the value that a wire form stands for, whoever wrote it.
pub(super) fn decode<'a>(dialect: &Dialect, wire: &'a [u8]) -> Cow<'a, [u8]> {
    if let Some(value) = decode_base64(dialect, wire) {
        return Cow::Owned(value);
    }
    let Some(text) = encoded_word::decode(wire) else {
        return Cow::Borrowed(wire);
    };
    match dialect.text_form {
        TextForm::Utf8 => Cow::Owned(text),
        // A service of this form takes raw UTF-8 for Latin-1 and gives that back in encoded words.
        TextForm::EncodedWord => Cow::Owned(undo_latin1(&text).unwrap_or(text)),
    }
}

/// Returns the value as text when it can travel as text: not empty, no control characters, no white space at either
/// end, nothing that reading takes for another form.
fn text_of(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    let plain = !text.is_empty()
        && text.trim() == text
        && !text.chars().any(char::is_control)
        && !text.starts_with(BASE64)
        && !text.contains("=?");
    plain.then_some(text)
}

/// Returns the text whose UTF-8 was taken for Latin-1 to make `value`.
fn undo_latin1(value: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(value).ok().filter(|t| !t.is_ascii())?;
    let bytes = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)))
        .collect::<Result<Vec<_>, _>>()
        .ok()?;
    std::str::from_utf8(&bytes).is_ok().then_some(bytes)
}

fn encode_base64(value: &[u8]) -> Vec<u8> {
    format!("{BASE64}{}", STANDARD.encode(value)).into()
}

/// Decodes only what [`encode`] writes so; anything else is a value of others that happens to begin alike.
fn decode_base64(dialect: &Dialect, wire: &[u8]) -> Option<Vec<u8>> {
    let value = STANDARD
        .decode(wire.strip_prefix(BASE64.as_bytes())?)
        .ok()?;
    (*encode(dialect, &value) == *wire).then_some(value)
}

const BASE64: &str = "0s";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use proptest::prelude::*;
    use test_case::test_case;

    #[test_case(&S3, b"100 dollar" => "100 dollar"; "plain")]
    #[test_case(&OSS, "价格".as_bytes() => "价格"; "text")]
    #[test_case(&S3, "价格".as_bytes() => "=?UTF-8?B?5Lu35qC8?="; "text as a word")]
    #[test_case(&OSS, b"" => "0s"; "empty")]
    #[test_case(&OSS, b" a" => "0sIGE="; "blank first")]
    #[test_case(&OSS, b"a " => "0sYSA="; "blank last")]
    #[test_case(&OSS, "\u{3000}a".as_bytes() => "0s44CAYQ=="; "wide blank first")]
    #[test_case(&OSS, b"a\r\nx-evil: 1" => "0sYQ0KeC1ldmlsOiAx"; "line break")]
    #[test_case(&OSS, b"a\tb" => "0sYQli"; "tab")]
    #[test_case(&OSS, b"a\0" => "0sYQA="; "nul")]
    #[test_case(&OSS, b"\x7f" => "0sfw=="; "del")]
    #[test_case(&OSS, b"\xe9" => "0s6Q=="; "latin 1")]
    #[test_case(&OSS, "a\u{85}b".as_bytes() => "0sYcKFYg=="; "c1 control")]
    #[test_case(&OSS, b"0sYWJj" => "0sMHNZV0pq"; "what looks like base64")]
    #[test_case(&OSS, b"0s" => "0sMHM="; "the mark alone")]
    #[test_case(&OSS, b"x=?y" => "0seD0/eQ=="; "what looks like a word")]
    #[test_case(&OSS, b"0x41" => "0x41"; "hex of getfattr is plain")]
    #[test_case(&S3, "Ã©".as_bytes() => "0sw4PCqQ=="; "what looks encoded twice")]
    #[test_case(&OSS, "Ã©".as_bytes() => "Ã©"; "encoded twice only matters for words")]
    fn encodes(dialect: &Dialect, value: &[u8]) -> String {
        let wire = encode(dialect, value);
        assert_eq!(*decode(dialect, &wire), *value);
        String::from_utf8(wire.into_owned()).unwrap()
    }

    #[test_case(&S3, b"caf\xc3\xa9" => b"caf\xc3\xa9".to_vec(); "raw utf-8")]
    #[test_case(&S3, b"caf\xe9" => b"caf\xe9".to_vec(); "raw latin 1")]
    #[test_case(&OSS, b"=?UTF-8?Q?caf=C3=A9?=" => b"caf\xc3\xa9".to_vec(); "a word")]
    #[test_case(&S3, b"=?UTF-8?Q?actually-ascii?=" => b"actually-ascii".to_vec(); "an ascii word")]
    #[test_case(&S3, b"=?UTF-8?B?w4PChE3Dg8KEWg==?=" => "ÄMÄZ".as_bytes().to_vec(); "encoded twice")]
    #[test_case(&OSS, b"=?UTF-8?B?w4PCqQ==?=" => "Ã©".as_bytes().to_vec(); "not undone where text is raw")]
    #[test_case(&OSS, b"0sYWJj" => b"0sYWJj".to_vec(); "base64 of what is plain")]
    #[test_case(&OSS, b"0sIGE" => b"0sIGE".to_vec(); "base64 without padding")]
    #[test_case(&OSS, b"0sIGF=" => b"0sIGF=".to_vec(); "base64 with bits left over")]
    #[test_case(&OSS, b"0shello" => b"0shello".to_vec(); "no base64")]
    #[test_case(&OSS, b"" => b"".to_vec(); "empty")]
    fn reads_what_others_wrote(dialect: &Dialect, wire: &[u8]) -> Vec<u8> {
        decode(dialect, wire).into_owned()
    }

    fn value() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => prop::sample::select(vec!["0s", "=?", "?=", "UTF-8?B?", " ", "a", "=", "?", "é", "Ã", "©", "Â", "\n", "\u{a0}", "价", "YQ=="])
                .prop_map(|s| s.as_bytes().to_vec()),
            1 => any::<u8>().prop_map(|b| vec![b]),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn every_value_comes_back(dialect in prop::sample::select(vec![&OSS, &S3]), value in value()) {
            let wire = encode(dialect, &value).into_owned();
            prop_assert_eq!(&*decode(dialect, &wire), &value[..]);
            prop_assert!(!wire.is_empty());
            prop_assert!(wire.iter().all(|b| *b >= b' ' && *b != 0x7f), "{:?}", wire);
            prop_assert_eq!(wire.trim_ascii(), &wire[..]);
            if dialect.text_form == TextForm::EncodedWord {
                prop_assert!(wire.is_ascii());
            }
        }
    }
}
