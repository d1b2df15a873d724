//! OSS signature version 4 (`OSS4-HMAC-SHA256`), in the header and in the query.
//!
//! The bucket is in the canonical path whatever the address style. `x-oss-*`, `content-type` and `content-md5` are
//! always signed; others only when named as additional, which this client leaves out: a proxy may change them.

use super::canonical::{Bare, canonical_query, header_lines, names, trimmed};
use super::encode::encode_key;
use super::v4::{CredentialScope, Flavor, UNSIGNED_PAYLOAD, stamp};
use super::{Query, QueryPair, Scope, Target, header_value, set_or_remove};
use crate::store::types::Secret;
use http::{HeaderMap, HeaderName, Method, header};

/// The names of OSS's version 4.
pub static FLAVOR: Flavor = Flavor {
    algorithm: "OSS4-HMAC-SHA256",
    seed: "aliyun_v4",
    terminator: "aliyun_v4_request",
};

const DATE: HeaderName = HeaderName::from_static("x-oss-date");
const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-oss-content-sha256");
const TOKEN: HeaderName = HeaderName::from_static("x-oss-security-token");

/// Writes the canonical request. `additional` names headers to sign besides those that always are: absent ones and
/// those are dropped. The parameter `x-oss-signature` is left out.
pub fn canonical_request(
    method: &Method,
    bucket: &str,
    key: Option<&str>,
    query: &[QueryPair],
    headers: &HeaderMap,
    additional: &[&str],
) -> Vec<u8> {
    let additional = additional_names(headers, additional);
    let signed = names(headers, |name| {
        always_signed(name) || additional.iter().any(|a| a == name)
    });
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b'\n');
    out.extend_from_slice(canonical_uri(bucket, key).as_bytes());
    out.push(b'\n');
    out.extend_from_slice(canonical_query(query, Bare::Name, "x-oss-signature").as_bytes());
    out.push(b'\n');
    header_lines(&mut out, headers, &signed, trimmed);
    out.push(b'\n');
    out.extend_from_slice(additional.join(";").as_bytes());
    out.push(b'\n');
    match headers.get(CONTENT_SHA256) {
        Some(hash) => out.extend_from_slice(hash.as_bytes()),
        None => out.extend_from_slice(UNSIGNED_PAYLOAD.as_bytes()),
    }
    out
}

/// Returns which of `wanted` are signed as additional headers: lower case, sorted, present, not signed anyway.
pub fn additional_names(headers: &HeaderMap, wanted: &[&str]) -> Vec<String> {
    let mut names: Vec<_> = wanted
        .iter()
        .map(|name| name.to_ascii_lowercase())
        .filter(|name| !always_signed(name) && headers.contains_key(name))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Returns the service's name in the scope: the regions of cloud boxes have one of their own.
pub fn product(region: &str) -> &'static str {
    if region.starts_with("cb-") {
        "oss-cloudbox"
    } else {
        "oss"
    }
}

/// Signs by header: sets `x-oss-date`, `x-oss-content-sha256`, `x-oss-security-token` and `Authorization`.
pub fn sign(
    method: &Method,
    target: &Target<'_>,
    query: &[QueryPair],
    headers: &mut HeaderMap,
    additional: &[&str],
    scope: &Scope<'_>,
) {
    let (time, date) = stamp(scope.time);
    let token = scope.credentials.token.as_ref();
    headers.insert(DATE, header_value(&time));
    headers.insert(CONTENT_SHA256, header_value(UNSIGNED_PAYLOAD));
    set_or_remove(headers, TOKEN, token.map(Secret::expose));
    let credential = credential_scope(scope, &date);
    let canonical = canonical_request(
        method,
        target.bucket,
        target.key,
        query,
        headers,
        additional,
    );
    let signature = credential.signature(&scope.credentials.secret, &time, &canonical);
    let mut value = format!(
        "{} Credential={}/{credential},",
        FLAVOR.algorithm, scope.credentials.access_key
    );
    // An empty list is an error to the service.
    let additional = additional_names(headers, additional);
    if !additional.is_empty() {
        value.push_str(&format!("AdditionalHeaders={},", additional.join(";")));
    }
    value.push_str(&format!("Signature={signature}"));
    headers.insert(header::AUTHORIZATION, header_value(&value));
}

