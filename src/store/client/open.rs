//! Puts a client together from what a mount is told, what the environment says and what profile files hold.

use super::Client;
use crate::config::Bucket;
use crate::store::Store;
use crate::store::clock::Clock;
use crate::store::credentials::{
    Anonymous, Cached, Chain, Environment, Place, Profiles, ProvideCredentials,
};
use crate::store::endpoint::{Endpoint, Fallback};
use crate::store::error::Result;
use std::sync::Arc;

/// Opens a bucket. No request; errors are [`crate::store::Kind::Local`] and say what to do.
pub async fn open(bucket: &Bucket) -> Result<Arc<dyn Store>> {
    let sources = bucket.dialect.credentials;
    let profile = bucket.profile.as_deref();
    let profiles = Arc::new(Profiles::new(sources, profile, Place::process()));
    let credentials = credentials(bucket, Arc::clone(&profiles));
    // Asked for now, so that what is wrong with them is said before anything else.
    let clock = Clock::system();
    Cached::new(Arc::clone(&credentials))
        .get(clock.now())
        .await?;
    let settings = profiles.settings().await.unwrap_or_else(|error| {
        // The credentials came from elsewhere, and the region may too.
        log::warn!("{error}");
        Fallback::default()
    });
    let variable = |name: &str| std::env::var(name).ok();
    let fallback = Fallback::new(bucket.dialect, variable, settings);
    let endpoint = Endpoint::resolve(bucket, &fallback)?;
    let client = Client::new(bucket.dialect, endpoint, bucket.max_requests, credentials)?;
    Ok(Arc::new(client))
}

/// A profile asked for by name wins over the environment, as it does for the clouds' own tools.
fn credentials(bucket: &Bucket, profiles: Arc<Profiles>) -> Arc<dyn ProvideCredentials> {
    if bucket.anonymous {
        return Arc::new(Anonymous);
    }
    if bucket.profile.is_some() {
        return profiles;
    }
    let environment = Environment::new(bucket.dialect.credentials.variables);
    Arc::new(Chain(vec![Arc::new(environment), profiles]))
}
