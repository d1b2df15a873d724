//! Who requests are signed as: sources of credentials, tried in turn, and the cache that refreshes them in time.
//!
//! Which variables and files a service's users keep theirs in is the dialect's table. A source that has none says why,
//! so that the final message names every place looked at; one that is there and cannot be read is an error at once.

mod cached;
mod environment;
mod ini;
mod json;
mod profile;

pub use cached::Cached;
pub use environment::Environment;
pub use profile::{Place, Profiles};

use super::error::{Error, Kind, Result};
use super::types::Credentials;
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;

/// How an environment variable is asked for.
pub type Lookup = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// A source of credentials.
#[async_trait]
pub trait ProvideCredentials: Send + Sync + fmt::Debug {
    /// Returns the credentials as they are now. Called again before they expire.
    async fn provide(&self) -> Result<Provided>;
}

/// What a source has.
#[derive(Clone, Debug)]
pub enum Provided {
    /// A key pair.
    Signed(Credentials),
    /// Requests go without a signature.
    Anonymous,
    /// Nothing. The text says what was looked for and where, to follow "no credentials found: ".
    Nothing(String),
}

/// No signature.
#[derive(Debug)]
pub struct Anonymous;

#[async_trait]
impl ProvideCredentials for Anonymous {
    async fn provide(&self) -> Result<Provided> {
        Ok(Provided::Anonymous)
    }
}

/// The same credentials always.
#[derive(Debug)]
pub struct Fixed(pub Credentials);

#[async_trait]
impl ProvideCredentials for Fixed {
    async fn provide(&self) -> Result<Provided> {
        Ok(Provided::Signed(self.0.clone()))
    }
}

/// Sources in the order they are asked; the first that has something is taken.
#[derive(Debug)]
pub struct Chain(pub Vec<Arc<dyn ProvideCredentials>>);

#[async_trait]
impl ProvideCredentials for Chain {
    async fn provide(&self) -> Result<Provided> {
        let mut looked = Vec::new();
        for source in &self.0 {
            match source.provide().await? {
                Provided::Nothing(why) => looked.push(why),
                found => return Ok(found),
            }
        }
        Ok(Provided::Nothing(looked.join("; ")))
    }
}

fn local(message: impl Into<Box<str>>) -> Error {
    Error::new(Kind::Local, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::types::Secret;

    #[derive(Debug)]
    struct Empty(&'static str);

    #[async_trait]
    impl ProvideCredentials for Empty {
        async fn provide(&self) -> Result<Provided> {
            Ok(Provided::Nothing(self.0.to_owned()))
        }
    }

    #[derive(Debug)]
    struct Broken;

    #[async_trait]
    impl ProvideCredentials for Broken {
        async fn provide(&self) -> Result<Provided> {
            Err(local("broken"))
        }
    }

    fn fixed(access_key: &str) -> Arc<dyn ProvideCredentials> {
        Arc::new(Fixed(Credentials {
            access_key: access_key.into(),
            secret: Secret::new("hush"),
            token: None,
            expires: None,
        }))
    }

    async fn asked(sources: Vec<Arc<dyn ProvideCredentials>>) -> String {
        match Chain(sources).provide().await {
            Ok(Provided::Signed(found)) => found.access_key.into(),
            Ok(Provided::Anonymous) => "anonymous".to_owned(),
            Ok(Provided::Nothing(why)) => format!("nothing: {why}"),
            Err(error) => format!("error: {error}"),
        }
    }

    #[tokio::test]
    async fn a_chain_takes_the_first_that_has_any() {
        let first = asked(vec![Arc::new(Empty("no a")), fixed("A"), fixed("B")]);
        assert_eq!(first.await, "A");
        let none = asked(vec![Arc::new(Empty("no a")), Arc::new(Empty("no b"))]);
        assert_eq!(none.await, "nothing: no a; no b");
    }

    #[tokio::test]
    async fn a_source_that_is_broken_is_not_passed_over() {
        let broken = asked(vec![Arc::new(Broken), fixed("B")]);
        assert_eq!(broken.await, "error: broken");
    }
}
