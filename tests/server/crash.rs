//! kill -9 in the middle of writes: what was acknowledged is there, what was not is there whole or not at all.

use super::client::Client;
use super::local::{ACCESS_KEY, BUCKET, SECRET};
use crate::env::{metamount, until};
use http::Method;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Rounds of starting, writing and killing.
const ROUNDS: u64 = 6;

/// Writers at once, each with a key of its own.
const WRITERS: u64 = 6;

/// Writes that are acknowledged in a round before the server is killed.
const WRITES: u64 = 60;

/// What an object is, by the number of the write that made each part of it so.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State {
    body: u64,
    meta: u64,
    tag: u64,
}

struct Process(Child);

impl Process {
    fn start(dir: &Path) -> (Self, Client) {
        let mut child = metamount()
            .args(["serve", "--bucket", BUCKET, "--dir"])
            .arg(dir)
            .env("OSS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("OSS_ACCESS_KEY_SECRET", SECRET)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let process = Self(child);
        let address = output.lines().find_map(|line| {
            let line = line.unwrap();
            line.strip_prefix("listening on http://").map(str::to_owned)
        });
        let address = address.expect("serve prints its address").parse().unwrap();
        (process, Client(address))
    }
}

impl Drop for Process {
    /// SIGKILL, as the name of the file says.
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Writes once and returns what the object should be then, and whether the server said so.
fn write(client: Client, key: &str, n: u64, before: Option<State>) -> (Option<State>, bool) {
    let meta = n.to_string();
    let tags =
        format!("<Tagging><TagSet><Tag><Key>n</Key><Value>{n}</Value></Tag></TagSet></Tagging>");
    let source = format!("/{BUCKET}/{key}");
    let (after, answer) = match (n % 5, before) {
        (1, Some(before)) => (
            Some(State { tag: n, ..before }),
            client.try_ask(Method::PUT, key, "tagging", &[], tags.as_bytes()),
        ),
        (2 | 3, Some(before)) => {
            let headers: [(&str, &[u8]); 3] = [
                ("x-oss-copy-source", source.as_bytes()),
                ("x-oss-metadata-directive", b"REPLACE"),
                ("x-oss-meta-n", meta.as_bytes()),
            ];
            let after = State { meta: n, ..before };
            (
                Some(after),
                client.try_ask(Method::PUT, key, "", &headers, b""),
            )
        }
        (4, Some(_)) if n.is_multiple_of(3) => {
            (None, client.try_ask(Method::DELETE, key, "", &[], b""))
        }
        _ => {
            let tagging = format!("n={n}");
            let headers: [(&str, &[u8]); 2] = [
                ("x-oss-meta-n", meta.as_bytes()),
                ("x-oss-tagging", tagging.as_bytes()),
            ];
            let after = State {
                body: n,
                meta: n,
                tag: n,
            };
            (
                Some(after),
                client.try_ask(Method::PUT, key, "", &headers, &body(n)),
            )
        }
    };
    let done = answer.is_some_and(|answer| {
        assert!((200..300).contains(&answer.status), "{answer:?}");
        true
    });
    (after, done)
}

/// A body that tells which write made it: its number, repeated, in a length of its own.
fn body(n: u64) -> Vec<u8> {
    let length = usize::try_from(n * 7919 % 200_000).unwrap() / 8 * 8 + 8;
    n.to_le_bytes().into_iter().cycle().take(length).collect()
}

/// Reads what an object is; its body is compared whole.
fn read(client: Client, key: &str) -> Option<State> {
    let got = client.ask(Method::GET, key, "", &[], b"");
    if got.status == 404 {
        return None;
    }
    let n = u64::from_le_bytes(got.body[..8].try_into().unwrap());
    assert!(got.body == body(n), "the body of {key} is a mix");
    let meta = std::str::from_utf8(got.header("x-oss-meta-n").unwrap()).unwrap();
    let tags = client.ask(Method::GET, key, "tagging", &[], b"").text();
    let tag = tags
        .split("<Value>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    Some(State {
        body: n,
        meta: meta.parse().unwrap(),
        tag: tag.parse().unwrap(),
    })
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_half() {
    let dir = tempfile::tempdir().unwrap();
    let mut states: Vec<[Option<State>; 2]> = vec![[None; 2]; WRITERS as usize];
    for round in 0..ROUNDS {
        let (process, client) = Process::start(dir.path());
        let acknowledged = AtomicU64::new(0);
        let killed = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for (writer, [state, attempted]) in states.iter_mut().enumerate() {
                let (acknowledged, killed) = (&acknowledged, &killed);
                scope.spawn(move || {
                    let key = format!("dir/{writer}");
                    let found = read(client, &key);
                    assert!(
                        found == *state || found == *attempted,
                        "{key}: {found:?} is neither {state:?} nor {attempted:?}"
                    );
                    *state = found;
                    for n in round * 1_000_000 + 5 * writer as u64.. {
                        let (after, done) = write(client, &key, n, *state);
                        *attempted = after;
                        if !done {
                            assert!(killed.load(Ordering::SeqCst), "{key}: write {n} failed");
                            return;
                        }
                        *state = after;
                        acknowledged.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            until("writes are acknowledged", Duration::from_secs(60), || {
                (acknowledged.load(Ordering::SeqCst) >= WRITES).then_some(())
            });
            killed.store(true, Ordering::SeqCst);
            drop(process);
        });
    }
    let (_process, client) = Process::start(dir.path());
    for (writer, [state, attempted]) in states.iter().enumerate() {
        let found = read(client, &format!("dir/{writer}"));
        assert!(found == *state || found == *attempted, "{found:?}");
    }
}
