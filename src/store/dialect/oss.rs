//! Alibaba Cloud Object Storage Service.

use super::sign::{Bare, Signature};
use super::{Dialect, Limits, TextForm, errors, words};
use crate::store::types::HttpHeader;

/// Alibaba Cloud OSS.
pub static OSS: Dialect = Dialect {
    scheme: "oss",
    service: "Alibaba Cloud OSS",
    header_prefix: "x-oss-",
    meta_prefix: "x-oss-meta-",
    signature: Signature::OssV4,
    bare_parameters: Bare::Name,
    limits: Limits {
        user_meta_bytes: 8191,
        tags: 10,
        tag_key_chars: 128,
        tag_value_chars: 256,
        key_bytes: 1023,
        // The largest object there is: within a bucket only a change of class or encryption has a limit.
        single_copy_bytes: 48_800 << 30,
        converting_copy_bytes: 1 << 30,
        part_bytes: 5 << 30,
        presign_seconds: 604_800,
    },
    default_storage_class: "Standard",
    archive_classes: &["Archive", "ColdArchive", "DeepColdArchive"],
    default_acl: "default",
    canned_acls: &["default", "private", "public-read", "public-read-write"],
    acl_grants: false,
    http_headers: &[
        HttpHeader::ContentType,
        HttpHeader::CacheControl,
        HttpHeader::ContentDisposition,
        HttpHeader::ContentEncoding,
        HttpHeader::ContentLanguage,
        HttpHeader::Expires,
    ],
    carried_headers: &[
        "x-oss-server-side-encryption",
        "x-oss-server-side-encryption-key-id",
        "x-oss-server-side-data-encryption",
    ],
    meta_name_extra: b"",
    text_form: TextForm::Utf8,
    tag_punctuation: "+-=._:/",
    reserved_tag_prefix: None,
    native_symlinks: true,
    ordered_lists: true,
    broken_link_codes: &["SymlinkTargetNotExist", "InvalidTargetType"],
    symlink_meta_key: None,
    write_if_match: false,
    head_counts_tags: true,
    errors: &errors::OSS_ERRORS,
    words: &words::OSS_WORDS,
    endpoints: &super::endpoint::OSS,
    list_permission: "oss:ListObjects",
    credentials: &super::credentials::OSS,
};
