//! The read side over a bucket in memory: what it answers, and at how many requests.

use super::*;
use crate::store::Kind;
use crate::store::dialect::{OSS, S3};
use crate::store::fault::Fault;
use crate::store::memory::{Memory, Record};
use crate::store::types::{
    Acl, Change, Existence, Operation, Properties, PutRequest, Tags, Timestamp, WriteCondition,
};
use std::sync::atomic::AtomicI64;
use test_case::test_case;

const RTT: Duration = Duration::from_millis(20);

struct Bucket {
    memory: Arc<Memory>,
    fault: Arc<Fault>,
    meta: Arc<Metadata>,
    /// The server's, in seconds.
    clock: Arc<AtomicI64>,
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

impl Bucket {
    fn new(dialect: &'static Dialect) -> Self {
        let clock = Arc::new(AtomicI64::new(1000));
        let now = clock.clone();
        let memory = Memory::new(dialect, move || Timestamp(now.load(Ordering::Relaxed)));
        let memory = Arc::new(memory);
        let fault = Arc::new(Fault::new(memory.clone()).with_latency(RTT));
        let settings = Settings {
            entries: 10_000,
            bytes: 64 << 20,
            ttl: Duration::from_secs(60),
            max_requests: 64,
            copy_limit: 5 << 30,
        };
        let meta = Metadata::new(fault.clone(), settings);
        Self {
            memory,
            fault,
            meta,
            clock,
        }
    }

    fn with(dialect: &'static Dialect, keys: &[&str]) -> Self {
        let bucket = Self::new(dialect);
        for text in keys {
            bucket.add(text, "body");
        }
        bucket
    }

    fn add(&self, text: &str, body: &'static str) {
        self.memory.rewrite(&key(text), |record: &mut Record| {
            record.body = body.into();
            record.meta.etag = crate::store::types::ETag::new(body);
        });
    }

    fn tag(&self, text: &str) {
        let tags: Tags = [("k".into(), "v".into())].into_iter().collect();
        self.memory.alter(&key(text), |record| record.tags = tags);
    }

    /// Returns the HEADs, lists and other requests so far.
    fn requests(&self) -> (u64, u64, u64) {
        let counts = self.memory.requests();
        let (heads, lists) = (
            counts.of(Operation::HeadObject),
            counts.of(Operation::ListObjects),
        );
        (heads, lists, counts.total() - heads - lists)
    }

