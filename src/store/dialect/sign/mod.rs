//! Signatures: OSS versions 4 and 1, AWS version 4; each in the header and in the query.
//!
//! Pure: the time is an argument, header values are the bytes that are sent. The canonical forms are public because
//! the embedded server verifies with them. Which one a dialect uses is its table's [`Signature`].

mod canonical;
mod encode;
pub mod oss_v1;
pub mod oss_v4;
pub mod sig_v4;
pub mod v4;

pub use canonical::{Bare, canonical_query, encode_query, parse_query};
pub use encode::{encode_bytes, encode_component, encode_key};

use super::Dialect;
use crate::store::types::{Credentials, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::borrow::Cow;
use std::time::Duration;

/// A parameter of a query, decoded; an empty value is a bare name.
pub type QueryPair = (Cow<'static, str>, String);

/// The parameters of a query, in the order they are sent.
pub type Query = Vec<QueryPair>;

/// Who signs, where and when.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The key pair.
    pub credentials: &'a Credentials,
    /// The region that the bucket lives in, by its bare id.
    pub region: &'a str,
    /// The time by the server's clock.
    pub time: Timestamp,
}

/// What a request is addressed to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The `Host` header, with the port where it is not the scheme's own.
    pub host: &'a str,
    /// The path of the URL, percent-encoded as it is sent.
    pub path: &'a str,
    /// The bucket, empty for the service itself.
    pub bucket: &'a str,
    /// The key as it is, `None` for the bucket itself.
    pub key: Option<&'a str>,
}

/// How a dialect signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// OSS version 4.
    OssV4,
    /// AWS version 4.
    AwsV4,
}

impl Dialect {
    /// Signs a request by header. May be called again on the same headers to sign anew.
    pub fn sign(
        &self,
        method: &Method,
        target: &Target<'_>,
        query: &[QueryPair],
        headers: &mut HeaderMap,
        scope: &Scope<'_>,
    ) {
        match self.signature {
            Signature::OssV4 => oss_v4::sign(method, target, query, headers, &[], scope),
            Signature::AwsV4 => sig_v4::sign(method, target, query, headers, scope),
        }
    }

    /// Signs a request by query, for `expires`, the service's longest or the credentials' life, whichever is
    /// shortest. `headers` are those that will be sent with it.
    pub fn presign(
        &self,
        method: &Method,
        target: &Target<'_>,
        query: &mut Query,
        headers: &HeaderMap,
        scope: &Scope<'_>,
        expires: Duration,
    ) {
        let seconds = self.presign_seconds(scope, expires);
        match self.signature {
            Signature::OssV4 => {
                oss_v4::presign(method, target, query, headers, &[], scope, seconds);
            }
            Signature::AwsV4 => sig_v4::presign(method, target, query, headers, scope, seconds),
        }
    }

    /// Writes a query for a URL.
    pub fn encode_query(&self, query: &[QueryPair]) -> String {
        encode_query(query, self.bare_parameters)
    }

    /// Writes a key for the path of a URL.
    pub fn encode_key(key: &str) -> String {
        encode_key(key)
    }

    fn presign_seconds(&self, scope: &Scope<'_>, expires: Duration) -> u64 {
        let left = scope.credentials.expires.map_or(u64::MAX, |end| {
            u64::try_from(end.0.saturating_sub(scope.time.0)).unwrap_or(0)
        });
        expires
            .as_secs()
            .min(self.limits.presign_seconds)
            .min(left)
            .max(1)
    }
}

/// Makes a header of text that was checked where it came in: an access key, a region, a token or a host that cannot
/// be a header value becomes an empty one, which the service refuses.
fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_bytes(text.as_bytes()).unwrap_or(HeaderValue::from_static(""))
}

fn set_or_remove(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    match value {
        Some(value) => headers.insert(name, header_value(value)),
        None => headers.remove(name),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::OSS;
    use crate::store::types::Secret;
    use test_case::test_case;

    #[test_case(3600, None => 3600; "as asked")]
    #[test_case(0, None => 1; "at least a second")]
    #[test_case(1_000_000, None => 604_800; "the service's longest")]
    #[test_case(3600, Some(1060) => 60; "the credentials' life")]
    #[test_case(3600, Some(900) => 1; "expired credentials")]
    fn a_url_lives_no_longer_than_its_credentials(asked: u64, expires: Option<i64>) -> u64 {
        let credentials = Credentials {
            access_key: "ak".into(),
            secret: Secret::new("sk"),
            token: None,
            expires: expires.map(Timestamp),
        };
        let scope = Scope {
            credentials: &credentials,
            region: "r",
            time: Timestamp(1000),
        };
        OSS.presign_seconds(&scope, Duration::from_secs(asked))
    }

    #[test]
    fn signing_again_without_a_token_drops_the_old_one() {
        let mut credentials = Credentials {
            access_key: "ak".into(),
            secret: Secret::new("sk"),
            token: Some(Secret::new("token")),
            expires: None,
        };
        let target = Target {
            host: "b.example",
            path: "/k",
            bucket: "b",
            key: Some("k"),
        };
        for dialect in [&super::super::OSS, &super::super::S3] {
            let mut headers = HeaderMap::new();
            for _ in 0..2 {
                let scope = Scope {
                    credentials: &credentials,
                    region: "r",
                    time: Timestamp(1000),
                };
                dialect.sign(&Method::GET, &target, &[], &mut headers, &scope);
                let has_token = headers.keys().any(|n| n.as_str().ends_with("-token"));
                assert_eq!(has_token, credentials.token.is_some());
                credentials.token = None;
            }
            credentials.token = Some(Secret::new("token"));
        }
    }
}
