//! Amazon S3, and servers that speak its protocol.

use super::sign::{Bare, Signature};
use super::{Dialect, Limits, TextForm, errors, words};
use crate::store::types::HttpHeader;

/// Amazon S3.
pub static S3: Dialect = Dialect {
    scheme: "s3",
    service: "Amazon S3",
    header_prefix: "x-amz-",
    meta_prefix: "x-amz-meta-",
    signature: Signature::AwsV4,
    bare_parameters: Bare::NameAndSign,
    limits: Limits {
        user_meta_bytes: 2048,
        tags: 10,
        tag_key_chars: 128,
        tag_value_chars: 256,
        key_bytes: 1024,
        single_copy_bytes: 5 << 30,
        converting_copy_bytes: 5 << 30,
        part_bytes: 5 << 30,
        presign_seconds: 604_800,
    },
    default_storage_class: "STANDARD",
    archive_classes: &["GLACIER", "DEEP_ARCHIVE"],
    default_acl: "private",
    canned_acls: &[
        "private",
        "public-read",
        "public-read-write",
        "authenticated-read",
        "aws-exec-read",
        "bucket-owner-read",
        "bucket-owner-full-control",
    ],
    acl_grants: true,
    http_headers: &HttpHeader::ALL,
    carried_headers: &[
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-bucket-key-enabled",
        "x-amz-object-lock-mode",
        "x-amz-object-lock-retain-until-date",
        "x-amz-object-lock-legal-hold",
    ],
    meta_name_extra: b"._",
    text_form: TextForm::EncodedWord,
    tag_punctuation: "+-=._:/@",
    reserved_tag_prefix: Some("aws:"),
    native_symlinks: false,
    // Directory buckets and some servers have orders of their own.
    ordered_lists: false,
    broken_link_codes: &[],
    symlink_meta_key: Some("--symlink-target"),
    write_if_match: true,
    head_counts_tags: true,
    errors: &errors::S3_ERRORS,
    words: &words::S3_WORDS,
    endpoints: &super::endpoint::S3,
    list_permission: "s3:ListBucket",
    credentials: &super::credentials::S3,
};
