//! What the services' error codes mean, where it is not what their status means.

use super::Dialect;
use crate::store::Kind;

/// A dialect's error codes.
#[derive(Debug)]
pub struct Errors {
    /// Codes whose meaning their status does not tell.
    pub codes: &'static [(&'static str, Kind)],
    /// The header that names the cause of an error more exactly than its code.
    pub cause_header: Option<&'static str>,
    /// Causes whose meaning neither code nor status tells.
    pub causes: &'static [(&'static str, Kind)],
    /// The header that carries the error's document, in base64, where the answer has no body.
    pub document_header: Option<&'static str>,
    /// Words of a message that tell a copy source above the limit from other refused arguments.
    pub too_large_message: Option<&'static str>,
    /// The header that names the region a bucket lives in.
    pub region_header: Option<&'static str>,
}

impl Dialect {
    /// Returns the meaning of an error: of its cause, else its code, else its status.
    pub fn error_kind(&self, status: u16, code: Option<&str>, cause: Option<&str>) -> Kind {
        let find = |table: &[(&str, Kind)], word: Option<&str>| {
            table
                .iter()
                .find(|(known, _)| Some(*known) == word)
                .map(|(_, kind)| *kind)
        };
        find(self.errors.causes, cause)
            .or_else(|| find(self.errors.codes, code))
            .unwrap_or_else(|| kind_of_status(status))
    }
}

/// Returns the meaning of a status alone.
fn kind_of_status(status: u16) -> Kind {
    match status {
        // A success that carries an error: the service failed after it had begun to answer.
        200..=299 | 408 | 500 | 502..=599 => Kind::Unavailable,
        301 | 302 | 307 | 308 => Kind::WrongRegion,
        304 | 412 => Kind::Precondition,
        401 => Kind::Unauthenticated,
        403 => Kind::Denied,
        404 => Kind::NotFound,
        405 | 501 => Kind::Unsupported,
        409 => Kind::Conflict,
        413 => Kind::TooLarge,
        416 => Kind::InvalidRange,
        429 => Kind::Throttled,
        431 => Kind::MetadataTooLarge,
        400..=499 => Kind::InvalidArgument,
        _ => Kind::Protocol,
    }
}

/// The codes of Alibaba Cloud OSS.
pub static OSS_ERRORS: Errors = Errors {
    codes: &[
        ("AccessForbidden", Kind::Denied),
        // The service's SDKs try it again.
        ("BadRequest", Kind::Unavailable),
        ("BucketReplicationUnavailable", Kind::Unavailable),
        ("CpuLimitExceeded", Kind::Throttled),
        ("DownloadTrafficRateLimitExceeded", Kind::Throttled),
        ("EntityTooLarge", Kind::TooLarge),
        // What a write that must not replace anything answers where something is.
        ("FileAlreadyExists", Kind::Precondition),
        ("FileImmutable", Kind::Denied),
        ("IncompleteBody", Kind::Corrupt),
        ("InvalidAccessKeyId", Kind::Unauthenticated),
        ("InvalidCRC64", Kind::Corrupt),
        ("InvalidDigest", Kind::Corrupt),
        ("InvalidObjectState", Kind::Archived),
        ("InvalidSecurityToken", Kind::Unauthenticated),
        ("MetaOperationQpsLimitExceeded", Kind::Throttled),
        ("NoSuchBucket", Kind::NoSuchBucket),
        ("NotImplemented", Kind::Unsupported),
        ("OperationNotSupported", Kind::Unsupported),
        ("QpsLimitExceeded", Kind::Throttled),
        ("RequestTimeTooSkewed", Kind::ClockSkew),
        ("RequestTimeout", Kind::Unavailable),
        ("SecurityTokenExpired", Kind::Unauthenticated),
        ("SecurityTokenNotSupported", Kind::Unauthenticated),
        ("SignatureDoesNotMatch", Kind::Unauthenticated),
        ("TooManyRequests", Kind::Throttled),
        ("TotalQpsLimitExceeded", Kind::Throttled),
        ("TotalTrafficRateLimitExceeded", Kind::Throttled),
        ("UploadTrafficRateLimitExceeded", Kind::Throttled),
    ],
    cause_header: Some("x-oss-ec"),
    causes: &[("0011-00000002", Kind::MetadataTooLarge)],
    document_header: Some("x-oss-err"),
    too_large_message: None,
    region_header: None,
};

