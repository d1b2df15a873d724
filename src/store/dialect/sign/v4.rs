//! What the two version 4 signatures share: the scope of a key, the chain that derives it, the string it signs.

use crate::store::types::{Secret, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt;

/// Stands for the hash of a body that is not signed.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The names that differ between the services' version 4.
#[derive(Debug)]
pub struct Flavor {
    /// The algorithm's name, the first line of the string to sign.
    pub algorithm: &'static str,
    /// What the secret is prefixed with to start the chain.
    pub seed: &'static str,
    /// The last part of the scope.
    pub terminator: &'static str,
}

/// Where and when a derived key is good: `date/region/product/terminator`.
#[derive(Clone, Copy, Debug)]
pub struct CredentialScope<'a> {
    /// `YYYYMMDD`.
    pub date: &'a str,
    /// The region's bare id.
    pub region: &'a str,
    /// The service's name in signatures.
    pub product: &'a str,
    /// The service's form of the signature.
    pub flavor: &'static Flavor,
}

impl fmt::Display for CredentialScope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/{}",
            self.date, self.region, self.product, self.flavor.terminator
        )
    }
}

impl CredentialScope<'_> {
    /// Signs a canonical request: lower-case hex. `time` is the request's `YYYYMMDDTHHMMSSZ`.
    pub fn signature(&self, secret: &Secret, time: &str, canonical: &[u8]) -> String {
        let key = hmac(
            format!("{}{}", self.flavor.seed, secret.expose()).as_bytes(),
            self.date.as_bytes(),
        );
        let key = hmac(&key, self.region.as_bytes());
        let key = hmac(&key, self.product.as_bytes());
        let key = hmac(&key, self.flavor.terminator.as_bytes());
        hex::encode(hmac(&key, self.string_to_sign(time, canonical).as_bytes()))
    }

    /// Returns the text that the derived key signs.
    pub fn string_to_sign(&self, time: &str, canonical: &[u8]) -> String {
        let digest = sha256_hex(canonical);
        format!("{}\n{time}\n{self}\n{digest}", self.flavor.algorithm)
    }
}

/// Returns the SHA-256 of `bytes` in lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Returns the time as it is signed, and the date in it.
pub(super) fn stamp(time: Timestamp) -> (String, String) {
    let time = time.to_basic_iso8601();
    let date = time.chars().take(8).collect();
    (time, date)
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}