    /// Reads a directory to its end.
    async fn read(&self, dir: &str) -> Vec<(String, ChildKind)> {
        names(&self.meta.open_listing(dir)).await
    }
}

async fn names(listing: &Listing) -> Vec<(String, ChildKind)> {
    let mut all = Vec::new();
    loop {
        let entries = listing.entries(all.len()).await.unwrap();
        if entries.is_empty() {
            return all;
        }
        all.extend(entries.iter().map(|e| (e.name.to_string(), e.child.kind)));
    }
}

#[test_case("f", Some(ChildKind::File); "an object")]
#[test_case("d", Some(ChildKind::Directory); "a prefix")]
#[test_case("m", Some(ChildKind::Directory); "a marker")]
#[test_case("both", Some(ChildKind::Directory); "an object and a prefix")]
#[test_case("f-", None; "nothing")]
#[tokio::test(start_paused = true)]
async fn a_lookup_costs_one_head_and_one_list_at_once(name: &str, expected: Option<ChildKind>) {
    let bucket = Bucket::with(
        &S3,
        &[
            "x/f", "x/f-1", "x/d/1", "x/d/2", "x/d/3", "x/m/", "x/both", "x/both/1",
        ],
    );
    let began = Instant::now();
    for _ in 0..2 {
        let child = bucket.meta.child("x/", name).await.unwrap();
        assert_eq!(child.map(|c| c.kind), expected);
    }
    assert_eq!(began.elapsed(), RTT);
    assert_eq!(bucket.requests(), (1, 1, 0));
}

#[test_case(&OSS, "d/", 0; "in order, it would have come first")]
#[test_case(&S3, "d/", 1; "without an order it may come later")]
#[test_case(&S3, "e/", 0; "not among all")]
#[test_case(&S3, "f/", 1; "it is there")]
#[tokio::test(start_paused = true)]
async fn a_lookup_tells_whether_a_directory_has_a_marker(
    dialect: &'static Dialect,
    dir: &str,
    heads: u64,
) {
    let bucket = Bucket::with(dialect, &["d/1", "d/2", "d/3", "e/1", "f/"]);
    bucket
        .meta
        .child("", dir.trim_end_matches('/'))
        .await
        .unwrap();
    let before = bucket.requests();
    let is_there = bucket.meta.object(&key(dir)).await.is_ok();
    assert_eq!(is_there, dir == "f/");
    assert_eq!(bucket.requests().0, before.0 + heads);
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_failed_is_not_remembered() {
    let bucket = Bucket::with(&S3, &["f"]);
    for operation in [Operation::HeadObject, Operation::ListObjects] {
        bucket.fault.fail(operation, 1, Kind::Unavailable);
        let error = bucket.meta.child("", "nothing").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
        assert_eq!(bucket.meta.known_child("", "nothing"), KnownChild::Unknown);
    }
    assert_eq!(bucket.meta.child("", "nothing").await.unwrap(), None);
    assert_eq!(bucket.meta.known_child("", "nothing"), KnownChild::Absent);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_list_reaches_objects_by_name() {
    let bucket = Bucket::with(&S3, &["f"]);
    bucket.fault.fail(Operation::ListObjects, 1, Kind::Denied);
    let child = bucket.meta.child("", "f").await.unwrap().unwrap();
    assert_eq!((child.kind, child.size), (ChildKind::File, 4));
}

#[tokio::test(start_paused = true)]
async fn a_listed_directory_answers_lookups() {
    let bucket = Bucket::with(&S3, &["d/a", "d/b/1", "d/c", "d/c/1", "d/a-b"]);
    let mut shown = bucket.read("d/").await;
    shown.sort_by(|a, b| a.0.cmp(&b.0));
    let file = |name: &str| (name.to_owned(), ChildKind::File);
    let directory = |name: &str| (name.to_owned(), ChildKind::Directory);
    assert_eq!(
        shown,
        [file("a"), file("a-b"), directory("b"), directory("c")]
    );
    assert_eq!(bucket.meta.report().hidden, 1);
    for (name, kind) in shown {
        let child = bucket.meta.child("d/", &name).await.unwrap().unwrap();
        assert_eq!(child.kind, kind);
    }
    for name in [".hidden", ".Trash-0", "zz"] {
        assert_eq!(bucket.meta.child("d/", name).await.unwrap(), None);
    }
    // The listing has shown that there is no marker either.
    let error = bucket.meta.object_with_tags(&key("d/")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    assert_eq!(bucket.requests(), (0, 1, 0));
    // Another reader shares the listing until its time is over.
    assert_eq!(bucket.read("d/").await.len(), 4);
    assert_eq!(bucket.requests(), (0, 1, 0));
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(bucket.read("d/").await.len(), 4);
    assert_eq!(bucket.meta.report().hidden, 1);
    assert_eq!(bucket.requests(), (0, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_write_makes_listings_and_lookups_forget() {
    let bucket = Bucket::with(&S3, &["d/e/f", "other"]);
    assert_eq!(bucket.meta.child("d/", "new").await.unwrap(), None);
    for dir in ["", "d/", "d/e/"] {
        bucket.read(dir).await;
    }
    let before = bucket.requests();
    bucket.add("d/new/g", "body");
    let (cache, now) = (&bucket.meta.source.cache, Instant::now());
    cache.put(&key("d/new/g"), Object::default(), now);
    bucket.meta.changed(&key("d/new/g"));
    let child = bucket.meta.child("d/", "new").await.unwrap().unwrap();
    assert_eq!(child.kind, ChildKind::Directory);
    // The root shows `d` as before, and nothing below `d/e/` has changed.
    assert!(matches!(
        bucket.meta.known_child("", "d"),
        KnownChild::Present(_)
    ));
    assert_eq!(bucket.meta.known_child("d/e/", "g"), KnownChild::Absent);
    assert_eq!(bucket.requests().1, before.1 + 1);
    // With an object's end, directories above may end.
    cache.put_absent(&key("d/new/g"), now);
    bucket.meta.changed(&key("d/new/g"));
    assert_eq!(bucket.meta.known_child("", "d"), KnownChild::Unknown);
}

#[tokio::test(start_paused = true)]
async fn an_edit_shows_in_the_listing_that_is_kept() {
    let bucket = Bucket::with(&S3, &["a", "b"]);
    bucket.read("").await;
    bucket.clock.store(2000, Ordering::Relaxed);
    let change = Change::Meta("k".into(), Some((*b"v").into()));
    let existence = Existence::Any;
    let edit = Edit { change, existence };
    bucket.meta.stage(&key("b"), edit).await.unwrap();
    let entries = bucket.meta.open_listing("").entries(0).await.unwrap();
    let times: Vec<i64> = entries.iter().map(|e| e.child.modified.0).collect();
    assert_eq!(times, [1000, 2000]);
    assert_eq!(bucket.requests().1, 1);
}

#[tokio::test(start_paused = true)]
async fn pages_are_asked_for_while_the_one_before_is_read() {
    let bucket = Bucket::new(&S3);
    for n in 0..3500 {
        bucket.add(&format!("{n:05}"), "");
    }
    let listing = bucket.meta.open_listing("");
    let began = Instant::now();
    // The last key of a page may still turn out to be a directory.
    assert_eq!(listing.entries(0).await.unwrap().len(), 999);
    assert_eq!(began.elapsed(), RTT);
    tokio::time::sleep(RTT).await;
    assert_eq!(bucket.requests(), (0, 2, 0));
    assert_eq!(listing.entries(1990).await.unwrap().len(), 9);
    assert_eq!(began.elapsed(), 2 * RTT);
    assert_eq!(names(&listing).await.len(), 3500);
    assert_eq!(bucket.requests(), (0, 4, 0));
    let entries = listing.entries(1234).await.unwrap();
    assert_eq!(&*entries[0].name, "01234");
    assert!(listing.entries(3500).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failed_page_is_asked_for_again() {
    let bucket = Bucket::with(&S3, &["a"]);
    bucket
        .fault
        .fail(Operation::ListObjects, 1, Kind::Throttled);
    let listing = bucket.meta.open_listing("");
    let error = listing.entries(0).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Throttled);
    assert_eq!(listing.entries(0).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_one_object_together_gets_one_answer() {
    let bucket = Bucket::with(&S3, &["a"]);
    let a = key("a");
    let all = futures_util::future::join_all((0..16).map(|_| bucket.meta.object(&a))).await;
    assert!(
        all.iter()
            .all(|r| r.as_ref().unwrap() == all[0].as_ref().unwrap())
    );
    assert_eq!(bucket.requests(), (1, 0, 0));
    bucket.fault.fail(Operation::HeadObject, 1, Kind::Throttled);
    let b = key("b");
    let all = futures_util::future::join_all((0..16).map(|_| bucket.meta.object(&b))).await;
    assert!(
        all.iter()
            .all(|r| r.as_ref().unwrap_err().kind() == Kind::Throttled)
    );
    // A failure is shared and forgotten; an absence is remembered.
    for _ in 0..2 {
        assert_eq!(
            bucket.meta.object(&b).await.unwrap_err().kind(),
            Kind::NotFound
        );
    }
    assert_eq!(bucket.requests(), (2, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_gives_up_does_not_end_the_fetch() {
    let bucket = Bucket::with(&S3, &["a"]);
    let a = key("a");
    tokio::select! {
        biased;
        _ = bucket.meta.object(&a) => panic!("the answer takes {RTT:?}"),
        () = tokio::time::sleep(RTT / 2) => {}
    }
    bucket.meta.object(&a).await.unwrap();
    assert_eq!(bucket.requests(), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_a_write_overtook_is_answered_and_neither_kept_nor_joined() {
    let bucket = Bucket::with(&S3, &["a"]);
    let a = key("a");
    let early = tokio::spawn({
        let (meta, a) = (bucket.meta.clone(), a.clone());
        async move { meta.object(&a).await.unwrap().meta.size }
    });
    tokio::time::sleep(RTT * 3 / 4).await;
    bucket.add("a", "longer body");
    bucket.meta.source.flights.overtaken(&a);
    let late = bucket.meta.object(&a).await.unwrap();
    assert_eq!(early.await.unwrap(), 4);
    assert_eq!(late.meta.size, 11);
    assert_eq!(bucket.meta.object(&a).await.unwrap().meta.size, 11);
    assert_eq!(bucket.requests(), (2, 0, 0));
}

#[test_case(false, (1, 0, 0); "none: the HEAD says so")]
#[test_case(true, (1, 0, 1); "some")]
#[tokio::test(start_paused = true)]
async fn tags_cost_a_request_only_where_there_are_some(tagged: bool, expected: (u64, u64, u64)) {
    let bucket = Bucket::with(&S3, &["a"]);
    if tagged {
        bucket.tag("a");
    }
    for _ in 0..2 {
        let object = bucket.meta.object_with_tags(&key("a")).await.unwrap();
        assert_eq!(object.tags.unwrap().len(), usize::from(tagged));
    }
    let Known::Present(object) = bucket.meta.known(&key("a")) else {
        panic!("it was just asked for");
    };
    assert!(object.tags.is_some() && object.meta.raw.is_none());
    assert_eq!(bucket.requests(), expected);
}

#[tokio::test(start_paused = true)]
async fn an_acl_joins_what_is_known() {
    let bucket = Bucket::with(&S3, &["a"]);
    for _ in 0..2 {
        let object = bucket.meta.object_with_acl(&key("a")).await.unwrap();
        assert_eq!(object.acl.as_deref(), Some(&Acl::Canned("private".into())));
        assert!(object.tags.is_some());
    }
    assert_eq!(bucket.requests(), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn the_raw_answer_is_kept_once_it_was_asked_for() {
    let bucket = Bucket::with(&S3, &["a"]);
    bucket.meta.object(&key("a")).await.unwrap();
    for _ in 0..2 {
        let object = bucket.meta.object_with_raw(&key("a")).await.unwrap();
        assert!(object.meta.raw.is_some());
    }
    assert_eq!(bucket.requests(), (2, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_fresh_view_asks_each_time_and_forgets_no_tags() {
    let bucket = Bucket::with(&S3, &["a"]);
    bucket.tag("a");
    bucket.meta.object_with_tags(&key("a")).await.unwrap();
    for _ in 0..2 {
        bucket.meta.fresh(&key("a")).await.unwrap();
        bucket.meta.object_with_tags(&key("a")).await.unwrap();
    }
    assert_eq!(bucket.requests(), (3, 0, 1));
    // Of an object that was written since, they are asked for again.
    bucket
        .memory
        .alter(&key("a"), |r| r.meta.last_modified = Timestamp(2000));
    bucket.meta.fresh(&key("a")).await.unwrap();
    bucket.meta.object_with_tags(&key("a")).await.unwrap();
    assert_eq!(bucket.requests(), (4, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_shows_a_later_write_makes_the_cache_forget() {
    let bucket = Bucket::with(&S3, &["a"]);
    bucket.meta.object(&key("a")).await.unwrap();
    bucket
        .memory
        .alter(&key("a"), |r| r.meta.last_modified = Timestamp(2000));
    bucket.read("").await;
    assert_eq!(bucket.meta.known(&key("a")), Known::Unknown);
}

#[tokio::test(start_paused = true)]
async fn native_links_are_seen_whether_they_dangle_or_not() {
    let bucket = Bucket::with(&OSS, &["target"]);
    for (link, target) in [("good", "target"), ("bad", "nowhere")] {
        let (properties, tags) = (Properties::default(), Tags::new());
        bucket
            .memory
            .put_symlink(&key(link), target, &properties, &tags)
            .await
            .unwrap();
    }
    bucket.tag("good");
    for (link, target) in [("good", "target"), ("bad", "nowhere")] {
        let child = bucket.meta.child("", link).await.unwrap().unwrap();
        assert_eq!((child.kind, child.size), (ChildKind::Symlink, 0), "{link}");
        let object = bucket.meta.object(&key(link)).await.unwrap();
        assert_eq!(
            link_target(&OSS, &object.meta),
            Some(LinkTarget::Key(target))
        );
    }
    assert_eq!(bucket.meta.child("", "nothing").await.unwrap(), None);
    let object = bucket.meta.object_with_tags(&key("good")).await.unwrap();
    assert_eq!(object.tags.unwrap().len(), 1);
    // From a listing the kind is known, and only reading the link takes a request.
    let before = bucket.requests();
    tokio::time::advance(Duration::from_secs(61)).await;
    bucket.read("").await;
    for link in ["good", "bad"] {
        let child = bucket.meta.child("", link).await.unwrap().unwrap();
        assert_eq!(child.kind, ChildKind::Symlink);
    }
    assert_eq!(bucket.requests(), (before.0, before.1 + 1, before.2));
    let object = bucket.meta.object(&key("bad")).await.unwrap();
    assert_eq!(object.meta.symlink_target.as_deref(), Some("nowhere"));
}

#[tokio::test(start_paused = true)]
async fn links_by_metadata_are_told_from_empty_files_by_head() {
    let bucket = Bucket::with(&S3, &["full"]);
    let properties = |link: bool| Properties {
        user: link
            .then(|| ("--symlink-target".into(), (*b"a%25%20b/%C3%A9").into()))
            .into_iter()
            .collect(),
        ..Properties::default()
    };
    for (name, link) in [("empty", false), ("link", true)] {
        let put = PutRequest {
            key: key(name),
            properties: properties(link),
            tags: Tags::new(),
            acl: None,
            condition: WriteCondition::None,
            body: "".into(),
        };
        bucket.memory.put(put).await.unwrap();
    }
    let entries = bucket.meta.open_listing("").entries(0).await.unwrap();
    let maybe: Vec<(&str, bool)> = entries
        .iter()
        .map(|e| (&*e.name, e.child.maybe_symlink))
        .collect();
    assert_eq!(maybe, [("empty", true), ("full", false), ("link", true)]);
    let before = bucket.requests();
    bucket.meta.will_need([key("empty"), key("link")]);
    let began = Instant::now();
    for (name, kind) in [
        ("empty", ChildKind::File),
        ("full", ChildKind::File),
        ("link", ChildKind::Symlink),
    ] {
        let child = bucket.meta.child("", name).await.unwrap().unwrap();
        assert_eq!((child.kind, child.maybe_symlink), (kind, false));
    }
    assert_eq!(began.elapsed(), RTT);
    assert_eq!(bucket.requests(), (before.0 + 2, before.1, before.2));
    let object = bucket.meta.object(&key("link")).await.unwrap();
    let target = LinkTarget::Path("a% b/é".as_bytes().into());
    assert_eq!(link_target(&S3, &object.meta), Some(target));
}

/// Walks as `getfattr -R -d` does: lists the names of each object's attributes, then reads them.
async fn walk(bucket: &Bucket, dir: &str) {
    let listing = bucket.meta.open_listing(dir);
    let mut at = 0;
    loop {
        let entries = listing.entries(at).await.unwrap();
        if entries.is_empty() {
            return;
        }
        for entry in entries.iter() {
            let key = key(&format!("{dir}{}", entry.name));
            let known = bucket.meta.known(&key);
            if !matches!(known, Known::Present(o) if o.tags.is_some()) {
                bucket.meta.object_with_tags(&key).await.unwrap();
            }
            assert!(matches!(bucket.meta.known(&key), Known::Present(o) if o.tags.is_some()));
        }
        at += entries.len();
    }
}

#[tokio::test(start_paused = true)]
async fn a_walk_over_attributes_is_read_ahead() {
    let bucket = Bucket::new(&S3);
    for n in 0..1000 {
        bucket.add(&format!("d/{n:04}"), "");
    }
    let began = Instant::now();
    walk(&bucket, "d/").await;
    assert_eq!(bucket.requests(), (1000, 1, 0));
    // One round trip for the list, two to recognise the walk, and 1,000 / 64 for the rest.
    assert!(began.elapsed() <= RTT * 20, "{:?}", began.elapsed());
    walk(&bucket, "d/").await;
    assert_eq!(bucket.requests(), (1000, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn tags_are_read_ahead_too() {
    let bucket = Bucket::new(&S3);
    for n in 0..200 {
        bucket.add(&format!("d/{n:04}"), "");
        bucket.tag(&format!("d/{n:04}"));
    }
    let began = Instant::now();
    walk(&bucket, "d/").await;
    assert_eq!(bucket.requests(), (200, 1, 200));
    assert!(began.elapsed() <= RTT * 16, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_walk_goes_on_into_directories() {
    let bucket = Bucket::new(&S3);
    let keys = |f: &mut dyn FnMut(usize, usize)| {
        for n in 0..200 {
            f(n / 10, n % 10);
        }
    };
    keys(&mut |dir, file| bucket.add(&format!("d/{dir:02}/{file}"), ""));
    let began = Instant::now();
    let dirs = bucket.read("d/").await;
    assert_eq!(dirs.len(), 20);
    for (dir, _) in dirs {
        let marker = key(&format!("d/{dir}/"));
        let error = bucket.meta.object_with_tags(&marker).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound);
        walk(&bucket, marker.as_str()).await;
    }
    assert_eq!(bucket.requests(), (220, 21, 0));
    // A few round trips to recognise the walk, and two a directory: its list, then all its objects.
    assert!(began.elapsed() <= RTT * 48, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_second_walk_is_read_ahead_as_the_first() {
    let bucket = Bucket::new(&S3);
    for n in 0..100 {
        bucket.add(&format!("d/{n:04}"), "");
    }
    for round in 1..=3 {
        let began = Instant::now();
        walk(&bucket, "d/").await;
        assert!(began.elapsed() <= RTT * 8, "{:?}", began.elapsed());
        assert_eq!(bucket.requests(), (100 * round, round, 0));
        tokio::time::advance(Duration::from_secs(61)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_walk_over_files_leaves_directories_alone() {
    let bucket = Bucket::new(&S3);
    for n in 0..100 {
        let kind = if n % 4 == 3 { "/x" } else { "" };
        bucket.add(&format!("{n:04}{kind}"), "");
    }
    for (name, kind) in bucket.read("").await {
        if kind == ChildKind::File {
            bucket.meta.object(&key(&name)).await.unwrap();
        }
    }
    assert_eq!(bucket.requests(), (75, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn raw_answers_are_not_read_ahead() {
    let bucket = Bucket::with(&S3, &["a", "b", "c", "d", "e", "f"]);
    for (name, _) in bucket.read("").await {
        bucket.meta.object_with_raw(&key(&name)).await.unwrap();
    }
    assert_eq!(bucket.requests(), (6, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_walk_that_stops_costs_little() {
    let bucket = Bucket::new(&S3);
    for n in 0..1000 {
        bucket.add(&format!("{n:04}"), "");
    }
    bucket.read("").await;
    // Objects far from each other are no walk.
    for n in (0..1000).step_by(37) {
        bucket.meta.object(&key(&format!("{n:04}"))).await.unwrap();
    }
    let (heads, ..) = bucket.requests();
    assert_eq!(heads, 28);
    for n in 501..504 {
        bucket.meta.object(&key(&format!("{n:04}"))).await.unwrap();
    }
    tokio::time::sleep(RTT * 10).await;
    assert_eq!(bucket.requests().0, heads + 3 + 8);
}

#[tokio::test(start_paused = true)]
async fn reading_ahead_stops_when_the_service_fails() {
    let bucket = Bucket::new(&S3);
    for n in 0..1000 {
        bucket.add(&format!("{n:04}"), "");
    }
    bucket.read("").await;
    bucket.meta.object(&key("0000")).await.unwrap();
    for nth in 1..=1000 {
        bucket
            .fault
            .fail(Operation::HeadObject, nth, Kind::Unavailable);
    }
    for n in 1..5 {
        let error = bucket
            .meta
            .object(&key(&format!("{n:04}")))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
    tokio::time::sleep(RTT * 10).await;
    let sent = 1000 - bucket.fault.steps_left();
    assert!(sent <= 4 + 2 * 8, "{sent}");
}

/// A directory whose listing may take `bound` bytes to be kept, and the bucket below it.
fn directories(bucket: &Bucket, bound: usize) -> Arc<Directories> {
    let (store, cache) = (bucket.fault.clone(), bucket.meta.source.cache.clone());
    Directories::new(store, cache, bucket.meta.settings.ttl, bound)
}

#[tokio::test(start_paused = true)]
async fn a_directory_too_large_streams_in_bounded_memory() {
    let bucket = Bucket::new(&S3);
    for n in 0..20_500 {
        bucket.add(&format!("{n:05}"), "");
    }
    let directories = directories(&bucket, 100_000);
    let listing = directories.open("");
    let mut at = 0;
    while let entries = listing.entries(at).await.unwrap()
        && !entries.is_empty()
    {
        assert_eq!(&*entries[0].name, format!("{at:05}"));
        at += entries.len();
        let stream = directories.told("").unwrap();
        assert!(stream.bytes() < 1_000_000, "{}", stream.bytes());
    }
    assert_eq!(at, 20_500);
    assert_eq!(bucket.requests(), (0, 21, 0));
    // What was just read answers lookups; what is missing does not prove an absence.
    assert!(matches!(
        directories.known("", "20400"),
        KnownChild::Present(_)
    ));
    assert_eq!(directories.known("", "00000"), KnownChild::Unknown);
    // Going back a little costs nothing, going back further a listing from the beginning.
    assert_eq!(&*listing.entries(18_000).await.unwrap()[0].name, "18000");
    assert_eq!(bucket.requests(), (0, 21, 0));
    assert_eq!(&*listing.entries(1234).await.unwrap()[0].name, "01234");
    assert!(bucket.requests().1 <= 21 + 4);
    // Nothing is left of it once it is closed, and another reader begins anew.
    drop(listing);
    assert!(directories.told("").is_none());
}

#[tokio::test(start_paused = true)]
async fn kept_listings_are_bounded_and_given_back() {
    let bucket = Bucket::with(&S3, &["a/1", "b/1", "c/1"]);
    let one = {
        let directories = directories(&bucket, usize::MAX);
        names(&directories.open("a/")).await;
        directories.told("a/").unwrap().bytes()
    };
    let directories = directories(&bucket, 2 * one);
    for dir in ["a/", "b/", "c/"] {
        names(&directories.open(dir)).await;
    }
    let kept = ["a/", "b/", "c/"].map(|dir| directories.told(dir).is_some());
    assert_eq!(kept, [false, true, true]);
    let weak = Arc::downgrade(&directories.told("b/").unwrap());
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert!(weak.upgrade().is_none());
}

#[tokio::test(start_paused = true)]
async fn readers_at_the_same_time_share_a_listing() {
    let bucket = Bucket::with(&S3, &["a", "b"]);
    let listings = [(); 8].map(|()| bucket.meta.open_listing(""));
    let all = futures_util::future::join_all(listings.iter().map(names)).await;
    assert!(all.iter().all(|names| names.len() == 2));
    assert_eq!(bucket.requests(), (0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_write_during_a_listing_makes_it_tell_nothing_to_others() {
    let bucket = Bucket::with(&S3, &["a"]);
    let listing = bucket.meta.open_listing("");
    let (read, ()) = tokio::join!(names(&listing), async {
        tokio::time::sleep(RTT / 4 * 3).await;
        bucket.add("b", "body");
        bucket.meta.changed(&key("b"));
    });
    assert_eq!(read.len(), 1);
    assert_eq!(bucket.meta.known_child("", "b"), KnownChild::Unknown);
    assert_eq!(bucket.read("").await.len(), 2);
}
