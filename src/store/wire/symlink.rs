//! GetSymlink and PutSymlink, where the dialect has native symlinks.

use super::{Request, Response, error, meta, own_text, protocol, put};
use crate::store::dialect::sign::encode_component;
use crate::store::types::{Key, Operation, Properties, PutOutcome, Symlink, Tags};
use crate::store::{Dialect, Error, Kind, Result};
use http::Method;

/// Asks for a link itself.
pub fn get_request(dialect: &Dialect, key: &Key) -> Result<Request> {
    supported(dialect)?;
    Ok(Request::new(Operation::GetSymlink, Method::GET, Some(key)).parameter("symlink", ""))
}

/// Writes a link to `target`, a key of the same bucket.
pub fn put_request(
    dialect: &Dialect,
    key: &Key,
    target: &str,
    properties: &Properties,
    tags: &Tags,
) -> Result<Request> {
    supported(dialect)?;
    let mut request =
        Request::new(Operation::PutSymlink, Method::PUT, Some(key)).parameter("symlink", "");
    meta::write(&mut request, dialect, properties, tags, None)?;
    request.set(dialect.header("symlink-target"), encode_component(target))?;
    Ok(request)
}

/// Reads the link.
pub fn parse_get(dialect: &Dialect, response: &Response) -> Result<Symlink> {
    error::check(dialect, response)?;
    let target = own_text(dialect, &response.headers, "symlink-target")
        .map(|text| meta::symlink_target(&text))
        .ok_or_else(|| protocol(dialect, response, "the answer has no target"))?;
    let meta = meta::object_meta(dialect, &response.headers)?;
    Ok(Symlink { meta, target })
}

/// Reads what was written.
pub fn parse_put(dialect: &Dialect, response: &Response) -> Result<PutOutcome> {
    put::parse(dialect, response)
}

fn supported(dialect: &Dialect) -> Result<()> {
    if dialect.has_symlinks() {
        Ok(())
    } else {
        let message = format!("{} has no symlinks of its own", dialect.service);
        Err(Error::new(Kind::Unsupported, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::{OSS, S3};
    use crate::store::wire::test::{key, response, show};
    use test_case::test_case;

    #[test]
    fn asks_and_writes() {
        let request = get_request(&OSS, &key("k")).expect("supported");
        assert_eq!(show(&request), "GET k\n?symlink=");
        let mut properties = Properties::default();
        properties.user.insert("a".into(), b"1"[..].into());
        let tags = Tags::from_iter([("t".into(), "1".into())]);
        let request = put_request(&OSS, &key("k"), "dir/é 1", &properties, &tags);
        assert_eq!(
            show(&request.expect("supported")),
            "PUT k\n?symlink=\nx-oss-meta-a: 1\nx-oss-symlink-target: dir%2F%C3%A9%201\nx-oss-tagging: t=1"
        );
    }

    #[test]
    fn a_dialect_without_symlinks_is_not_asked() {
        let refused = get_request(&S3, &key("k")).map_err(|e| e.kind());
        assert_eq!(refused.err(), Some(Kind::Unsupported));
    }

    #[test_case(200, Some("dir%2F%C3%A9%201") => Ok("dir/é 1".into()); "encoded")]
    #[test_case(200, Some("dir/a") => Ok("dir/a".into()); "with a raw slash")]
    #[test_case(200, None => Err(Kind::Protocol); "no target")]
    #[test_case(400, None => Err(Kind::InvalidArgument); "no link")]
    #[test_case(404, None => Err(Kind::NotFound); "nothing")]
    fn reads(status: u16, target: Option<&'static str>) -> Result<String, Kind> {
        let mut headers = vec![
            ("content-length", "0"),
            ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        headers.extend(target.map(|target| ("x-oss-symlink-target", target)));
        parse_get(&OSS, &response(status, &headers, ""))
            .map(|link| {
                assert_eq!(link.meta.symlink_target.as_ref(), Some(&link.target));
                link.target.into()
            })
            .map_err(|e| e.kind())
    }
}