/// Signs by query: appends the parameters that make a URL good for `expires` seconds. `headers` must be sent with it.
pub fn presign(
    method: &Method,
    target: &Target<'_>,
    query: &mut Query,
    headers: &HeaderMap,
    additional: &[&str],
    scope: &Scope<'_>,
    expires: u64,
) {
    let (time, date) = stamp(scope.time);
    let credential = credential_scope(scope, &date);
    let mut add = |name: &'static str, value: String| query.push((name.into(), value));
    add("x-oss-signature-version", FLAVOR.algorithm.into());
    add("x-oss-date", time.clone());
    add("x-oss-expires", expires.to_string());
    add(
        "x-oss-credential",
        format!("{}/{credential}", scope.credentials.access_key),
    );
    let names = additional_names(headers, additional);
    if !names.is_empty() {
        add("x-oss-additional-headers", names.join(";"));
    }
    if let Some(token) = &scope.credentials.token {
        add("x-oss-security-token", token.expose().into());
    }
    let canonical = canonical_request(
        method,
        target.bucket,
        target.key,
        query,
        headers,
        additional,
    );
    let signature = credential.signature(&scope.credentials.secret, &time, &canonical);
    query.push(("x-oss-signature".into(), signature));
}

fn canonical_uri(bucket: &str, key: Option<&str>) -> String {
    if bucket.is_empty() {
        "/".into()
    } else {
        format!("/{bucket}/{}", encode_key(key.unwrap_or_default()))
    }
}

fn credential_scope<'a>(scope: &Scope<'a>, date: &'a str) -> CredentialScope<'a> {
    CredentialScope {
        date,
        region: scope.region,
        product: product(scope.region),
        flavor: &FLAVOR,
    }
}

