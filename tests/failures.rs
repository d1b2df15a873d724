//! What a mount does while its service fails: every call ends, nothing wrong is read, and all is well again afterwards.

use crate::env::{Answering, Bucket, Gate, Mount, OwnServer, Witness, attributes};
use serde_json::json;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};
use test_case::test_case;

/// Returns the errno of what must fail, and how long it took.
#[track_caller]
fn fails<T: std::fmt::Debug>(action: impl FnOnce() -> std::io::Result<T>) -> (i32, Duration) {
    let began = Instant::now();
    let error = action().unwrap_err();
    (error.raw_os_error().unwrap(), began.elapsed())
}

/// Longer than any request's own deadline, shorter than that of an operation of several.
const PATIENCE: Duration = Duration::from_secs(55);

fn put(witness: &Witness, key: &str) {
    witness.tell(json!({"op": "put", "key": key, "body": "body", "meta": {"author": "John"}}));
}

/// Expects what failed to be logged, once an operation.
fn expect_failures(mount: &Mount) {
    mount.allow_warning("[errno 5]");
}

/// What is known is answered from memory while the service is away; anything else is EIO, and works when it is back.
fn bears_an_outage(mount: &Mount, fail: impl FnOnce(), repair: impl FnOnce()) {
    let known = mount.join("d/known");
    mount.run("ls", &["-l", "d"]);
    attributes::all(&known);
    expect_failures(mount);
    fail();
    let dumped = mount.run("getfattr", &["-d", "d/known"]);
    assert!(dumped.contains("user.author=\"John\""), "{dumped}");
    assert!(mount.run("ls", &["-l", "d"]).contains("other"));
    assert_eq!(fs::metadata(&known).unwrap().len(), 4);
    assert_eq!(
        fails(|| fs::metadata(mount.join("d/absent"))).0,
        libc::ENOENT
    );
    // All at once: each ends by itself.
    std::thread::scope(|scope| {
        let unknown = |name: &'static str| fails(|| fs::metadata(mount.join(name)));
        let ended = [
            scope.spawn(move || unknown("unknown")),
            scope.spawn(|| fails(|| fs::read(mount.join("d/other")))),
            scope.spawn(|| fails(|| Ok(attributes::get(&mount.join("d/other"), "user.author")?))),
            scope.spawn(|| fails(|| Ok(attributes::set(&known, "user.price", "x")?))),
        ];
        for end in ended {
            let (errno, after) = end.join().unwrap();
            assert_eq!(errno, libc::EIO);
            assert!(after < PATIENCE, "{after:?}");
        }
    });
    let errors = mount.status()["last_errors"].clone();
    assert!(errors.as_array().unwrap().len() >= 4, "{errors}");
    repair();
    assert_eq!(fs::read_to_string(mount.join("d/other")).unwrap(), "body");
    assert_eq!(fs::metadata(mount.join("unknown")).unwrap().len(), 4);
    attributes::set(&known, "user.price", "100 dollar").unwrap();
    assert_eq!(
        attributes::get(&known, "user.price").unwrap(),
        b"100 dollar"
    );
}

fn furnished(bucket: &Bucket) -> Witness {
    let witness = Witness::new(bucket);
    for key in ["d/known", "d/other", "unknown"] {
        put(&witness, key);
    }
    witness
}

#[test]
fn a_server_that_goes_away_and_comes_back() {
    let mut server = OwnServer::start(|_| {});
    let bucket = Bucket::new(server.service());
    let witness = furnished(&bucket);
    let mount = bucket.mount().start();
    let server = std::cell::RefCell::new(&mut server);
    bears_an_outage(
        &mount,
        || server.borrow_mut().stop(),
        || server.borrow_mut().restart(),
    );
    let kept = json!({"author": "John", "price": "100 dollar"});
    assert_eq!(witness.snapshot("d/known")["meta"], kept);
}

#[test_case(Gate::close; "that cuts every connection")]
#[test_case(Gate::stall; "that answers nothing")]
fn a_network(fail: fn(&Gate)) {
    let bucket = Bucket::seaweed();
    let witness = furnished(&bucket);
    let gate = Gate::to(bucket.service.address);
    let mount = bucket.mount().endpoint(gate.endpoint()).start();
    bears_an_outage(&mount, || fail(&gate), || gate.open());
    let kept = json!({"author": "John", "price": "100 dollar"});
    assert_eq!(witness.snapshot("d/known")["meta"], kept);
}

