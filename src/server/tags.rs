//! Tags: their two forms on the wire, and the limits of both.

use super::error::{Code, Error, INVALID_ARGUMENT, INVALID_TAG, MALFORMED_XML, Result};
use super::xml::{Element, Writer};
use crate::store::dialect::OSS;
use crate::store::types::VecMap;
use percent_encoding::percent_decode;

/// An object's tags.
pub type Tags = VecMap<Box<str>, Box<str>>;

/// Reads an `x-oss-tagging` header: `key=value` pairs joined by `&`, each part URL-encoded; a key alone has the empty
/// value.
pub fn of_header(value: &[u8]) -> Result<Tags> {
    let malformed = || {
        Error::from(&INVALID_ARGUMENT)
            .message("The tagging header is not a list of URL-encoded pairs.")
            .element("ArgumentName", "x-oss-tagging")
            .ec("0010-00000219")
    };
    let decode = |part: &[u8]| {
        let plus = part
            .iter()
            .map(|b| if *b == b'+' { b' ' } else { *b })
            .collect::<Vec<_>>();
        percent_decode(&plus)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
    };
    let mut pairs = Vec::new();
    for pair in value.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
        let mut parts = pair.splitn(2, |b| *b == b'=');
        let key = parts.next().unwrap_or_default();
        let value = parts.next().unwrap_or_default();
        if value.contains(&b'=') {
            return Err(malformed());
        }
        pairs.push((
            decode(key).map_err(|_| malformed())?,
            decode(value).map_err(|_| malformed())?,
        ));
    }
    checked(pairs, &INVALID_ARGUMENT)
}

/// Reads the body of PutObjectTagging.
pub fn of_xml(body: &[u8]) -> Result<Tags> {
    let root = Element::parse(body)?;
    let malformed = || Error::from(&MALFORMED_XML);
    if root.name != "Tagging" {
        return Err(malformed());
    }
    let set = root.child("TagSet").ok_or_else(malformed)?;
    let mut pairs = Vec::new();
    for tag in set.children("Tag") {
        let key = tag.child("Key").ok_or_else(malformed)?.text.clone();
        let value = tag
            .child("Value")
            .map_or_else(String::new, |v| v.text.clone());
        pairs.push((key, value));
    }
    checked(pairs, &INVALID_TAG)
}

/// Writes the answer of GetObjectTagging.
pub fn to_xml(tags: &Tags) -> String {
    let mut xml = Writer::new("Tagging");
    xml.within("TagSet", |xml| {
        for (key, value) in tags.iter() {
            xml.within("Tag", |xml| {
                xml.text("Key", key);
                xml.text("Value", value);
            });
        }
    });
    xml.finish()
}

/// Holds tags to the service's limits; `code` is what a breach is called in this form.
fn checked(pairs: Vec<(String, String)>, code: &'static Code) -> Result<Tags> {
    let limits = &OSS.limits;
    let refuse = |ec, message: &'static str| Err(Error::from(code).ec(ec).message(message));
    if pairs.len() > limits.tags {
        return refuse("0010-00000218", "An object has at most 10 tags.");
    }
    let mut tags = Tags::new();
    for (key, value) in pairs {
        let allowed = |text: &str| text.chars().all(|c| OSS.tag_char_ok(c));
        if key.is_empty() || key.chars().count() > limits.tag_key_chars || !allowed(&key) {
            return refuse(
                "0010-00000209",
                "A tag's key has 1 to 128 letters, digits, blanks and + - = . _ : /",
            );
        }
        if value.chars().count() > limits.tag_value_chars || !allowed(&value) {
            return refuse(
                "0010-00000217",
                "A tag's value has at most 256 letters, digits, blanks and + - = . _ : /",
            );
        }
        if tags.insert(key.into(), value.into()).is_some() {
            return refuse("0010-00000210", "Two tags have the same key.");
        }
    }
    tags.shrink_to_fit();
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    fn outcome(tags: Result<Tags>) -> Result<Vec<(String, String)>, &'static str> {
        tags.map(|tags| {
            tags.iter()
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .collect()
        })
        .map_err(|error| error.ec)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Result<Vec<(String, String)>, &'static str> {
        Ok(pairs
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect())
    }

    #[test_case("", pairs(&[]); "none")]
    #[test_case("owner=John&type=document", pairs(&[("owner", "John"), ("type", "document")]); "two")]
    #[test_case("a", pairs(&[("a", "")]); "a key alone")]
    #[test_case("a=", pairs(&[("a", "")]); "an empty value")]
    #[test_case("a%20b=c%2Bd+e", pairs(&[("a b", "c+d e")]); "encoded")]
    #[test_case("%E4%B8%AD=%E6%96%87", pairs(&[("中", "文")]); "letters of any script")]
    #[test_case("a=b%3Dc", pairs(&[("a", "b=c")]); "an encoded sign of equality")]
    #[test_case("a=b=c", Err("0010-00000219"); "two signs of equality")]
    #[test_case("a=%FF", Err("0010-00000219"); "not UTF-8")]
    #[test_case("=b", Err("0010-00000209"); "no key")]
    #[test_case("a=1&a=2", Err("0010-00000210"); "twice")]
    #[test_case("a%40b=c", Err("0010-00000209"); "a refused character in the key")]
    #[test_case("a=%25", Err("0010-00000217"); "a refused character in the value")]
    fn reads_the_header(header: &str, expected: Result<Vec<(String, String)>, &'static str>) {
        assert_eq!(outcome(of_header(header.as_bytes())), expected);
    }

    #[test_case(128, 256, 10 => true; "at the limits")]
    #[test_case(129, 0, 1 => false; "a longer key")]
    #[test_case(1, 257, 1 => false; "a longer value")]
    #[test_case(3, 3, 11 => false; "an eleventh tag")]
    fn counts_characters(key: usize, value: usize, count: usize) -> bool {
        let pairs = (0..count).map(|n| {
            let key = format!("{}{n}", "é".repeat(key - n.to_string().len()));
            (key, "é".repeat(value))
        });
        checked(pairs.collect(), &INVALID_TAG).is_ok()
    }

    #[test]
    fn xml_goes_both_ways() {
        let xml = b"<Tagging><TagSet><Tag><Key>a</Key><Value>x y</Value></Tag>\
                    <Tag><Key>b</Key><Value></Value></Tag></TagSet></Tagging>";
        let tags = of_xml(xml).unwrap();
        assert_eq!(outcome(Ok(tags.clone())), pairs(&[("a", "x y"), ("b", "")]));
        assert_eq!(of_xml(to_xml(&tags).as_bytes()).unwrap(), tags);
    }

    #[test_case("" ; "nothing")]
    #[test_case("<Tagging>" ; "cut short")]
    #[test_case("<Tagging/>" ; "no set")]
    #[test_case("<Other><TagSet/></Other>" ; "another root")]
    #[test_case("<Tagging><TagSet><Tag><Value>x</Value></Tag></TagSet></Tagging>" ; "no key")]
    fn refuses_other_xml(xml: &str) {
        assert_eq!(
            of_xml(xml.as_bytes()).unwrap_err().code.name,
            "MalformedXML"
        );
    }
}
