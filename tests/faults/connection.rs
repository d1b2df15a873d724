//! Connections that break, stall, or lead elsewhere.

use super::script::{Scripted, Step, answer, body_head, client, head, object, policy, refusal};
use futures_util::StreamExt as _;
use metamount::store::dialect::{OSS, S3};
use metamount::store::types::{
    CopyRequest, GetRequest, Key, MetadataDirective, Operation, Properties, PutRequest,
    SourceConditions, TaggingDirective, Tags, WriteCondition,
};
use metamount::store::{Client, Error, Kind, Store as _};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn key() -> Key {
    Key::new("a/b").expect("a key")
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

fn read() -> GetRequest {
    GetRequest {
        key: key(),
        version: None,
        range: None,
        if_match: None,
    }
}

/// Reads a whole body; the bytes that came, and the error that ended them.
async fn body(client: &Client) -> (usize, Option<Error>) {
    let mut answer = client.get(read()).await.expect("headers");
    let mut bytes = 0;
    while let Some(chunk) = answer.body.next().await {
        match chunk {
            Ok(chunk) => bytes += chunk.len(),
            Err(error) => return (bytes, Some(error)),
        }
    }
    (bytes, None)
}

#[tokio::test]
async fn a_reset_read_is_sent_again() {
    let server = Scripted::start([
        Step::AnswerAndReset(Vec::new()),
        Step::AnswerAndClose(Vec::new()),
        Step::Answer(object()),
    ])
    .await;
    let client = server.client(&S3);
    assert_eq!(client.head(&key(), None).await.expect("there").size, 5);
    let counts = client.requests();
    assert_eq!(counts.of(Operation::HeadObject), 3);
    assert_eq!(counts.retried, 2);
}

#[tokio::test]
async fn a_reset_copy_is_not_sent_again_and_its_outcome_unknown() {
    let server = Scripted::start([Step::AnswerAndReset(Vec::new())]).await;
    let error = server.client(&S3).copy(edit()).await.expect_err("reset");
    assert_eq!(error.kind(), Kind::Unknown, "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_copy_without_an_answer_ends_with_its_deadline_as_unknown() {
    let server = Scripted::start([Step::AnswerAndStall(Vec::new())]).await;
    let start = Instant::now();
    let error = server
        .client(&S3)
        .copy(edit())
        .await
        .expect_err("no answer");
    assert_eq!(error.kind(), Kind::Unknown, "{error}");
    assert!(start.elapsed() < policy().deadline + Duration::from_secs(2));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_copy_that_answers_slowly_is_waited_for_past_the_deadline() {
    let result = "<CopyObjectResult><LastModified>2026-11-21T06:10:00.000Z</LastModified>\
                  <ETag>\"e\"</ETag></CopyObjectResult>";
    let blanks = 250;
    let length = (result.len() + blanks as usize).to_string();
    let begun = head(200, &[("content-length", &length)]);
    let rest = result.as_bytes().to_vec();
    let server = Scripted::start([Step::AnswerSlowly(begun, blanks, rest)]).await;
    let start = Instant::now();
    let outcome = server.client(&S3).copy(edit()).await.expect("copied");
    assert_eq!(outcome.etag.as_str(), "e");
    assert!(start.elapsed() > policy().deadline);
}

#[tokio::test]
async fn a_closed_idle_connection_is_no_failure() {
    let server = Scripted::start([
        Step::AnswerAndClose(object()),
        Step::AnswerAndClose(object()),
    ])
    .await;
    let client = server.client(&S3);
    for _ in 0..2 {
        client.head(&key(), None).await.expect("there");
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let server = Scripted::start(vec![Step::Answer(object()); 5]).await;
    let client = server.client(&S3);
    for _ in 0..5 {
        client.head(&key(), None).await.expect("there");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn nobody_there_is_found_out_soon_and_without_a_doubt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let client = client(&S3, &format!("http://{address}"));
    let start = Instant::now();
    let error = client.copy(edit()).await.expect_err("nobody is there");
    assert_eq!(error.kind(), Kind::Connect, "{error}");
    assert_eq!(client.requests().of(Operation::CopyObject), 5);
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_cut_body_ends_with_an_error() {
    for cut in [Step::AnswerAndClose, Step::AnswerAndReset] {
        let mut bytes = body_head(100);
        bytes.extend_from_slice(&[b'x'; 40]);
        let server = Scripted::start([cut(bytes)]).await;
        let (received, error) = body(&server.client(&S3)).await;
        let error = error.expect("60 bytes are missing");
        assert!(received <= 40);
        assert!(
            matches!(error.kind(), Kind::Unknown | Kind::Corrupt),
            "{error}"
        );
        assert_eq!(error.key(), Some("a/b"));
    }
}

#[tokio::test]
async fn a_stalled_body_ends_with_an_error() {
    let mut bytes = body_head(100);
    bytes.extend_from_slice(&[b'x'; 40]);
    let server = Scripted::start([Step::AnswerAndStall(bytes)]).await;
    let start = Instant::now();
    let (received, error) = body(&server.client(&S3)).await;
    assert_eq!(received, 40);
    assert_eq!(error.expect("stalled").kind(), Kind::Unknown);
    assert!(start.elapsed() < policy().stall + Duration::from_secs(2));
}

#[tokio::test]
async fn a_body_longer_than_announced_is_cut_there() {
    let mut bytes = body_head(5);
    bytes.extend_from_slice(b"hello and more");
    let server = Scripted::start([Step::Answer(bytes), Step::Answer(object())]).await;
    let client = server.client(&S3);
    let (received, error) = body(&client).await;
    assert_eq!(received, 5);
    assert!(error.is_none(), "{error:?}");
    // What was left over is not taken for the next answer.
    assert_eq!(client.head(&key(), None).await.expect("there").size, 5);
}

#[tokio::test]
async fn a_chunked_body_is_held_to_its_range() {
    let chunked = |body: &str| {
        let mut bytes = head(
            206,
            &[
                ("transfer-encoding", "chunked"),
                ("content-range", "bytes 0-9/10"),
                ("etag", "\"e\""),
                ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ],
        );
        bytes.extend_from_slice(body.as_bytes());
        bytes
    };
    for wrong in ["3\r\nabc\r\n0\r\n\r\n", "b\r\nabcdefghijk\r\n0\r\n\r\n"] {
        let server = Scripted::start([Step::Answer(chunked(wrong))]).await;
        let client = server.client(&S3);
        let refused = match client.get(read()).await {
            Ok(mut answer) => loop {
                match answer.body.next().await {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break error,
                    None => panic!("{wrong:?} passed for ten bytes"),
                }
            },
            Err(error) => error,
        };
        assert!(
            matches!(refused.kind(), Kind::Corrupt | Kind::Protocol),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_dropped_body_gives_its_place_back() {
    let mut bytes = body_head(1 << 20);
    bytes.extend_from_slice(&[b'x'; 100]);
    let steps = vec![Step::AnswerAndStall(bytes); 20];
    let server = Scripted::start(steps).await;
    let client = server.client(&S3);
    // Twenty, where six of eight places are for bodies.
    for _ in 0..20 {
        drop(client.get(read()).await.expect("headers"));
    }
    assert_eq!(server.steps_left(), 0);
}

#[tokio::test]
async fn bodies_leave_places_for_metadata() {
    let mut steps = vec![Step::AnswerAndStall(body_head(100)); 6];
    steps.push(Step::Answer(object()));
    let server = Scripted::start(steps).await;
    let client = server.client(&S3);
    let mut bodies = Vec::new();
    for _ in 0..6 {
        bodies.push(client.get(read()).await.expect("headers"));
    }
    client.head(&key(), None).await.expect("a place is left");
    let error = client
        .get(read())
        .await
        .map(|_| ())
        .expect_err("no place for bodies");
    assert_eq!(error.kind(), Kind::Connect, "{error}");
    assert_eq!(server.seen().len(), 7);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Scripted::start([Step::Answer(object())]).await;
    let to = format!("http://{}/pail/a/b", elsewhere.address);
    for status in [301, 302, 307, 308] {
        let redirect = answer(status, &[("location", &to)], "");
        let server = Scripted::start([Step::Answer(redirect)]).await;
        let error = server.client(&S3).head(&key(), None).await;
        let error = error.expect_err("a redirect");
        assert_eq!(error.kind(), Kind::WrongRegion, "{error}");
        assert!(error.to_string().contains(&to), "{error}");
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn tls_to_a_plain_server_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let _ = stream.write_all(&answer(400, &[], "")).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let client = client(&S3, &format!("https://{address}"));
    let error = client.head(&key(), None).await.expect_err("no TLS");
    assert_eq!(error.kind(), Kind::Local, "{error}");
    assert!(error.message().contains("does not speak TLS"), "{error}");
    assert_eq!(client.requests().of(Operation::HeadObject), 1);
}

#[tokio::test]
async fn what_is_no_http_is_not_tried_again() {
    let server = Scripted::start([Step::AnswerAndClose(
        b"220 mail.example.org ESMTP\r\n".to_vec(),
    )])
    .await;
    let error = server
        .client(&S3)
        .head(&key(), None)
        .await
        .expect_err("no HTTP");
    assert_eq!(error.kind(), Kind::Protocol, "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn the_clock_is_put_right_once() {
    for dialect in [&OSS, &S3] {
        let skewed = refusal(
            403,
            "RequestTimeTooSkewed",
            &[("date", "Sun, 06 Nov 1994 08:49:37 GMT")],
        );
        let listing = answer(200, &[], "<ListBucketResult></ListBucketResult>");
        let server = Scripted::start([Step::Answer(skewed.clone()), Step::Answer(listing)]).await;
        let client = server.client(dialect);
        client.list(Default::default()).await.expect("listed");
        let name = format!("{}date", dialect.header_prefix);
        let dates: Vec<_> = server
            .seen()
            .iter()
            .map(|s| s.header(&name).map(str::to_owned))
            .collect();
        let learned = dates[1].as_deref().expect("signed");
        assert!(learned.starts_with("19941106T0849"), "{dates:?}");

        let server = Scripted::start([Step::Answer(skewed.clone()), Step::Answer(skewed)]).await;
        let error = server.client(dialect).list(Default::default()).await;
        assert_eq!(error.expect_err("refused twice").kind(), Kind::ClockSkew);
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn the_clock_is_put_right_by_a_refusal_without_a_reason() {
    let date = [("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
    let refused = || Step::Answer(head(403, &date));
    let server = Scripted::start([refused(), Step::Answer(object())]).await;
    server.client(&S3).head(&key(), None).await.expect("there");

    // With the right time signed, it is what it says.
    let server = Scripted::start([refused(), refused()]).await;
    let error = server.client(&S3).head(&key(), None).await;
    assert_eq!(error.expect_err("refused").kind(), Kind::Denied);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn nothing_signs_what_the_connection_adds() {
    let server = Scripted::start([Step::Answer(object())]).await;
    server.client(&S3).head(&key(), None).await.expect("there");
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "HEAD /pail/a/b HTTP/1.1");
    assert_eq!(
        seen.header("host"),
        Some(server.address.to_string().as_str())
    );
    assert_eq!(seen.header("accept-encoding"), None);
    assert!(
        seen.header("user-agent")
            .is_some_and(|agent| agent.starts_with("metamount/"))
    );
    let signed = seen.header("authorization").expect("signed");
    assert!(
        !signed.contains("user-agent") && !signed.contains("accept"),
        "{signed}"
    );
}

#[tokio::test]
async fn an_empty_body_is_announced() {
    let server = Scripted::start([Step::Answer(answer(200, &[("etag", "\"e\"")], ""))]).await;
    let put = PutRequest {
        key: key(),
        properties: Properties::default(),
        tags: Tags::new(),
        acl: None,
        condition: WriteCondition::None,
        body: bytes::Bytes::new(),
    };
    server.client(&S3).put(put).await.expect("written");
    assert_eq!(server.seen()[0].header("content-length"), Some("0"));
}
