//! HTTP/1.1 with one pool of connections: the only sockets of a mount, but for its own control.
//!
//! What an error means is decided here for all that happens below HTTP: whether the request can have been acted on,
//! or not. No redirect is followed, so that signatures and data go to the configured host alone.

use super::error::{Error, Kind, Result};
use super::wire::Response;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method};
use std::error::Error as StdError;
use std::io;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a connection may take to be made, TLS included.
const CONNECT: Duration = Duration::from_secs(5);

/// How long the other side's kernel may leave what was sent unacknowledged: a path that is gone is found out before
/// the deadline of the call, a slow server is not taken for one.
const SILENCE: Duration = Duration::from_secs(15);

/// How long an unused connection is kept. Servers close theirs after a minute or less, and a request that meets the
/// close is one whose outcome is unknown.
const IDLE: Duration = Duration::from_secs(20);

/// Headers of an answer: more than the most entries of user metadata that any service stores.
const MAX_HEADERS: usize = 768;

/// The longest body that is read whole. A listing of 1,000 keys of 1,024 bytes, all escaped, is 4 MiB.
const MAX_BODY: usize = 16 << 20;

/// A pool of connections to one host.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    /// `scheme://host`, the beginning of every URL.
    origin: String,
}

/// A request as it goes out.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// Its method.
    pub method: &'a Method,
    /// The path, encoded.
    pub path: &'a str,
    /// The query, encoded, without the `?`.
    pub query: &'a str,
    /// The headers, `Host` and those of the body excepted.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// An answer whose body is still on its way.
#[derive(Debug)]
pub struct Answer {
    response: reqwest::Response,
    origin: String,
    /// How long the body may pause.
    stall: Duration,
}

impl Http {
    /// Makes a pool for `scheme://host` that keeps at most `max_idle` connections. A proxy that the environment names
    /// is used unless the host is this machine.
    pub fn new(scheme: &str, host: &str, is_loopback: bool, max_idle: usize) -> Result<Self> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("metamount/", env!("CARGO_PKG_VERSION")))
            .http1_only()
            .http1_max_headers(MAX_HEADERS)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(max_idle)
            .pool_idle_timeout(IDLE)
            .tcp_user_timeout(SILENCE)
            .tcp_nodelay(true);
        if is_loopback {
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|e| Error::new(Kind::Local, format!("TLS cannot be set up: {}", root(&e))))?;
        let origin = format!("{scheme}://{host}");
        Ok(Self { client, origin })
    }

    /// Sends a request; returns when the headers of the answer are there, which must be by `deadline`. From then on its
    /// body may pause for `stall` at a time.
    pub async fn send(
        &self,
        outgoing: Outgoing<'_>,
        deadline: Instant,
        stall: Duration,
    ) -> Result<Answer> {
        let request = self.request(outgoing)?;
        match timeout_at(deadline, self.client.execute(request)).await {
            Ok(Ok(response)) => Ok(Answer {
                response,
                origin: self.origin.clone(),
                stall,
            }),
            Ok(Err(error)) => Err(classify(&error, &self.origin)),
            Err(_) => Err(unknown(&self.origin, "no answer in time")),
        }
    }

    fn request(&self, outgoing: Outgoing<'_>) -> Result<reqwest::Request> {
        let Outgoing {
            method,
            path,
            query,
            headers,
            body,
        } = outgoing;
        let separator = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{separator}{query}", self.origin);
        let url = url
            .parse::<reqwest::Url>()
            .ok()
            // The type tidies a URL up. What it would change would be another resource than the one signed for.
            .filter(|url| url.path() == path && url.query().unwrap_or_default() == query)
            .ok_or_else(|| Error::new(Kind::InvalidArgument, "no URL can name this key"))?;
        let mut request = reqwest::Request::new(method.clone(), url);
        *request.headers_mut() = headers;
        if body.is_empty() && matches!(*method, Method::PUT | Method::POST) {
            // An empty body is announced too: some servers answer 411 without.
            let none = http::HeaderValue::from_static("0");
            request
                .headers_mut()
                .insert(http::header::CONTENT_LENGTH, none);
        } else if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        Ok(request)
    }
}

impl Answer {
    /// Returns the status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns the next piece of the body, `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        match timeout(self.stall, self.response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(classify(&error, &self.origin)),
            Err(_) => Err(unknown(&self.origin, "the answer stopped coming")),
        }
    }

    /// Reads the body whole.
    pub async fn whole(mut self) -> Result<Response> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(Error::new(
                    Kind::Protocol,
                    format!(
                        "an answer of more than {} MiB from {}",
                        MAX_BODY >> 20,
                        self.origin
                    ),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status: self.status(),
            headers: std::mem::take(self.response.headers_mut()),
            body: body.freeze(),
        })
    }
}

/// Decides what a failure below HTTP means.
fn classify(error: &reqwest::Error, origin: &str) -> Error {
    let cause = root(error);
    if error.is_connect() {
        return match tls_failure(error) {
            Some(why) => Error::new(Kind::Local, no_tls(origin, &why)),
            None if error.is_timeout() => Error::new(
                Kind::Connect,
                format!("no connection to {origin} within {} s", CONNECT.as_secs()),
            ),
            None => Error::new(Kind::Connect, format!("no connection to {origin}: {cause}")),
        };
    }
    let of_http = causes(error).find_map(|cause| cause.downcast_ref::<hyper::Error>());
    match of_http {
        Some(e) if e.is_canceled() => {
            Error::new(Kind::Connect, format!("no connection to {origin}: {cause}"))
        }
        Some(e) if e.is_parse() => Error::new(
            Kind::Protocol,
            format!("what {origin} answers is not valid HTTP: {cause}"),
        ),
        _ => unknown(origin, &cause),
    }
}

fn unknown(origin: &str, why: &str) -> Error {
    Error::new(Kind::Unknown, format!("connection to {origin}: {why}"))
}

/// Returns what TLS itself found wrong, if it did: its errors come as invalid data.
fn tls_failure(error: &reqwest::Error) -> Option<String> {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .find(|cause| cause.kind() == io::ErrorKind::InvalidData)
        .map(|cause| root(cause))
}

/// Says what to do about a failure of TLS.
fn no_tls(origin: &str, why: &str) -> String {
    if why.contains("certificate") {
        format!(
            "the certificate of {origin} is not trusted ({why}): add its authority to the system's, or name its file \
             in SSL_CERT_FILE"
        )
    } else {
        format!("{origin} does not speak TLS ({why}): is it meant to be http:// ?")
    }
}

/// Returns the message of the last cause, which names no URL.
fn root(error: &(dyn StdError + 'static)) -> String {
    let last = causes(error).last();
    last.map(ToString::to_string).unwrap_or_default()
}

/// Iterates over an error and its causes, those inside I/O errors too, which these do not show as their source.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let inside = error
            .downcast_ref::<io::Error>()
            .and_then(|error| error.get_ref());
        match inside {
            Some(inside) => Some(inside as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}
