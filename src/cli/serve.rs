//! `metamount serve`: the embedded server, until a signal ends it.

use super::{Failure, Result, logger, output};
use crate::server::{Server, Settings};
use crate::store::types::{Credentials, Secret};
use clap::Args;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

const KEY: &str = "OSS_ACCESS_KEY_ID";
const SECRET: &str = "OSS_ACCESS_KEY_SECRET";

/// Run the embedded OSS-compatible server
///
/// Its one account is the one that OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET name; without them it makes a pair and
/// prints the lines that export it. SIGTERM and SIGINT let requests under way end.
#[derive(Args, Debug)]
pub(super) struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where objects are kept; by default a temporary directory that is removed at the end
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// A bucket to create; may be repeated
    #[arg(long = "bucket", value_name = "NAME")]
    buckets: Vec<String>,
    /// How much is logged, to stderr: off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log_level: log::LevelFilter,
}

impl Serve {
    pub(super) fn run(self) -> Result<ExitCode> {
        logger::start(self.log_level, None);
        let account = Account::from_environment()?;
        let (dir, _temporary) = match self.dir {
            Some(dir) => (dir, None),
            None => {
                let temporary = temporary_dir()?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let mut settings = Settings::new(dir, account.credentials());
        settings.listen = self.listen;
        settings.buckets = self.buckets;
        let runtime = runtime()?;
        runtime.block_on(async {
            let end = Ends::new()?;
            let server = start(settings).await?;
            output::print(&account.exports());
            output::print(&format!("listening on http://{}\n", server.address()));
            end.wait().await;
            server.stop().await;
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Starts a server; what fails names the option that helps.
pub(super) async fn start(settings: Settings) -> Result<Server> {
    let (listen, dir) = (settings.listen, settings.dir.clone());
    Server::start(settings).await.map_err(|e| {
        Failure(match e.kind() {
            std::io::ErrorKind::AddrInUse | std::io::ErrorKind::AddrNotAvailable => {
                format!(
                    "{listen}: {e}: give another --listen ADDRESS:PORT, or port 0 for a free one"
                )
            }
            std::io::ErrorKind::PermissionDenied => {
                format!("{listen}, {dir:?}: {e}: give a --listen and a --dir that are yours")
            }
            _ => format!("the server could not be started in {dir:?}: {e}"),
        })
    })
}

/// The server's one account.
pub(super) struct Account {
    pub(super) key: String,
    pub(super) secret: String,
    made: bool,
}

impl Account {
    /// Takes the account that the environment names, or makes one.
    pub(super) fn from_environment() -> Result<Self> {
        let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        match (given(KEY), given(SECRET)) {
            (Some(key), Some(secret)) => Ok(Self {
                key,
                secret,
                made: false,
            }),
            (None, None) => Self::random(),
            (Some(_), None) => Err(Failure(format!(
                "{KEY} is set and {SECRET} is not: set both, or none"
            ))),
            (None, Some(_)) => Err(Failure(format!(
                "{SECRET} is set and {KEY} is not: set both, or none"
            ))),
        }
    }

    fn random() -> Result<Self> {
        let mut bytes = [0; 30];
        File::open("/dev/urandom")
            .and_then(|mut source| source.read_exact(&mut bytes))
            .map_err(|e| Failure(format!("/dev/urandom: {e}: set {KEY} and {SECRET}")))?;
        Ok(Self {
            key: format!("LTAI{}", hex::encode(&bytes[..10])),
            secret: hex::encode(&bytes[10..]),
            made: true,
        })
    }

    pub(super) fn credentials(&self) -> Credentials {
        Credentials {
            access_key: self.key.as_str().into(),
            secret: Secret::new(self.secret.as_str()),
            token: None,
            expires: None,
        }
    }

    /// Returns the account as environment variables.
    pub(super) fn variables(&self) -> [(&'static str, &str); 2] {
        [(KEY, &self.key), (SECRET, &self.secret)]
    }

    /// Returns what a shell must be told to use the account: nothing when it named it itself.
    pub(super) fn exports(&self) -> String {
        if !self.made {
            return String::new();
        }
        let lines = self
            .variables()
            .map(|(name, value)| format!("export {name}={value}\n"));
        lines.concat()
    }
}

/// The signals that end a server.
pub(super) struct Ends([tokio::signal::unix::Signal; 2]);

impl Ends {
    /// Takes the signals over. Must be called within a runtime.
    pub(super) fn new() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(|e| Failure(format!("signals: {e}")));
        Ok(Self([
            listen(SignalKind::terminate())?,
            listen(SignalKind::interrupt())?,
        ]))
    }

    /// Waits for the first of them.
    pub(super) async fn wait(mut self) {
        let [terminate, interrupt] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

pub(super) fn runtime() -> Result<Runtime> {
    Runtime::new().map_err(|e| Failure(format!("threads could not be started: {e}")))
}

pub(super) fn temporary_dir() -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("metamount-")
        .tempdir()
        .map_err(|e| {
            Failure(format!(
                "temporary directory: {e}: set TMPDIR to one that is yours"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_was_made_is_exported() {
        let account = Account::random().unwrap();
        let other = Account::random().unwrap();
        assert_ne!(account.secret, other.secret);
        assert_eq!(
            account.exports(),
            format!(
                "export {KEY}={}\nexport {SECRET}={}\n",
                account.key, account.secret
            )
        );
    }

    #[test]
    fn an_account_that_was_given_is_not_shown() {
        let account = Account {
            key: "a".into(),
            secret: "b".into(),
            made: false,
        };
        assert_eq!(account.exports(), "");
    }
}
