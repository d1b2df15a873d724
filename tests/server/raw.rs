//! The server by bare sockets: what no SDK sends, and what they rely on without saying so.

use super::Local;
use super::client::{Answer, Client};
use super::local::BUCKET;
use http::Method;
use metamount::store::dialect::sign;
use metamount::store::types::Timestamp;
use std::io::{BufReader, Read, Write};
use std::net::Shutdown;
use test_case::test_case;

struct Fixture {
    client: Client,
    // Dropped in this order: the server before its folder.
    local: Local,
    dir: tempfile::TempDir,
}

fn start() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(&dir.path().join("data"));
    let client = Client(local.address());
    Fixture { client, local, dir }
}

#[test]
fn metadata_values_are_bytes_and_duplicates_are_joined() {
    let fixture = start();
    let client = fixture.client;
    let headers: [(&str, &[u8]); 4] = [
        ("x-oss-meta-latin", b"caf\xe9"),
        ("x-oss-meta-utf8", "\u{963f}\u{8fbe}".as_bytes()),
        ("x-oss-meta-twice", b"1"),
        ("x-oss-meta-twice", b"2"),
    ];
    assert_eq!(client.ask(Method::PUT, "k", "", &headers, b"x").status, 200);
    for method in [Method::HEAD, Method::GET] {
        let answer = client.ask(method, "k", "", &[], b"");
        assert_eq!(answer.header("x-oss-meta-latin").unwrap(), b"caf\xe9");
        assert_eq!(
            answer.header("x-oss-meta-utf8").unwrap(),
            "\u{963f}\u{8fbe}".as_bytes()
        );
        assert_eq!(answer.header("x-oss-meta-twice").unwrap(), b"1,2");
    }
}

#[test]
fn every_answer_has_an_id_a_date_and_no_namespace() {
    let fixture = start();
    let client = fixture.client;
    client.ask(Method::PUT, "k", "", &[], b"x");
    let answers = [
        client.ask(Method::GET, "k", "", &[], b""),
        client.ask(Method::HEAD, "missing", "", &[], b""),
        client.ask(Method::GET, "missing", "", &[], b""),
        client.ask(Method::GET, "", "list-type=2", &[], b""),
        client.ask(Method::GET, "k", "tagging", &[], b""),
        client.ask(Method::GET, "k", "if-none", &[("if-none-match", b"*")], b""),
        client.ask(Method::PATCH, "k", "", &[], b""),
    ];
    let statuses = answers.each_ref().map(|answer| answer.status);
    assert_eq!(statuses, [200, 404, 404, 200, 200, 501, 405]);
    for answer in &answers {
        let id = answer.header("x-oss-request-id").unwrap();
        assert!(
            id.len() == 24 && id.iter().all(u8::is_ascii_hexdigit),
            "{answer:?}"
        );
        let date = std::str::from_utf8(answer.header("date").unwrap()).unwrap();
        assert!(Timestamp::from_http_date(date).is_some());
        assert_eq!(answer.header("server").unwrap(), b"AliyunOSS");
        assert!(!answer.text().contains("xmlns"));
    }
    let missing = &answers[2];
    assert_eq!(missing.header("content-type").unwrap(), b"application/xml");
    for part in [
        "<Code>NoSuchKey</Code>",
        "<HostId>",
        "<RequestId>",
        "<EC>0026-00000001</EC>",
        "<Key>missing</Key>",
    ] {
        assert!(missing.text().contains(part), "{}", missing.text());
    }
    let head = &answers[1];
    use base64::Engine as _;
    let document =
        base64::engine::general_purpose::STANDARD.decode(head.header("x-oss-err").unwrap());
    assert!(
        String::from_utf8(document.unwrap())
            .unwrap()
            .contains("<Code>NoSuchKey</Code>")
    );
    assert_eq!(head.header("x-oss-ec").unwrap(), b"0026-00000001");
}

