//! A delay line between a client and a server on loopback: every byte is delivered a fixed time after it was sent, in
//! each direction, as over a long wire; a new connection costs one round trip more, as TCP's handshake does. Requests
//! are counted by the request lines that pass.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Requests seen, by a short name of what they are.
pub type Counts = BTreeMap<String, u64>;

/// A running proxy; it ends with the process.
pub struct Proxy {
    address: SocketAddr,
    counts: Arc<Mutex<Counts>>,
}

impl Proxy {
    /// Relays to `target` with `round_trip` added to every exchange.
    pub fn start(target: SocketAddr, round_trip: Duration) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Mutex::new(Counts::new()));
        let seen = Arc::clone(&counts);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                spawn(move || relay(client, target, round_trip, seen));
            }
        });
        Ok(Self { address, counts })
    }

    /// Returns where to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what was counted since the last call.
    pub fn take_counts(&self) -> Counts {
        std::mem::take(&mut self.counts.lock().expect("counting does not panic"))
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) {
    thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(work)
        .expect("a thread can be started");
}

fn relay(client: TcpStream, target: SocketAddr, round_trip: Duration, counts: Arc<Mutex<Counts>>) {
    thread::sleep(round_trip);
    let Ok(server) = TcpStream::connect(target) else {
        return;
    };
    let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
    let half = round_trip / 2;
    let (Ok(client2), Ok(server2)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    spawn(move || line(client2, server2, half, Some(counts)));
    line(server, client, half, None);
}

/// Moves bytes one way, each chunk `delay` after it came.
fn line(
    mut from: TcpStream,
    mut to: TcpStream,
    delay: Duration,
    counts: Option<Arc<Mutex<Counts>>>,
) {
    let (send, receive) = sync_channel::<(Instant, Vec<u8>)>(1024);
    spawn(move || {
        for (due, bytes) in receive {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    let mut buffer = vec![0; 64 << 10];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        if let Some(counts) = &counts {
            count(&buffer[..n], counts);
        }
        if send
            .send((Instant::now() + delay, buffer[..n].to_vec()))
            .is_err()
        {
            break;
        }
    }
}

/// Counts a chunk that begins with a request line; clients that wait for each answer begin every request in a chunk.
fn count(chunk: &[u8], counts: &Mutex<Counts>) {
    let Some(end) = chunk.iter().position(|b| *b == b'\r') else {
        return;
    };
    let Ok(line) = std::str::from_utf8(&chunk[..end]) else {
        return;
    };
    let Some(line) = line.strip_suffix(" HTTP/1.1") else {
        return;
    };
    let Some((method, path)) = line.split_once(' ') else {
        return;
    };
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let copy = chunk
        .windows(17)
        .any(|w| w.eq_ignore_ascii_case(b"x-amz-copy-source"));
    let name = match method {
        "GET" if query.contains("list-type=2") || query.contains("delimiter=") => "LIST",
        "GET" | "PUT" if query.contains("tagging") => "TAGGING",
        "GET" if query.contains("acl") => "ACL",
        "PUT" if copy => "COPY",
        method => method,
    };
    *counts
        .lock()
        .expect("counting does not panic")
        .entry(name.to_owned())
        .or_default() += 1;
}
