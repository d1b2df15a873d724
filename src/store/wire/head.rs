//! HeadObject.

use super::{Request, Response, error, meta};
use crate::store::types::{Key, ObjectMeta, Operation, VersionId};
use crate::store::{Dialect, Result};
use http::Method;

/// Asks for an object's metadata.
pub fn request(dialect: &Dialect, key: &Key, version: Option<&VersionId>) -> Request {
    let mut request = Request::new(Operation::HeadObject, Method::HEAD, Some(key)).version(version);
    request.set_fixed(dialect.words.read_headers);
    request
}

/// Reads the metadata.
pub fn parse(dialect: &Dialect, response: &Response) -> Result<ObjectMeta> {
    error::check(dialect, response)?;
    meta::object_meta(dialect, &response.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use crate::store::wire::test::{key, show};
    use test_case::test_case;

    #[test_case(&OSS, None => "HEAD a/b"; "oss")]
    #[test_case(&OSS, Some("v1") => "HEAD a/b\n?versionId=v1"; "oss version")]
    #[test_case(&S3, None => "HEAD a/b\nx-amz-checksum-mode: ENABLED"; "s3")]
    fn asks(dialect: &Dialect, version: Option<&str>) -> String {
        let version = version.map(Into::into);
        show(&request(dialect, &key("a/b"), version.as_ref()))
    }
}
