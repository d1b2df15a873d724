//! A server on a real socket that does what a script says, request by request, and remembers what it was sent.

use metamount::config;
use metamount::store::Client;
use metamount::store::credentials::Fixed;
use metamount::store::dialect::Dialect;
use metamount::store::endpoint::{Endpoint, Fallback};
use metamount::store::retry::Policy;
use metamount::store::types::{Credentials, Secret};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the server does with one request.
#[derive(Clone)]
pub enum Step {
    /// Writes this and keeps the connection.
    Answer(Vec<u8>),
    /// Writes this and closes the connection in good order.
    AnswerAndClose(Vec<u8>),
    /// Writes this and resets the connection.
    AnswerAndReset(Vec<u8>),
    /// Writes this and then nothing more, with the connection open.
    AnswerAndStall(Vec<u8>),
    /// Writes this, then a blank every few milliseconds so many times, then the rest.
    AnswerSlowly(Vec<u8>, u32, Vec<u8>),
    /// Writes this, then this again and again.
    AnswerForEver(Vec<u8>, Vec<u8>),
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub line: String,
    pub headers: Vec<(String, String)>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct Shared {
    steps: Mutex<VecDeque<Step>>,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicU64,
    written: AtomicU64,
}

/// A running server. Its connections end with it.
pub struct Scripted {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Scripted {
    /// Starts a server. A request beyond the script is answered 501.
    pub async fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared::default());
        shared.steps.lock().extend(steps);
        let mut tasks = JoinSet::new();
        let of_server = Arc::clone(&shared);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                of_server.connections.fetch_add(1, Ordering::Relaxed);
                let shared = Arc::clone(&of_server);
                connections.spawn(async move {
                    // The client may hang up at any time.
                    let _ = serve(stream, &shared).await;
                });
            }
        });
        Self {
            address,
            shared,
            _tasks: tasks,
        }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().clone()
    }

    pub fn steps_left(&self) -> usize {
        self.shared.steps.lock().len()
    }

    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Returns how many bytes the kernel has taken from the server.
    pub fn written(&self) -> u64 {
        self.shared.written.load(Ordering::Relaxed)
    }

    /// Returns a client of a bucket on this server, with little patience.
    pub fn client(&self, dialect: &'static Dialect) -> Client {
        client(dialect, &format!("http://{}", self.address))
    }
}

pub fn policy() -> Policy {
    Policy {
        attempts: 5,
        base: Duration::from_millis(1),
        cap: Duration::from_millis(20),
        deadline: Duration::from_secs(2),
        stall: Duration::from_millis(300),
    }
}

pub fn bucket(dialect: &'static Dialect, endpoint: &str) -> config::Bucket {
    config::Bucket {
        dialect,
        name: "pail".to_owned(),
        endpoint: Some(endpoint.to_owned()),
        region: Some("cn-hangzhou".to_owned()),
        addressing: config::Addressing::Path,
        profile: None,
        anonymous: false,
        allow_http: false,
        max_requests: 8,
    }
}

pub fn credentials(access_key: &str) -> Credentials {
    Credentials {
        access_key: access_key.into(),
        secret: Secret::new("hush"),
        token: None,
        expires: None,
    }
}

pub fn client(dialect: &'static Dialect, endpoint: &str) -> Client {
    let bucket = bucket(dialect, endpoint);
    let endpoint = Endpoint::resolve(&bucket, &Fallback::default()).expect("all is given");
    let fixed = Arc::new(Fixed(credentials("AK")));
    let client = Client::new(dialect, endpoint, bucket.max_requests, fixed);
    client.expect("a client").with_policy(policy())
}

/// An answer with its length.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let length = body.len().to_string();
    let mut all = vec![("content-length", length.as_str())];
    all.extend(headers);
    let mut bytes = head(status, &all);
    bytes.extend_from_slice(body.as_bytes());
    bytes
}

/// The beginning of an answer.
pub fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Whatever\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// What a HEAD of a plain object is answered with.
pub fn object() -> Vec<u8> {
    head(
        200,
        &[
            ("content-length", "5"),
            ("etag", "\"5d41402abc4b2a76b9719d911017c592\""),
            ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("date", "Sun, 06 Nov 1994 08:50:00 GMT"),
            ("content-type", "text/plain"),
        ],
    )
}

/// The head of an answer to a read of `length` bytes.
pub fn body_head(length: u64) -> Vec<u8> {
    head(
        200,
        &[
            ("content-length", &length.to_string()),
            ("etag", "\"5d41402abc4b2a76b9719d911017c592\""),
            ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ],
    )
}

/// A refusal with its document.
pub fn refusal(status: u16, code: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let body = format!("<Error><Code>{code}</Code><Message>the message</Message></Error>");
    answer(status, headers, &body)
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    while let Some(seen) = read_request(&mut stream).await? {
        shared.seen.lock().push(seen);
        let step = shared.steps.lock().pop_front();
        let step = step.unwrap_or_else(|| Step::AnswerAndClose(answer(501, &[], "")));
        match step {
            Step::Answer(bytes) => stream.write_all(&bytes).await?,
            Step::AnswerAndClose(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Step::AnswerAndReset(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.set_zero_linger();
            }
            Step::AnswerAndStall(bytes) => {
                stream.write_all(&bytes).await?;
                std::future::pending::<()>().await;
            }
            Step::AnswerSlowly(first, blanks, rest) => {
                stream.write_all(&first).await?;
                let mut pace = tokio::time::interval(Duration::from_millis(10));
                for _ in 0..blanks {
                    pace.tick().await;
                    stream.write_all(b" ").await?;
                }
                stream.write_all(&rest).await?;
            }
            Step::AnswerForEver(first, again) => {
                stream.write_all(&first).await?;
                loop {
                    stream.write_all(&again).await?;
                    shared
                        .written
                        .fetch_add(again.len() as u64, Ordering::Relaxed);
                }
            }
        }
    }
    Ok(())
}

/// Reads a request and its body; `None` when the client has closed the connection.
async fn read_request(stream: &mut TcpStream) -> io::Result<Option<Seen>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(e) => return Err(e),
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut lines = text.lines();
    let line = lines.next().unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let seen = Seen { line, headers };
    let length: usize = seen
        .header("content-length")
        .map_or(0, |l| l.parse().unwrap_or(0));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(seen))
}
