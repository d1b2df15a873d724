//! DeleteObject.

use super::{Request, Response, error};
use crate::store::types::{Key, Operation, VersionId};
use crate::store::{Dialect, Kind, Result};
use http::Method;

/// Deletes an object or a version of it.
pub fn request(key: &Key, version: Option<&VersionId>) -> Request {
    Request::new(Operation::DeleteObject, Method::DELETE, Some(key)).version(version)
}

/// Reads the answer; an object that is not there is deleted.
pub fn parse(dialect: &Dialect, response: &Response) -> Result<()> {
    match error::check(dialect, response) {
        Err(error) if error.kind() == Kind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::OSS;
    use crate::store::wire::test::{key, response, show};
    use test_case::test_case;

    #[test]
    fn deletes_a_version() {
        let version = "v".into();
        assert_eq!(
            show(&request(&key("k"), Some(&version))),
            "DELETE k\n?versionId=v"
        );
    }

    #[test_case(204, "" => Ok(()); "deleted")]
    #[test_case(404, "<Error><Code>NoSuchKey</Code></Error>" => Ok(()); "not there")]
    #[test_case(404, "<Error><Code>NoSuchBucket</Code></Error>" => Err(Kind::NoSuchBucket); "no bucket")]
    #[test_case(403, "" => Err(Kind::Denied); "refused")]
    fn reads(status: u16, body: &'static str) -> Result<(), Kind> {
        parse(&OSS, &response(status, &[], body)).map_err(|e| e.kind())
    }
}
