//! Answers that are refusals, lies, or too much.

use super::script::{Scripted, Step, answer, bucket, credentials, head, object, policy, refusal};
use async_trait::async_trait;
use metamount::store::credentials::{ProvideCredentials, Provided};
use metamount::store::dialect::{OSS, S3};
use metamount::store::endpoint::{Endpoint, Fallback};
use metamount::store::types::{
    CopyRequest, Key, ListRequest, MetadataDirective, Operation, Properties, SourceConditions,
    TaggingDirective, WriteCondition,
};
use metamount::store::{Client, Kind, Result, Store as _};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn key() -> Key {
    Key::new("k").expect("a key")
}

fn edit() -> CopyRequest {
    CopyRequest {
        source: key(),
        source_version: None,
        destination: key(),
        metadata: MetadataDirective::Replace(Properties::default()),
        storage_class: None,
        tagging: TaggingDirective::Copy,
        acl: None,
        conditions: SourceConditions::default(),
        condition: WriteCondition::None,
    }
}

const COPIED: &str = "<CopyObjectResult><LastModified>2026-11-21T06:10:00.000Z</LastModified>\
                      <ETag>\"e\"</ETag></CopyObjectResult>";

#[tokio::test]
async fn a_busy_service_is_asked_again() {
    let busy = refusal(503, "SlowDown", &[("retry-after", "0")]);
    let steps = vec![Step::Answer(busy); 4].into_iter();
    let server = Scripted::start(steps.chain([Step::Answer(answer(200, &[], COPIED))])).await;
    let client = server.client(&S3);
    client.copy(edit()).await.expect("copied at last");
    assert_eq!(client.requests().of(Operation::CopyObject), 5);
    assert_eq!(client.requests().retried, 4);
}

#[tokio::test]
async fn the_wait_that_is_asked_for_is_kept_within_bounds() {
    let busy = refusal(503, "SlowDown", &[("retry-after", "3600")]);
    let server = Scripted::start([Step::Answer(busy), Step::Answer(object())]).await;
    let start = Instant::now();
    server.client(&S3).head(&key(), None).await.expect("there");
    assert!(start.elapsed() >= policy().cap);
    assert!(start.elapsed() < policy().deadline);
}

