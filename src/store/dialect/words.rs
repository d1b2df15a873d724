//! How requests and answers are written: the words that differ beyond the prefix of a header.

use super::Dialect;
use crate::store::types::HttpHeader;
use http::HeaderName;

/// A header with the value it always has.
pub type FixedHeader = (&'static str, &'static str);

/// A dialect's words.
#[derive(Debug)]
pub struct Words {
    /// Headers of every read of an object.
    pub read_headers: &'static [FixedHeader],
    /// Headers of a read of a range.
    pub range_headers: &'static [FixedHeader],
    /// The header of a write that must not replace anything.
    pub create_only: FixedHeader,
    /// The header that sets an ACL by a word.
    pub acl_header: &'static str,
    /// The header that carries a body's SHA-256, where bodies are signed.
    pub payload_hash_header: Option<&'static str>,
    /// The header that carries the CRC-64 of a body.
    pub crc64_header: Option<&'static str>,
    /// What a copy says to take the source's tags, and to replace them.
    pub tagging_directives: [&'static str; 2],
    /// Whether a copy without a class may land in another one than the default, so that every copy names it.
    pub copies_name_class: bool,
    /// The namespace of the documents sent.
    pub xml_namespace: Option<&'static str>,
    /// Whether a `+` in a listing is a blank.
    pub plus_is_blank: bool,
    /// Whether the token of a listing's next page is encoded like its keys.
    pub encoded_tokens: bool,
    /// The element that holds the tier of a restore, and the tier asked for.
    pub restore_tier: Option<(&'static str, &'static str)>,
    /// The parameter that asks whether objects of a bucket have ACLs of their own; without one they always have.
    pub ownership_parameter: Option<&'static str>,
}

impl Dialect {
    /// Returns one of the service's own headers: `version-id` gives `x-...-version-id`.
    pub fn header(&self, name: &str) -> HeaderName {
        HeaderName::from_bytes(format!("{}{name}", self.header_prefix).as_bytes())
            .expect("the callers' names are literals and the prefix is one too")
    }

    /// Returns the header on the wire of a stored HTTP header.
    pub fn http_header(&self, header: HttpHeader) -> HeaderName {
        match header {
            HttpHeader::WebsiteRedirect => self.header(header.name()),
            _ => HeaderName::from_static(header.name()),
        }
    }

    /// Returns whether objects always can have an ACL of their own, so that the bucket need not be asked.
    pub fn always_has_object_acls(&self) -> bool {
        self.words.ownership_parameter.is_none()
    }
}

/// The words of Alibaba Cloud OSS.
pub static OSS_WORDS: Words = Words {
    read_headers: &[],
    // Without it a range past the end is answered with the whole object.
    range_headers: &[("x-oss-range-behavior", "standard")],
    create_only: ("x-oss-forbid-overwrite", "true"),
    acl_header: "x-oss-object-acl",
    payload_hash_header: None,
    crc64_header: Some("x-oss-hash-crc64ecma"),
    tagging_directives: ["Copy", "Replace"],
    copies_name_class: true,
    xml_namespace: None,
    plus_is_blank: false,
    encoded_tokens: true,
    restore_tier: None,
    ownership_parameter: None,
};

/// The words of Amazon S3.
pub static S3_WORDS: Words = Words {
    read_headers: &[("x-amz-checksum-mode", "ENABLED")],
    range_headers: &[],
    create_only: ("if-none-match", "*"),
    acl_header: "x-amz-acl",
    payload_hash_header: Some("x-amz-content-sha256"),
    crc64_header: None,
    tagging_directives: ["COPY", "REPLACE"],
    copies_name_class: false,
    xml_namespace: Some("http://s3.amazonaws.com/doc/2006-03-01/"),
    plus_is_blank: true,
    encoded_tokens: false,
    restore_tier: Some(("GlacierJobParameters", "Standard")),
    ownership_parameter: Some("ownershipControls"),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use test_case::test_case;

    #[test_case(&OSS, HttpHeader::ContentType => "content-type")]
    #[test_case(&S3, HttpHeader::WebsiteRedirect => "x-amz-website-redirect-location")]
    fn a_stored_header_is_named(dialect: &Dialect, header: HttpHeader) -> String {
        dialect.http_header(header).to_string()
    }

    #[test]
    fn every_fixed_header_is_one() {
        for words in [&OSS_WORDS, &S3_WORDS] {
            let fixed = words.read_headers.iter().chain(words.range_headers);
            for (name, _) in fixed.chain([&words.create_only]) {
                assert_eq!(HeaderName::from_static(name).as_str(), *name);
            }
        }
    }
}