fn always_signed(name: &str) -> bool {
    name.starts_with("x-oss-") || name == "content-type" || name == "content-md5"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::sign::{parse_query, v4::sha256_hex};
    use crate::store::types::{Credentials, Timestamp};
    use http::HeaderValue;
    use test_case::test_case;

    const QUERY: &str =
        "param1=value1&%2Bparam1=value3&%7Cparam1=value4&%2Bparam2=&%7Cparam2=&param2=";
    const TARGET: Target<'_> = Target {
        host: "bucket.oss-cn-hangzhou.aliyuncs.com",
        path: "/1234%2B-/123/1.txt",
        bucket: "bucket",
        key: Some("1234+-/123/1.txt"),
    };

    fn headers(content_type: &'static str) -> HeaderMap {
        [
            ("x-oss-head1", "value"),
            ("abc", "value"),
            ("zabc", "value"),
            ("xyz", "value"),
            ("content-type", content_type),
        ]
        .into_iter()
        .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
        .collect()
    }

    fn credentials(token: Option<&str>) -> Credentials {
        Credentials {
            access_key: "ak".into(),
            secret: Secret::new("sk"),
            token: token.map(Secret::new),
            expires: None,
        }
    }

    #[test_case("cn-hangzhou", None, &[], 1_702_743_657 => "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe"; "header")]
    #[test_case("cn-hangzhou", Some("token"), &[], 1_702_784_856 => "b94a3f999cf85bcdc00d332fbd3734ba03e48382c36fa4d5af5df817395bd9ea"; "token")]
    #[test_case("cn-hangzhou", None, &["ZAbc", "abc"], 1_702_747_512 => "4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f"; "additional")]
    #[test_case("cn-hangzhou", None, &["x-oss-no-exist", "ZAbc", "x-oss-head1", "abc"], 1_702_747_512 => "4a4183c187c07c8947db7620deb0a6b38d9fbdd34187b6dbaccb316fa251212f"; "additional, some not to be named")]
    #[test_case("cb-123", None, &[], 1_702_743_657 => "94ce1f12c17d148ea681030275a94449d3357f5b5b21133996eec80af3e08a43"; "cloud box")]
    fn signs_the_published_examples_by_header(
        region: &str,
        token: Option<&str>,
        additional: &[&str],
        time: i64,
    ) -> String {
        let mut headers = headers("text/plain");
        let credentials = credentials(token);
        let scope = Scope {
            credentials: &credentials,
            region,
            time: Timestamp(time),
        };
        let query = parse_query(QUERY).expect("UTF-8");
        sign(
            &Method::PUT,
            &TARGET,
            &query,
            &mut headers,
            additional,
            &scope,
        );
        let value = headers["authorization"].to_str().expect("ASCII");
        let names = additional_names(&headers, additional);
        assert_eq!(value.contains("AdditionalHeaders"), !names.is_empty());
        let (start, signature) = value.rsplit_once("Signature=").expect("signed");
        assert!(start.starts_with("OSS4-HMAC-SHA256 Credential=ak/202312"));
        signature.to_owned()
    }

    #[test]
    fn writes_the_canonical_request_of_the_first_example() {
        let mut headers = headers("text/plain");
        headers.insert(DATE, HeaderValue::from_static("20231216T162057Z"));
        headers.insert(CONTENT_SHA256, HeaderValue::from_static(UNSIGNED_PAYLOAD));
        let query = parse_query(QUERY).expect("UTF-8");
        let canonical = canonical_request(
            &Method::PUT,
            TARGET.bucket,
            TARGET.key,
            &query,
            &headers,
            &[],
        );
        let expected = "PUT\n\
            /bucket/1234%2B-/123/1.txt\n\
            %2Bparam1=value3&%2Bparam2&%7Cparam1=value4&%7Cparam2&param1=value1&param2\n\
            content-type:text/plain\n\
            x-oss-content-sha256:UNSIGNED-PAYLOAD\n\
            x-oss-date:20231216T162057Z\n\
            x-oss-head1:value\n\
            \n\
            \n\
            UNSIGNED-PAYLOAD";
        assert_eq!(std::str::from_utf8(&canonical), Ok(expected));
    }

    #[test_case(None, &[], 599, 1_702_781_677 => "a39966c61718be0d5b14e668088b3fa07601033f6518ac7b523100014269c0fe"; "url")]
    #[test_case(Some("token"), &[], 599, 1_702_785_388 => "3817ac9d206cd6dfc90f1c09c00be45005602e55898f26f5ddb06d7892e1f8b5"; "token")]
    #[test_case(None, &["ZAbc", "abc"], 599, 1_702_783_809 => "6bd984bfe531afb6db1f7550983a741b103a8c58e5e14f83ea474c2322dfa2b7"; "additional")]
    #[test_case(None, &[], 432_000, 1_702_781_677 => "31029123dc7732d2d2cfd4006ea4fdb6cf86da6478f813e2bf8f87877c7b9fec"; "5 days")]
    fn signs_the_published_examples_by_query(
        token: Option<&str>,
        additional: &[&str],
        expires: u64,
        time: i64,
    ) -> String {
        let credentials = credentials(token);
        let scope = Scope {
            credentials: &credentials,
            region: "cn-hangzhou",
            time: Timestamp(time),
        };
        let mut query = parse_query(QUERY).expect("UTF-8");
        let headers = headers("application/octet-stream");
        presign(
            &Method::PUT,
            &TARGET,
            &mut query,
            &headers,
            additional,
            &scope,
            expires,
        );
        let (name, signature) = query.pop().expect("parameters");
        assert_eq!(name, "x-oss-signature");
        signature
    }

    #[test]
    fn signs_additional_headers_of_the_http_layer() {
        let headers: HeaderMap = [
            ("content-disposition", "attachment"),
            ("content-length", "3"),
            ("content-md5", "ICy5YqxZB1uWSwcVLSNLcA=="),
            ("content-type", "text/plain"),
            ("x-oss-content-sha256", UNSIGNED_PAYLOAD),
            ("x-oss-date", "20250411T064124Z"),
        ]
        .into_iter()
        .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
        .collect();
        let canonical = canonical_request(
            &Method::PUT,
            "examplebucket",
            Some("exampleobject"),
            &[],
            &headers,
            &["content-disposition", "content-length"],
        );
        assert_eq!(
            sha256_hex(&canonical),
            "c46d96390bdbc2d739ac9363293ae9d710b14e48081fcb22cd8ad54b63136eca"
        );
        let scope = CredentialScope {
            date: "20250411",
            region: "cn-hangzhou",
            product: "oss",
            flavor: &FLAVOR,
        };
        assert_eq!(
            scope.signature(
                &Secret::new("yourAccessKeySecret"),
                "20250411T064124Z",
                &canonical
            ),
            "d3694c2dfc5371ee6acd35e88c4871ac95a7ba01d3a2f476768fe61218590097"
        );
    }

    #[test_case("", None => "/"; "service")]
    #[test_case("b", None => "/b/"; "bucket")]
    #[test_case("b", Some("a b/é") => "/b/a%20b/%C3%A9"; "key")]
    fn the_path_names_the_bucket(bucket: &str, key: Option<&str>) -> String {
        canonical_uri(bucket, key)
    }

    #[test]
    fn values_are_signed_as_bytes_without_blanks_around_them() {
        let mut headers = HeaderMap::new();
        let name = HeaderName::from_static("x-oss-meta-a");
        for value in [&b" \xE9\xFF  x "[..], b"two"] {
            let value = HeaderValue::from_bytes(value).expect("a header value");
            headers.append(&name, value);
        }
        let canonical = canonical_request(&Method::GET, "b", None, &[], &headers, &[]);
        let expected = b"GET\n/b/\n\nx-oss-meta-a:\xE9\xFF  x,two\n\n\nUNSIGNED-PAYLOAD";
        assert_eq!(canonical, expected);
    }
}
