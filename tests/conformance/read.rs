//! HEAD, GET and presigned URLs.

use super::bed::{Bed, collect, fails, get, meta, properties, put, tags, wrong_etag};
use metamount::store::Kind;
use metamount::store::dialect::TextForm;
use metamount::store::types::{ByteRange, GetRequest, HttpHeader, Properties, Tags, Timestamp};
use std::time::{Duration, SystemTime};

pub async fn head_of_nothing(bed: Bed) {
    fails(
        bed.store.head(&bed.key("missing"), None).await,
        Kind::NotFound,
    );
}

pub async fn head_tells_all(bed: Bed) {
    let written = properties(&[("author", "jane"), ("price", "100 dollar")]);
    let outcome = bed
        .put_with(
            "a",
            b"hello",
            written.clone(),
            tags(&[("k", "v"), ("l", "")]),
        )
        .await;
    let head = bed.head("a").await;
    assert_eq!(head.size, 5);
    assert_eq!(head.etag, outcome.etag);
    assert_eq!(head.properties.user, written.user);
    assert_eq!(head.properties.http, written.http);
    assert_eq!(
        head.properties.storage_class, None,
        "the default class is none"
    );
    assert_eq!(head.missing_meta, 0);
    assert_eq!(head.tag_count, Some(2));
    let now = Timestamp::from(SystemTime::now());
    let date = head.date.expect("an answer is dated");
    assert!(head.last_modified <= date, "{head:?}");
    assert!((date.0 - now.0).abs() < 60 && date.0 - head.last_modified.0 < 60);
}

pub async fn head_shows_its_raw_headers(bed: Bed) {
    bed.put_with("a", b"", properties(&[("author", "jane")]), Tags::new())
        .await;
    let raw = bed.head("a").await.raw.expect("an answer was read");
    let raw = String::from_utf8(raw.into()).expect("ASCII here");
    let line = format!("{}author: jane", bed.dialect().meta_prefix);
    assert!(raw.lines().any(|l| l.eq_ignore_ascii_case(&line)), "{raw}");
}

pub async fn head_of_an_untagged_object_has_no_count(bed: Bed) {
    bed.put("a", b"x").await;
    assert_eq!(bed.head("a").await.tag_count.unwrap_or(0), 0);
}

pub async fn etag_is_that_of_the_body(bed: Bed) {
    let first = bed.put("a", b"one").await.etag;
    let second = bed.put("a", b"two").await.etag;
    assert_ne!(first, second);
    assert_eq!(bed.put("b", b"two").await.etag, second);
}

pub async fn crc_is_that_of_the_body(bed: Bed) {
    bed.put("a", b"123456789").await;
    // The check value of CRC-64/XZ.
    assert_eq!(bed.head("a").await.crc64, Some(0x995D_C9BB_DF19_39FA));
}

pub async fn get_whole(bed: Bed) {
    let written = properties(&[("author", "jane")]);
    bed.put_with("a", b"hello", written.clone(), Tags::new())
        .await;
    let answer = bed.store.get(get(bed.key("a"))).await.expect("there");
    assert_eq!(answer.range, ByteRange { start: 0, end: 5 });
    assert_eq!(answer.meta.size, 5);
    assert_eq!(answer.meta.properties.user, written.user);
    assert_eq!(collect(answer.body).await.expect("whole"), &b"hello"[..]);
}

pub async fn get_empty(bed: Bed) {
    bed.put("a", b"").await;
    let (body, range) = bed.read("a", None).await.expect("there");
    assert_eq!((body.len(), range), (0, ByteRange { start: 0, end: 0 }));
}

pub async fn get_large(bed: Bed) {
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let request = put(bed.key("a"), body.clone());
    bed.store.put(request).await.expect("written");
    assert!(bed.body("a").await == body, "the body came back changed");
    let (part, _) = bed
        .read("a", Some((1_000_000, 2_500_001)))
        .await
        .expect("there");
    assert!(
        part == body[1_000_000..2_500_001],
        "the range came back changed"
    );
}

