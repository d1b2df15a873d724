//! The errors of the protocol: code, HTTP status, message and per-cause number (EC) as the service documents them.
//!
//! A [`Code`] is a row of the table; an [`Error`] is one occurrence of it, with what only that occurrence knows (extra
//! XML elements, extra headers). How it becomes an answer is decided in `reply`.

use http::{HeaderName, HeaderValue};
use std::borrow::Cow;

/// A kind of error, as the service's documentation tables it.
#[derive(Debug)]
pub struct Code {
    /// The word in the XML.
    pub name: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What people are told unless an occurrence says more.
    pub message: &'static str,
    /// The number of the cause, for people; an occurrence may have a narrower one.
    pub ec: &'static str,
}

macro_rules! codes {
    ($($id:ident = $name:literal, $status:literal, $ec:literal, $message:literal;)*) => {
        $(#[doc = $message] pub static $id: Code =
            Code { name: $name, status: $status, message: $message, ec: $ec };)*
        #[cfg(test)]
        static ALL: &[&Code] = &[$(&$id),*];
    };
}

codes! {
    NOT_MODIFIED = "NotModified", 304, "", "The object was not modified.";
    ACCESS_DENIED = "AccessDenied", 403, "0003-00000001", "You have no right to access this object because of bucket acl.";
    ANONYMOUS = "AccessDenied", 403, "0003-00000001", "Anonymous access is forbidden for this operation.";
    BUCKET_NOT_EMPTY = "BucketNotEmpty", 409, "0015-00000301", "The bucket has objects. Please delete them first.";
    ENTITY_TOO_LARGE = "EntityTooLarge", 400, "0016-00000102", "The object is larger than one request may handle.";
    ENTITY_TOO_SMALL = "EntityTooSmall", 400, "0042-00000206", "A part other than the last is smaller than 100 KB.";
    FILE_ALREADY_EXISTS = "FileAlreadyExists", 409, "0026-00000003", "The object you specified already exists and can not be overwritten.";
    INCOMPLETE_BODY = "IncompleteBody", 400, "0002-00000701", "The body ended before the announced length.";
    INTERNAL_ERROR = "InternalError", 500, "", "The server failed; its log says why.";
    INVALID_ACCESS_KEY_ID = "InvalidAccessKeyId", 403, "0002-00000902", "The OSS Access Key Id you provided does not exist in our records.";
    INVALID_ARGUMENT = "InvalidArgument", 400, "", "An argument is invalid.";
    INVALID_BUCKET_NAME = "InvalidBucketName", 400, "0015-00000001", "The specified bucket is not valid.";
    INVALID_CRC64 = "InvalidCRC64", 400, "0016-00000109", "The CRC64 you specified did not match what we received.";
    INVALID_DIGEST = "InvalidDigest", 400, "0016-00000111", "The Content-MD5 you specified was invalid or did not match what we received.";
    INVALID_ENCRYPTION_ALGORITHM = "InvalidEncryptionAlgorithmError", 400, "0005-00000201", "The encryption method is none of AES256, KMS and SM4.";
    INVALID_OBJECT_NAME = "InvalidObjectName", 400, "0016-00000002", "The specified object is not valid.";
    INVALID_OBJECT_STATE = "InvalidObjectState", 403, "0016-00000701", "The operation is not valid for the object's state.";
    INVALID_PART = "InvalidPart", 400, "0042-00000203", "One or more of the specified parts could not be found or the entity tag does not match.";
    INVALID_PART_ORDER = "InvalidPartOrder", 400, "0042-00000204", "The list of parts was not in ascending order.";
    INVALID_RANGE = "InvalidRange", 416, "0026-00000005", "The requested range cannot be satisfied.";
    INVALID_TAG = "InvalidTag", 400, "0010-00000217", "A tag is invalid.";
    INVALID_TARGET_TYPE = "InvalidTargetType", 400, "0043-00000202", "The symbolic link's target is a symbolic link.";
    MALFORMED_XML = "MalformedXML", 400, "0002-00000601", "The XML you provided was not well-formed or did not validate.";
    METHOD_NOT_ALLOWED = "MethodNotAllowed", 405, "0002-00000301", "The specified method is not allowed against this resource.";
    MISSING_CONTENT_LENGTH = "MissingContentLength", 411, "0016-00000103", "You must provide the Content-Length HTTP header.";
    NOT_IMPLEMENTED = "NotImplemented", 501, "", "This server does not emulate this operation.";
    CONDITION_NOT_IMPLEMENTED = "NotImplemented", 400, "0016-00000101", "A header you provided implies functionality that is not implemented.";
    NOT_SYMLINK = "NotSymlink", 400, "0043-00000101", "The object is not a symbolic link.";
    NO_SUCH_BUCKET = "NoSuchBucket", 404, "0015-00000101", "The specified bucket does not exist.";
    NO_SUCH_KEY = "NoSuchKey", 404, "0026-00000001", "The specified key does not exist.";
    NO_SUCH_UPLOAD = "NoSuchUpload", 404, "0042-00000002", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    NO_SUCH_VERSION = "NoSuchVersion", 404, "0026-00000002", "The specified version does not exist.";
    OBJECT_NOT_APPENDABLE = "ObjectNotAppendable", 409, "0026-00000015", "The object is not appendable.";
    OPERATION_NOT_SUPPORTED = "OperationNotSupported", 400, "0016-00000702", "The operation is not supported for this storage class.";
    POSITION_NOT_EQUAL = "PositionNotEqualToLength", 409, "0026-00000016", "Position is not equal to file length.";
    PRECONDITION_FAILED = "PreconditionFailed", 412, "0026-00000101", "At least one of the preconditions you specified did not hold.";
    REQUEST_TIMEOUT = "RequestTimeout", 400, "0002-00000702", "Your connection was idle while the body was awaited.";
    REQUEST_TIME_TOO_SKEWED = "RequestTimeTooSkewed", 403, "0002-00000504", "The difference between the request time and the current time is too large.";
    RESTORE_IN_PROGRESS = "RestoreAlreadyInProgress", 409, "0016-00000704", "The restore operation is in progress.";
    SECURITY_TOKEN_INVALID = "InvalidAccessKeyId", 403, "0002-00000002", "A security token was given, and the access key id is not a temporary one.";
    SIGNATURE_DOES_NOT_MATCH = "SignatureDoesNotMatch", 403, "0002-00000040", "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
    SYMLINK_TARGET_NOT_EXIST = "SymlinkTargetNotExist", 404, "0026-00000007", "The symbolic link's target does not exist.";
}

