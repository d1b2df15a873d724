//! Who sent a request: signatures of version 4 and 1, in the header and in the query, checked with the client's own
//! canonical forms.
//!
//! Leaves what an unsigned request may read to `operation::read`: that depends on the object.

use super::error::{
    ACCESS_DENIED, Error, INVALID_ACCESS_KEY_ID, REQUEST_TIME_TOO_SKEWED, Result,
    SECURITY_TOKEN_INVALID, SIGNATURE_DOES_NOT_MATCH, invalid_argument,
};
use super::request::Request;
use crate::store::dialect::sign::{oss_v1, oss_v4, v4};
use crate::store::types::Credentials;
use crate::store::types::Timestamp;
use http::HeaderValue;

/// How far the clocks may differ, in seconds.
const MAX_SKEW: i64 = 15 * 60;

/// The longest life of a signed URL, in seconds.
const MAX_EXPIRES: i64 = 7 * 24 * 60 * 60;

/// Checks the signature of a request. `Ok(false)` is an unsigned one.
pub fn check(request: &Request, account: &Credentials, now: Timestamp) -> Result<bool> {
    let v4_query = request.parameter("x-oss-signature").is_some()
        || request.parameter("x-oss-signature-version").is_some();
    let v1_query = ["OSSAccessKeyId", "Signature"]
        .iter()
        .any(|name| request.parameter(name).is_some());
    let header = request.headers.get("authorization");
    if header.is_some() && (v4_query || v1_query) {
        return Err(invalid_argument(
            "Authorization",
            "",
            "A request is signed in its header or in its query, not in both.",
        ));
    }
    let check = Check {
        request,
        account,
        now,
    };
    match header {
        Some(value) => {
            let text = std::str::from_utf8(value.as_bytes()).map_err(|_| malformed(""))?;
            let (scheme, rest) = text.split_once(' ').ok_or_else(|| malformed(text))?;
            match scheme {
                "OSS4-HMAC-SHA256" => check.v4_header(rest)?,
                "OSS" => check.v1_header(rest.trim())?,
                _ => return Err(malformed(text)),
            }
        }
        None if v4_query => check.v4_query()?,
        None if v1_query => check.v1_query()?,
        None => return Ok(false),
    }
    Ok(true)
}

struct Check<'a> {
    request: &'a Request,
    account: &'a Credentials,
    now: Timestamp,
}

/// `key/date/region/product/aliyun_v4_request`.
struct Scope<'a> {
    access_key: &'a str,
    scope: v4::CredentialScope<'a>,
}

