//! One plain HTTP request over a socket of its own: enough to ask a test server whether it is up.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Sends a request without a body and returns the status; `None` while nobody answers.
pub(super) fn status(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &http::HeaderMap,
) -> Option<u16> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {}\r\n", value.to_str().expect("ASCII headers"));
    }
    if !headers.contains_key("host") {
        head += &format!("Host: {address}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer);
    text.split_ascii_whitespace().nth(1)?.parse().ok()
}
