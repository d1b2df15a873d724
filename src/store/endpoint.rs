//! Where a bucket's requests go: scheme, host and path, and the region they are signed for.
//!
//! Pure: what is asked of the environment and of profile files is passed in. The hosts of each service are the
//! dialect's table.

use super::dialect::Dialect;
use super::dialect::endpoint::Known;
use super::error::{Error, Kind, Result};
use super::types::Key;
use crate::config::{Addressing, Bucket};
use http::Uri;
use http::uri::{PathAndQuery, Scheme};
use std::net::IpAddr;

/// Where a bucket's requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `https` or `http`.
    pub scheme: &'static str,
    /// The `Host` of every request, with the bucket where the addressing puts it there.
    pub host: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The bucket's name.
    pub bucket: String,
    /// The path of the bucket itself, without the final `/`: empty, or `/bucket` behind the endpoint's own path.
    base: String,
    /// Whether the host is this machine.
    loopback: bool,
}

/// A URL, as it is signed and as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The path that is signed.
    pub path: String,
    /// The path that is sent: the same resource, safe from being shortened on the way.
    pub sent: String,
}

/// What to fall back to for what [`Bucket`] leaves open.
#[derive(Clone, Debug, Default)]
pub struct Fallback {
    /// The region.
    pub region: Option<String>,
    /// The endpoint's URL.
    pub endpoint: Option<String>,
}

impl Fallback {
    /// Asks the environment for the variables that the dialect names, then takes what `profile` says.
    pub fn new(
        dialect: &Dialect,
        variable: impl Fn(&str) -> Option<String>,
        profile: Self,
    ) -> Self {
        let first = |names: &[&str]| {
            let mut values = names.iter().filter_map(|name| variable(name));
            values.find(|value| !value.trim().is_empty())
        };
        Self {
            region: first(dialect.endpoints.region_variables).or(profile.region),
            endpoint: first(dialect.endpoints.endpoint_variables).or(profile.endpoint),
        }
    }
}

impl Endpoint {
    /// Works out where `bucket` is. Errors are [`Kind::Local`] and name the option that helps.
    pub fn resolve(bucket: &Bucket, fallback: &Fallback) -> Result<Self> {
        let endpoints = bucket.dialect.endpoints;
        check_bucket(&bucket.name)?;
        let region = bucket.region.as_deref().or(fallback.region.as_deref());
        let region = region
            .map(|region| endpoints.region_name(region))
            .filter(|region| !region.is_empty());
        if let Some(region) = region {
            check_region(region)?;
        }
        let url = url(bucket, fallback, region)?;
        let base = Base::parse(&url)?;
        let loopback = is_loopback(&base.name);
        if base.scheme == "http" && !loopback && !bucket.allow_http {
            return Err(local(format!(
                "the endpoint {url} is plain http, which sends data and signatures readable by all on the way: \
                 use https, or accept that with --allow-http"
            )));
        }
        // People paste the bucket's own host as endpoint.
        let name = base
            .name
            .strip_prefix(&bucket.name)
            .and_then(|rest| rest.strip_prefix('.'))
            .filter(|service| endpoints.known(service) != Known::Foreign)
            .unwrap_or(&base.name);
        let region = region.or(match endpoints.known(name) {
            Known::Region(region) => Some(region),
            Known::Global => None,
            // A server on this machine is a test's or one's own, and takes any.
            Known::Foreign if loopback => Some(endpoints.example_region),
            Known::Foreign => endpoints.own_server_region,
        });
        let region = region.ok_or_else(|| {
            local(format!(
                "the endpoint {url} does not tell its region: give --region (as {}) or set {}",
                endpoints.example_region, endpoints.region_variables[0],
            ))
        })?;
        let port = base.port.map(|port| format!(":{port}")).unwrap_or_default();
        let (host, path) = match addressing(bucket, base.scheme, name)? {
            Addressing::Virtual => (format!("{}.{name}{port}", bucket.name), base.path),
            Addressing::Path => (
                format!("{name}{port}"),
                format!("{}/{}", base.path, bucket.name),
            ),
            Addressing::Cname | Addressing::Auto => (format!("{name}{port}"), base.path),
        };
        Ok(Self {
            scheme: base.scheme,
            host,
            region: region.to_owned(),
            bucket: bucket.name.clone(),
            base: path,
            loopback,
        })
    }

