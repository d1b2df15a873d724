//! AWS signature version 4 (`AWS4-HMAC-SHA256`) for S3, in the header and in the query.
//!
//! Signed are `host`, every `x-amz-*`, `content-type` and `content-md5`; others are left out: a proxy may change them.

use super::canonical::{Bare, canonical_query, collapsed, header_lines, names};
use super::v4::{CredentialScope, Flavor, UNSIGNED_PAYLOAD, stamp};
use super::{Query, QueryPair, Scope, Target, header_value, set_or_remove};
use crate::store::types::Secret;
use http::{HeaderMap, HeaderName, Method, header};

/// The names of AWS's version 4.
pub static FLAVOR: Flavor = Flavor {
    algorithm: "AWS4-HMAC-SHA256",
    seed: "AWS4",
    terminator: "aws4_request",
};

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Writes the canonical request. `path` is encoded as it is sent; `signed` are lower-case names in order, `host`
/// among `headers`. The parameter `X-Amz-Signature` is left out.
pub fn canonical_request(
    method: &Method,
    path: &str,
    query: &[QueryPair],
    headers: &HeaderMap,
    signed: &[&str],
    payload: &[u8],
) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b'\n');
    out.extend_from_slice(path.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(canonical_query(query, Bare::NameAndSign, "X-Amz-Signature").as_bytes());
    out.push(b'\n');
    header_lines(&mut out, headers, signed, collapsed);
    out.push(b'\n');
    out.extend_from_slice(signed.join(";").as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload);
    out
}

/// Signs by header: sets `x-amz-date`, `x-amz-security-token`, `Authorization`, and `x-amz-content-sha256` unless the
/// caller has set it to the body's hash.
pub fn sign(
    method: &Method,
    target: &Target<'_>,
    query: &[QueryPair],
    headers: &mut HeaderMap,
    scope: &Scope<'_>,
) {
    let (time, date) = stamp(scope.time);
    let token = scope.credentials.token.as_ref();
    headers.insert(DATE, header_value(&time));
    set_or_remove(headers, TOKEN, token.map(Secret::expose));
    let payload = headers
        .entry(CONTENT_SHA256)
        .or_insert_with(|| header_value(UNSIGNED_PAYLOAD))
        .clone();
    let with_host = with_host(headers, target.host);
    let signed = names(&with_host, always_signed);
    let canonical = canonical_request(
        method,
        target.path,
        query,
        &with_host,
        &signed,
        payload.as_bytes(),
    );
    let credential = credential_scope(scope, &date);
    let signature = credential.signature(&scope.credentials.secret, &time, &canonical);
    let value = format!(
        "{} Credential={}/{credential},SignedHeaders={},Signature={signature}",
        FLAVOR.algorithm,
        scope.credentials.access_key,
        signed.join(";"),
    );
    headers.insert(header::AUTHORIZATION, header_value(&value));
}

/// Signs by query: appends the parameters that make a URL good for `expires` seconds. `headers` must be sent with it.
pub fn presign(
    method: &Method,
    target: &Target<'_>,
    query: &mut Query,
    headers: &HeaderMap,
    scope: &Scope<'_>,
    expires: u64,
) {
    let (time, date) = stamp(scope.time);
    let credential = credential_scope(scope, &date);
    let with_host = with_host(headers, target.host);
    let signed = names(&with_host, always_signed);
    let mut add = |name: &'static str, value: String| query.push((name.into(), value));
    add("X-Amz-Algorithm", FLAVOR.algorithm.into());
    add(
        "X-Amz-Credential",
        format!("{}/{credential}", scope.credentials.access_key),
    );
    add("X-Amz-Date", time.clone());
    add("X-Amz-Expires", expires.to_string());
    if let Some(token) = &scope.credentials.token {
        add("X-Amz-Security-Token", token.expose().into());
    }
    add("X-Amz-SignedHeaders", signed.join(";"));
    let canonical = canonical_request(
        method,
        target.path,
        query,
        &with_host,
        &signed,
        UNSIGNED_PAYLOAD.as_bytes(),
    );
    let signature = credential.signature(&scope.credentials.secret, &time, &canonical);
    query.push(("X-Amz-Signature".into(), signature));
}

