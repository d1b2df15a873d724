//! OSS signature version 1 (HMAC-SHA1 over a few headers), in the header and in the query.
//!
//! This client signs with version 4; the SDKs that still sign with version 1 by default are why the embedded server
//! verifies it.

use super::canonical::{header_lines, names, trimmed};
use super::{Query, QueryPair, Scope, Target, header_value, set_or_remove};
use crate::store::types::Secret;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, Method, header};
use sha1::Sha1;

const DATE: HeaderName = HeaderName::from_static("x-oss-date");
const TOKEN: HeaderName = HeaderName::from_static("x-oss-security-token");

/// The parameters that are part of the signed resource, besides every `x-oss-*`.
const SUB_RESOURCES: &[&str] = &[
    "accessPoint",
    "accessPointPolicy",
    "acl",
    "append",
    "asyncFetch",
    "bucketArchiveDirectRead",
    "bucketInfo",
    "callback",
    "callback-var",
    "cloudboxes",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "delete",
    "encryption",
    "endTime",
    "group",
    "httpsConfig",
    "inventory",
    "inventoryId",
    "lifecycle",
    "link",
    "live",
    "location",
    "logging",
    "metaQuery",
    "objectInfo",
    "objectMeta",
    "partNumber",
    "policy",
    "position",
    "publicAccessBlock",
    "qos",
    "qosInfo",
    "qosRequester",
    "redundancyTransition",
    "referer",
    "regionList",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "requesterQosInfo",
    "resourceGroup",
    "resourcePool",
    "resourcePoolBuckets",
    "resourcePoolInfo",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "transferAcceleration",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "vod",
    "website",
    "worm",
    "wormExtend",
    "wormId",
];

/// Writes the string to sign. `date` is the value of `x-oss-date` or else `Date`, in a query that of `Expires`.
pub fn string_to_sign(
    method: &Method,
    headers: &HeaderMap,
    date: &[u8],
    resource: &str,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b'\n');
    for name in ["content-md5", "content-type"] {
        if let Some(value) = headers.get(name) {
            trimmed(&mut out, value.as_bytes());
        }
        out.push(b'\n');
    }
    out.extend_from_slice(date);
    out.push(b'\n');
    let signed = names(headers, |name| name.starts_with("x-oss-"));
    header_lines(&mut out, headers, &signed, trimmed);
    out.extend_from_slice(resource.as_bytes());
    out
}

/// Writes the canonical resource: bucket, key and sub-resources, nothing percent-encoded.
pub fn canonical_resource(bucket: &str, key: Option<&str>, query: &[QueryPair]) -> String {
    let mut out = if bucket.is_empty() {
        "/".to_owned()
    } else {
        format!("/{bucket}/{}", key.unwrap_or_default())
    };
    let mut pairs: Vec<_> = query
        .iter()
        .filter(|(name, _)| name.starts_with("x-oss-") || SUB_RESOURCES.contains(&&**name))
        .collect();
    pairs.sort();
    for (n, (name, value)) in pairs.into_iter().enumerate() {
        out.push(if n == 0 { '?' } else { '&' });
        out.push_str(name);
        if !value.is_empty() {
            out.push('=');
            out.push_str(value);
        }
    }
    out
}

/// Signs a string: base64.
pub fn signature(secret: &Secret, string_to_sign: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(string_to_sign);
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

/// Signs by header: sets `x-oss-date`, `x-oss-security-token` and `Authorization`.
pub fn sign(
    method: &Method,
    target: &Target<'_>,
    query: &[QueryPair],
    headers: &mut HeaderMap,
    scope: &Scope<'_>,
) {
    let date = scope.time.to_http_date();
    let token = scope.credentials.token.as_ref();
    headers.insert(DATE, header_value(&date));
    set_or_remove(headers, TOKEN, token.map(Secret::expose));
    let resource = canonical_resource(target.bucket, target.key, query);
    let text = string_to_sign(method, headers, date.as_bytes(), &resource);
    let signature = signature(&scope.credentials.secret, &text);
    let value = format!("OSS {}:{signature}", scope.credentials.access_key);
    headers.insert(header::AUTHORIZATION, header_value(&value));
}

/// Signs by query: appends the parameters that make a URL good until `expires` seconds from now.
pub fn presign(
    method: &Method,
    target: &Target<'_>,
    query: &mut Query,
    headers: &HeaderMap,
    scope: &Scope<'_>,
    expires: u64,
) {
    let until = scope.time.plus(i64::try_from(expires).unwrap_or(i64::MAX));
    let until = until.0.to_string();
    if let Some(token) = &scope.credentials.token {
        query.push(("security-token".into(), token.expose().into()));
    }
    let resource = canonical_resource(target.bucket, target.key, query);
    let text = string_to_sign(method, headers, until.as_bytes(), &resource);
    let access_key = scope.credentials.access_key.clone();
    query.push(("OSSAccessKeyId".into(), access_key.into()));
    query.push(("Expires".into(), until));
    query.push((
        "Signature".into(),
        signature(&scope.credentials.secret, &text),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::sign::parse_query;
    use http::HeaderValue;
    use test_case::test_case;

    const OBJECT: &[(&str, &str)] = &[
        ("content-md5", "eB5eJF1ptWaXm4bijSPyxw=="),
        ("content-type", "text/html"),
        ("x-oss-date", "Wed, 28 Dec 2022 10:27:41 GMT"),
        ("x-oss-meta-author", "alice"),
        ("x-oss-meta-magic", "abracadabra"),
    ];
    const BUCKET: &[(&str, &str)] = &[("x-oss-date", "Wed, 28 Dec 2022 10:27:41 GMT")];

    #[test_case(Method::PUT, Some("nelson"), "", OBJECT => "kSHKmLxlyEAKtZPkJhG9bZb5k7M="; "object")]
    #[test_case(Method::PUT, Some("nelson"), "acl", OBJECT => "/afkugFbmWDQ967j1vr6zygBLQk="; "object acl")]
    #[test_case(Method::GET, None, "resourceGroup&acl", BUCKET => "x3E5TgOvl/i7PN618s5mEvpJDYk="; "bucket")]
    fn signs_the_published_examples(
        method: Method,
        key: Option<&str>,
        query: &str,
        headers: &[(&'static str, &'static str)],
    ) -> String {
        let headers: HeaderMap = headers
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect();
        let query = parse_query(query).expect("UTF-8");
        let date = headers["x-oss-date"].as_bytes();
        let resource = canonical_resource("examplebucket", key, &query);
        let text = string_to_sign(&method, &headers, date, &resource);
        signature(&Secret::new("sk"), &text)
    }

    #[test_case("", None, "acl" => "/"; "service")]
    #[test_case("b", Some("a é"), "prefix=x&versionId=1&x-oss-z&append" => "/b/a é?append&versionId=1&x-oss-z"; "only sub-resources")]
    fn writes_the_resource_unencoded(bucket: &str, key: Option<&str>, query: &str) -> String {
        let query = parse_query(query).expect("UTF-8");
        let query = if bucket.is_empty() { vec![] } else { query };
        canonical_resource(bucket, key, &query)
    }
}