/// One failed request.
#[derive(Debug)]
pub struct Error {
    /// The row of the table.
    pub code: &'static Code,
    /// What happened, for people.
    pub message: Cow<'static, str>,
    /// The number of the cause.
    pub ec: &'static str,
    /// Further elements of the XML, in this order.
    pub elements: Vec<(&'static str, String)>,
    /// Further headers of the answer.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// The result of handling a request.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<&'static Code> for Error {
    fn from(code: &'static Code) -> Self {
        Self {
            code,
            message: Cow::Borrowed(code.message),
            ec: code.ec,
            elements: Vec::new(),
            headers: Vec::new(),
        }
    }
}

impl From<std::io::Error> for Error {
    /// A failure of the folder: the log has the cause, the client gets none of it.
    fn from(error: std::io::Error) -> Self {
        log::error!("storage: {error}");
        Self::from(&INTERNAL_ERROR)
    }
}

impl Error {
    /// Says more than the table does.
    #[must_use]
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = message.into();
        self
    }

    /// Names the cause more narrowly.
    #[must_use]
    pub fn ec(mut self, ec: &'static str) -> Self {
        self.ec = ec;
        self
    }

    /// Adds an element to the XML.
    #[must_use]
    pub fn element(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.elements.push((name, value.into()));
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<HeaderValue>) -> Self {
        self.headers
            .push((HeaderName::from_static(name), value.into()));
        self
    }
}

/// Makes an `InvalidArgument` that names the argument, in the service's form.
pub fn invalid_argument(name: &str, value: &str, message: impl Into<Cow<'static, str>>) -> Error {
    Error::from(&INVALID_ARGUMENT)
        .message(message)
        .element("ArgumentName", name)
        .element("ArgumentValue", value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_an_error_status_and_a_word() {
        for code in ALL {
            assert!((300..600).contains(&code.status), "{}", code.name);
            assert!(
                code.name.chars().all(|c| c.is_ascii_alphanumeric()),
                "{}",
                code.name
            );
            assert!(
                code.ec.is_empty() || code.ec.len() == "0026-00000001".len(),
                "{}",
                code.name
            );
        }
    }
}
