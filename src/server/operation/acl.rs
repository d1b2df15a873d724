//! GetObjectACL and PutObjectACL.

use super::find;
use super::list::write_owner;
use crate::server::error::{Result, invalid_argument};
use crate::server::metadata;
use crate::server::reply::{self, Reply, empty};
use crate::server::request::Request;
use crate::server::service::Service;
use crate::server::storage::Record;
use crate::server::xml::Writer;
use http::StatusCode;

/// Answers the ACL of an object.
pub fn get(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let object = find(request, &bucket)?;
    Ok(document(service, &object.record.acl))
}

/// Sets the ACL of an object, which changes its Last-Modified.
pub async fn put(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let name = "x-oss-object-acl";
    let acl = metadata::acl(&request.headers)?
        .ok_or_else(|| invalid_argument(name, "", "The header x-oss-object-acl is missing."))?;
    let lock = bucket.lock(request.key()).await;
    let object = find(request, &bucket)?;
    let record = Record {
        acl: acl.into(),
        modified: service.now(),
        ..object.record.clone()
    };
    bucket.commit(lock, record, object.body.clone()).await?;
    Ok(empty(StatusCode::OK))
}

/// Writes the document of an ACL, of an object or a bucket.
pub fn document(service: &Service, acl: &str) -> Reply {
    let mut xml = Writer::new("AccessControlPolicy");
    write_owner(&mut xml, service.owner());
    xml.within("AccessControlList", |xml| xml.text("Grant", acl));
    reply::xml(xml.finish())
}
