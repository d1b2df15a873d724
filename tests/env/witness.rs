//! An SDK of the vendor's, kept running: the independent witness of what a bucket holds, and the foreign writer.

use super::{Bucket, tool};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

/// A running `tests/sdk/driver.py` on one bucket; threads take turns.
#[derive(Debug)]
pub struct Witness {
    child: Child,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Witness {
    /// Starts oss2 or boto3 on a bucket, whichever speaks its protocol.
    #[track_caller]
    pub fn new(bucket: &Bucket) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/driver.py");
        let mut child = Command::new(tool("python3"))
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is needed: scripts/test installs it");
        let pipes = (
            child.stdin.take().expect("piped"),
            BufReader::new(child.stdout.take().expect("piped")),
        );
        let witness = Self {
            child,
            pipes: Mutex::new(pipes),
        };
        let service = &bucket.service;
        witness.tell(json!({
            "dialect": service.scheme, "endpoint": service.endpoint(), "region": service.region,
            "id": service.access_key, "secret": service.secret, "bucket": bucket.name,
        }));
        witness
    }

    /// Asks for an operation of `driver.py` and returns what it gave; it must succeed.
    #[track_caller]
    pub fn tell(&self, request: Value) -> Value {
        let answer = self.try_tell(&request);
        assert!(answer.get("ok").is_some(), "{request}: {answer}");
        answer["ok"].clone()
    }

    /// Asks for an operation and returns `{"ok": ...}` or `{"error": code, ...}`.
    #[track_caller]
    pub fn try_tell(&self, request: &Value) -> Value {
        let mut pipes = self.pipes.lock().expect("no test panics while it asks");
        writeln!(pipes.0, "{request}").expect("the driver takes requests");
        let mut line = String::new();
        pipes.1.read_line(&mut line).expect("the driver answers");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{request}: {e}: {line:?}"))
    }

    /// Returns all that the SDK shows of an object.
    #[track_caller]
    pub fn snapshot(&self, key: &str) -> Value {
        self.tell(json!({"op": "snapshot", "key": key}))
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // Its standard input closes with this; killing it covers a driver that hangs.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