    /// Returns whether the endpoint is this machine.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Returns the path of an object, or of the bucket.
    ///
    /// URLs are shortened on the way (`a/../b` is `b`), so the slashes of a key with such a component are sent
    /// escaped. The key that is nothing but `.` or `..` cannot be sent: [`Kind::InvalidArgument`].
    pub fn location(&self, key: Option<&Key>) -> Result<Location> {
        let Some(key) = key else {
            let path = format!("{}/", self.base);
            return Ok(Location {
                sent: path.clone(),
                path,
            });
        };
        let encoded = Dialect::encode_key(key.as_str());
        let dots = |component: &str| matches!(component, "." | "..");
        if dots(&encoded) {
            return Err(Error::new(
                Kind::InvalidArgument,
                "a key that is `.` or `..` alone cannot be asked for by URL",
            ));
        }
        let sent = match encoded.split('/').any(dots) {
            true => format!("{}/{}", self.base, encoded.replace('/', "%2F")),
            false => format!("{}/{encoded}", self.base),
        };
        Ok(Location {
            path: format!("{}/{encoded}", self.base),
            sent,
        })
    }
}

/// Returns the endpoint's URL, from what was given to what the region tells.
fn url(bucket: &Bucket, fallback: &Fallback, region: Option<&str>) -> Result<String> {
    let endpoints = bucket.dialect.endpoints;
    // A region that was asked for is not overruled by an endpoint that was only lying about.
    let elsewhere = |url: &str| {
        let base = Base::parse(url).ok();
        let of = base.as_ref().map(|base| endpoints.known(&base.name));
        bucket.region.is_some() && matches!(of, Some(Known::Region(of)) if Some(of) != region)
    };
    let fallback_url = fallback.endpoint.as_ref().filter(|url| !elsewhere(url));
    match (bucket.endpoint.as_ref().or(fallback_url), region) {
        (Some(url), _) => Ok(url.clone()),
        (None, Some(region)) => Ok(format!("https://{}", endpoints.host(region))),
        (None, None) => Err(local(format!(
            "no region is known for the bucket {:?}: give --region (as {}) or set {}",
            bucket.name, endpoints.example_region, endpoints.region_variables[0],
        ))),
    }
}

/// Returns where the bucket goes at the host `name`; never [`Addressing::Auto`].
fn addressing(bucket: &Bucket, scheme: &str, name: &str) -> Result<Addressing> {
    let dotted = || scheme == "https" && bucket.dialect.endpoints.needs_path(&bucket.name);
    match bucket.addressing {
        Addressing::Auto if is_literal(name) || is_loopback(name) || dotted() => {
            Ok(Addressing::Path)
        }
        Addressing::Auto => Ok(Addressing::Virtual),
        Addressing::Virtual if is_literal(name) => Err(local(format!(
            "a bucket cannot be part of the address {name}: use --addressing path"
        ))),
        given => Ok(given),
    }
}

/// An endpoint's URL, taken apart.
struct Base {
    scheme: &'static str,
    /// The host without its port, in lower case.
    name: String,
    /// The port where it is not the scheme's own.
    port: Option<u16>,
    /// Its path without the final `/`.
    path: String,
}

