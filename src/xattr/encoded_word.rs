//! Encoded words of RFC 2047, the form in which headers carry text beyond ASCII.
//!
//! Written as one word in base64 over UTF-8; read leniently, since services, SDKs and proxies write their own forms.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Returns `text` as one encoded word.
pub(super) fn encode(text: &str) -> String {
    format!("=?UTF-8?B?{}?=", STANDARD.encode(text))
}

/// Decodes the encoded words of `value`; `None` when it has none. A word stands alone or between blanks; blanks
/// between two words belong to neither. The bytes of a UTF-8 word need not be UTF-8: some services wrap Latin-1 so.
pub(super) fn decode(value: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(value.len());
    let mut found = false;
    let mut rest = value;
    // Whether the byte before `rest` ended a word, and where `out` ended then.
    let mut after_word: Option<usize> = None;
    while let Some((&first, after)) = rest.split_first() {
        let delimited = after_word == Some(out.len()) || out.last().is_none_or(|b| is_blank(*b));
        if let Some((bytes, left)) = parse_word(rest).filter(|_| delimited) {
            if let Some(end) = after_word
                && out[end..].iter().all(|b| is_blank(*b))
            {
                out.truncate(end);
            }
            out.extend_from_slice(&bytes);
            after_word = Some(out.len());
            found = true;
            rest = left;
        } else {
            out.push(first);
            rest = after;
        }
    }
    found.then_some(out)
}

/// Reads one word from the start of `text`, and returns its bytes and what follows.
fn parse_word(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut fields = text.strip_prefix(b"=?")?.splitn(4, |b| *b == b'?');
    let (charset, encoding) = (fields.next()?, fields.next()?);
    let (encoded, left) = (fields.next()?, fields.next()?.strip_prefix(b"=")?);
    if !(left.is_empty() || is_blank(left[0]) || left.starts_with(b"=?")) {
        return None;
    }
    let bytes = match encoding {
        b"B" | b"b" => LENIENT_BASE64.decode(encoded).ok()?,
        b"Q" | b"q" => decode_q(encoded)?,
        _ => return None,
    };
    // RFC 2231 lets a language follow the charset.
    let charset = charset.split(|b| *b == b'*').next().unwrap_or(charset);
    let bytes = match charset.to_ascii_lowercase().as_slice() {
        b"utf-8" | b"utf8" | b"us-ascii" => bytes,
        b"iso-8859-1" | b"latin1" => bytes.into_iter().map(char::from).collect::<String>().into(),
        _ => return None,
    };
    Some((bytes, left))
}

fn decode_q(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter().copied();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'_' => b' ',
            b'=' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    Some(out)
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

const LENIENT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use test_case::test_case;

    #[test_case("=?UTF-8?B?5Lu35qC8?=" => Some("价格".into()); "base64")]
    #[test_case("=?utf-8?b?5Lu35qC8?=" => Some("价格".into()); "lower case")]
    #[test_case("=?UTF-8?B?w6k?=" => Some("é".into()); "without padding")]
    #[test_case("=?UTF-8?Q?caf=C3=A9_=5F=3F=3D%?=" => Some("café _?=%".into()); "quoted printable")]
    #[test_case("=?utf-8?q?caf=c3=a9?=" => Some("café".into()); "lower case hex")]
    #[test_case("=?UTF-8*en?Q?a?=" => Some("a".into()); "with a language")]
    #[test_case("=?ISO-8859-1?Q?caf=E9?=" => Some("café".into()); "latin 1")]
    #[test_case("=?UTF-8?Q?a?= =?UTF-8?Q?b?=" => Some("ab".into()); "adjacent words join")]
    #[test_case("=?UTF-8?Q?a?==?UTF-8?Q?b?=" => Some("ab".into()); "touching words join")]
    #[test_case("=?UTF-8?B?5A==?= =?UTF-8?B?u7c=?=" => Some("价".into()); "a character cut in two")]
    #[test_case("x =?UTF-8?Q?a?= y =?UTF-8?Q?b?=" => Some("x a y b".into()); "between plain text")]
    #[test_case("=?UTF-8?Q??=" => Some(String::new()); "empty word")]
    #[test_case("plain" => None)]
    #[test_case("a=?UTF-8?Q?b?=" => None; "not at a word's start")]
    #[test_case("=?UTF-8?Q?b?=c" => None; "not at a word's end")]
    #[test_case("=?UTF-8?B?%%?=" => None; "broken base64")]
    #[test_case("=?UTF-8?Q?=4?=" => None; "broken quoted printable")]
    #[test_case("=?UTF-8?X?a?=" => None; "unknown encoding")]
    #[test_case("=?koi8-r?B?0MU=?=" => None; "unknown charset")]
    #[test_case("=?" => None; "cut short")]
    #[test_case("=?UTF-8?Q?a" => None; "without an end")]
    fn reads(value: &str) -> Option<String> {
        decode(value.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_word_may_wrap_bytes_that_are_no_utf8() {
        assert_eq!(decode(b"=?UTF-8?Q?caf=E9?=").unwrap(), b"caf\xe9");
    }

    proptest! {
        #[test]
        fn text_comes_back(text in any::<String>()) {
            prop_assert_eq!(decode(encode(&text).as_bytes()), Some(text.into_bytes()));
        }

        #[test]
        fn anything_can_be_read(value in prop::collection::vec(prop::sample::select(b"=?UTF-8BQ \xe9a_".to_vec()), 0..40)) {
            decode(&value);
        }
    }
}
