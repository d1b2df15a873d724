//! What a user reads when a bucket cannot be used.

use super::script::{Scripted, Step, answer, bucket, client, refusal};
use crate::conformance;
use crate::env::Bucket;
use metamount::config;
use metamount::store::dialect::{OSS, S3};
use metamount::store::{Dialect, check};
use test_case::test_case;
use tokio::net::TcpListener;

/// Returns the line that a refusal of the probe becomes; everything after the reason's bracket is the service's.
async fn line(dialect: &'static Dialect, steps: Vec<Step>) -> String {
    let server = Scripted::start(steps).await;
    let url = format!("http://{}", server.address);
    let error = check(&server.client(dialect), &bucket(dialect, &url), "p/").await;
    let line = error.expect_err("the probe fails").to_string();
    assert!(!line.contains('\n') && !line.contains("hush"), "{line}");
    line.replace(&url, "ENDPOINT")
}

fn refused(status: u16, code: &str) -> Vec<Step> {
    vec![Step::Answer(refusal(status, code, &[]))]
}

#[test_case(&S3, refused(404, "NoSuchBucket") => "the bucket s3://pail does not exist: check its name, --region and --endpoint (the message, 404, NoSuchBucket)")]
#[test_case(&OSS, refused(403, "InvalidAccessKeyId") => "Alibaba Cloud OSS does not accept the credentials: check OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and --profile (the message, 403, InvalidAccessKeyId)")]
#[test_case(&S3, refused(403, "SignatureDoesNotMatch") => "Amazon S3 does not accept the credentials: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and --profile (the message, 403, SignatureDoesNotMatch)")]
#[test_case(&OSS, refused(403, "AccessDenied") => "the credentials may not list oss://pail: grant them oss:ListObjects on the bucket (the message, 403, AccessDenied)")]
#[test_case(&S3, refused(403, "AccessDenied") => "the credentials may not list s3://pail: grant them s3:ListBucket on the bucket (the message, 403, AccessDenied)")]
#[test_case(&S3, vec![Step::Answer(answer(400, &[], "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>eu-west-1</Region></Error>"))] => "s3://pail is not found at this place: give the right --region or --endpoint (the bucket is in region eu-west-1: m, 400, AuthorizationHeaderMalformed)")]
#[test_case(&OSS, vec![Step::Answer(answer(403, &[], "<Error><Code>AccessDenied</Code><Message>m</Message><Endpoint>oss-cn-beijing.aliyuncs.com</Endpoint></Error>"))] => "oss://pail is not found at this place: give the right --region or --endpoint (the bucket is at endpoint oss-cn-beijing.aliyuncs.com: m, 403, AccessDenied)")]
#[test_case(&S3, vec![Step::Answer(answer(200, &[], "<html><body>It works!</body></html>"))] => "the endpoint of s3://pail does not answer as Amazon S3 does: check --endpoint (the answer is a \"html\" document, not ListBucketResult, 200)")]
#[test_case(&OSS, vec![Step::Answer(answer(400, &[], "{\"error\": \"no such volume\"}"))] => "the endpoint of oss://pail does not answer as Alibaba Cloud OSS does: check --endpoint (the service answered 400, 400)")]
#[test_case(&S3, vec![Step::AnswerAndClose(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())] => "the endpoint of s3://pail does not answer as Amazon S3 does: check --endpoint (what ENDPOINT answers is not valid HTTP: invalid HTTP version parsed)")]
#[test_case(&S3, vec![Step::Answer(refusal(503, "ServiceUnavailable", &[])); 5] => "Amazon S3 does not serve s3://pail now: try again later (the message, 503, ServiceUnavailable)")]
#[test_case(&S3, vec![Step::Answer(refusal(403, "RequestTimeTooSkewed", &[])); 2] => "this machine's clock differs too much from the service's: set it, by NTP for example (the message, 403, RequestTimeTooSkewed)")]
#[tokio::test]
async fn says_in_one_line_what_is_wrong_and_what_to_do(
    dialect: &'static Dialect,
    steps: Vec<Step>,
) -> String {
    line(dialect, steps).await
}

#[tokio::test]
async fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let error = check(&client(&S3, &url), &bucket(&S3, &url), "").await;
    let line = error.expect_err("nobody is there").to_string();
    let expected = format!(
        "s3://pail cannot be reached: check the network, --region and --endpoint \
         (no connection to {url}: Connection refused (os error 111))"
    );
    assert_eq!(line, expected);
}

#[tokio::test]
async fn no_such_host() {
    let url = "https://metamount-test.invalid";
    let error = check(&client(&S3, url), &bucket(&S3, url), "").await;
    let line = error.expect_err("nobody is there").to_string();
    assert!(line.starts_with("s3://pail cannot be reached: "), "{line}");
    assert!(line.contains("metamount-test.invalid"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_gives_these_reasons() {
    let bucket = tokio::task::spawn_blocking(Bucket::seaweed)
        .await
        .expect("a bucket");
    let probe = async |bucket: Bucket| {
        let described = config::Bucket {
            name: bucket.name.clone(),
            ..super::script::bucket(&S3, &bucket.service.endpoint())
        };
        check(&*conformance::client(&bucket), &described, "").await
    };
    probe(bucket.clone()).await.expect("usable");
    let cases = [
        (
            Bucket {
                name: "missing-bucket".into(),
                ..bucket.clone()
            },
            "does not exist",
        ),
        (
            {
                let mut other = bucket.clone();
                other.service.secret = "wrong".into();
                other
            },
            "does not accept the credentials",
        ),
        (
            {
                let mut other = bucket;
                other.service.access_key = "UNKNOWN".into();
                other
            },
            "does not accept the credentials",
        ),
    ];
    for (bucket, expected) in cases {
        let line = probe(bucket).await.expect_err(expected).to_string();
        assert!(line.contains(expected), "{line}");
    }
}