#[test]
fn not_modified_has_no_document() {
    let fixture = start();
    let client = fixture.client;
    client.ask(Method::PUT, "k", "", &[], b"x");
    let answer = client.ask(Method::GET, "k", "", &[("if-none-match", b"*")], b"");
    assert_eq!((answer.status, answer.text().as_str()), (304, ""));
}

#[test_case("../../../escaped"; "parents")]
#[test_case("..\\escaped"; "backslashes")]
#[test_case("a//b"; "empty component")]
#[test_case("./a/./b/.."; "dots")]
#[test_case("d/"; "a marker")]
#[test_case("\u{1}\u{7f}\n\r\t"; "control characters")]
#[test_case("a%2Fb+c d&e=f?g#h"; "what a URL means something by")]
#[test_case("\u{65e5}\u{672c}/e\u{301}/\u{1f600}"; "letters")]
fn every_key_is_itself_and_stays_in_the_folder(key: &str) {
    let Fixture {
        client,
        dir,
        local: _local,
    } = start();
    let content = key.as_bytes();
    assert_eq!(client.ask(Method::PUT, key, "", &[], content).status, 200);
    assert_eq!(client.ask(Method::GET, key, "", &[], b"").body, content);
    let source = format!("/{BUCKET}/{}", sign::encode_component(key));
    let copied = client.ask(
        Method::PUT,
        "copy",
        "",
        &[("x-oss-copy-source", source.as_bytes())],
        b"",
    );
    assert_eq!(copied.status, 200);
    assert_eq!(client.ask(Method::GET, "copy", "", &[], b"").body, content);
    let listed = client
        .ask(Method::GET, "", "encoding-type=url", &[], b"")
        .text();
    let element = format!("<Key>{}</Key>", sign::encode_component(key));
    assert!(listed.contains(&element), "{listed}");
    let outside: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(outside, ["data"]);
}

#[test_case("/%2Fabsolute" => 400; "absolute")]
#[test_case("/%5Cabsolute" => 400; "absolute with a backslash")]
#[test_case("/a%00b" => 400; "NUL")]
#[test_case("/%FF%FE" => 400; "no UTF-8")]
#[test_case(&format!("/{}", "k".repeat(1024)) => 400; "1024 bytes")]
fn keys_that_are_none_are_refused(path: &str) -> u16 {
    let fixture = start();
    let client = fixture.client;
    let mut stream = client.connect();
    write!(stream, "GET /{BUCKET}{path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    Answer::read(&mut BufReader::new(stream), false)
        .unwrap()
        .status
}

#[test]
fn bodies_come_in_chunks_after_a_continue() {
    let fixture = start();
    let client = fixture.client;
    let headers: [(&str, &[u8]); 2] = [
        ("transfer-encoding", b"chunked"),
        ("expect", b"100-continue"),
    ];
    let mut stream = client.connect();
    stream
        .write_all(&client.head(&Method::PUT, "k", "", &headers))
        .unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    assert_eq!(Answer::read(&mut answers, false).unwrap().status, 100);
    stream
        .write_all(b"4\r\nOSS \r\n5;x=y\r\nchunk\r\n0\r\n\r\n")
        .unwrap();
    assert_eq!(Answer::read(&mut answers, false).unwrap().status, 200);
    // The connection goes on.
    stream
        .write_all(&client.head(&Method::GET, "k", "", &[]))
        .unwrap();
    assert_eq!(
        Answer::read(&mut answers, false).unwrap().body,
        b"OSS chunk"
    );
}

#[test]
fn a_refused_upload_is_not_asked_for() {
    let fixture = start();
    let client = fixture.client;
    let headers: [(&str, &[u8]); 3] = [
        ("content-length", b"1000000"),
        ("expect", b"100-continue"),
        ("x-oss-storage-class", b"None"),
    ];
    let mut stream = client.connect();
    stream
        .write_all(&client.head(&Method::PUT, "k", "", &headers))
        .unwrap();
    let answer = Answer::read(&mut BufReader::new(stream), false).unwrap();
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("connection").unwrap(), b"close");
}

