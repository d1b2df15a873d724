//! RestoreObject.

use super::{Request, Response, error, invalid, xml};
use crate::store::types::{Operation, RestoreOutcome, RestoreRequest};
use crate::store::{Dialect, Kind, Result};
use http::Method;

/// Asks for an archived body to be readable.
pub fn request(dialect: &Dialect, restore: &RestoreRequest) -> Request {
    let mut document = xml::Writer::new("RestoreRequest", dialect.words.xml_namespace);
    document.leaf("Days", &restore.days.to_string());
    if let Some((element, tier)) = dialect.words.restore_tier {
        document.open(element).leaf("Tier", tier).close();
    }
    Request::new(Operation::RestoreObject, Method::POST, Some(&restore.key))
        .parameter("restore", "")
        .with_document(dialect, document)
}

/// Reads how far it is. An object that is in no archive class is an invalid argument.
pub fn parse(dialect: &Dialect, response: &Response) -> Result<RestoreOutcome> {
    match (response.status, error::check(dialect, response)) {
        (202, Ok(())) => Ok(RestoreOutcome::Started),
        (_, Ok(())) => Ok(RestoreOutcome::Extended),
        (_, Err(error)) if error.code() == Some("RestoreAlreadyInProgress") => {
            Ok(RestoreOutcome::InProgress)
        }
        (status @ 400..=499, Err(error)) if refuses_class(error.kind(), error.code()) => {
            let message = format!(
                "only an archived object can be restored: {}",
                error.message()
            );
            Err(invalid(message).answered(status, error.code(), error.request_id()))
        }
        (_, Err(error)) => Err(error),
    }
}

fn refuses_class(kind: Kind, code: Option<&str>) -> bool {
    kind == Kind::Archived
        || matches!(
            code,
            Some("OperationNotSupported" | "ObjectAlreadyInActiveTierError")
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use crate::store::wire::test::{key, response};
    use test_case::test_case;

    #[test_case(&OSS => "<RestoreRequest><Days>3</Days></RestoreRequest>"; "oss")]
    #[test_case(&S3 => "<RestoreRequest xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Days>3</Days>\
        <GlacierJobParameters><Tier>Standard</Tier></GlacierJobParameters></RestoreRequest>"; "s3")]
    fn asks(dialect: &Dialect) -> String {
        let request = request(
            dialect,
            &RestoreRequest {
                key: key("k"),
                days: 3,
            },
        );
        assert_eq!(request.method, Method::POST);
        assert_eq!(request.query, [("restore".into(), String::new())]);
        assert!(request.headers.contains_key("content-md5"));
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let (_, document) = body.split_once('\n').expect("a declaration");
        document.to_owned()
    }

    #[test_case(&OSS, 202, "" => Ok(RestoreOutcome::Started))]
    #[test_case(&OSS, 200, "" => Ok(RestoreOutcome::Extended))]
    #[test_case(&OSS, 409, "<Error><Code>RestoreAlreadyInProgress</Code></Error>" => Ok(RestoreOutcome::InProgress))]
    #[test_case(&OSS, 400, "<Error><Code>OperationNotSupported</Code></Error>" => Err(Kind::InvalidArgument))]
    #[test_case(&S3, 403, "<Error><Code>InvalidObjectState</Code></Error>" => Err(Kind::InvalidArgument))]
    #[test_case(&S3, 409, "<Error><Code>OperationAborted</Code></Error>" => Err(Kind::Conflict))]
    #[test_case(&S3, 501, "<Error><Code>NotImplemented</Code></Error>" => Err(Kind::Unsupported))]
    fn reads(dialect: &Dialect, status: u16, body: &str) -> Result<RestoreOutcome, Kind> {
        parse(dialect, &response(status, &[], body)).map_err(|e| e.kind())
    }
}