pub async fn get_ranges(bed: Bed) {
    bed.put("a", b"0123456789").await;
    for (asked, expected) in [
        ((0, 1), "0"),
        ((2, 5), "234"),
        ((9, 10), "9"),
        ((0, 10), "0123456789"),
        ((7, 100), "789"),
    ] {
        let (body, range) = bed.read("a", Some(asked)).await.expect("within");
        assert_eq!(body, expected.as_bytes(), "{asked:?}");
        assert_eq!(range.start, asked.0);
        assert_eq!(range.end, asked.1.min(10));
    }
}

pub async fn get_range_of_part_shows_the_whole_size(bed: Bed) {
    bed.put("a", b"0123456789").await;
    let request = GetRequest {
        range: Some(ByteRange { start: 2, end: 4 }),
        ..get(bed.key("a"))
    };
    assert_eq!(bed.store.get(request).await.expect("within").meta.size, 10);
}

pub async fn get_past_the_end(bed: Bed) {
    bed.put("a", b"0123456789").await;
    fails(bed.read("a", Some((10, 12))).await, Kind::InvalidRange);
    fails(bed.read("a", Some((100, 200))).await, Kind::InvalidRange);
}

pub async fn get_of_nothing(bed: Bed) {
    fails(bed.read("missing", None).await, Kind::NotFound);
}

pub async fn get_of_another_body(bed: Bed) {
    let etag = bed.put("a", b"one").await.etag;
    let conditional = |etag| GetRequest {
        if_match: Some(etag),
        ..get(bed.key("a"))
    };
    assert!(bed.store.get(conditional(etag)).await.is_ok());
    let refused = bed.store.get(conditional(wrong_etag())).await;
    fails(refused.map(|_| ()), Kind::Precondition);
}

pub async fn a_presigned_url_needs_no_credentials(bed: Bed) {
    bed.put("a b+c/é", b"hello").await;
    let key = bed.key("a b+c/é");
    let url = bed
        .store
        .presign_get(&key, None, Duration::from_secs(60))
        .await;
    let url = url.expect("presigned");
    let answer = reqwest::get(&url).await.expect("an answer");
    assert_eq!(answer.status(), 200, "{url}");
    assert_eq!(answer.bytes().await.expect("a body"), &b"hello"[..]);
    let tampered = url.replace("/a%20b", "/b%20b");
    assert_ne!(tampered, url);
    let refused = reqwest::get(&tampered).await.expect("an answer");
    assert_eq!(refused.status(), 403);
}

pub async fn metadata_is_kept_byte_for_byte(bed: Bed) {
    let limit = "v".repeat(1_000);
    let written = meta(&[
        ("a", "plain"),
        ("b-c", "inner  blanks and \"quotes\", commas; = %20 +"),
        ("d", "=?UTF-8?Q?not=20an=20encoded=20word?="),
        ("e", "0sAAEC"),
        ("1", "."),
        ("long", &limit),
    ]);
    let written = Properties {
        user: written,
        ..Properties::default()
    };
    bed.put_with("a", b"", written.clone(), Tags::new()).await;
    assert_eq!(bed.head("a").await.properties.user, written.user);
}

pub async fn text_beyond_ascii_is_kept(bed: Bed) {
    // As bytes where the dialect takes them, as an encoded word where it does not.
    let value = match bed.dialect().text_form {
        TextForm::Utf8 => "grüße 中文",
        TextForm::EncodedWord => "=?UTF-8?B?Z3LDvMOfZQ==?=",
    };
    let written = Properties {
        user: meta(&[("a", value)]),
        ..Properties::default()
    };
    bed.put_with("a", b"", written.clone(), Tags::new()).await;
    assert_eq!(bed.head("a").await.properties.user, written.user);
}

pub async fn an_empty_value_is_kept(bed: Bed) {
    let written = Properties {
        user: meta(&[("a", "")]),
        ..Properties::default()
    };
    bed.put_with("a", b"", written.clone(), Tags::new()).await;
    assert_eq!(bed.head("a").await.properties.user, written.user);
}

pub async fn a_content_type_is_there_when_none_was_sent(bed: Bed) {
    bed.put("a", b"x").await;
    let http = bed.head("a").await.properties.http;
    assert!(http.contains_key(&HttpHeader::ContentType), "{http:?}");
}