#[test]
fn a_refused_small_upload_keeps_the_connection() {
    let fixture = start();
    let client = fixture.client;
    let headers: [(&str, &[u8]); 2] = [("content-length", b"4"), ("x-oss-storage-class", b"None")];
    let mut stream = client.connect();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    for _ in 0..3 {
        stream
            .write_all(&client.head(&Method::PUT, "k", "", &headers))
            .unwrap();
        stream.write_all(b"body").unwrap();
        assert_eq!(Answer::read(&mut answers, false).unwrap().status, 400);
    }
}

#[test_case(&[("content-length", b"10")], b"short"; "shorter than announced")]
#[test_case(&[("transfer-encoding", b"chunked")], b"5\r\nshort"; "a chunk cut short")]
#[test_case(&[("transfer-encoding", b"chunked")], b"xyz\r\nwrong\r\n0\r\n\r\n"; "no chunk")]
fn a_broken_body_stores_nothing(headers: &[(&str, &[u8])], body: &[u8]) {
    let fixture = start();
    let client = fixture.client;
    client.ask(Method::PUT, "k", "", &[], b"old");
    let mut stream = client.connect();
    stream
        .write_all(&client.head(&Method::PUT, "k", "", headers))
        .unwrap();
    stream.write_all(body).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    // The connection may end without an answer; it is no success in any case.
    let answer = Answer::read(&mut BufReader::new(stream), false);
    assert!(answer.is_none_or(|answer| answer.status == 400));
    assert_eq!(client.ask(Method::GET, "k", "", &[], b"").body, b"old");
}

#[test]
fn an_upload_says_how_long_it_is() {
    let fixture = start();
    let client = fixture.client;
    let mut stream = client.connect();
    stream
        .write_all(&client.head(&Method::PUT, "k", "", &[]))
        .unwrap();
    let answer = Answer::read(&mut BufReader::new(stream), false).unwrap();
    assert_eq!(answer.status, 411);
    assert!(answer.text().contains("MissingContentLength"));
}

#[test_case(10_000, 5; "ten thousand headers")]
#[test_case(1, 1 << 20; "one of a megabyte")]
fn headers_have_a_bound(count: usize, size: usize) {
    let fixture = start();
    let client = fixture.client;
    let mut stream = client.connect();
    let mut request = format!("GET /{BUCKET}/k HTTP/1.1\r\nHost: x\r\n");
    for n in 0..count {
        request.push_str(&format!("x-oss-meta-{n}: {}\r\n", "v".repeat(size)));
    }
    // The server may answer and close before it has read everything.
    let _ = stream
        .write_all(request.as_bytes())
        .and_then(|()| stream.write_all(b"\r\n"));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert_eq!(client.ask(Method::GET, "k", "", &[], b"").status, 404);
}

#[test_case(b"<Tagging>", 400; "cut short")]
#[test_case(b"\xff\xfe", 400; "no text")]
#[test_case(&[b'<'; 3 << 20], 400; "too long")]
fn bad_documents_are_refused(document: &[u8], status: u16) {
    let fixture = start();
    let client = fixture.client;
    client.ask(Method::PUT, "k", "", &[], b"x");
    let answer = client.ask(Method::PUT, "k", "tagging", &[], document);
    assert_eq!(answer.status, status);
    assert!(answer.text().contains("MalformedXML"), "{}", answer.text());
}

/// A sub-resource that is unknown is never read over: the object would be overwritten or deleted.
#[test_case(Method::PUT, "renameObject")]
#[test_case(Method::PUT, "annotation=x")]
#[test_case(Method::DELETE, "annotation")]
#[test_case(Method::POST, "seal&position=1")]
#[test_case(Method::GET, "cors")]
#[test_case(Method::GET, "x-oss-process=image")]
fn what_is_not_emulated_says_so(method: Method, query: &str) {
    let fixture = start();
    let client = fixture.client;
    client.ask(Method::PUT, "k", "", &[], b"old");
    let answer = client.ask(method, "k", query, &[], b"");
    assert_eq!(answer.status, 501);
    assert!(
        answer.text().contains("<Code>NotImplemented</Code>"),
        "{}",
        answer.text()
    );
    assert_eq!(client.ask(Method::GET, "k", "", &[], b"").body, b"old");
}

