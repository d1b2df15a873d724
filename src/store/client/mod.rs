//! A bucket of a service: [`Store`](crate::store::Store) over HTTP.
//!
//! Every operation goes through one function, `exchange`; the requests and answers themselves are built and
//! read in `wire`, which does no I/O.

mod body;
mod check;
mod counters;
mod exchange;
mod open;
mod operations;

pub use check::check;
pub use open::open;

use super::clock::Clock;
use super::credentials::{Cached, ProvideCredentials};
use super::dialect::Dialect;
use super::endpoint::Endpoint;
use super::error::Result;
use super::http::Http;
use super::limit::Limit;
use super::retry::Policy;
use counters::Counters;
use std::sync::Arc;

/// A bucket, reached over HTTP. Cheap to use from many tasks at once.
#[derive(Debug)]
pub struct Client {
    dialect: &'static Dialect,
    endpoint: Endpoint,
    http: Http,
    credentials: Cached,
    clock: Clock,
    limit: Limit,
    policy: Policy,
    counters: Arc<Counters>,
}

impl Client {
    /// Makes a client of the bucket at `endpoint` with at most `max_requests` in flight. No request.
    pub fn new(
        dialect: &'static Dialect,
        endpoint: Endpoint,
        max_requests: usize,
        credentials: Arc<dyn ProvideCredentials>,
    ) -> Result<Self> {
        let http = Http::new(
            endpoint.scheme,
            &endpoint.host,
            endpoint.is_loopback(),
            max_requests,
        )?;
        Ok(Self {
            dialect,
            endpoint,
            http,
            credentials: Cached::new(credentials),
            clock: Clock::system(),
            limit: Limit::new(max_requests),
            policy: Policy::default(),
            counters: Arc::default(),
        })
    }

    /// Takes another clock than this machine's.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Retries by another policy than the default.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }
}