impl Check<'_> {
    fn v4_header(&self, fields: &str) -> Result<()> {
        let (mut credential, mut additional, mut signature) = (None, None, None);
        for field in fields.split(',') {
            let (name, value) = field
                .trim()
                .split_once('=')
                .ok_or_else(|| malformed(fields))?;
            let slot = match name {
                "Credential" => &mut credential,
                "AdditionalHeaders" => &mut additional,
                "Signature" => &mut signature,
                _ => return Err(malformed(fields)),
            };
            if slot.replace(value).is_some() {
                return Err(malformed(fields));
            }
        }
        if let Some(hash) = self.request.header("x-oss-content-sha256")?
            && hash != v4::UNSIGNED_PAYLOAD
        {
            let message = "The payload is not signed: UNSIGNED-PAYLOAD is the only value.";
            return Err(invalid_argument("x-oss-content-sha256", hash, message));
        }
        let scope = scope(credential.ok_or_else(|| malformed(fields))?)?;
        let additional = additional_headers(additional)?;
        let signature = signature.ok_or_else(|| malformed(fields))?;
        let time = self.request.header("x-oss-date")?.unwrap_or_default();
        let at = Timestamp::from_basic_iso8601(time).ok_or_else(|| {
            invalid_argument(
                "x-oss-date",
                time,
                "The header x-oss-date is missing or invalid.",
            )
        })?;
        self.account_of(
            scope.access_key,
            self.request.headers.contains_key("x-oss-security-token"),
        )?;
        self.skew(at)?;
        self.v4(&scope, time, &additional, signature)
    }

    fn v4_query(&self) -> Result<()> {
        let value = |name: &'static str| {
            self.request.value(name).ok_or_else(|| {
                denied("A URL signed by version 4 has its version, date, expiry, credential and signature.")
                    .element("Missing", name)
            })
        };
        let version = value("x-oss-signature-version")?;
        if version != oss_v4::FLAVOR.algorithm {
            return Err(invalid_argument(
                "x-oss-signature-version",
                version,
                "The signature version is unknown.",
            ));
        }
        let scope = scope(value("x-oss-credential")?)?;
        let time = value("x-oss-date")?;
        let expires = value("x-oss-expires")?;
        let signature = value("x-oss-signature")?;
        let additional = additional_headers(self.request.parameter("x-oss-additional-headers"))?;
        let at = Timestamp::from_basic_iso8601(time)
            .ok_or_else(|| invalid_argument("x-oss-date", time, "x-oss-date is invalid."))?;
        let life = expires
            .parse()
            .ok()
            .filter(|life| (1..=MAX_EXPIRES).contains(life));
        let life = life.ok_or_else(|| {
            invalid_argument(
                "x-oss-expires",
                expires,
                "x-oss-expires is not within 1 and 604800.",
            )
            .ec("0002-00000232")
        })?;
        self.account_of(
            scope.access_key,
            self.request.value("x-oss-security-token").is_some(),
        )?;
        if at > self.now.plus(MAX_SKEW) {
            return Err(denied("The request is signed for a time to come."));
        }
        self.expiry(at.plus(life))?;
        self.v4(&scope, time, &additional, signature)
    }

    fn v4(
        &self,
        scope: &Scope<'_>,
        time: &str,
        additional: &[&str],
        signature: &str,
    ) -> Result<()> {
        if time.get(..8) != Some(scope.scope.date) {
            return Err(malformed(
                "The date of the scope is not that of the request.",
            ));
        }
        let request = self.request;
        let canonical = oss_v4::canonical_request(
            &request.method,
            request.bucket.as_deref().unwrap_or_default(),
            request.key.as_ref().map(AsRef::as_ref),
            &request.query,
            &request.headers,
            additional,
        );
        let expected = scope
            .scope
            .signature(&self.account.secret, time, &canonical);
        if !same(expected.as_bytes(), signature.as_bytes()) {
            return Err(Error::from(&SIGNATURE_DOES_NOT_MATCH)
                .element("OSSAccessKeyId", scope.access_key)
                .element("SignatureProvided", signature)
                .element("StringToSign", scope.scope.string_to_sign(time, &canonical))
                .element("CanonicalRequest", String::from_utf8_lossy(&canonical)));
        }
        Ok(())
    }

    fn v1_header(&self, value: &str) -> Result<()> {
        let (access_key, signature) = value.split_once(':').ok_or_else(|| malformed(value))?;
        let headers = &self.request.headers;
        let date = headers.get("x-oss-date").or_else(|| headers.get("date"));
        let date = date.map(HeaderValue::as_bytes).unwrap_or_default();
        let at = std::str::from_utf8(date)
            .ok()
            .and_then(|text| Timestamp::from_http_date(text.trim()))
            .ok_or_else(|| denied("OSS authentication requires a valid Date."))?;
        self.account_of(access_key, headers.contains_key("x-oss-security-token"))?;
        self.skew(at)?;
        self.v1(access_key, date, signature)
    }

    fn v1_query(&self) -> Result<()> {
        let value = |name: &'static str| {
            self.request.value(name).ok_or_else(|| {
                denied("A URL signed by version 1 has OSSAccessKeyId, Expires and Signature.")
                    .element("Missing", name)
            })
        };
        let access_key = value("OSSAccessKeyId")?;
        let expires = value("Expires")?;
        let signature = value("Signature")?;
        let until = expires
            .parse()
            .map(Timestamp)
            .map_err(|_| denied("Expires is no number of seconds."))?;
        self.account_of(access_key, self.request.value("security-token").is_some())?;
        self.expiry(until)?;
        self.v1(access_key, expires.as_bytes(), signature)
    }

    fn v1(&self, access_key: &str, date: &[u8], signature: &str) -> Result<()> {
        let request = self.request;
        let resource = oss_v1::canonical_resource(
            request.bucket.as_deref().unwrap_or_default(),
            request.key.as_ref().map(AsRef::as_ref),
            &request.query,
        );
        let text = oss_v1::string_to_sign(&request.method, &request.headers, date, &resource);
        let expected = oss_v1::signature(&self.account.secret, &text);
        if !same(expected.as_bytes(), signature.as_bytes()) {
            return Err(Error::from(&SIGNATURE_DOES_NOT_MATCH)
                .element("OSSAccessKeyId", access_key)
                .element("SignatureProvided", signature)
                .element("StringToSign", String::from_utf8_lossy(&text)));
        }
        Ok(())
    }

    fn account_of(&self, access_key: &str, has_token: bool) -> Result<()> {
        let code = if access_key != &*self.account.access_key {
            &INVALID_ACCESS_KEY_ID
        } else if has_token {
            &SECURITY_TOKEN_INVALID
        } else {
            return Ok(());
        };
        Err(Error::from(code).element("OSSAccessKeyId", access_key))
    }

    fn skew(&self, at: Timestamp) -> Result<()> {
        if (self.now.0 - at.0).abs() > MAX_SKEW {
            return Err(Error::from(&REQUEST_TIME_TOO_SKEWED)
                .element("MaxAllowedSkewMilliseconds", (MAX_SKEW * 1000).to_string())
                .element("RequestTime", at.to_iso8601())
                .element("ServerTime", self.now.to_iso8601()));
        }
        Ok(())
    }

    fn expiry(&self, until: Timestamp) -> Result<()> {
        if self.now > until {
            return Err(denied("Request has expired.")
                .element("Expires", until.to_iso8601())
                .element("ServerTime", self.now.to_iso8601()));
        }
        Ok(())
    }
}

