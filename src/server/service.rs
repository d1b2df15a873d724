//! What all operations share: the storage, the account, the clock; and the way of one request through the server.

use super::error::{ANONYMOUS, Error, Result};
use super::reply::{self, Reply};
use super::request::Request;
use super::storage::{Bucket, Storage};
use super::{Settings, auth, route};
use crate::store::types::Timestamp;
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
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let (host, outcome) = match Request::new(request) {
            Ok(request) => (request.host.clone(), self.handle(request).await),
            Err(error) => (String::new(), Err(error)),
        };
        let mut reply = outcome.unwrap_or_else(|error| {
            log::debug!(
                "{method} {path}: {} {}: {}",
                error.code.status,
                error.code.name,
                error.message
            );
            reply::error(error, &method, &host, &request_id)
        });
        reply::finish(&mut reply, &request_id, self.now());
        reply
    }

    async fn handle(&self, mut request: Request) -> Result<Reply> {
        request.authenticated = auth::check(&request, &self.settings.credentials, self.now())?;
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
