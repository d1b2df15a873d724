//! What all operations share: the storage, the account, the clock; and the way of one request through the server.

use super::error::{ANONYMOUS, Error, Result};
use super::reply::{self, Reply};
use super::request::Request;
use super::storage::{Bucket, Storage};
use super::{Settings, auth, payload, route};
use crate::store::types::Timestamp;
use http::{HeaderValue, header};
use hyper::body::Incoming;
use std::sync::Arc;

/// The server's state.
pub struct Service {
    /// The folder.
    pub storage: Storage,
    /// What the server was told.
    pub settings: Settings,
}

impl Service {
    /// Puts the parts together.
    pub fn new(storage: Storage, settings: Settings) -> Self {
        Self { storage, settings }
    }

    /// Returns the time in whole seconds.
    pub fn now(&self) -> Timestamp {
        Timestamp::from((self.settings.clock)())
    }

    /// Answers a request, whatever becomes of it.
    pub async fn answer(&self, request: hyper::Request<Incoming>) -> Reply {
        let request_id = format!("{:024X}", fastrand::u128(..) >> 32);
        let mut request = Request::new(request);
        let outcome = self.handle(&mut request).await;
        let mut reply = outcome.unwrap_or_else(|error| {
            let (method, path) = (&request.method, request.uri.path());
            let (status, code) = (error.code.status, error.code.name);
            log::debug!("{method} {path}: {status} {code}: {}", error.message);
            reply::error(error, method, &request.host, &request_id)
        });
        if !payload::drain(&mut request).await {
            let close = HeaderValue::from_static("close");
            reply.headers_mut().insert(header::CONNECTION, close);
        }
        reply::finish(&mut reply, &request_id, self.now());
        reply
    }

    async fn handle(&self, request: &mut Request) -> Result<Reply> {
        request.decode()?;
        request.authenticated = auth::check(request, &self.settings.credentials, self.now())?;
        route::dispatch(self, request).await
    }

    /// Returns the bucket of a request that the account signed.
    pub fn bucket(&self, request: &Request) -> Result<Arc<Bucket>> {
        self.require_account(request)?;
        self.storage
            .bucket(request.bucket.as_deref().unwrap_or_default())
    }

    /// Refuses a request that is not signed.
    pub fn require_account(&self, request: &Request) -> Result<()> {
        match request.authenticated {
            true => Ok(()),
            false => Err(Error::from(&ANONYMOUS)),
        }
    }

    /// Returns the id and name of the one account, as documents show it.
    pub fn owner(&self) -> &str {
        &self.settings.credentials.access_key
    }
}
