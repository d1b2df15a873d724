//! A reader over a bucket in memory, with scripted faults and a paused clock.

use super::{Budget, Reader};
use crate::store::dialect::OSS;
use crate::store::fault::Fault;
use crate::store::memory::Memory;
use crate::store::types::{
    Key, Operation, Properties, PutRequest, Tags, Timestamp, WriteCondition,
};
use crate::store::{Kind, Store};
use bytes::Bytes;
use futures_util::future::join_all;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use test_case::test_case;
use tokio::time::Instant;

const K: u64 = 1 << 10;
const M: u64 = 1 << 20;

/// One object in a bucket, and what it holds.
struct Bench {
    memory: Arc<Memory>,
    store: Arc<Fault>,
    budget: Arc<Budget>,
    body: Bytes,
}

fn key() -> Key {
    Key::new("a").unwrap()
}

fn put(body: Bytes) -> PutRequest {
    PutRequest {
        key: key(),
        properties: Properties::default(),
        tags: Tags::new(),
        acl: None,
        condition: WriteCondition::None,
        body,
    }
}

fn noise(size: u64) -> Bytes {
    let mut random = fastrand::Rng::with_seed(size);
    // Of no length that divides a block, so that bytes from elsewhere do not pass for the right ones.
    let mut pattern = [0; 65_521];
    random.fill(&mut pattern);
    let mut body = pattern.repeat((size / pattern.len() as u64 + 1) as usize);
    body.truncate(size as usize);
    body.into()
}

async fn bench(size: u64, memory_bytes: u64, latency: Duration) -> Bench {
    let memory = Arc::new(Memory::new(&OSS, || Timestamp(0)));
    let body = noise(size);
    memory.put(put(body.clone())).await.unwrap();
    Bench {
        store: Arc::new(Fault::new(memory.clone()).with_latency(latency)),
        memory,
        budget: Budget::new(memory_bytes),
        body,
    }
}

impl Bench {
    async fn open(&self, read_ahead: u64) -> Arc<Reader> {
        let meta = Arc::new(self.memory.head(&key(), None).await.unwrap());
        let budget = self.budget.clone();
        Reader::new(self.store.clone(), budget, key(), meta, read_ahead)
    }

    fn gets(&self) -> u64 {
        self.memory.requests().of(Operation::GetObject)
    }

    fn received(&self) -> u64 {
        self.memory.requests().bytes_received
    }

    async fn check(&self, reader: &Reader, offset: u64, len: u64) {
        let read = reader.read(offset, len as u32).await.unwrap();
        let end = (offset + len).min(self.body.len() as u64) as usize;
        let start = (offset as usize).min(end);
        assert!(read == self.body[start..end], "{len} bytes at {offset}");
    }

    async fn read_all(&self, reader: &Reader, step: u64) {
        for offset in (0..self.body.len() as u64).step_by(step as usize) {
            self.check(reader, offset, step).await;
        }
    }
}

#[test_case(20 * M, 128 * K; "aligned")]
#[test_case(20 * M + 1, 100_000; "across blocks")]
#[test_case(700 * K, 4 * K; "small")]
#[test_case(1, 4 * K; "tiny")]
#[tokio::test]
async fn a_sequential_reader_gets_every_byte_once(size: u64, step: u64) {
    let bench = bench(size, 64 * M, Duration::ZERO).await;
    let reader = bench.open(32 * M).await;
    bench.read_all(&reader, step).await;
    assert_eq!(bench.received(), size);
    assert!(bench.gets() <= 4 + size / M, "{} requests", bench.gets());
}

#[tokio::test]
async fn random_reads_ask_for_their_bytes_only() {
    let bench = bench(8 * M, 64 * M, Duration::ZERO).await;
    let reader = bench.open(32 * M).await;
    let offsets = [5 * M, 100_000, 7 * M + 1, 3 * M, 4 * K];
    for offset in offsets {
        bench.check(&reader, offset, 4 * K).await;
    }
    assert_eq!(bench.gets(), offsets.len() as u64);
    assert_eq!(bench.received(), offsets.len() as u64 * 4 * K);
}

