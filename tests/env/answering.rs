//! A server that answers whatever a function says, request by request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// A running server; it ends with the process.
#[derive(Debug)]
pub struct Answering(SocketAddr);

impl Answering {
    /// Starts a server: `answer` gets the request's line, and gives the status and the body.
    pub fn start(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = Arc::clone(&answer);
                // The client may hang up at any time.
                thread::spawn(move || serve(stream, &*answer));
            }
        });
        Self(address)
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0
    }
}

fn serve(stream: TcpStream, answer: &dyn Fn(&str) -> (u16, String)) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let (mut request, mut length) = (String::new(), 0);
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(n) = header.strip_prefix("content-length:") {
                length = n.trim().parse().unwrap_or(0);
            }
        }
        reader.by_ref().take(length).read_to_end(&mut Vec::new())?;
        let (status, body) = answer(&request);
        let head = format!(
            "HTTP/1.1 {status} Whatever\r\nContent-Length: {}\r\n",
            body.len()
        );
        stream
            .write_all(format!("{head}Content-Type: application/xml\r\n\r\n{body}").as_bytes())?;
    }
}
