//! The cases: each prepares its objects, runs the same thing on every candidate in turn, several times, and adds a row.

use crate::peers::Mounted;
use crate::proxy::{Counts, Proxy};
use crate::server::{Server, put_all};
use crate::table::{Table, median};
use bytes::Bytes;
use metamount::store::Store;
use metamount::store::types::{Key, Properties, PutRequest, Tags, WriteCondition};
use rustix::fs::{XattrFlags, getxattr, setxattr};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROUND_TRIP: Duration = Duration::from_millis(20);

struct Bench {
    store: Arc<dyn Store>,
    runtime: tokio::runtime::Runtime,
    direct: String,
    far: String,
    proxy: Proxy,
    table: Table,
    /// Whether the many objects are there.
    has_many: bool,
}

/// Runs the cases whose names contain one of `filters`, or all.
pub fn run(filters: &[String]) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    let server = Server::start();
    let store = server.store();
    let proxy = Proxy::start(server.address(), ROUND_TRIP).expect("the proxy can be started");
    let (direct, far) = (
        format!("http://{}", server.address()),
        format!("http://{}", proxy.address()),
    );
    let mut bench = Bench {
        store,
        runtime,
        direct,
        far,
        proxy,
        table: Table::default(),
        has_many: false,
    };
    type Case = fn(&mut Bench);
    let cases: [(&str, Case); 9] = [
        ("getxattr", warm_getxattr),
        ("walk", cold_walk),
        ("ls", cold_ls),
        ("setfattr", setfattr),
        ("tenkeys", ten_keys),
        ("twomounts", two_mounts),
        ("read", sequential_read),
        ("rest", at_rest),
        ("forget", after_a_walk),
    ];
    for (name, case) in cases {
        if filters.is_empty() || filters.iter().any(|f| f == name) {
            case(&mut bench);
        }
    }
    println!("{}", bench.table.markdown());
}

fn warm_getxattr(bench: &mut Bench) {
    const CALLS: u32 = 20_000;
    let value = "Ansel Adams, 1941";
    bench.put([object("warm/file", b"x", &[("author", value)])]);
    let floor = Mounted::floor(value);
    let ours = Mounted::metamount(&bench.direct, &[]);
    let s3fs = Mounted::s3fs(&bench.direct);
    // s3fs keeps attributes in a blob of its own, so it must have written them.
    let theirs = s3fs.path.join("theirs");
    std::fs::write(&theirs, b"x").expect("s3fs takes a file");
    setxattr(
        &theirs,
        "user.author",
        value.as_bytes(),
        XattrFlags::empty(),
    )
    .expect("s3fs takes an attribute");
    let files = [floor.path.join("file"), ours.path.join("warm/file"), theirs];
    let mut times = [const { Vec::new() }; 3];
    for repeat in 0..8 {
        for (file, times) in files.iter().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..CALLS {
                assert_eq!(get(file, "user.author"), value.as_bytes());
            }
            if repeat > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS));
            }
        }
    }
    let [floor, ours, s3fs] = times.map(median);
    bench.table.row(
        "warm getxattr, one caller",
        "<= 1.15 x floor",
        format!("{ours:.1} us, {:.2} x floor", ours / floor),
        format!("floor {floor:.1} us; s3fs {s3fs:.1} us"),
    );
}

