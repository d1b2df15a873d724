//! How much longer what is known is believed: what the kernel may keep of it, so that nothing is believed twice over.

use super::Metadata;
use std::time::Duration;
use tokio::time::Instant;

impl Metadata {
    /// Returns how much longer what is known of a name, and of its object, is believed: the whole time to live where it
    /// is not remembered.
    pub fn believed_for(&self, dir: &str, name: &str) -> Duration {
        let now = Instant::now();
        let path = format!("{dir}{name}");
        let listed = self.listed_until(dir);
        let found = listed.or_else(|| self.lookups.expires(&path));
        let cached = self.source.cache.expires(&path);
        let until = [found, cached].into_iter().flatten();
        until
            .filter(|until| *until > now)
            .min()
            .map_or(self.settings.ttl, |until| until - now)
    }

    /// Returns how much longer the listing that tells of a directory is believed: the whole time to live where none is
    /// remembered.
    pub fn listing_believed_for(&self, dir: &str) -> Duration {
        self.listed_until(dir)
            .map_or(self.settings.ttl, |until| until - Instant::now())
    }

    fn listed_until(&self, dir: &str) -> Option<Instant> {
        let stream = self.directories.told(dir)?;
        Some(stream.begun + self.settings.ttl)
    }
}
