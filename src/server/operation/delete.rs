//! DeleteObject and DeleteMultipleObjects.

use super::check_version;
use super::list::encode;
use crate::server::error::{Error, MALFORMED_XML, Result, invalid_argument};
use crate::server::payload;
use crate::server::reply::{self, Reply, empty};
use crate::server::request::{Request, parse_key};
use crate::server::service::Service;
use crate::server::xml::{Element, Writer};
use http::StatusCode;

/// Keys of one batch at most.
const MAX_KEYS: usize = 1000;

/// Deletes an object; one that is not there is deleted already.
pub async fn object(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    check_version(request.value("versionId"), request.key())?;
    let lock = bucket.lock(request.key()).await;
    bucket.remove(lock).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Deletes a batch of objects.
pub async fn objects(service: &Service, request: &mut Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let document = payload::document(request).await?;
    let root = Element::parse(&document)?;
    let keys: Vec<_> = root.children("Object").collect();
    if root.name != "Delete" || keys.is_empty() || keys.len() > MAX_KEYS {
        return Err(Error::from(&MALFORMED_XML).message("A batch names 1 to 1000 objects."));
    }
    let quiet = root
        .child("Quiet")
        .is_some_and(|quiet| quiet.text.trim() == "true");
    let url_encoded = encoding(request)?;
    let mut names = Vec::with_capacity(keys.len());
    for object in keys {
        let key = object
            .child("Key")
            .ok_or_else(|| Error::from(&MALFORMED_XML))?;
        let key = parse_key(&key.text)?;
        let version = object.child("VersionId").map(|v| v.text.as_str());
        check_version(version.filter(|v| !v.is_empty()), &key)?;
        names.push(key);
    }
    for key in &names {
        let lock = bucket.lock(key).await;
        bucket.remove(lock).await?;
    }
    if quiet {
        return Ok(empty(StatusCode::OK));
    }
    let mut xml = Writer::new("DeleteResult");
    if url_encoded {
        xml.text("EncodingType", "url");
    }
    for key in &names {
        xml.within("Deleted", |xml| {
            xml.text("Key", encode(key.as_str(), url_encoded));
        });
    }
    Ok(reply::xml(xml.finish()))
}

/// Returns whether names in the answer are to be URL-encoded.
pub fn encoding(request: &Request) -> Result<bool> {
    match request.value("encoding-type") {
        None => Ok(false),
        Some("url") => Ok(true),
        Some(other) => Err(invalid_argument(
            "encoding-type",
            other,
            "The encoding type is not url.",
        )),
    }
}
