//! Puts a client together from what a mount is told, what the environment says and what profile files hold.

use super::Client;
use crate::config::Bucket;
use crate::store::Store;
use crate::store::credentials::{
    Anonymous, Chain, Environment, Place, Profiles, ProvideCredentials,
};
use crate::store::endpoint::{Endpoint, Fallback};
use crate::store::error::Result;
use std::sync::Arc;

/// Opens a bucket. No request; errors are [`crate::store::Kind::Local`] and say what to do.
pub async fn open(bucket: &Bucket) -> Result<Arc<dyn Store>> {
    let sources = bucket.dialect.credentials;
    let profiles = Profiles::new(sources, bucket.profile.as_deref(), Place::process());
    let settings = match profiles.settings().await {
        Ok(settings) => settings,
        // Credentials from elsewhere may make up for it; if not, asking for them gives this error again.
        Err(error) if bucket.profile.is_none() => {
            log::warn!("{error}");
            Fallback::default()
        }
        Err(error) => return Err(error),
    };
    let variable = |name: &str| std::env::var(name).ok();
    let fallback = Fallback::new(bucket.dialect, variable, settings);
    let endpoint = Endpoint::resolve(bucket, &fallback)?;
    let client = Client::new(
        bucket.dialect,
        endpoint,
        bucket.max_requests,
        credentials(bucket, profiles),
    )?;
    // Asked for now, so that what is wrong with them is said before anything else.
    client.credentials.get(client.clock.now()).await?;
    Ok(Arc::new(client))
}

/// A profile asked for by name wins over the environment, as it does for the clouds' own tools.
fn credentials(bucket: &Bucket, profiles: Profiles) -> Arc<dyn ProvideCredentials> {
    let profiles: Arc<dyn ProvideCredentials> = Arc::new(profiles);
    if bucket.anonymous {
        return Arc::new(Anonymous);
    }
    if bucket.profile.is_some() {
        return profiles;
    }
    let environment = Environment::new(bucket.dialect.credentials.variables);
    Arc::new(Chain(vec![Arc::new(environment), profiles]))
}