/// Reads a credential. The region may be any: there is one account and one region, whatever it is called.
fn scope(text: &str) -> Result<Scope<'_>> {
    let mut parts = text.splitn(5, '/');
    let mut part = || {
        parts
            .next()
            .filter(|p| !p.is_empty())
            .ok_or_else(|| malformed(text))
    };
    let (access_key, date, region, product, terminator) =
        (part()?, part()?, part()?, part()?, part()?);
    let flavor = &oss_v4::FLAVOR;
    if !matches!(product, "oss" | "oss-cloudbox") || terminator != flavor.terminator {
        return Err(malformed(text));
    }
    Ok(Scope {
        access_key,
        scope: v4::CredentialScope {
            date,
            region,
            product,
            flavor,
        },
    })
}

/// Reads the list of additional headers, which is left out when it is empty.
fn additional_headers(list: Option<&str>) -> Result<Vec<&str>> {
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let names: Vec<_> = list.split(';').map(str::trim).collect();
    let error = |ec| {
        invalid_argument(
            "AdditionalHeaders",
            list,
            "The list of additional headers is invalid.",
        )
        .ec(ec)
    };
    if list.is_empty() {
        return Err(error("0002-00000209"));
    }
    if names.iter().any(|name| name.is_empty()) {
        return Err(error("0002-00000210"));
    }
    Ok(names)
}

fn malformed(value: &str) -> Error {
    invalid_argument("Authorization", value, "Authorization header is invalid.")
}

fn denied(message: &'static str) -> Error {
    Error::from(&ACCESS_DENIED)
        .message(message)
        .ec("0002-00000069")
}

