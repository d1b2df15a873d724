//! Keeps credentials until shortly before they expire.

use super::{ProvideCredentials, Provided, local};
use crate::store::error::Result;
use crate::store::types::{Credentials, Timestamp};
use parking_lot::RwLock;
use std::sync::Arc;

/// How long before their end credentials are refreshed, in seconds.
const EARLY: i64 = 300;

/// A source behind a cache. Requests share one refresh; while the old credentials live, a failed refresh hurts no one.
#[derive(Debug)]
pub struct Cached {
    source: Arc<dyn ProvideCredentials>,
    /// What was provided last; `None` inside for anonymous. Never held over an await.
    current: RwLock<Option<Option<Arc<Credentials>>>>,
    /// Held by the one that refreshes.
    refreshing: tokio::sync::Mutex<()>,
}

impl Cached {
    /// Puts a cache before `source`.
    pub fn new(source: Arc<dyn ProvideCredentials>) -> Self {
        Self {
            source,
            current: RwLock::new(None),
            refreshing: tokio::sync::Mutex::new(()),
        }
    }

    /// Returns the credentials to sign with at `now`, `None` for no signature.
    pub async fn get(&self, now: Timestamp) -> Result<Option<Arc<Credentials>>> {
        if let Some(current) = self.fresh(now) {
            return Ok(current);
        }
        // Those that still live are used by everyone but the one that refreshes.
        let _refreshing = match (self.refreshing.try_lock(), self.living(now)) {
            (Ok(guard), _) => guard,
            (Err(_), Some(living)) => return Ok(living),
            (Err(_), None) => self.refreshing.lock().await,
        };
        if let Some(current) = self.fresh(now) {
            return Ok(current);
        }
        match (self.ask().await, self.living(now)) {
            (Ok(found), _) => Ok(found),
            (Err(error), Some(living)) => {
                log::warn!("credentials not refreshed, the old ones still live: {error}");
                Ok(living)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// Asks the source again after the service refused `used`; returns whether there are others now.
    pub async fn refused(&self, used: &Credentials) -> bool {
        let _refreshing = self.refreshing.lock().await;
        let other = |current: &Option<Arc<Credentials>>| current.as_deref() != Some(used);
        if self.current.read().as_ref().is_some_and(other) {
            return true;
        }
        self.ask().await.is_ok_and(|found| other(&found))
    }

    async fn ask(&self) -> Result<Option<Arc<Credentials>>> {
        let found = match self.source.provide().await? {
            Provided::Signed(credentials) => Some(Arc::new(credentials)),
            Provided::Anonymous => None,
            Provided::Nothing(looked) => {
                return Err(local(format!(
                    "no credentials found: {looked}; or read a public bucket with --anonymous"
                )));
            }
        };
        *self.current.write() = Some(found.clone());
        Ok(found)
    }

    fn fresh(&self, now: Timestamp) -> Option<Option<Arc<Credentials>>> {
        self.that_last_until(now.plus(EARLY))
    }

    fn living(&self, now: Timestamp) -> Option<Option<Arc<Credentials>>> {
        self.that_last_until(now)
    }

    fn that_last_until(&self, time: Timestamp) -> Option<Option<Arc<Credentials>>> {
        let current = self.current.read().clone()?;
        let expires = current.as_ref().and_then(|c| c.expires);
        expires.is_none_or(|end| end > time).then_some(current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::types::Secret;
    use async_trait::async_trait;
    use parking_lot::Mutex;
    use test_case::test_case;

    /// Provides the given expiries in turn, `None` for a failure; counts how often it is asked.
    #[derive(Debug)]
    struct Script(Mutex<Vec<Option<i64>>>);

    #[async_trait]
    impl ProvideCredentials for Script {
        async fn provide(&self) -> Result<Provided> {
            let next = self.0.lock().remove(0);
            tokio::task::yield_now().await;
            let Some(expires) = next else {
                return Err(local("the source is down"));
            };
            Ok(Provided::Signed(Credentials {
                access_key: format!("until {expires}").into(),
                secret: Secret::new("hush"),
                token: None,
                expires: Some(Timestamp(expires)),
            }))
        }
    }

    fn cached(script: &[Option<i64>]) -> (Cached, Arc<Script>) {
        let script = Arc::new(Script(Mutex::new(script.to_vec())));
        (Cached::new(script.clone()), script)
    }

    async fn name(cached: &Cached, now: i64) -> String {
        match cached.get(Timestamp(now)).await {
            Ok(found) => found.map_or("none".to_owned(), |c| c.access_key.to_string()),
            Err(error) => error.to_string(),
        }
    }

    #[test_case(0 => "until 1000"; "kept")]
    #[test_case(699 => "until 1000"; "kept until five minutes before")]
    #[test_case(700 => "until 2000"; "refreshed early")]
    #[test_case(1500 => "until 2000"; "refreshed late")]
    #[tokio::test]
    async fn asks_again_before_they_expire(now: i64) -> String {
        let (cached, _) = cached(&[Some(1000), Some(2000)]);
        assert_eq!(name(&cached, 0).await, "until 1000");
        name(&cached, now).await
    }

    #[test_case(900 => "until 1000"; "while they live")]
    #[test_case(1000 => "the source is down"; "not longer")]
    #[tokio::test]
    async fn a_failed_refresh_keeps_the_old_ones(now: i64) -> String {
        let (cached, _) = cached(&[Some(1000), None]);
        assert_eq!(name(&cached, 0).await, "until 1000");
        name(&cached, now).await
    }

    #[tokio::test]
    async fn many_wait_for_one_answer() {
        let (cached, script) = cached(&[Some(1000), Some(2000)]);
        let all = (0..10).map(|_| name(&cached, 0));
        let names = futures_util::future::join_all(all).await;
        assert_eq!(names, vec!["until 1000"; 10]);
        assert_eq!(script.0.lock().len(), 1);
    }

    #[tokio::test]
    async fn refused_ones_are_replaced_if_there_are_others() {
        let (cached, script) = cached(&[Some(1000), Some(2000), Some(2000)]);
        let used = cached
            .get(Timestamp(0))
            .await
            .expect("provided")
            .expect("signed");
        assert!(cached.refused(&used).await);
        assert!(
            cached.refused(&used).await,
            "someone else has asked already"
        );
        assert_eq!(script.0.lock().len(), 1);
        let used = cached
            .get(Timestamp(0))
            .await
            .expect("kept")
            .expect("signed");
        assert!(!cached.refused(&used).await, "the source has the same ones");
    }

    #[tokio::test]
    async fn nothing_found_names_the_places_and_the_way_without() {
        let nothing = Cached::new(Arc::new(super::super::Chain(Vec::new())));
        let error = nothing.get(Timestamp(0)).await.expect_err("nothing there");
        assert!(error.to_string().contains("--anonymous"), "{error}");
    }
}