fn cold_walk(bench: &mut Bench) {
    let objects = (0..1000).map(|n| {
        object(
            &format!("walk/{n:04}.jpg"),
            b"x",
            &[("author", "somebody"), ("n", "1")],
        )
    });
    bench.put(objects);
    let far = bench.far.clone();
    let walk = |path: &Path| {
        let path = path.join("walk");
        let output = Command::new("getfattr")
            .args(["-R", "-d", "."])
            .current_dir(path)
            .output();
        let output = output.expect("getfattr is installed");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    let mut counts = Counts::new();
    for _ in 0..3 {
        let mount = Mounted::metamount(&far, &[]);
        bench.proxy.take_counts();
        let (time, listed) = timed(|| walk(&mount.path));
        assert_eq!(
            String::from_utf8_lossy(&listed)
                .matches("user.author")
                .count(),
            1000
        );
        counts = bench.proxy.take_counts();
        ours.push(time);
        drop(mount);
        let mount = Mounted::s3fs(&far);
        theirs.push(timed(|| walk(&mount.path)).0);
    }
    bench.table.row(
        "cold getfattr -R -d of 1,000 objects, 20 ms",
        "<= 0.8 s, 1,000 HEAD + 1 LIST",
        format!("{:.2} s, {}", median(ours), show(&counts)),
        format!(
            "s3fs {:.2} s (it shows none of the metadata)",
            median(theirs)
        ),
    );
}

fn cold_ls(bench: &mut Bench) {
    bench.put((0..10_000).map(|n| object(&format!("ls/{n:05}.txt"), b"hello", &[])));
    let far = bench.far.clone();
    let ls = |path: &Path| {
        let output = Command::new("ls")
            .arg("-l")
            .arg(path.join("ls"))
            .output()
            .expect("ls runs");
        assert_eq!(
            output.stdout.iter().filter(|b| **b == b'\n').count(),
            10_001
        );
    };
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    let mut counts = Counts::new();
    for repeat in 0..3 {
        let mount = Mounted::metamount(&far, &[]);
        bench.proxy.take_counts();
        ours.push(timed(|| ls(&mount.path)).0);
        counts = bench.proxy.take_counts();
        drop(mount);
        if repeat == 0 {
            let mount = Mounted::s3fs(&far);
            theirs.push(timed(|| ls(&mount.path)).0);
        }
    }
    bench.table.row(
        "cold ls -l of 10,000, 20 ms",
        "<= 1.0 s, 10 LIST, no HEAD",
        format!("{:.2} s, {}", median(ours), show(&counts)),
        format!("s3fs {:.1} s", median(theirs)),
    );
}

fn setfattr(bench: &mut Bench) {
    const FILES: usize = 64;
    bench.put(
        (0..2 * FILES).map(|n| object(&format!("set/{n}.jpg"), b"x", &[("author", "somebody")])),
    );
    std::thread::sleep(Duration::from_secs(3)); // Let the objects' times become trusted.
    let mount = Mounted::metamount(&bench.far, &[]);
    let file = |n: usize| mount.path.join(format!("set/{n}.jpg"));
    for n in 0..2 * FILES {
        get(&file(n), "user.author");
    }
    // The first edit of a mount finds out what the server honours.
    set(&file(0), "user.first", "1");
    bench.proxy.take_counts();
    let serial: Vec<f64> = (1..FILES)
        .map(|n| timed(|| set(&file(n), "user.price", "100 dollar")).0 * 1e3)
        .collect();
    let counts = bench.proxy.take_counts();
    let (together, ()) = timed(|| {
        std::thread::scope(|scope| {
            for worker in 0..16 {
                let file = &file;
                scope.spawn(move || {
                    for n in (0..FILES).filter(|n| n % 16 == worker) {
                        set(&file(FILES + n), "user.price", "100 dollar");
                    }
                });
            }
        });
    });
    drop(mount);
    let mount = Mounted::s3fs(&bench.far);
    let theirs = mount.path.join("set/theirs");
    std::fs::write(&theirs, b"x").expect("s3fs takes a file");
    set(&theirs, "user.first", "1");
    let theirs: Vec<f64> = (0..30)
        .map(|n| timed(|| set(&theirs, "user.price", &n.to_string())).0 * 1e3)
        .collect();
    bench.table.row(
        "setfattr of one key, cached object, 20 ms, serial / 16 at once",
        "<= 26 ms / <= 2.5 ms an edit",
        format!(
            "{:.1} ms / {:.1} ms; {} for {} serial edits",
            median(serial),
            together * 1e3 / FILES as f64,
            show(&counts),
            FILES - 1
        ),
        format!(
            "s3fs serial {:.1} ms, without any protection",
            median(theirs)
        ),
    );
}

fn ten_keys(bench: &mut Bench) {
    bench.put([
        object("ten/a.jpg", b"x", &[("author", "somebody")]),
        object("ten/b.jpg", b"x", &[]),
    ]);
    std::thread::sleep(Duration::from_secs(3));
    let mount = Mounted::metamount(&bench.far, &[]);
    let file = mount.path.join("ten/a.jpg");
    set(&mount.path.join("ten/b.jpg"), "user.first", "1");
    get(&file, "user.author");
    bench.proxy.take_counts();
    let times = (0..10)
        .map(|n| timed(|| set(&file, &format!("user.key{n}"), "value")).0 * 1e3)
        .collect();
    let counts = bench.proxy.take_counts();
    bench.table.row(
        "setfattr of 10 keys of one object, one after another, 20 ms",
        "<= 50 ms an edit",
        format!("{:.1} ms; {}", median(times), show(&counts)),
        "s3fs as above".into(),
    );
}

fn two_mounts(bench: &mut Bench) {
    bench.put([object("two/file", b"x", &[("author", "somebody")])]);
    std::thread::sleep(Duration::from_secs(3));
    let mounts = [
        Mounted::metamount(&bench.far, &[]),
        Mounted::metamount(&bench.far, &[]),
    ];
    let start = Instant::now();
    let longest = std::thread::scope(|scope| {
        let editors: Vec<_> = mounts
            .iter()
            .enumerate()
            .map(|(who, mount)| {
                scope.spawn(move || {
                    let file = mount.path.join("two/file");
                    let edit = |n: usize| timed(|| set(&file, &format!("user.m{who}k{n}"), "v")).0;
                    (0..30).map(edit).fold(0.0, f64::max)
                })
            })
            .collect();
        editors
            .into_iter()
            .map(|e| e.join().expect("an editor ends well"))
            .fold(0.0, f64::max)
    });
    let total = start.elapsed().as_secs_f64();
    let head = bench
        .runtime
        .block_on(bench.store.head(&key("two/file"), None))
        .expect("the object is there");
    let kept = head
        .properties
        .user
        .iter()
        .filter(|(name, _)| name.starts_with('m'))
        .count();
    bench.table.row(
        "two mounts, 30 edits each on one object at the same time",
        "60 keys, no edit over 15 s",
        format!("{kept} keys, longest edit {longest:.1} s, all in {total:.0} s"),
        "not run: no peer has a condition".into(),
    );
}

fn sequential_read(bench: &mut Bench) {
    const SIZE: u64 = 1 << 30;
    let script = format!(
        "import boto3,botocore.config as c,io\n\
         s=boto3.client('s3',endpoint_url='{}',aws_access_key_id='{}',aws_secret_access_key='{}',\
         region_name='us-east-1',config=c.Config(s3={{'addressing_style':'path'}}))\n\
         s.put_object(Bucket='{}',Key='big',Body=bytes({SIZE}))",
        bench.direct,
        crate::peers::ACCESS_KEY,
        crate::peers::SECRET_KEY,
        crate::peers::BUCKET
    );
    let python = std::env::var("METAMOUNT_TEST_PYTHON").unwrap_or("python3".into());
    let put = Command::new(python)
        .args(["-c", &script])
        .stdout(Stdio::null())
        .status();
    assert!(put.is_ok_and(|s| s.success()), "the big object can be put");
    let read = |path: &Path| {
        let mut file = std::fs::File::open(path.join("big")).expect("the file opens");
        let mut buffer = vec![0; 1 << 20];
        let mut total = 0;
        while let n @ 1.. = file.read(&mut buffer).expect("it reads") {
            total += n as u64;
        }
        assert_eq!(total, SIZE);
    };
    type Start = fn(&str) -> Mounted;
    let candidates: [(&str, Start); 3] = [
        ("metamount", |endpoint| Mounted::metamount(endpoint, &[])),
        ("s3fs", Mounted::s3fs),
        ("rclone mount", Mounted::rclone),
    ];
    for (where_, endpoint) in [("", bench.direct.clone()), (", 20 ms", bench.far.clone())] {
        let mut speeds = [const { Vec::new() }; 3];
        let mut rss = [0; 3];
        for _ in 0..3 {
            for (at, (_, start)) in candidates.iter().enumerate() {
                let mount = start(&endpoint);
                let (time, ()) = timed(|| read(&mount.path));
                speeds[at].push(SIZE as f64 / 1e6 / time);
                rss[at] = rss[at].max(mount.peak_rss() >> 20);
            }
        }
        let speeds = speeds.map(median);
        bench.table.row(
            &format!("sequential read of 1 GiB{where_}"),
            ">= the better of s3fs and rclone, RSS <= 200 MiB",
            format!("{:.0} MB/s, RSS {} MiB", speeds[0], rss[0]),
            format!(
                "{} {:.0} MB/s, {} MiB; {} {:.0} MB/s, {} MiB",
                candidates[1].0, speeds[1], rss[1], candidates[2].0, speeds[2], rss[2]
            ),
        );
    }
}

const MANY: usize = 100_000;

fn at_rest(bench: &mut Bench) {
    bench.put_many();
    let mount = Mounted::metamount(&bench.direct, &["--head-ttl", "3600"]);
    let start = mount.rss() >> 20;
    let status = Command::new("getfattr")
        .args(["-R", "-d", "."])
        .current_dir(mount.path.join("rest"))
        .stdout(Stdio::null())
        .status();
    assert!(status.is_ok_and(|s| s.success()));
    let full = mount.rss() >> 20;
    bench.table.row(
        "daemon at rest on 100,000 cached objects",
        "<= 150 MiB",
        format!("{full} MiB (at start {start} MiB)"),
        String::from("-"),
    );
}

/// What stays of a walk once the kernel has forgotten it and what was remembered of it is too old to be believed.
fn after_a_walk(bench: &mut Bench) {
    bench.put_many();
    let mount = Mounted::metamount(&bench.direct, &["--head-ttl", "2"]);
    let start = mount.rss() >> 20;
    let found = Command::new("find")
        .arg(mount.path.join("rest"))
        .args(["-size", "+1"])
        .output();
    assert!(found.is_ok_and(|f| f.status.success()));
    let full = mount.rss() >> 20;
    std::fs::write("/proc/sys/vm/drop_caches", "2").expect("root may empty the kernel's caches");
    let mut least = full;
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(500));
        least = least.min(mount.rss() >> 20);
    }
    bench.table.row(
        "daemon after a walk of 100,000 objects (find -size)",
        "memory goes back",
        format!("{full} MiB, then {least} MiB (at start {start} MiB)"),
        String::from("-"),
    );
}

