//! Where each service is found: its hosts by region, and the environment variables that name them.

/// How a service's hosts are named.
#[derive(Debug)]
pub struct Endpoints {
    /// The variables that give the region, in the order they are asked.
    pub region_variables: &'static [&'static str],
    /// The variables that give the endpoint's URL, in the order they are asked.
    pub endpoint_variables: &'static [&'static str],
    /// The region that servers of one's own are signed for when none is given; `None` asks for it.
    pub own_server_region: Option<&'static str>,
    /// What people put before a region that is no part of it.
    region_prefix: &'static str,
    /// A region that is named where any would do, and shown in messages.
    pub example_region: &'static str,
    /// Whether a certificate's wildcard covers only buckets without a dot, so that others go into the path.
    dots_need_path: bool,
    host: fn(region: &str) -> String,
    region: fn(host: &str) -> Known<'_>,
}

/// What a host's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// One of the service's, in this region.
    Region(&'a str),
    /// One of the service's, for every region.
    Global,
    /// Not one of the service's.
    Foreign,
}

impl Endpoints {
    /// Returns the public host of a region.
    pub fn host(&self, region: &str) -> String {
        (self.host)(region)
    }

    /// Returns what `host`, in lower case, says of itself.
    pub fn known<'a>(&self, host: &'a str) -> Known<'a> {
        (self.region)(host)
    }

    /// Returns the region's own name of what a person wrote.
    pub fn region_name<'a>(&self, written: &'a str) -> &'a str {
        let written = written.trim();
        match written.strip_prefix(self.region_prefix) {
            Some(rest) if !self.region_prefix.is_empty() && !rest.is_empty() => rest,
            _ => written,
        }
    }

    /// Returns whether a bucket of this name cannot be part of a host that is reached by TLS.
    pub fn needs_path(&self, bucket: &str) -> bool {
        self.dots_need_path && bucket.contains('.')
    }
}

pub(super) static OSS: Endpoints = Endpoints {
    region_variables: &["OSS_REGION", "ALIBABA_CLOUD_REGION_ID"],
    endpoint_variables: &["OSS_ENDPOINT"],
    own_server_region: None,
    region_prefix: "oss-",
    example_region: "cn-hangzhou",
    dots_need_path: false,
    host: |region| format!("oss-{region}.aliyuncs.com"),
    region: oss_region,
};

pub(super) static S3: Endpoints = Endpoints {
    region_variables: &["AWS_REGION", "AWS_DEFAULT_REGION"],
    endpoint_variables: &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"],
    own_server_region: Some("us-east-1"),
    region_prefix: "",
    example_region: "us-east-1",
    dots_need_path: true,
    host: |region| {
        let china = if region.starts_with("cn-") { ".cn" } else { "" };
        format!("s3.{region}.amazonaws.com{china}")
    },
    region: s3_region,
};

/// Public `oss-<region>`, internal `oss-<region>-internal`, dual stack `<region>.oss`, acceleration `oss-accelerate`.
fn oss_region(host: &str) -> Known<'_> {
    let Some(name) = host.strip_suffix(".aliyuncs.com") else {
        return Known::Foreign;
    };
    match name.strip_prefix("oss-") {
        Some("accelerate" | "accelerate-overseas") => Known::Global,
        Some(region) => named(region.strip_suffix("-internal").unwrap_or(region)),
        None => name.strip_suffix(".oss").map_or(Known::Foreign, named),
    }
}

/// `s3.<region>`, the older `s3-<region>`, with `dualstack` or `-fips` in between, and the global `s3`.
fn s3_region(host: &str) -> Known<'_> {
    let Some(name) = host
        .strip_suffix(".amazonaws.com")
        .or_else(|| host.strip_suffix(".amazonaws.com.cn"))
    else {
        return Known::Foreign;
    };
    match name {
        "s3" => return Known::Region("us-east-1"),
        "s3-accelerate" | "s3-accelerate.dualstack" => return Known::Global,
        _ => {}
    }
    [
        "s3.dualstack.",
        "s3-fips.dualstack.",
        "s3-fips.",
        "s3.",
        "s3-",
    ]
    .into_iter()
    .find_map(|prefix| name.strip_prefix(prefix))
    .map_or(Known::Foreign, named)
}

fn named(region: &str) -> Known<'_> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !region.is_empty() && region.bytes().all(plain) {
        Known::Region(region)
    } else {
        Known::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("oss-cn-hangzhou.aliyuncs.com" => Known::Region("cn-hangzhou"))]
    #[test_case("oss-cn-hangzhou-internal.aliyuncs.com" => Known::Region("cn-hangzhou"))]
    #[test_case("cn-hangzhou.oss.aliyuncs.com" => Known::Region("cn-hangzhou"))]
    #[test_case("oss-accelerate.aliyuncs.com" => Known::Global)]
    #[test_case("oss-accelerate-overseas.aliyuncs.com" => Known::Global)]
    #[test_case("bucket.oss-cn-hangzhou.aliyuncs.com" => Known::Foreign)]
    #[test_case("oss-cn-hangzhou.aliyuncs.com.example.org" => Known::Foreign)]
    #[test_case("ecs.aliyuncs.com" => Known::Foreign)]
    #[test_case("127.0.0.1" => Known::Foreign)]
    fn oss_hosts(host: &str) -> Known<'_> {
        OSS.known(host)
    }

    #[test_case("s3.eu-west-1.amazonaws.com" => Known::Region("eu-west-1"))]
    #[test_case("s3-eu-west-1.amazonaws.com" => Known::Region("eu-west-1"))]
    #[test_case("s3.dualstack.eu-west-1.amazonaws.com" => Known::Region("eu-west-1"))]
    #[test_case("s3-fips.us-gov-west-1.amazonaws.com" => Known::Region("us-gov-west-1"))]
    #[test_case("s3.cn-north-1.amazonaws.com.cn" => Known::Region("cn-north-1"))]
    #[test_case("s3.amazonaws.com" => Known::Region("us-east-1"))]
    #[test_case("s3-accelerate.amazonaws.com" => Known::Global)]
    #[test_case("bucket.s3.eu-west-1.amazonaws.com" => Known::Foreign)]
    #[test_case("s3.example.org" => Known::Foreign)]
    fn s3_hosts(host: &str) -> Known<'_> {
        S3.known(host)
    }

    #[test]
    fn a_region_has_a_host_that_names_it() {
        for (endpoints, region, host) in [
            (&OSS, "cn-hangzhou", "oss-cn-hangzhou.aliyuncs.com"),
            (&S3, "eu-west-1", "s3.eu-west-1.amazonaws.com"),
            (&S3, "cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
        ] {
            assert_eq!(endpoints.host(region), host);
            assert_eq!(endpoints.known(host), Known::Region(region));
        }
    }

    #[test_case("oss-cn-hangzhou" => "cn-hangzhou")]
    #[test_case(" cn-hangzhou " => "cn-hangzhou")]
    #[test_case("oss-" => "oss-")]
    fn oss_region_names(written: &str) -> &str {
        OSS.region_name(written)
    }
}