#[tokio::test]
async fn a_failed_read_is_sent_again_and_a_failed_copy_is_of_unknown_outcome() {
    for status in [500, 502, 504] {
        let failed = refusal(status, "InternalError", &[]);
        let server = Scripted::start([Step::Answer(failed.clone()), Step::Answer(object())]).await;
        server.client(&S3).head(&key(), None).await.expect("there");

        let server = Scripted::start([Step::Answer(failed)]).await;
        let error = server.client(&S3).copy(edit()).await.expect_err("failed");
        assert_eq!(
            (error.kind(), error.status()),
            (Kind::Unknown, Some(status)),
            "{error}"
        );
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn an_error_in_a_success_is_an_error() {
    let failed =
        "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>m</Message></Error>";
    let server = Scripted::start([Step::Answer(answer(200, &[], failed))]).await;
    let error = server.client(&S3).copy(edit()).await.expect_err("failed");
    assert_eq!(error.kind(), Kind::Unknown, "{error}");

    let busy = "<Error><Code>SlowDown</Code><Message>m</Message></Error>";
    let steps = [busy, COPIED].map(|body| Step::Answer(answer(200, &[], body)));
    let server = Scripted::start(steps).await;
    server
        .client(&S3)
        .copy(edit())
        .await
        .expect("copied at the second try");
}

#[tokio::test]
async fn an_answer_stands() {
    for (status, code, kind) in [
        (403, "AccessDenied", Kind::Denied),
        (404, "NoSuchKey", Kind::NotFound),
        (404, "NoSuchBucket", Kind::NoSuchBucket),
        (412, "PreconditionFailed", Kind::Precondition),
        (400, "InvalidArgument", Kind::InvalidArgument),
        (403, "InvalidObjectState", Kind::Archived),
    ] {
        let id = [("x-amz-request-id", "5C3D")];
        let server = Scripted::start([Step::Answer(refusal(status, code, &id))]).await;
        let error = server.client(&S3).copy(edit()).await.expect_err(code);
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(
            error.to_string(),
            format!("CopyObject \"k\": the message ({status} {code}, request id 5C3D)")
        );
        assert_eq!(server.seen().len(), 1);
    }
}

/// Credentials that are replaced while a mount runs.
#[derive(Debug)]
struct Rotated(Mutex<Vec<&'static str>>);

#[async_trait]
impl ProvideCredentials for Rotated {
    async fn provide(&self) -> Result<Provided> {
        let mut names = self.0.lock();
        let name = if names.len() > 1 {
            names.remove(0)
        } else {
            names[0]
        };
        Ok(Provided::Signed(credentials(name)))
    }
}

#[tokio::test]
async fn refused_credentials_are_read_again() {
    let expired = refusal(403, "InvalidAccessKeyId", &[]);
    let server = Scripted::start([
        Step::Answer(expired.clone()),
        Step::Answer(answer(200, &[], COPIED)),
    ])
    .await;
    let url = format!("http://{}", server.address);
    let endpoint = Endpoint::resolve(&bucket(&S3, &url), &Fallback::default()).expect("given");
    let rotated = Arc::new(Rotated(Mutex::new(vec!["OLD", "NEW"])));
    let client = Client::new(&S3, endpoint, 8, rotated).expect("a client");
    client.copy(edit()).await.expect("copied with the new ones");
    let seen = server.seen();
    assert!(
        seen[0]
            .header("authorization")
            .is_some_and(|a| a.contains("=OLD/"))
    );
    assert!(
        seen[1]
            .header("authorization")
            .is_some_and(|a| a.contains("=NEW/"))
    );

    let server = Scripted::start([Step::Answer(expired)]).await;
    let error = server
        .client(&S3)
        .copy(edit())
        .await
        .expect_err("there are no others");
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn ten_thousand_headers_are_refused() {
    let many: Vec<(String, String)> = (0..10_000)
        .map(|n| (format!("x-amz-meta-{n}"), "v".to_owned()))
        .collect();
    let many: Vec<_> = many.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let server = Scripted::start([Step::Answer(head(200, &many))]).await;
    let error = server
        .client(&S3)
        .head(&key(), None)
        .await
        .expect_err("too many");
    assert_eq!(error.kind(), Kind::Protocol, "{error}");
}

#[tokio::test]
async fn as_many_headers_as_a_service_stores_are_read() {
    let many: Vec<(String, &str)> = (0..640).map(|n| (format!("x-oss-meta-{n}"), "v")).collect();
    let mut headers: Vec<_> = many.iter().map(|(n, v)| (n.as_str(), *v)).collect();
    headers.extend([
        ("content-length", "5"),
        ("etag", "\"e\""),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ]);
    let server = Scripted::start([Step::Answer(head(200, &headers))]).await;
    let head = server.client(&OSS).head(&key(), None).await.expect("read");
    assert_eq!(head.properties.user.len(), 640);
}

#[tokio::test]
async fn a_megabyte_of_metadata_is_refused() {
    let large = "v".repeat(1 << 20);
    let bytes = head(200, &[("content-length", "5"), ("x-amz-meta-a", &large)]);
    let server = Scripted::start([Step::Answer(bytes)]).await;
    let error = server
        .client(&S3)
        .head(&key(), None)
        .await
        .expect_err("too much");
    assert_eq!(error.kind(), Kind::Protocol, "{error}");
}

#[tokio::test]
async fn an_endless_document_is_refused_within_bounds() {
    let begun = head(200, &[("content-length", "1073741824")]);
    let keys = "<Contents><Key>k</Key></Contents>".repeat(2_000);
    let server = Scripted::start([Step::AnswerForEver(begun, keys.into_bytes())]).await;
    let start = Instant::now();
    let error = server.client(&S3).list(ListRequest::default()).await;
    let error = error.expect_err("too much");
    assert_eq!(error.kind(), Kind::Protocol, "{error}");
    // 16 MiB and what sockets hold.
    assert!(
        server.written() < 40 << 20,
        "{} bytes were taken",
        server.written()
    );
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_deep_document_is_refused() {
    let deep = "<a>".repeat(10_000);
    let server = Scripted::start([Step::Answer(answer(200, &[], &deep))]).await;
    let error = server.client(&S3).list(ListRequest::default()).await;
    assert_eq!(error.expect_err("too deep").kind(), Kind::Protocol);
}

#[tokio::test]
async fn a_listing_that_leads_nowhere_is_refused() {
    let page = "<ListBucketResult><IsTruncated>true</IsTruncated>\
                <NextContinuationToken>t</NextContinuationToken></ListBucketResult>";
    let server = Scripted::start(vec![Step::Answer(answer(200, &[], page)); 2]).await;
    let client = server.client(&S3);
    let first = client.list(ListRequest::default()).await.expect("a page");
    let again = ListRequest {
        token: first.next,
        ..ListRequest::default()
    };
    let error = client.list(again).await.expect_err("the same token");
    assert_eq!(error.kind(), Kind::Protocol, "{error}");
}
