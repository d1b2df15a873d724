//! The embedded OSS-compatible server: one account, buckets in a folder, every signature checked.
//!
//! A request goes `connection` -> `request` (addressed and decoded) -> `auth` -> `route` -> one of `operation` ->
//! `storage`, and its answer through `reply`. Pure rules have files of their own: `condition`, `range`, `tags`,
//! `metadata`. What is emulated, and the form of the folder: `docs/LOCAL-OSS.md`.

mod auth;
mod condition;
mod connection;
mod error;
mod metadata;
mod operation;
mod payload;
mod range;
mod reply;
mod request;
mod route;
mod service;
mod storage;
mod tags;
mod xml;

use crate::store::types::Credentials;
use hyper_util::server::graceful::GracefulShutdown;
use service::Service;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use storage::Storage;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How long requests under way may take to end when the server is stopped.
const GRACE: Duration = Duration::from_secs(10);

/// Tells the time. Whole seconds of it are what objects are stamped with.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What a server is told.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder that everything is kept in; made when it is missing.
    pub dir: PathBuf,
    /// Buckets to create unless they exist.
    pub buckets: Vec<String>,
    /// The one account.
    pub credentials: Credentials,
    /// The time.
    pub clock: Clock,
    /// The region that the buckets say they are in. Signatures may name any.
    pub region: String,
    /// How long a restore of an archived object takes; `None` is as long as the service's documents say.
    pub restore_time: Option<Duration>,
    /// The largest object that one copy takes, in bytes; `None` is the service's own limits.
    pub copy_limit: Option<u64>,
}

impl Settings {
    /// Returns settings for a server on a free port of this machine, by the system's clock, without buckets.
    pub fn new(dir: impl Into<PathBuf>, credentials: Credentials) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            dir: dir.into(),
            buckets: Vec::new(),
            credentials,
            clock: Arc::new(SystemTime::now),
            region: "cn-hangzhou".into(),
            restore_time: None,
            copy_limit: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("listen", &self.listen)
            .field("dir", &self.dir)
            .field("buckets", &self.buckets)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

/// A running server. Dropped without [`Server::stop`], it stops listening and cuts its connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    listening: JoinHandle<()>,
}

impl Server {
    /// Opens the folder and begins to listen. Must be called within a tokio runtime, which serves the connections.
    ///
    /// Fails when the folder cannot be used (made by something else, in use, damaged), a bucket's name is not valid, or
    /// the address is not free.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        if let Some(name) = settings
            .buckets
            .iter()
            .find(|name| !request::is_bucket_name(name))
        {
            let why = format!("{name:?} is no bucket name: 3 to 63 of a-z, 0-9 and -");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let dir = settings.dir.clone();
        let opening = tokio::task::spawn_blocking(move || Storage::open(dir));
        let storage = opening.await.map_err(io::Error::other)??;
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let buckets = settings.buckets.clone();
        let service = Arc::new(Service::new(storage, settings));
        for name in &buckets {
            operation::bucket::create(&service, name)
                .await
                .map_err(|error| io::Error::other(error.message))?;
        }
        let (stop, stopped) = watch::channel(false);
        Ok(Self {
            address,
            stop,
            listening: tokio::spawn(listen(listener, service, stopped)),
        })
    }

    /// Returns where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: no new connections, requests under way are given some seconds to end. The folder is free on return.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Err(error) = (&mut self.listening).await {
            log::error!("the server ended badly: {error}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, service: Arc<Service>, mut stopped: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((socket, _)) => {
                connections.spawn(connection::serve(
                    socket,
                    service.clone(),
                    graceful.watcher(),
                ));
            }
            Err(error) => {
                // Out of descriptors, most likely: connections that end make room.
                log::warn!("accept: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown())
        .await
        .is_err()
    {
        log::warn!("some requests did not end within {} s", GRACE.as_secs());
    }
    connections.shutdown().await;
}
