//! GetObjectTagging, PutObjectTagging, DeleteObjectTagging. Neither Last-Modified nor ETag change with tags.

use super::find;
use crate::server::error::Result;
use crate::server::reply::{self, Reply, empty};
use crate::server::request::Request;
use crate::server::service::Service;
use crate::server::storage::Record;
use crate::server::{payload, tags};
use http::StatusCode;

/// Answers the tags of an object.
pub fn get(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let object = find(request, &bucket)?;
    Ok(reply::xml(tags::to_xml(&object.record.tags)))
}

/// Replaces the tags of an object.
pub async fn put(service: &Service, request: &mut Request) -> Result<Reply> {
    service.bucket(request)?;
    let tags = tags::of_xml(&payload::document(request).await?)?;
    replace(service, request, tags).await?;
    Ok(empty(StatusCode::OK))
}

/// Removes the tags of an object.
pub async fn delete(service: &Service, request: &Request) -> Result<Reply> {
    replace(service, request, tags::Tags::new()).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

async fn replace(service: &Service, request: &Request, tags: tags::Tags) -> Result<()> {
    let bucket = service.bucket(request)?;
    let lock = bucket.lock(request.key()).await;
    let object = find(request, &bucket)?;
    let record = Record {
        tags,
        ..object.record.clone()
    };
    bucket.commit(lock, record, object.body.clone()).await?;
    Ok(())
}