/// The codes of Amazon S3 and of servers that speak its protocol.
pub static S3_ERRORS: Errors = Errors {
    codes: &[
        ("AccessControlListNotSupported", Kind::Unsupported),
        // Of its forms the one that names a region is told apart by that.
        ("AuthorizationHeaderMalformed", Kind::Unauthenticated),
        ("AuthorizationQueryParametersError", Kind::Unauthenticated),
        ("BadDigest", Kind::Corrupt),
        ("BandwidthLimitExceeded", Kind::Throttled),
        ("EntityTooLarge", Kind::TooLarge),
        ("ExpiredToken", Kind::Unauthenticated),
        ("IllegalLocationConstraintException", Kind::WrongRegion),
        ("IncompleteBody", Kind::Corrupt),
        ("InternalError", Kind::Unavailable),
        ("InvalidAccessKeyId", Kind::Unauthenticated),
        ("InvalidDigest", Kind::Corrupt),
        ("InvalidObjectState", Kind::Archived),
        ("InvalidToken", Kind::Unauthenticated),
        ("InvalidTokenId", Kind::Unauthenticated),
        ("MetadataTooLarge", Kind::MetadataTooLarge),
        ("MissingSecurityHeader", Kind::Unauthenticated),
        ("NoSuchBucket", Kind::NoSuchBucket),
        ("NotSignedUp", Kind::Unauthenticated),
        ("NotImplemented", Kind::Unsupported),
        ("ObjectNotInActiveTierError", Kind::Archived),
        ("OperationAborted", Kind::Conflict),
        ("PermanentRedirect", Kind::WrongRegion),
        ("PreconditionFailed", Kind::Precondition),
        ("RequestExpired", Kind::ClockSkew),
        ("RequestHeaderSectionTooLarge", Kind::MetadataTooLarge),
        ("RequestLimitExceeded", Kind::Throttled),
        ("RequestThrottled", Kind::Throttled),
        ("RequestTimeTooSkewed", Kind::ClockSkew),
        ("RequestTimeout", Kind::Unavailable),
        ("SignatureDoesNotMatch", Kind::Unauthenticated),
        ("SlowDown", Kind::Throttled),
        ("SlowDownRead", Kind::Throttled),
        ("SlowDownWrite", Kind::Throttled),
        ("TemporaryRedirect", Kind::WrongRegion),
        ("Throttling", Kind::Throttled),
        ("ThrottlingException", Kind::Throttled),
        ("TokenRefreshRequired", Kind::Unauthenticated),
        ("TooManyRequests", Kind::Throttled),
        ("XAmzContentChecksumMismatch", Kind::Corrupt),
        ("XAmzContentSHA256Mismatch", Kind::Corrupt),
    ],
    cause_header: None,
    causes: &[],
    document_header: None,
    too_large_message: Some("larger than the maximum allowable size"),
    region_header: Some("x-amz-bucket-region"),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use test_case::test_case;

    #[test_case(&OSS, 400, Some("InvalidArgument"), Some("0011-00000002") => Kind::MetadataTooLarge)]
    #[test_case(&OSS, 400, Some("InvalidArgument"), Some("0011-00000004") => Kind::InvalidArgument)]
    #[test_case(&OSS, 403, Some("AccessDenied"), None => Kind::Denied)]
    #[test_case(&OSS, 403, Some("SignatureDoesNotMatch"), None => Kind::Unauthenticated)]
    #[test_case(&OSS, 403, Some("RequestTimeTooSkewed"), None => Kind::ClockSkew)]
    #[test_case(&OSS, 404, Some("NoSuchKey"), None => Kind::NotFound)]
    #[test_case(&OSS, 404, Some("NoSuchBucket"), None => Kind::NoSuchBucket)]
    #[test_case(&OSS, 409, Some("FileAlreadyExists"), None => Kind::Precondition)]
    #[test_case(&OSS, 503, Some("TotalQpsLimitExceeded"), None => Kind::Throttled)]
    #[test_case(&OSS, 304, None, None => Kind::Precondition)]
    #[test_case(&S3, 400, Some("ExpiredToken"), None => Kind::Unauthenticated)]
    #[test_case(&S3, 400, Some("MetadataTooLarge"), None => Kind::MetadataTooLarge)]
    #[test_case(&S3, 400, Some("InvalidTag"), None => Kind::InvalidArgument)]
    #[test_case(&S3, 403, Some("ObjectNotInActiveTierError"), None => Kind::Archived)]
    #[test_case(&S3, 409, Some("ConditionalRequestConflict"), None => Kind::Conflict)]
    #[test_case(&S3, 503, Some("SlowDown"), None => Kind::Throttled)]
    #[test_case(&S3, 503, Some("Whatever"), None => Kind::Unavailable)]
    #[test_case(&S3, 200, Some("InternalError"), None => Kind::Unavailable)]
    #[test_case(&S3, 200, Some("PreconditionFailed"), None => Kind::Precondition)]
    #[test_case(&S3, 301, None, None => Kind::WrongRegion)]
    #[test_case(&S3, 405, Some("MethodNotAllowed"), None => Kind::Unsupported)]
    #[test_case(&S3, 416, Some("InvalidRange"), None => Kind::InvalidRange)]
    #[test_case(&S3, 431, None, None => Kind::MetadataTooLarge)]
    #[test_case(&S3, 302, None, None => Kind::WrongRegion)]
    #[test_case(&S3, 600, None, None => Kind::Protocol)]
    fn an_error_means(
        dialect: &Dialect,
        status: u16,
        code: Option<&str>,
        cause: Option<&str>,
    ) -> Kind {
        dialect.error_kind(status, code, cause)
    }
}