impl Base {
    fn parse(url: &str) -> Result<Self> {
        let wrong = |why: &str| {
            local(format!(
                "the endpoint {url:?} {why}: it looks like https://HOST[:PORT]"
            ))
        };
        let text = url.trim();
        if text.contains('@') {
            // Not shown: it may hold a password.
            return Err(local(
                "the endpoint's URL has a user or a password in it: credentials are taken from the environment",
            ));
        }
        let with_scheme = match text.contains("://") {
            true => text.to_owned(),
            false => format!("https://{text}"),
        };
        let uri: Uri = with_scheme.parse().map_err(|_| wrong("is no URL"))?;
        let (scheme, own_port) = match uri.scheme() {
            Some(s) if *s == Scheme::HTTPS => ("https", 443),
            Some(s) if *s == Scheme::HTTP => ("http", 80),
            _ => return Err(wrong("is neither https nor http")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("has no host"))?;
        if authority.host().is_empty() {
            return Err(wrong("has no host"));
        }
        if uri.query().is_some() {
            return Err(wrong("has a query"));
        }
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => None,
            _ => Some(
                authority
                    .port_u16()
                    .ok_or_else(|| wrong("has no valid port"))?,
            ),
        };
        Ok(Self {
            scheme,
            name: authority.host().to_ascii_lowercase(),
            port: port.filter(|p| *p != own_port),
            path: uri
                .path_and_query()
                .map(PathAndQuery::path)
                .unwrap_or_default()
                .trim_end_matches('/')
                .to_owned(),
        })
    }
}

/// Refuses what would make a host or path of another place out of a bucket's name.
fn check_bucket(name: &str) -> Result<()> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let edges = |b: u8| b.is_ascii_alphanumeric();
    let fine = (1..=255).contains(&name.len())
        && name.bytes().all(plain)
        && name.bytes().next().is_some_and(edges)
        && name.bytes().last().is_some_and(edges)
        && !name.contains("..");
    if fine {
        Ok(())
    } else {
        Err(local(format!(
            "{name:?} cannot be a bucket's name: these are letters, digits and `-`"
        )))
    }
}

fn check_region(region: &str) -> Result<()> {
    if region
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    {
        Ok(())
    } else {
        Err(local(format!("{region:?} cannot be a region's name")))
    }
}

/// Returns whether `host` is an address, which no bucket can be put before.
fn is_literal(host: &str) -> bool {
    host.starts_with('[') || host.parse::<IpAddr>().is_ok()
}

/// Returns whether `host` is this machine by definition.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

