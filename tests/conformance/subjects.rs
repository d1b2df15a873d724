//! The stores that the suite is held against, and what each cannot do.

use super::{CASES, Cannot, VERSIONS, conforms};
use crate::env::Bucket;
use metamount::config;
use metamount::store::client::Client;
use metamount::store::credentials::Fixed;
use metamount::store::dialect::{OSS, S3};
use metamount::store::endpoint::{Endpoint, Fallback};
use metamount::store::memory::Memory;
use metamount::store::types::Timestamp;
use metamount::store::{Dialect, Store};
use std::sync::Arc;
use std::time::SystemTime;

fn memory(dialect: &'static Dialect) -> Memory {
    Memory::new(dialect, || Timestamp::from(SystemTime::now()))
}

/// Opens a bucket of a test server.
pub fn client(bucket: &Bucket) -> Arc<dyn Store> {
    let service = &bucket.service;
    let dialect = Dialect::of_scheme(service.scheme).expect("a known scheme");
    let described = config::Bucket {
        dialect,
        name: bucket.name.clone(),
        endpoint: Some(service.endpoint()),
        region: Some(service.region.to_owned()),
        addressing: config::Addressing::Path,
        profile: None,
        anonymous: false,
        allow_http: false,
        max_requests: 16,
    };
    let endpoint = Endpoint::resolve(&described, &Fallback::default()).expect("all is given");
    let credentials = Fixed(service.account());
    let client = Client::new(
        dialect,
        endpoint,
        described.max_requests,
        Arc::new(credentials),
    );
    Arc::new(client.expect("a client"))
}

const NO_URLS: &str = "a memory has no URLs";
const NO_TAG_LIMITS: &str = "the memory leaves limits to the caller";
const NO_IF_MATCH: &str = "OSS has no If-Match on writes";
const NO_LINKS: &str = "S3 has no symlinks of its own";
const HAS_LINKS: &str = "OSS has symlinks";

const MEMORY_OSS: Cannot = &[
    ("read::a_presigned_url_needs_no_credentials", NO_URLS),
    ("write::put_only_over_the_body_that_was_seen", NO_IF_MATCH),
    ("edit::a_copy_only_over_the_body_that_was_seen", NO_IF_MATCH),
    (
        "multipart::completing_only_over_the_body_that_was_seen",
        NO_IF_MATCH,
    ),
    (
        "properties::tags_beyond_the_limits_are_refused",
        NO_TAG_LIMITS,
    ),
    ("properties::where_there_are_no_links", HAS_LINKS),
];

const MEMORY_S3: Cannot = &[
    ("read::a_presigned_url_needs_no_credentials", NO_URLS),
    (
        "properties::tags_beyond_the_limits_are_refused",
        NO_TAG_LIMITS,
    ),
    ("properties::a_link_is_written_and_read", NO_LINKS),
    ("properties::a_link_to_nothing", NO_LINKS),
    ("properties::what_is_no_link_is_not_read_as_one", NO_LINKS),
];

const EMBEDDED_OSS: Cannot = &[
    ("write::put_only_over_the_body_that_was_seen", NO_IF_MATCH),
    ("edit::a_copy_only_over_the_body_that_was_seen", NO_IF_MATCH),
    (
        "multipart::completing_only_over_the_body_that_was_seen",
        NO_IF_MATCH,
    ),
    ("properties::where_there_are_no_links", HAS_LINKS),
];

const WEED_ACL: &str =
    "SeaweedFS takes an ACL and stays private; its ownership controls say BucketOwnerEnforced";
const WEED_PATHS: &str = "SeaweedFS keeps keys as paths of a filesystem";

const SEAWEED: Cannot = &[
    (
        "read::crc_is_that_of_the_body",
        "only OSS gives a CRC-64/XZ",
    ),
    (
        "read::an_empty_value_is_kept",
        "SeaweedFS drops empty values",
    ),
    ("write::put_with_an_acl", WEED_ACL),
    (
        "write::metadata_above_the_limit_is_refused",
        "SeaweedFS has no limit on metadata",
    ),
    ("list::comes_in_the_order_of_bytes", WEED_PATHS),
    ("keys::backslashes", WEED_PATHS),
    ("keys::empty_components", WEED_PATHS),
    ("keys::dot_components", WEED_PATHS),
    ("keys::a_component_above_a_files_name", WEED_PATHS),
    ("edit::an_edit_sets_the_acl_it_names", WEED_ACL),
    (
        "edit::a_markers_metadata_is_edited",
        "SeaweedFS drops the metadata of directory markers",
    ),
    ("multipart::an_upload_may_carry_an_acl", WEED_ACL),
    ("properties::an_acl_is_set_and_read", WEED_ACL),
    (
        "properties::an_archived_body_is_restored_before_it_is_read",
        "SeaweedFS has no archive",
    ),
    (
        "properties::what_is_not_archived_is_not_restored",
        "SeaweedFS has no archive",
    ),
    ("properties::a_link_is_written_and_read", NO_LINKS),
    ("properties::a_link_to_nothing", NO_LINKS),
    ("properties::what_is_no_link_is_not_read_as_one", NO_LINKS),
];

#[tokio::test]
async fn memory_as_oss() {
    conforms(Arc::new(memory(&OSS)), CASES, MEMORY_OSS).await;
}

#[tokio::test]
async fn memory_as_s3() {
    conforms(Arc::new(memory(&S3)), CASES, MEMORY_S3).await;
}

#[tokio::test]
async fn memory_with_versions() {
    conforms(Arc::new(memory(&S3).with_versions()), VERSIONS, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_oss() {
    let bucket = tokio::task::spawn_blocking(Bucket::embedded)
        .await
        .expect("a bucket");
    conforms(client(&bucket), CASES, EMBEDDED_OSS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seaweed() {
    let bucket = tokio::task::spawn_blocking(Bucket::seaweed)
        .await
        .expect("a bucket");
    conforms(client(&bucket), CASES, SEAWEED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seaweed_with_versions() {
    let bucket = tokio::task::spawn_blocking(|| {
        let bucket = Bucket::seaweed();
        bucket.python("s3().put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={'Status': 'Enabled'})");
        bucket
    });
    let bucket = bucket.await.expect("a bucket");
    conforms(client(&bucket), VERSIONS, &[]).await;
}
