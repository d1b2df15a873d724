//! What the canonical forms of all signatures have in common.

use super::encode::encode_component;
use super::{Query, QueryPair};
use http::HeaderMap;
use std::borrow::Cow;

/// How a parameter without a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// `name`.
    Name,
    /// `name=`.
    NameAndSign,
}

/// Writes a query for a URL: encoded, in the order given.
pub fn encode_query(query: &[QueryPair], bare: Bare) -> String {
    join(query.iter().map(encoded), bare)
}

/// Writes the canonical query: encoded, sorted by encoded name and value, without the parameter `signature`.
pub fn canonical_query(query: &[QueryPair], bare: Bare, signature: &str) -> String {
    let mut pairs: Vec<_> = query
        .iter()
        .filter(|(name, _)| name != signature)
        .map(encoded)
        .collect();
    pairs.sort();
    join(pairs.into_iter(), bare)
}

/// Reads the query of a URL. `None` for one that is no UTF-8 when decoded. A `+` is a blank: some SDKs write it so.
pub fn parse_query(query: &str) -> Option<Query> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text)
            .decode_utf8()
            .ok()
            .map(Cow::into_owned)
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((Cow::Owned(decode(name)?), decode(value)?))
        })
        .collect()
}

/// Appends `name:value` lines for `names`, in that order; several headers of one name are joined by `,`. Values are
/// bytes, as sent, without white space around them.
pub(super) fn header_lines(
    out: &mut Vec<u8>,
    headers: &HeaderMap,
    names: &[&str],
    write_value: fn(&mut Vec<u8>, &[u8]),
) {
    for name in names {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        for (n, value) in headers.get_all(*name).iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            write_value(out, value.as_bytes());
        }
        out.push(b'\n');
    }
}

/// Returns the names of the headers that `wanted` accepts, sorted, each once.
pub(super) fn names(headers: &HeaderMap, wanted: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut names: Vec<_> = headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| wanted(name))
        .collect();
    names.sort_unstable();
    names
}

/// Writes a value without white space around it.
pub(super) fn trimmed(out: &mut Vec<u8>, value: &[u8]) {
    out.extend_from_slice(value.trim_ascii());
}

/// Writes a value without white space around it and with one blank for each run of it.
pub(super) fn collapsed(out: &mut Vec<u8>, value: &[u8]) {
    let words = value
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    for (n, word) in words.enumerate() {
        if n > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

fn encoded((name, value): &QueryPair) -> (String, String) {
    (encode_component(name), encode_component(value))
}

fn join(pairs: impl Iterator<Item = (String, String)>, bare: Bare) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(&name);
        if !value.is_empty() || bare == Bare::NameAndSign {
            out.push('=');
            out.push_str(&value);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("a=1&b&c=&%2Ba=x%20y%2F", Some(&[("a", "1"), ("b", ""), ("c", ""), ("+a", "x y/")]))]
    #[test_case("a=b+c=d", Some(&[("a", "b c=d")]))]
    #[test_case("", Some(&[]); "empty")]
    #[test_case("a=%FF", None)]
    fn reads_a_query(text: &str, expected: Option<&[(&str, &str)]>) {
        let expected: Option<Query> = expected.map(|pairs| {
            let pair = |(n, v): &(&str, &str)| (Cow::Owned((*n).to_owned()), (*v).to_owned());
            pairs.iter().map(pair).collect()
        });
        assert_eq!(parse_query(text), expected);
    }

    #[test]
    fn writes_a_query_in_both_forms() {
        let query = parse_query("tagging&versionId=a%2Fb%20c").expect("UTF-8");
        assert_eq!(
            encode_query(&query, Bare::Name),
            "tagging&versionId=a%2Fb%20c"
        );
        assert_eq!(
            encode_query(&query, Bare::NameAndSign),
            "tagging=&versionId=a%2Fb%20c"
        );
    }
}