#[test]
fn the_bucket_may_be_in_the_host() {
    let fixture = start();
    let client = fixture.client;
    client.ask(
        Method::PUT,
        "k",
        "",
        &[("x-oss-object-acl", b"public-read")],
        b"open",
    );
    for host in [
        "examplebucket.localhost:1",
        "examplebucket.oss-cn-hangzhou.aliyuncs.com",
    ] {
        let mut stream = client.connect();
        write!(stream, "GET /k HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        let answer = Answer::read(&mut BufReader::new(stream), false).unwrap();
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, "open"),
            "{host}"
        );
    }
}

#[test]
fn only_if_allowed_a_large_object_is_copied_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start_with(dir.path(), |settings| settings.copy_limit = Some(4));
    let client = Client(local.address());
    client.ask(Method::PUT, "small", "", &[], b"1234");
    client.ask(Method::PUT, "large", "", &[], b"12345");
    let copy = |key: &str| {
        let source = format!("/{BUCKET}/{key}");
        client.ask(
            Method::PUT,
            key,
            "",
            &[("x-oss-copy-source", source.as_bytes())],
            b"",
        )
    };
    assert_eq!(copy("small").status, 200);
    let refused = copy("large");
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("EntityTooLarge"));
}

#[test]
fn last_modified_follows_what_changes_the_object() {
    let fixture = start();
    let client = fixture.client;
    let modified = || {
        let answer = client.ask(Method::HEAD, "k", "", &[], b"");
        let text = String::from_utf8(answer.header("last-modified").unwrap().to_vec()).unwrap();
        Timestamp::from_http_date(&text).unwrap()
    };
    client.ask(Method::PUT, "k", "", &[], b"x");
    let first = modified();
    fixture.local.set_ahead(100);
    let tags = b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
    assert_eq!(
        client.ask(Method::PUT, "k", "tagging", &[], tags).status,
        200
    );
    assert_eq!(
        client.ask(Method::DELETE, "k", "tagging", &[], b"").status,
        204
    );
    assert_eq!(modified(), first);
    assert_eq!(
        client
            .ask(
                Method::PUT,
                "k",
                "acl",
                &[("x-oss-object-acl", b"private")],
                b""
            )
            .status,
        200
    );
    let second = modified();
    assert!(
        (99..105).contains(&(second.0 - first.0)),
        "{first:?} {second:?}"
    );
    fixture.local.set_ahead(200);
    let source = format!("/{BUCKET}/k");
    assert_eq!(
        client
            .ask(
                Method::PUT,
                "k",
                "",
                &[("x-oss-copy-source", source.as_bytes())],
                b""
            )
            .status,
        200
    );
    assert!(modified() > second);
}

/// Editors of one object that go by `copy-source-if-unmodified-since` and a second's wait would lose nothing; here all
/// in one second, of copies under one if-match all are whole: never a mix of two.
#[test]
fn concurrent_writers_leave_one_whole_version() {
    let fixture = start();
    let client = fixture.client;
    client.ask(Method::PUT, "k", "", &[], b"0");
    std::thread::scope(|scope| {
        for n in 1..=8_u8 {
            scope.spawn(move || {
                let content = vec![b'0' + n; 300_000];
                let name = [b'0' + n];
                for _ in 0..5 {
                    let put =
                        client.ask(Method::PUT, "k", "", &[("x-oss-meta-n", &name)], &content);
                    assert_eq!(put.status, 200);
                    let got = client.ask(Method::GET, "k", "", &[], b"");
                    assert_eq!(got.body.len(), 300_000);
                    let writer = got.header("x-oss-meta-n").unwrap()[0];
                    assert!(got.body.iter().all(|b| *b == writer));
                }
            });
        }
    });
}