/// Text of which every ten bytes tell where they are.
const PUT_LARGE: &str = r#"
body = "".join(f"{MARK}{n:08}\n" for n in range(SIZE // 10)).encode()
if "OSS_ACCESS_KEY_ID" in os.environ:
    oss().put_object("large", body)
else:
    s3().put_object(Bucket=BUCKET, Key="large", Body=body)
"#;

const LARGE: usize = 20_000_000;

fn put_large(bucket: &Bucket, mark: char, size: usize) {
    bucket.python(&format!(
        "MARK, SIZE = {:?}, {size}\n{PUT_LARGE}",
        mark.to_string()
    ));
}

fn large(mark: char, size: usize) -> Vec<u8> {
    let lines = (0..size / 10).map(|n| format!("{mark}{n:08}\n"));
    lines.collect::<String>().into_bytes()
}

#[test]
fn bodies_that_are_cut_are_read_on() {
    for bucket in [Bucket::embedded(), Bucket::seaweed()] {
        put_large(&bucket, 'a', LARGE);
        let gate = Gate::to(bucket.service.address);
        let mount = bucket.mount().endpoint(gate.endpoint()).start();
        fs::metadata(mount.join("large")).unwrap();
        gate.cut_after(LARGE / 2);
        let read = fs::read(mount.join("large")).unwrap();
        assert!(read == large('a', LARGE));
        assert!(!gate.will_cut());
    }
}

/// An object replaced while it is read: ESTALE for what was not read yet, never bytes of both.
#[test]
fn a_file_replaced_while_it_is_read_is_stale() {
    for bucket in [Bucket::embedded(), Bucket::seaweed()] {
        put_large(&bucket, 'a', LARGE);
        let mount = bucket.mount().start();
        mount.allow_warning("[errno 116]");
        let file = File::open(mount.join("large")).unwrap();
        let mut head = vec![0; 1000];
        file.read_exact_at(&mut head, 0).unwrap();
        assert!(head == large('a', 1000));
        // Of the same size: only its entity tag tells.
        put_large(&bucket, 'b', LARGE);
        let mut at = 0;
        let error = loop {
            let mut room = vec![0; 100_000];
            match file.read_at(&mut room, at as u64) {
                Ok(0) => panic!("the end of a file that is no more"),
                Ok(n) => {
                    let marks = room[..n].iter().filter(|b| **b == b'b');
                    assert_eq!(marks.count(), 0, "at {at}");
                    at += n;
                }
                Err(error) => break error,
            }
        };
        assert_eq!(error.raw_os_error(), Some(libc::ESTALE));
        let read = fs::read(mount.join("large")).unwrap();
        assert!(read == large('b', LARGE));
    }
}

const EMPTY_PAGE: &str =
    "<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>";

/// A page that names a key and says that there is more after `token`.
fn page(key: &str, token: &str) -> String {
    let object = match key {
        "" => String::new(),
        key => format!(
            "<Contents><Key>{key}</Key><LastModified>2020-01-01T00:00:00.000Z</LastModified>\
             <ETag>\"5d41402abc4b2a76b9719d911017c592\"</ETag><Size>1</Size></Contents>"
        ),
    };
    format!(
        "<ListBucketResult><EncodingType>url</EncodingType>{object}<IsTruncated>true</IsTruncated>\
         <NextContinuationToken>{token}</NextContinuationToken></ListBucketResult>"
    )
}

/// Answers listings as `listing` says, by their number, and everything else with 404.
fn hostile(listing: impl Fn(usize) -> String + Send + Sync + 'static) -> Answering {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Answering::start(move |request| {
        if !request.starts_with("GET /pail/?") {
            return (404, String::new());
        }
        // The mount's own question, whether the bucket can be used.
        if request.contains("max-keys=1&") {
            return (200, EMPTY_PAGE.into());
        }
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        (200, listing(number))
    })
}

#[test_case(|_| page("key", "same"); "the same token twice")]
#[test_case(|n| page("", &format!("t{n}")); "pages without end that bring nothing")]
#[test_case(|n| page("same", &format!("t{n}")); "pages without end that bring the same")]
#[test_case(|_| "<ListBucketResult>".to_owned() + &"<a>".repeat(10_000); "ten thousand levels")]
#[test_case(|_| "<html><body>hi</body></html>".to_owned(); "no listing at all")]
#[test_case(|_| "<ListBucketResult><Contents><Key>a</Key>".to_owned(); "a listing that breaks off")]
fn a_hostile_listing_ends(listing: fn(usize) -> String) {
    let server = hostile(listing);
    let mut bucket = Bucket::seaweed();
    bucket.service.address = server.address();
    bucket.name = "pail".into();
    let mount = bucket.mount().start();
    expect_failures(&mount);
    let (errno, after) =
        fails(|| -> std::io::Result<Vec<_>> { fs::read_dir(mount.path())?.collect() });
    assert_eq!(errno, libc::EIO);
    assert!(after < PATIENCE, "{after:?}");
    let lists = mount.requests("ListObjects");
    assert!(lists <= 1_100, "{lists} lists");
    let errors = mount.status()["last_errors"].clone();
    assert_eq!(errors[0]["errno"], libc::EIO, "{errors}");
}
