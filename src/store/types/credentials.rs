//! What proves who a request is from.

use super::Timestamp;
use std::fmt;

/// An account's key pair, and the session it belongs to where the keys are temporary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The public half.
    pub access_key: Box<str>,
    /// The half that signs.
    pub secret: Secret,
    /// The token of the session that temporary keys belong to.
    pub token: Option<Secret>,
    /// When the keys stop working, if they do.
    pub expires: Option<Timestamp>,
}

/// A text that no log, message or debug output shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes a text as secret.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the text, for signing and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_no_secret() {
        let credentials = Credentials {
            access_key: "AK".into(),
            secret: Secret::new("hush"),
            token: Some(Secret::new("hush too")),
            expires: None,
        };
        let shown = format!("{credentials:?}");
        assert!(shown.contains("AK"), "{shown}");
        assert!(!shown.contains("hush"), "{shown}");
    }
}