impl Bench {
    fn put_many(&mut self) {
        if !std::mem::replace(&mut self.has_many, true) {
            self.put((0..MANY).map(|n| {
                let name = format!("rest/{:03}/photo-{n:06}.jpg", n / 1000);
                object(
                    &name,
                    b"x",
                    &[
                        ("author", "somebody"),
                        ("title", "a photo of something"),
                        ("price", "100"),
                    ],
                )
            }));
        }
    }

    fn put(&self, objects: impl IntoIterator<Item = PutRequest>) {
        self.runtime.block_on(put_all(&self.store, objects));
    }
}

fn object(name: &str, body: &'static [u8], meta: &[(&str, &str)]) -> PutRequest {
    let user = meta
        .iter()
        .map(|(k, v)| (Box::from(*k), Box::from(v.as_bytes())))
        .collect();
    PutRequest {
        key: key(name),
        properties: Properties {
            user,
            ..Properties::default()
        },
        tags: Tags::new(),
        acl: None,
        condition: WriteCondition::None,
        body: Bytes::from_static(body),
    }
}

fn key(name: &str) -> Key {
    Key::new(name).expect("a valid key")
}

fn get(path: &Path, name: &str) -> Vec<u8> {
    let mut buffer = [0u8; 1024];
    let n = getxattr(path, name, &mut buffer)
        .unwrap_or_else(|e| panic!("getxattr {}: {e}", path.display()));
    buffer[..n].to_vec()
}

fn set(path: &Path, name: &str, value: &str) {
    setxattr(path, name, value.as_bytes(), XattrFlags::empty())
        .unwrap_or_else(|e| panic!("setxattr {}: {e}", path.display()));
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs_f64(), result)
}

fn show(counts: &Counts) -> String {
    counts
        .iter()
        .map(|(name, n)| format!("{n} {name}"))
        .collect::<Vec<_>>()
        .join(" + ")
}