/// Compares in a time that does not tell where the difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (x, y)| differ | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::sign::{self, Target};
    use crate::store::types::Key;
    use crate::store::types::Secret;
    use http::{HeaderMap, HeaderName, Method};
    use test_case::test_case;

    const NOW: Timestamp = Timestamp(1_702_743_657);

    fn account(secret: &str) -> Credentials {
        Credentials {
            access_key: "ak".into(),
            secret: Secret::new(secret),
            token: None,
            expires: None,
        }
    }

    fn request() -> Request {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("127.0.0.1:1"));
        headers.insert(
            "x-oss-meta-a",
            HeaderValue::from_bytes("\u{e9}".as_bytes()).unwrap(),
        );
        Request {
            method: Method::PUT,
            uri: http::Uri::default(),
            host: "127.0.0.1:1".into(),
            bucket: Some("bucket".into()),
            key: Some(Key::new("a/b c+d").unwrap()),
            query: vec![
                ("tagging".into(), String::new()),
                ("x".into(), "1 /".into()),
            ],
            headers,
            body: None,
            authenticated: false,
        }
    }

    const TARGET: Target<'_> = Target {
        host: "127.0.0.1:1",
        path: "",
        bucket: "bucket",
        key: Some("a/b c+d"),
    };

    #[derive(Clone, Copy, Debug)]
    enum Form {
        V4Header,
        V4Additional,
        V4Query,
        V1Header,
        V1Query,
    }

    fn signed(form: Form, secret: &str, at: Timestamp) -> Request {
        let mut request = request();
        let credentials = account(secret);
        let scope = sign::Scope {
            credentials: &credentials,
            region: "cn-hangzhou",
            time: at,
        };
        let Request {
            method,
            query,
            headers,
            ..
        } = &mut request;
        match form {
            Form::V4Header => oss_v4::sign(method, &TARGET, query, headers, &[], &scope),
            Form::V4Additional => oss_v4::sign(method, &TARGET, query, headers, &["host"], &scope),
            Form::V4Query => oss_v4::presign(method, &TARGET, query, headers, &[], &scope, 60),
            Form::V1Header => oss_v1::sign(method, &TARGET, query, headers, &scope),
            Form::V1Query => oss_v1::presign(method, &TARGET, query, headers, &scope, 60),
        }
        request
    }

    fn outcome(request: &Request) -> Result<bool, (&'static str, u16)> {
        check(request, &account("sk"), NOW).map_err(|e| (e.code.name, e.code.status))
    }

    const FORMS: [Form; 5] = [
        Form::V4Header,
        Form::V4Additional,
        Form::V4Query,
        Form::V1Header,
        Form::V1Query,
    ];

    #[test]
    fn each_form_is_accepted() {
        for form in FORMS {
            assert_eq!(outcome(&signed(form, "sk", NOW)), Ok(true), "{form:?}");
        }
    }

    #[test]
    fn another_secret_is_refused() {
        for form in FORMS {
            let outcome = outcome(&signed(form, "other", NOW));
            assert_eq!(outcome, Err(("SignatureDoesNotMatch", 403)), "{form:?}");
        }
    }

    #[test]
    fn tampering_is_noticed() {
        type Tamper = fn(&mut Request);
        let tamper: [(&str, Tamper); 6] = [
            ("method", |r| r.method = Method::DELETE),
            ("key", |r| r.key = Some(Key::new("a/b c+e").unwrap())),
            ("bucket", |r| r.bucket = Some("bucket2".into())),
            ("sub-resource", |r| r.query[0].0 = "acl".into()),
            ("metadata", |r| {
                r.headers
                    .insert("x-oss-meta-a", HeaderValue::from_static("x"));
            }),
            ("content type", |r| {
                r.headers
                    .insert("content-type", HeaderValue::from_static("x/y"));
            }),
        ];
        for form in FORMS {
            for (what, tamper) in &tamper {
                let mut request = signed(form, "sk", NOW);
                tamper(&mut request);
                let outcome = outcome(&request);
                assert_eq!(
                    outcome,
                    Err(("SignatureDoesNotMatch", 403)),
                    "{form:?} {what}"
                );
            }
        }
        let mut request = signed(Form::V4Additional, "sk", NOW);
        request
            .headers
            .insert("host", HeaderValue::from_static("other"));
        assert_eq!(outcome(&request), Err(("SignatureDoesNotMatch", 403)));
    }

    #[test_case(Form::V4Header, 900 => Ok(true); "at the edge, version 4")]
    #[test_case(Form::V4Header, 901 => Err(("RequestTimeTooSkewed", 403)); "late, version 4")]
    #[test_case(Form::V4Header, -901 => Err(("RequestTimeTooSkewed", 403)); "early, version 4")]
    #[test_case(Form::V1Header, 900 => Ok(true); "at the edge, version 1")]
    #[test_case(Form::V1Header, -901 => Err(("RequestTimeTooSkewed", 403)); "early, version 1")]
    #[test_case(Form::V4Query, 60 => Ok(true); "in its last second, version 4")]
    #[test_case(Form::V4Query, 61 => Err(("AccessDenied", 403)); "expired, version 4")]
    #[test_case(Form::V4Query, -901 => Err(("AccessDenied", 403)); "not yet, version 4")]
    #[test_case(Form::V1Query, 60 => Ok(true); "in its last second, version 1")]
    #[test_case(Form::V1Query, 61 => Err(("AccessDenied", 403)); "expired, version 1")]
    fn time_is_judged(form: Form, age: i64) -> Result<bool, (&'static str, u16)> {
        outcome(&signed(form, "sk", NOW.plus(-age)))
    }

    #[test]
    fn an_unknown_key_or_a_token_is_refused() {
        for form in FORMS {
            let request = signed(form, "sk", NOW);
            let other = Credentials {
                access_key: "other".into(),
                ..account("sk")
            };
            assert_eq!(
                check(&request, &other, NOW).unwrap_err().code.name,
                "InvalidAccessKeyId"
            );
        }
        let mut request = request();
        let credentials = Credentials {
            token: Some(Secret::new("t")),
            ..account("sk")
        };
        let scope = sign::Scope {
            credentials: &credentials,
            region: "r",
            time: NOW,
        };
        oss_v4::sign(
            &Method::PUT,
            &TARGET,
            &request.query,
            &mut request.headers,
            &[],
            &scope,
        );
        assert_eq!(outcome(&request), Err(("InvalidAccessKeyId", 403)));
    }

    #[test]
    fn two_signatures_are_one_too_many_and_none_is_anonymous() {
        let mut both = signed(Form::V4Header, "sk", NOW);
        both.query.push(("OSSAccessKeyId".into(), "ak".into()));
        assert_eq!(outcome(&both), Err(("InvalidArgument", 400)));
        assert_eq!(outcome(&request()), Ok(false));
    }

    #[test]
    fn fields_may_come_in_any_order_with_blanks() {
        let mut request = signed(Form::V4Additional, "sk", NOW);
        let value = request.headers["authorization"]
            .to_str()
            .unwrap()
            .to_owned();
        let (scheme, fields) = value.split_once(' ').unwrap();
        let mut fields: Vec<_> = fields.split(',').collect();
        fields.reverse();
        let value = format!("{scheme} {}", fields.join(" , "));
        request
            .headers
            .insert("authorization", value.parse().unwrap());
        assert_eq!(outcome(&request), Ok(true));
    }

    #[test_case("Basic abc" => "InvalidArgument"; "another scheme")]
    #[test_case("OSS4-HMAC-SHA256" => "InvalidArgument"; "no fields")]
    #[test_case("OSS4-HMAC-SHA256 Credential=ak/20231216/r/oss/aliyun_v4_request" => "InvalidArgument"; "no signature")]
    #[test_case("OSS4-HMAC-SHA256 Credential=ak/20231216//oss/aliyun_v4_request,Signature=0" => "InvalidArgument"; "no region")]
    #[test_case("OSS4-HMAC-SHA256 Credential=ak/20231216/r/s3/aliyun_v4_request,Signature=0" => "InvalidArgument"; "another product")]
    #[test_case("OSS4-HMAC-SHA256 Credential=ak/20231216/r/oss/aliyun_v4_request,AdditionalHeaders=,Signature=0" => "InvalidArgument"; "empty list")]
    #[test_case("OSS4-HMAC-SHA256 Credential=ak/20231215/r/oss/aliyun_v4_request,Signature=0" => "InvalidArgument"; "another day")]
    #[test_case("OSS ak" => "InvalidArgument"; "version 1 without signature")]
    #[test_case("OSS ak:" => "AccessDenied"; "version 1 without date")]
    fn malformed_headers_are_refused(value: &str) -> &'static str {
        let mut request = request();
        request
            .headers
            .insert("authorization", value.parse().unwrap());
        let name = HeaderName::from_static("x-oss-date");
        if value.starts_with("OSS4") {
            request
                .headers
                .insert(name, HeaderValue::from_static("20231216T162057Z"));
        }
        outcome(&request).unwrap_err().0
    }
}