fn local(message: impl Into<Box<str>>) -> Error {
    Error::new(Kind::Local, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use test_case::test_case;

    fn bucket(dialect: &'static Dialect, endpoint: Option<&str>, region: Option<&str>) -> Bucket {
        Bucket {
            dialect,
            name: "pail".to_owned(),
            endpoint: endpoint.map(str::to_owned),
            region: region.map(str::to_owned),
            addressing: Addressing::Auto,
            profile: None,
            anonymous: false,
            allow_http: false,
            max_requests: 1,
        }
    }

    /// Shows an endpoint as the URL of the key `k` and the region.
    fn shown(bucket: &Bucket) -> String {
        match Endpoint::resolve(bucket, &Fallback::default()) {
            Ok(e) => {
                let key = Key::new("k").expect("a key");
                let location = e.location(Some(&key)).expect("a plain key");
                format!("{}://{}{} {}", e.scheme, e.host, location.path, e.region)
            }
            Err(error) => error.to_string(),
        }
    }

    #[test_case(None, Some("cn-hangzhou") => "https://pail.oss-cn-hangzhou.aliyuncs.com/k cn-hangzhou")]
    #[test_case(None, Some("oss-cn-hangzhou") => "https://pail.oss-cn-hangzhou.aliyuncs.com/k cn-hangzhou")]
    #[test_case(Some("https://oss-cn-beijing-internal.aliyuncs.com"), None => "https://pail.oss-cn-beijing-internal.aliyuncs.com/k cn-beijing")]
    #[test_case(Some("oss-cn-beijing.aliyuncs.com/"), None => "https://pail.oss-cn-beijing.aliyuncs.com/k cn-beijing"; "no scheme is https")]
    #[test_case(Some("https://Pail.OSS-cn-beijing.aliyuncs.com"), None => "https://pail.oss-cn-beijing.aliyuncs.com/k cn-beijing"; "the bucket's own host")]
    #[test_case(Some("https://oss-accelerate.aliyuncs.com"), Some("cn-hangzhou") => "https://pail.oss-accelerate.aliyuncs.com/k cn-hangzhou")]
    #[test_case(Some("https://oss-accelerate.aliyuncs.com"), None => "the endpoint https://oss-accelerate.aliyuncs.com does not tell its region: give --region (as cn-hangzhou) or set OSS_REGION")]
    #[test_case(Some("http://127.0.0.1:9100"), Some("cn-hangzhou") => "http://127.0.0.1:9100/pail/k cn-hangzhou")]
    #[test_case(Some("http://127.0.0.1:9100"), None => "http://127.0.0.1:9100/pail/k cn-hangzhou"; "this machine takes any region")]
    #[test_case(Some("https://files.example.org"), None => "the endpoint https://files.example.org does not tell its region: give --region (as cn-hangzhou) or set OSS_REGION")]
    #[test_case(Some("http://localhost:80"), Some("cn-hangzhou") => "http://localhost/pail/k cn-hangzhou")]
    #[test_case(None, None => "no region is known for the bucket \"pail\": give --region (as cn-hangzhou) or set OSS_REGION")]
    fn oss(endpoint: Option<&str>, region: Option<&str>) -> String {
        shown(&bucket(&OSS, endpoint, region))
    }

    #[test_case(None, Some("eu-west-1") => "https://pail.s3.eu-west-1.amazonaws.com/k eu-west-1")]
    #[test_case(None, Some("cn-north-1") => "https://pail.s3.cn-north-1.amazonaws.com.cn/k cn-north-1")]
    #[test_case(Some("https://s3.dualstack.eu-west-1.amazonaws.com"), None => "https://pail.s3.dualstack.eu-west-1.amazonaws.com/k eu-west-1")]
    #[test_case(Some("http://[::1]:8333"), None => "http://[::1]:8333/pail/k us-east-1")]
    #[test_case(Some("https://10.0.0.7:443"), None => "https://10.0.0.7/pail/k us-east-1")]
    #[test_case(Some("https://store.example.org/base/"), None => "https://pail.store.example.org/base/k us-east-1")]
    #[test_case(Some("ftp://store.example.org"), None => "the endpoint \"ftp://store.example.org\" is neither https nor http: it looks like https://HOST[:PORT]")]
    #[test_case(Some("https://host:port"), None => "the endpoint \"https://host:port\" has no valid port: it looks like https://HOST[:PORT]")]
    #[test_case(Some("https://h:99999"), None => "the endpoint \"https://h:99999\" has no valid port: it looks like https://HOST[:PORT]")]
    #[test_case(Some("https://AK:hush@h"), None => "the endpoint's URL has a user or a password in it: credentials are taken from the environment")]
    #[test_case(Some("http://store.example.org"), None => "the endpoint http://store.example.org is plain http, which sends data and signatures readable by all on the way: use https, or accept that with --allow-http")]
    #[test_case(None, Some("eu/west") => "\"eu/west\" cannot be a region's name")]
    fn s3(endpoint: Option<&str>, region: Option<&str>) -> String {
        shown(&bucket(&S3, endpoint, region))
    }

    #[test_case("https://store.example.org", Addressing::Path => "https://store.example.org/pail/k us-east-1")]
    #[test_case("https://store.example.org", Addressing::Cname => "https://store.example.org/k us-east-1")]
    #[test_case("http://localhost:1", Addressing::Virtual => "http://pail.localhost:1/k us-east-1")]
    #[test_case("https://10.0.0.7", Addressing::Virtual => "a bucket cannot be part of the address 10.0.0.7: use --addressing path")]
    fn addressing(endpoint: &str, addressing: Addressing) -> String {
        shown(&Bucket {
            addressing,
            ..bucket(&S3, Some(endpoint), None)
        })
    }

    #[test]
    fn a_dotted_bucket_goes_into_the_path_where_a_certificate_would_not_match() {
        let dotted = |dialect, region| Bucket {
            name: "a.b".to_owned(),
            ..bucket(dialect, None, Some(region))
        };
        assert_eq!(
            shown(&dotted(&S3, "eu-west-1")),
            "https://s3.eu-west-1.amazonaws.com/a.b/k eu-west-1"
        );
        assert_eq!(
            shown(&dotted(&OSS, "cn-hangzhou")),
            "https://a.b.oss-cn-hangzhou.aliyuncs.com/k cn-hangzhou"
        );
    }

    #[test_case(""; "empty")]
    #[test_case("a/b")]
    #[test_case("a?b")]
    #[test_case("..")]
    #[test_case("a..b")]
    #[test_case("-a")]
    #[test_case("a@b")]
    fn a_name_that_is_no_buckets_is_refused(name: &str) {
        let bucket = Bucket {
            name: name.to_owned(),
            ..bucket(&S3, None, Some("eu-west-1"))
        };
        assert!(
            shown(&bucket).contains("cannot be a bucket's name"),
            "{}",
            shown(&bucket)
        );
    }

    #[test]
    fn the_option_wins_over_the_environment_and_that_over_the_profile() {
        let environment = |name: &str| match name {
            "AWS_REGION" => Some(" ".to_owned()),
            "AWS_DEFAULT_REGION" => Some("from-environment".to_owned()),
            _ => None,
        };
        let profile = Fallback {
            region: Some("from-profile".to_owned()),
            endpoint: Some("https://profile.example.org".to_owned()),
        };
        let fallback = Fallback::new(&S3, environment, profile);
        assert_eq!(fallback.region.as_deref(), Some("from-environment"));
        assert_eq!(
            fallback.endpoint.as_deref(),
            Some("https://profile.example.org")
        );
        let resolved = Endpoint::resolve(&bucket(&S3, None, Some("given")), &fallback);
        let resolved = resolved.expect("complete");
        assert_eq!(resolved.region, "given");
        assert_eq!(resolved.host, "pail.profile.example.org");
    }

    #[test_case("https://s3.eu-west-1.amazonaws.com", "us-east-1" => "pail.s3.us-east-1.amazonaws.com")]
    #[test_case("https://s3.eu-west-1.amazonaws.com", "eu-west-1" => "pail.s3.eu-west-1.amazonaws.com")]
    #[test_case("https://store.example.org", "us-east-1" => "pail.store.example.org")]
    fn a_region_asked_for_is_not_overruled_by_a_profiles_endpoint(
        url: &str,
        region: &str,
    ) -> String {
        let profile = Fallback {
            region: None,
            endpoint: Some(url.to_owned()),
        };
        let resolved = Endpoint::resolve(&bucket(&S3, None, Some(region)), &profile);
        resolved.expect("complete").host
    }

    #[test_case("a/b c+%" => Some(("/pail/a/b%20c%2B%25".into(), "/pail/a/b%20c%2B%25".into())))]
    #[test_case("/a//" => Some(("/pail//a//".into(), "/pail//a//".into())))]
    #[test_case("a/../b" => Some(("/pail/a/../b".into(), "/pail/a%2F..%2Fb".into())))]
    #[test_case("./a" => Some(("/pail/./a".into(), "/pail/.%2Fa".into())))]
    #[test_case("..." => Some(("/pail/...".into(), "/pail/...".into())))]
    #[test_case(".." => None)]
    #[test_case("." => None)]
    fn a_key_arrives_as_it_is(key: &str) -> Option<(String, String)> {
        let bucket = bucket(&S3, Some("http://127.0.0.1"), None);
        let endpoint = Endpoint::resolve(&bucket, &Fallback::default()).expect("complete");
        let key = Key::new(key).expect("a key");
        let location = endpoint.location(Some(&key)).ok()?;
        // The client's own URL type leaves the path as it is.
        let url = reqwest::Url::parse(&format!("http://h{}", location.sent)).expect("a URL");
        assert_eq!(url.path(), location.sent);
        Some((location.path, location.sent))
    }
}
