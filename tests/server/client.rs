//! A client without an SDK: signed requests on bare sockets, answers as they came.

use super::local::{BUCKET, credentials};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use metamount::store::dialect::OSS;
use metamount::store::dialect::sign::{self, Scope, Target};
use metamount::store::types::Timestamp;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_slice())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Reads one answer, without a body when it is to a HEAD. `None` when the connection ends first.
    pub fn read(stream: &mut impl BufRead, to_head: bool) -> Option<Self> {
        let mut line = Vec::new();
        stream.read_until(b'\n', &mut line).ok()?;
        let status = std::str::from_utf8(line.get(9..12)?).ok()?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let mut line = Vec::new();
            stream.read_until(b'\n', &mut line).ok()?;
            let line = line.trim_ascii_end();
            let Some(colon) = line.iter().position(|b| *b == b':') else {
                break;
            };
            let name = String::from_utf8_lossy(&line[..colon]).to_lowercase();
            headers.push((name, line[colon + 1..].trim_ascii().to_vec()));
        }
        let mut answer = Self {
            status,
            headers,
            body: Vec::new(),
        };
        let length = answer.header("content-length").map(<[u8]>::to_vec);
        if let (Some(length), false) = (length, to_head) {
            let length = String::from_utf8(length).unwrap().parse().unwrap();
            answer.body = vec![0; length];
            stream.read_exact(&mut answer.body).ok()?;
        }
        Some(answer)
    }
}

/// Asks a server with requests that are signed and written by hand.
#[derive(Clone, Copy, Debug)]
pub struct Client(pub SocketAddr);

impl Client {
    pub fn connect(self) -> TcpStream {
        let stream = TcpStream::connect(self.0).unwrap();
        let bound = Some(Duration::from_secs(30));
        stream.set_read_timeout(bound).unwrap();
        stream
    }

    /// Returns a signed request's head for an object, or for the bucket when the key is empty.
    pub fn head(self, method: &Method, key: &str, query: &str, given: &[(&str, &[u8])]) -> Vec<u8> {
        let mut headers = HeaderMap::new();
        let host = self.0.to_string();
        for (name, value) in given.iter().chain([&("host", host.as_bytes())]) {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        let path = format!("/{BUCKET}/{}", sign::encode_key(key));
        let target = Target {
            host: &host,
            path: &path,
            bucket: BUCKET,
            key: (!key.is_empty()).then_some(key),
        };
        let credentials = credentials();
        let scope = Scope {
            credentials: &credentials,
            region: "anywhere",
            time: Timestamp::from(SystemTime::now()),
        };
        let pairs = sign::parse_query(query).unwrap();
        OSS.sign(method, &target, &pairs, &mut headers, &scope);
        let mut out = format!("{method} {path}?{query} HTTP/1.1\r\n").into_bytes();
        for (name, value) in &headers {
            out.extend_from_slice(name.as_str().as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
        out
    }

    /// Sends a signed request with a body and returns the answer; `None` when the connection breaks.
    pub fn try_ask(
        self,
        method: Method,
        key: &str,
        query: &str,
        headers: &[(&str, &[u8])],
        body: &[u8],
    ) -> Option<Answer> {
        let length = body.len().to_string();
        let mut all = headers.to_vec();
        if method == Method::PUT || method == Method::POST {
            all.push(("content-length", length.as_bytes()));
        }
        let mut stream = TcpStream::connect(self.0).ok()?;
        stream
            .write_all(&self.head(&method, key, query, &all))
            .ok()?;
        stream.write_all(body).ok()?;
        Answer::read(&mut BufReader::new(stream), method == Method::HEAD)
    }

    /// Sends a signed request with a body and returns the answer.
    #[track_caller]
    pub fn ask(
        self,
        method: Method,
        key: &str,
        query: &str,
        headers: &[(&str, &[u8])],
        body: &[u8],
    ) -> Answer {
        self.try_ask(method, key, query, headers, body)
            .expect("an answer")
    }
}
