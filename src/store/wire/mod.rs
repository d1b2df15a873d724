//! The operations as requests and answers, without I/O: each module builds one operation's request and reads its
//! answer. Where the bucket goes in the URL, the host, the signature and the sending are `store::client`'s.

use super::dialect::Query;
use super::types::{Key, Operation};
use bytes::Bytes;
use http::{HeaderMap, Method};

/// A request before it is addressed and signed.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it does.
    pub operation: Operation,
    /// Its method.
    pub method: Method,
    /// The object it is about; `None` for the bucket.
    pub key: Option<Key>,
    /// The parameters, decoded; an empty value is a bare name.
    pub query: Query,
    /// The headers, but for those of the connection and the signature.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body; empty where it is streamed.
    pub body: Bytes,
}
