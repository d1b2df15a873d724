//! What can go wrong with a request, by meaning.
//!
//! A [`Kind`] says what a caller can do about it; the rest (operation, key, status, code, request id) is for the log
//! line. Which errno a kind becomes is decided in `fs::error`, which kinds are tried again in `store::retry`.

use super::types::Operation;
use std::fmt;
use std::sync::Arc;

/// What an error means to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The object, version or upload does not exist.
    NotFound,
    /// The bucket does not exist.
    NoSuchBucket,
    /// The credentials are good and do not allow this.
    Denied,
    /// The credentials are missing, wrong or expired.
    Unauthenticated,
    /// A condition of the request did not hold.
    Precondition,
    /// Another write was under way; the same request may succeed later.
    Conflict,
    /// The service asks to slow down.
    Throttled,
    /// The service failed (5xx) or ended an answer with an error inside a success.
    Unavailable,
    /// The connection could not be made, or was lost before the request was sent whole: nothing happened.
    Connect,
    /// The connection was lost or the deadline passed after the request was sent: its outcome is unknown.
    Unknown,
    /// The range starts past the end.
    InvalidRange,
    /// The body is in an archive class and not restored.
    Archived,
    /// The object is above the limit of a single copy or put.
    TooLarge,
    /// The metadata is above the service's limit.
    MetadataTooLarge,
    /// The service refuses an argument: a name, a value, a class, a tag.
    InvalidArgument,
    /// The service does not implement this.
    Unsupported,
    /// The bucket lives in another region or behind another endpoint.
    WrongRegion,
    /// The clocks differ by more than the service allows.
    ClockSkew,
    /// A body did not match its checksum or length.
    Corrupt,
    /// The answer is not what an object store gives.
    Protocol,
    /// This side refused to send the request: no credentials could be read, a plain-text endpoint, a bad option.
    Local,
}

/// A failed request. Cheap to clone: every waiter of one fetch gets the same.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    message: Box<str>,
    operation: Option<Operation>,
    key: Option<Box<str>>,
    status: Option<u16>,
    code: Option<Box<str>>,
    request_id: Option<Box<str>>,
    retry_after: Option<std::time::Duration>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The result of a request.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Makes an error of a kind; `message` is for people and holds no secret.
    pub fn new(kind: Kind, message: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            key: None,
            status: None,
            code: None,
            request_id: None,
            retry_after: None,
            source: None,
        }))
    }

    /// Adds the operation and the key, keeping those already there.
    #[must_use]
    pub fn during(self, operation: Operation, key: Option<&str>) -> Self {
        self.edit(|inner| {
            inner.operation.get_or_insert(operation);
            if inner.key.is_none() {
                inner.key = key.map(Into::into);
            }
        })
    }

    /// Adds what the service answered.
    #[must_use]
    pub fn answered(self, status: u16, code: Option<&str>, request_id: Option<&str>) -> Self {
        self.edit(|inner| {
            inner.status = Some(status);
            inner.code = code.map(Into::into);
            inner.request_id = request_id.map(Into::into);
        })
    }

    /// Gives the error another meaning and keeps all else.
    #[must_use]
    pub fn with_kind(self, kind: Kind) -> Self {
        self.edit(|inner| inner.kind = kind)
    }

    /// Adds how long the service asks to wait (`Retry-After`).
    #[must_use]
    pub fn retry_after(self, wait: std::time::Duration) -> Self {
        self.edit(|inner| inner.retry_after = Some(wait))
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.edit(|inner| inner.source = Some(Arc::new(source)))
    }

    /// Returns what the error means.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Returns the operation that failed.
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// Returns the key it was about.
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns the service's error code.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Returns the service's name for the request.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns how long the service asks to wait.
    pub fn wait(&self) -> Option<std::time::Duration> {
        self.0.retry_after
    }

    /// Returns the message alone, without operation and key.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl fmt::Display for Error {
    /// One line: `HeadObject a/b: Denied: the message (403 AccessDenied, request id 5C3D...)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(operation) = inner.operation {
            write!(f, "{}", operation.name())?;
            if let Some(key) = &inner.key {
                write!(f, " {key:?}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&inner.message)?;
        let mut cause = self.source_error();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        if inner.status.is_some() || inner.request_id.is_some() {
            f.write_str(" (")?;
            if let Some(status) = inner.status {
                write!(f, "{status}")?;
            }
            if let Some(code) = &inner.code {
                write!(f, " {code}")?;
            }
            if let Some(id) = &inner.request_id {
                write!(f, ", request id {id}")?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl Error {
    fn source_error(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|e| e as &(dyn std::error::Error + 'static))
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_that_names_what_failed() {
        let error = Error::new(Kind::Denied, "access denied")
            .answered(403, Some("AccessDenied"), Some("5C3D"))
            .during(Operation::HeadObject, Some("a/b\nc"));
        assert_eq!(
            error.to_string(),
            r#"HeadObject "a/b\nc": access denied (403 AccessDenied, request id 5C3D)"#
        );
    }
}
