//! GetBucketVersioning and GetBucketOwnershipControls.

use super::{Request, Response, error};
use crate::store::types::Operation;
use crate::store::{Dialect, Kind, Result};
use http::Method;

/// Whether a bucket keeps the versions of its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versioning {
    /// It never has.
    Never,
    /// It does.
    Enabled,
    /// It has and does no more; older versions are there.
    Suspended,
}

/// Asks whether the bucket keeps versions.
pub fn versioning_request() -> Request {
    Request::new(Operation::GetBucketVersioning, Method::GET, None).parameter("versioning", "")
}

/// Reads whether the bucket keeps versions.
pub fn parse_versioning(dialect: &Dialect, response: &Response) -> Result<Versioning> {
    let root = error::document(dialect, response, "VersioningConfiguration")?;
    Ok(match root.text_of("Status").map(str::trim) {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => Versioning::Never,
    })
}

/// Asks whether objects of the bucket can have ACLs of their own; `None` where they always can.
pub fn ownership_request(dialect: &Dialect) -> Option<Request> {
    let parameter = dialect.words.ownership_parameter?;
    let request = Request::new(Operation::GetBucketOwnershipControls, Method::GET, None);
    Some(request.parameter(parameter, ""))
}

/// Reads whether objects can have ACLs of their own. Where nobody can or may tell, they can.
pub fn parse_ownership(dialect: &Dialect, response: &Response) -> Result<bool> {
    match error::document(dialect, response, "OwnershipControls") {
        Ok(root) => Ok(!root
            .all("Rule")
            .filter_map(|rule| rule.text_of("ObjectOwnership"))
            .any(|ownership| ownership.trim() == "BucketOwnerEnforced")),
        Err(error) => match error.kind() {
            Kind::NotFound
            | Kind::Denied
            | Kind::Unsupported
            | Kind::InvalidArgument
            | Kind::Protocol => Ok(true),
            _ => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use crate::store::wire::test::{response, show};
    use test_case::test_case;

    #[test]
    fn asks() {
        assert_eq!(show(&versioning_request()), "GET \n?versioning=");
        let request = ownership_request(&S3).map(|request| show(&request));
        assert_eq!(request.as_deref(), Some("GET \n?ownershipControls="));
        assert!(ownership_request(&OSS).is_none());
    }

    #[test_case("<VersioningConfiguration/>" => Versioning::Never)]
    #[test_case("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>" => Versioning::Enabled)]
    #[test_case("<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>" => Versioning::Suspended)]
    fn reads_versioning(body: &str) -> Versioning {
        parse_versioning(&OSS, &response(200, &[], body)).expect("an answer")
    }

    #[test_case(200, "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>" => Ok(false); "off")]
    #[test_case(200, "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>" => Ok(true); "on")]
    #[test_case(404, "<Error><Code>OwnershipControlsNotFoundError</Code></Error>" => Ok(true); "never set")]
    #[test_case(403, "<Error><Code>AccessDenied</Code></Error>" => Ok(true); "not ours to know")]
    #[test_case(501, "" => Ok(true); "not known to the server")]
    #[test_case(200, "<ListBucketResult/>" => Ok(true); "the server lists instead")]
    #[test_case(503, "<Error><Code>SlowDown</Code></Error>" => Err(Kind::Throttled); "later")]
    fn reads_ownership(status: u16, body: &str) -> Result<bool, Kind> {
        parse_ownership(&S3, &response(status, &[], body)).map_err(|e| e.kind())
    }
}