fn credential_scope<'a>(scope: &Scope<'a>, date: &'a str) -> CredentialScope<'a> {
    CredentialScope {
        date,
        region: scope.region,
        product: "s3",
        flavor: &FLAVOR,
    }
}

fn with_host(headers: &HeaderMap, host: &str) -> HeaderMap {
    let mut headers = headers.clone();
    headers.insert(header::HOST, header_value(host));
    headers
}

fn always_signed(name: &str) -> bool {
    name == "host" || name.starts_with("x-amz-") || name == "content-type" || name == "content-md5"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::sign::{parse_query, v4::sha256_hex};
    use crate::store::types::{Credentials, Timestamp};
    use http::HeaderValue;
    use test_case::test_case;

    // The worked examples of AWS's documentation: bucket, key pair, date and region.
    const HOST: &str = "examplebucket.s3.amazonaws.com";
    const TIME: &str = "20130524T000000Z";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn credentials() -> Credentials {
        Credentials {
            access_key: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: Secret::new(SECRET),
            token: None,
            expires: None,
        }
    }

    fn scope(credentials: &Credentials) -> Scope<'_> {
        Scope {
            credentials,
            region: "us-east-1",
            time: Timestamp::from_basic_iso8601(TIME).expect("a time"),
        }
    }

    fn target(path: &str) -> Target<'_> {
        Target {
            host: HOST,
            path,
            bucket: "examplebucket",
            key: None,
        }
    }

    #[test_case(Method::GET, "/test.txt", &[("range", "bytes=0-9")], b"" => "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"; "get a range")]
    #[test_case(Method::PUT, "/test%24file.text", &[("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")], b"Welcome to Amazon S3." => "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"; "put")]
    fn signs_the_published_examples_that_sign_all_headers(
        method: Method,
        path: &str,
        extra: &[(&'static str, &'static str)],
        body: &[u8],
    ) -> String {
        let hash = sha256_hex(body);
        let mut headers: HeaderMap = extra
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect();
        headers.insert(header::HOST, HeaderValue::from_static(HOST));
        headers.insert(DATE, HeaderValue::from_static(TIME));
        headers.insert(CONTENT_SHA256, header_value(&hash));
        let signed = names(&headers, |_| true);
        let canonical = canonical_request(&method, path, &[], &headers, &signed, hash.as_bytes());
        let credentials = credentials();
        credential_scope(&scope(&credentials), "20130524").signature(
            &credentials.secret,
            TIME,
            &canonical,
        )
    }

    #[test_case("lifecycle" => "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"; "lifecycle")]
    #[test_case("max-keys=2&prefix=J" => "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"; "list")]
    fn signs_the_published_examples_by_header(query: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_SHA256, header_value(&sha256_hex(b"")));
        let query = parse_query(query).expect("UTF-8");
        let credentials = credentials();
        sign(
            &Method::GET,
            &target("/"),
            &query,
            &mut headers,
            &scope(&credentials),
        );
        let value = headers["authorization"].to_str().expect("ASCII");
        let (start, signature) = value.rsplit_once(",Signature=").expect("signed");
        assert_eq!(
            start,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=host;x-amz-content-sha256;x-amz-date"
        );
        signature.to_owned()
    }

    #[test]
    fn signs_the_published_example_by_query() {
        let mut query = Query::new();
        let credentials = credentials();
        presign(
            &Method::GET,
            &target("/test.txt"),
            &mut query,
            &HeaderMap::new(),
            &scope(&credentials),
            86400,
        );
        let (name, signature) = query.pop().expect("parameters");
        assert_eq!(name, "X-Amz-Signature");
        assert_eq!(
            signature,
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }

    #[test]
    fn runs_of_blanks_in_a_value_are_signed_as_one() {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-meta-a", HeaderValue::from_static(" a   b "));
        let canonical = canonical_request(
            &Method::GET,
            "/",
            &[],
            &headers,
            &["x-amz-meta-a"],
            b"UNSIGNED-PAYLOAD",
        );
        let expected = "GET\n/\n\nx-amz-meta-a:a b\n\nx-amz-meta-a\nUNSIGNED-PAYLOAD";
        assert_eq!(std::str::from_utf8(&canonical), Ok(expected));
    }
}
