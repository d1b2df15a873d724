//! All that differs between the services: header names, signing, error codes, limits, and what each can do.
//!
//! A [`Dialect`] is a table of constants and pure functions. Code elsewhere asks it a question
//! (`dialect.has_symlinks()`), never which one it is.

pub mod credentials;
pub mod endpoint;
pub mod errors;
mod oss;
mod s3;
pub mod sign;
pub mod words;

pub use oss::OSS;
pub use s3::S3;
pub use sign::{Query, QueryPair, Scope, Target};

use super::types::HttpHeader;

/// What a service can do and how it names things.
#[derive(Debug)]
pub struct Dialect {
    /// The URL scheme that selects this dialect.
    pub scheme: &'static str,
    /// What people call the service.
    pub service: &'static str,
    /// The prefix of the service's own headers.
    pub header_prefix: &'static str,
    /// The prefix of user metadata headers.
    pub meta_prefix: &'static str,
    /// How requests are signed.
    pub signature: sign::Signature,
    /// How a parameter without a value is written in a URL.
    pub bare_parameters: sign::Bare,
    /// What is refused before any request.
    pub limits: Limits,
    /// The class of an object whose HEAD names none.
    pub default_storage_class: &'static str,
    /// The classes whose bodies must be restored before they are read.
    pub archive_classes: &'static [&'static str],
    /// The ACL of an object that was given none.
    pub default_acl: &'static str,
    /// The words an ACL may be set to.
    pub canned_acls: &'static [&'static str],
    /// Whether an ACL can be grants that no word stands for.
    pub acl_grants: bool,
    /// The HTTP headers stored with an object.
    pub http_headers: &'static [HttpHeader],
    /// Headers of a HEAD answer that a write repeats under the same name to keep what they say.
    pub carried_headers: &'static [&'static str],
    /// Bytes that a metadata name may hold besides `a-z`, `0-9` and `-`.
    pub meta_name_extra: &'static [u8],
    /// How text beyond ASCII goes into a metadata value.
    pub text_form: TextForm,
    /// Punctuation that a tag may hold besides letters, digits and blanks.
    pub tag_punctuation: &'static str,
    /// Whether tag keys may not begin with `aws:`.
    pub reserved_tag_prefix: Option<&'static str>,
    /// Whether the service has symlinks of its own.
    pub native_symlinks: bool,
    /// Whether every listing is in the byte order of the keys.
    pub ordered_lists: bool,
    /// The codes by which a HEAD says that the key is a link which leads nowhere.
    pub broken_link_codes: &'static [&'static str],
    /// The metadata key by which an empty object stands for a symlink, where there are no native ones.
    pub symlink_meta_key: Option<&'static str>,
    /// Whether a write may be made conditional on the entity tag it replaces.
    pub write_if_match: bool,
    /// Whether a HEAD without a tag count says that there are no tags.
    pub head_counts_tags: bool,
    /// What its error codes mean.
    pub errors: &'static errors::Errors,
    /// How its requests and answers are written.
    pub words: &'static words::Words,
    /// Where the service is found.
    pub endpoints: &'static endpoint::Endpoints,
    /// What an account must be granted to list a bucket, by the service's name for it.
    pub list_permission: &'static str,
    /// Where people keep their credentials for it.
    pub credentials: &'static credentials::Sources,
}

/// What a service refuses, so that it can be refused before any request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// All user metadata: header names with prefix and values as stored, summed, in bytes.
    pub user_meta_bytes: usize,
    /// Tags of an object.
    pub tags: usize,
    /// A tag's key, in characters.
    pub tag_key_chars: usize,
    /// A tag's value, in characters.
    pub tag_value_chars: usize,
    /// A key, in bytes.
    pub key_bytes: usize,
    /// The largest object that one copy request within the bucket takes, in bytes.
    pub single_copy_bytes: u64,
    /// The largest object that one copy request takes when it changes the class or the encryption, in bytes.
    pub converting_copy_bytes: u64,
    /// The largest part, in bytes.
    pub part_bytes: u64,
    /// The longest life of a presigned URL, in seconds.
    pub presign_seconds: u64,
}

/// How text beyond ASCII goes into a metadata value. Both forms are read from anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextForm {
    /// As the bytes of its UTF-8.
    Utf8,
    /// As an RFC 2047 encoded word.
    EncodedWord,
}

impl Dialect {
    /// Returns whether the service has symlinks of its own.
    pub fn has_symlinks(&self) -> bool {
        self.native_symlinks
    }

    /// Returns whether a write may be made conditional on the entity tag it replaces.
    pub fn has_write_if_match(&self) -> bool {
        self.write_if_match
    }

    /// Returns whether an ACL can be grants that no word stands for.
    pub fn has_grants(&self) -> bool {
        self.acl_grants
    }

    /// Returns whether a metadata name may hold this byte as it is.
    pub fn meta_name_byte_ok(&self, byte: u8) -> bool {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || byte == b'-'
            || self.meta_name_extra.contains(&byte)
    }

    /// Returns whether a tag's key or value may hold this character.
    pub fn tag_char_ok(&self, c: char) -> bool {
        c.is_alphanumeric() || c == ' ' || self.tag_punctuation.contains(c)
    }

    /// Returns whether a body in this class must be restored before it is read.
    pub fn is_archive_class(&self, class: &str) -> bool {
        self.archive_classes.contains(&class)
    }

    /// Returns the dialect of a URL scheme.
    pub fn of_scheme(scheme: &str) -> Option<&'static Self> {
        [&OSS, &S3].into_iter().find(|d| d.scheme == scheme)
    }
}