#[tokio::test]
async fn a_first_look_at_the_beginning_reads_little() {
    let bench = bench(10 * M, 64 * M, Duration::ZERO).await;
    bench.check(&*bench.open(32 * M).await, 0, 4 * K).await;
    assert_eq!((bench.gets(), bench.received()), (1, 512 * K));
}

#[tokio::test]
async fn whoever_reads_on_is_read_ahead_of() {
    let bench = bench(24 * M, 64 * M, Duration::ZERO).await;
    let reader = bench.open(32 * M).await;
    for step in 0..80 {
        bench
            .check(&reader, 9 * M + 77 + step * 128 * K, 128 * K)
            .await;
    }
    assert!(bench.gets() < 30, "{} requests", bench.gets());
}

#[tokio::test]
async fn nothing_is_read_ahead_when_told_so() {
    let bench = bench(2 * M, 64 * M, Duration::ZERO).await;
    let reader = bench.open(0).await;
    bench.read_all(&reader, 256 * K).await;
    assert_eq!((bench.gets(), bench.received()), (8, 2 * M));
}

/// The window gave back what a read longer than what it keeps was asking for, and the read came back short.
#[tokio::test]
async fn regression_reads_longer_than_what_is_kept_behind() {
    let bench = bench(8 * M, 64 * M, Duration::ZERO).await;
    let reader = bench.open(M).await;
    bench.read_all(&reader, M).await;
}

#[tokio::test]
async fn reads_end_with_the_body() {
    let bench = bench(100, 64 * M, Duration::ZERO).await;
    let reader = bench.open(32 * M).await;
    assert_eq!(reader.read(100, 10).await.unwrap().len(), 0);
    assert_eq!(reader.read(u64::MAX, 10).await.unwrap().len(), 0);
    assert_eq!(reader.read(0, 0).await.unwrap().len(), 0);
    assert_eq!(bench.gets(), 0);
    bench.check(&reader, 90, 100).await;
}

/// With 20 ms a request, one at a time would take 48 x 20 ms at 512 KiB each.
#[tokio::test(start_paused = true)]
async fn several_ranges_are_in_flight() {
    let bench = bench(24 * M, 64 * M, Duration::from_millis(20)).await;
    let reader = bench.open(32 * M).await;
    let begin = Instant::now();
    bench.read_all(&reader, 128 * K).await;
    assert!(
        begin.elapsed() <= Duration::from_millis(200),
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test]
async fn two_sequential_readers_of_one_handle_keep_out_of_each_others_way() {
    let bench = bench(16 * M, 64 * M, Duration::ZERO).await;
    let reader = bench.open(M).await;
    for step in 0..64 {
        bench.check(&reader, step * 128 * K, 128 * K).await;
        bench.check(&reader, 8 * M + step * 128 * K, 128 * K).await;
    }
    assert!(bench.gets() <= 40, "{} requests", bench.gets());
    assert!(bench.received() <= 18 * M);
}

#[tokio::test]
async fn a_short_seek_back_costs_no_request() {
    let bench = bench(16 * M, 64 * M, Duration::ZERO).await;
    let reader = bench.open(8 * M).await;
    for step in 0..32 {
        bench.check(&reader, step * 128 * K, 128 * K).await;
    }
    let before = bench.gets();
    bench.check(&reader, 4 * M - 400 * K, 128 * K).await;
    assert_eq!(bench.gets(), before);
}

#[tokio::test]
async fn reads_may_come_out_of_order_and_at_once() {
    let bench = bench(16 * M, 64 * M, Duration::ZERO).await;
    let reader = bench.open(8 * M).await;
    bench.check(&reader, 0, 128 * K).await;
    for batch in 0..15 {
        let order = [1, 0, 3, 2, 7, 4, 6, 5];
        let reads = order.map(|n| bench.check(&reader, 128 * K * (1 + batch * 8 + n), 128 * K));
        join_all(reads).await;
    }
    assert!(bench.received() <= 16 * M, "{} bytes", bench.received());
}

#[tokio::test]
async fn a_read_that_overtakes_the_window_belongs_to_it() {
    let bench = bench(16 * M, 64 * M, Duration::ZERO).await;
    let reader = bench.open(8 * M).await;
    bench.check(&reader, 0, 128 * K).await;
    bench.check(&reader, 600 * K, 40 * K).await;
    bench.check(&reader, 512 * K, 88 * K).await;
    assert_eq!(bench.gets(), bench.received() / (512 * K));
}

#[test_case(100 * K; "small")]
#[test_case(8 * M; "large")]
#[tokio::test]
async fn a_replaced_object_is_never_mixed_with_the_opened_one(size: u64) {
    let bench = bench(size, 64 * M, Duration::ZERO).await;
    let reader = bench.open(8 * M).await;
    bench.memory.put(put(noise(size + 1))).await.unwrap();
    for offset in [0, 10, size / 2] {
        let error = reader.read(offset, 4096).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Precondition, "{error}");
    }
}

