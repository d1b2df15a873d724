//! The signals that end a mount.

use std::future::pending;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for SIGTERM, SIGINT and SIGHUP from when it is made.
#[derive(Debug)]
pub struct Stop(Option<Signals>);

#[derive(Debug)]
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Stop {
    /// Begins to listen; from here on these signals do not end the process by themselves.
    pub fn listen() -> io::Result<Self> {
        Ok(Self(Some(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })))
    }

    /// Listens for nothing: for a mount inside another program, which has its own ways to end.
    pub fn never() -> Self {
        Self(None)
    }

    /// Waits for the next of them and returns its name.
    pub async fn signalled(&mut self) -> &'static str {
        match &mut self.0 {
            Some(signals) => tokio::select! {
                _ = signals.terminate.recv() => "SIGTERM",
                _ = signals.interrupt.recv() => "SIGINT",
                _ = signals.hang_up.recv() => "SIGHUP",
            },
            None => pending().await,
        }
    }
}
