//! What a mount is given as its source: `oss://BUCKET[/PREFIX]` or `s3://BUCKET[/PREFIX]`.

use super::{Failure, Result};
use crate::store::Dialect;
use std::ops::RangeInclusive;

/// A bucket, and the part of it to show.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) dialect: &'static Dialect,
    pub(super) bucket: String,
    /// Empty, or ends in `/`.
    pub(super) prefix: String,
}

impl Source {
    /// Parses a URL. The prefix is taken as it is, without percent-decoding.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Failure(format!(
                "{url:?}: {why}: give oss://BUCKET[/PREFIX] or s3://BUCKET[/PREFIX]"
            ))
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("not a URL"))?;
        let dialect = Dialect::of_scheme(scheme).ok_or_else(|| wrong("unknown scheme"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(wrong("no bucket"));
        }
        check_bucket(dialect, bucket)?;
        Ok(Self {
            dialect,
            bucket: bucket.into(),
            prefix: normal_prefix(prefix, dialect)?,
        })
    }
}

/// Checks a bucket's name against the service's rules, S3's old and wider ones for S3.
fn check_bucket(dialect: &Dialect, name: &str) -> Result<()> {
    let (lengths, extra, upper): (RangeInclusive<usize>, &[u8], bool) = match dialect.scheme {
        "oss" => (3..=63, b"-", false),
        _ => (3..=255, b"-._", true),
    };
    let plain =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || upper && b.is_ascii_uppercase();
    let bytes = name.as_bytes();
    let wrong = if !lengths.contains(&bytes.len()) {
        format!("has {} to {} characters", lengths.start(), lengths.end())
    } else if !bytes.iter().all(|b| plain(*b) || extra.contains(b)) {
        "has only lower-case letters, digits and hyphens".into()
    } else if !bytes.first().is_some_and(|b| plain(*b)) || !bytes.last().is_some_and(|b| plain(*b))
    {
        "begins and ends with a letter or digit".into()
    } else if name.contains("..") {
        "has no two dots in a row".into()
    } else {
        return Ok(());
    };
    Err(Failure(format!(
        "{name:?} is no bucket name: a bucket's name {wrong}"
    )))
}

fn normal_prefix(prefix: &str, dialect: &Dialect) -> Result<String> {
    let trimmed = prefix.strip_suffix('/').unwrap_or(prefix);
    if trimmed.is_empty() && prefix.is_empty() {
        return Ok(String::new());
    }
    for component in trimmed.split('/') {
        if matches!(component, "" | "." | "..") {
            return Err(Failure(format!(
                "prefix {prefix:?} holds an empty component, `.` or `..`: no path leads there; write it as a/b/c"
            )));
        }
    }
    let normal = format!("{trimmed}/");
    if normal.len() > dialect.limits.key_bytes {
        let most = dialect.limits.key_bytes;
        return Err(Failure(format!(
            "the prefix is longer than a key may be ({most} bytes): shorten it"
        )));
    }
    Ok(normal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("oss://bucket", ("oss", "bucket", ""); "a bucket")]
    #[test_case("s3://bucket/", ("s3", "bucket", ""); "a slash")]
    #[test_case("oss://bucket/a", ("oss", "bucket", "a/"); "a prefix")]
    #[test_case("oss://bucket/a/b/", ("oss", "bucket", "a/b/"); "a deep prefix")]
    #[test_case("s3://my.bucket/a b%20,ü", ("s3", "my.bucket", "a b%20,ü/"); "a prefix is taken as it is")]
    #[test_case("s3://Old_Bucket", ("s3", "Old_Bucket", ""); "a name of before the rules")]
    fn takes(url: &str, expected: (&str, &str, &str)) {
        let source = Source::parse(url).unwrap();
        let got = (
            source.dialect.scheme,
            source.bucket.as_str(),
            source.prefix.as_str(),
        );
        assert_eq!(got, expected);
    }

    #[test_case("bucket", "not a URL"; "no scheme")]
    #[test_case("gs://bucket", "unknown scheme"; "another scheme")]
    #[test_case("OSS://bucket", "unknown scheme"; "a scheme in capitals")]
    #[test_case("oss:///a", "no bucket"; "no bucket")]
    #[test_case("oss://ab", "3 to 63"; "a short name")]
    #[test_case("oss://Bucket", "lower-case"; "capitals")]
    #[test_case("oss://my_bucket", "lower-case"; "an underscore")]
    #[test_case("oss://user@host", "lower-case"; "an at sign")]
    #[test_case("oss://-bucket", "begins and ends"; "a hyphen first")]
    #[test_case("s3://a..b", "two dots"; "two dots")]
    #[test_case("oss://bucket//", "no path leads"; "two slashes")]
    #[test_case("oss://bucket/a//b", "no path leads"; "an empty component")]
    #[test_case("oss://bucket/a/../b", "no path leads"; "dot dot")]
    #[test_case("oss://bucket/./b", "no path leads"; "a dot")]
    fn refuses(url: &str, expected: &str) {
        let message = Source::parse(url).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn a_prefix_is_no_longer_than_a_key() {
        let message = Source::parse(&format!("oss://bucket/{}", "a/".repeat(512)));
        assert!(message.unwrap_err().to_string().contains("1023 bytes"));
    }
}