#[tokio::test]
async fn an_object_replaced_while_it_is_read_ends_the_read() {
    let bench = bench(16 * M, 64 * M, Duration::ZERO).await;
    let reader = bench.open(8 * M).await;
    let memory = bench.memory.clone();
    bench.store.before(Operation::GetObject, 4, async move {
        memory.put(put(noise(16 * M + 1))).await.unwrap();
    });
    let mut offset = 0;
    let error = loop {
        match reader.read(offset, 128 * K as u32).await {
            Ok(read) => assert!(read == bench.body[offset as usize..offset as usize + read.len()]),
            Err(error) => break error,
        }
        offset += 128 * K;
    };
    assert_eq!(error.kind(), Kind::Precondition);
    assert!(offset >= 512 * K);
}

#[test_case(100 * K, 50 * K; "small")]
#[test_case(8 * M, 300_000; "large")]
#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_taken_up_where_it_did(size: u64, cut: u64) {
    let bench = bench(size, 64 * M, Duration::ZERO).await;
    for nth in 1..=3 {
        bench.store.cut_body(nth, cut / u64::from(nth));
    }
    let reader = bench.open(8 * M).await;
    bench.read_all(&reader, 128 * K).await;
    assert_eq!(bench.store.steps_left(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_for_ever_is_an_error_and_no_hang() {
    let bench = bench(8 * M, 64 * M, Duration::ZERO).await;
    for nth in 1..=30 {
        bench.store.cut_body(nth, 0);
    }
    let reader = bench.open(8 * M).await;
    let error = reader.read(0, 4096).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unknown);
    assert!(error.to_string().starts_with("GetObject \"a\""), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_failed_while_it_was_read_ahead_is_asked_for_again() {
    let bench = bench(4 * M, 64 * M, Duration::ZERO).await;
    bench.store.fail(Operation::GetObject, 2, Kind::Unavailable);
    let reader = bench.open(8 * M).await;
    bench.read_all(&reader, 128 * K).await;
    assert_eq!(bench.store.steps_left(), 0);
}

#[tokio::test]
async fn a_small_body_is_verified_before_its_first_byte_is_given_away() {
    let bench = bench(100 * K, 64 * M, Duration::ZERO).await;
    bench.store.damage_body(1, 99 * K);
    let reader = bench.open(8 * M).await;
    bench.read_all(&reader, 4 * K).await;
    assert_eq!(bench.gets(), 2);
}

#[test_case(8 * M; "read ahead")]
#[test_case(0; "read at once")]
#[tokio::test]
async fn a_small_body_that_stays_wrong_is_not_given_away(read_ahead: u64) {
    let bench = bench(100 * K, 64 * M, Duration::ZERO).await;
    bench
        .memory
        .alter(&key(), |record| record.meta.crc64 = Some(1));
    let reader = bench.open(read_ahead).await;
    let error = reader.read(0, 100 * K as u32).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert_eq!(bench.gets(), 3);
}

#[tokio::test]
async fn a_large_body_read_in_order_fails_at_its_end_when_it_was_wrong() {
    let bench = bench(8 * M, 64 * M, Duration::ZERO).await;
    bench.store.damage_body(2, 100);
    let reader = bench.open(8 * M).await;
    let mut offset = 0;
    let error = loop {
        match reader.read(offset, 128 * K as u32).await {
            Ok(_) => offset += 128 * K,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), Kind::Corrupt);
    assert_eq!(offset, 8 * M - 128 * K);
    // The kernel asks twice.
    assert_eq!(
        reader.read(offset, 4096).await.unwrap_err().kind(),
        Kind::Corrupt
    );
}

#[tokio::test]
async fn many_readers_stay_within_the_budget() {
    let bench = bench(8 * M, 8 * M, Duration::ZERO).await;
    let readers = join_all((0..16).map(|_| bench.open(8 * M))).await;
    let all = join_all(readers.iter().map(|reader| bench.read_all(reader, 128 * K)));
    let watch = async {
        let mut most = 0;
        loop {
            most = bench.budget.in_use().max(most);
            assert!(most <= 8 * M);
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = all => {}
        () = watch => {}
    }
}

#[tokio::test]
async fn a_budget_of_nothing_still_reads() {
    let bench = bench(3 * M, 0, Duration::ZERO).await;
    let reader = bench.open(8 * M).await;
    bench.read_all(&reader, 128 * K).await;
    assert_eq!(bench.received(), 3 * M);
}

#[tokio::test(start_paused = true)]
async fn an_idle_reader_gives_its_memory_to_one_that_reads() {
    let bench = bench(16 * M, 8 * M, Duration::ZERO).await;
    let idle = bench.open(32 * M).await;
    for step in 0..32 {
        bench.check(&idle, step * 128 * K, 128 * K).await;
    }
    assert!(bench.budget.in_use() > 4 * M);
    tokio::time::advance(Duration::from_secs(3)).await;
    let before = bench.gets();
    let reader = bench.open(32 * M).await;
    bench.read_all(&reader, 128 * K).await;
    assert!(bench.gets() - before < 40, "{}", bench.gets() - before);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_reader_drops_its_requests() {
    let bench = bench(4 * M, 64 * M, Duration::from_secs(1)).await;
    let reader = bench.open(8 * M).await;
    let read = tokio::time::timeout(Duration::from_millis(100), reader.read(0, 4096)).await;
    assert!(read.is_err());
    assert!(bench.budget.in_use() > 0);
    drop(reader);
    let freed = async {
        while bench.budget.in_use() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_millis(100), freed)
        .await
        .unwrap();
    assert_eq!(bench.gets(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is read, in whatever order and with whatever memory, it is what the object holds.
    #[test]
    fn every_read_is_right(
        size in prop_oneof![0..2 * K, 0..3 * M, Just(M), Just(512 * K)],
        memory_bytes in prop_oneof![Just(0), Just(4 * M), Just(64 * M)],
        read_ahead in prop_oneof![Just(0), Just(M), Just(16 * M)],
        reads in prop::collection::vec((0..=100u64, prop_oneof![1..300 * K, 1..3 * M], any::<bool>()), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = bench(size, memory_bytes, Duration::ZERO).await;
            let reader = bench.open(read_ahead).await;
            let mut at = 0;
            for (percent, len, on) in reads {
                at = if on { at } else { size * percent / 100 };
                bench.check(&reader, at, len).await;
                at += len;
            }
            assert!(bench.budget.in_use() <= memory_bytes.max(M));
        });
    }
}
