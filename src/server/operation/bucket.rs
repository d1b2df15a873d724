//! Operations on buckets, and the list of them.

use super::acl::document;
use super::list::write_owner;
use crate::server::error::{BUCKET_NOT_EMPTY, Error, MALFORMED_XML, Result, invalid_argument};
use crate::server::metadata::word;
use crate::server::payload;
use crate::server::reply::{self, Reply, empty};
use crate::server::request::Request;
use crate::server::service::Service;
use crate::server::storage::{Bucket, BucketRecord};
use crate::server::xml::{Element, Writer};
use http::StatusCode;
use std::sync::Arc;

const ACLS: [&str; 3] = ["private", "public-read", "public-read-write"];

/// Answers ListBuckets.
pub fn list_all(service: &Service, request: &Request) -> Result<Reply> {
    service.require_account(request)?;
    let prefix = request.value("prefix").unwrap_or_default();
    let marker = request.value("marker").unwrap_or_default();
    let max = request.number("max-keys", 100, 1000)?;
    let mut found: Vec<_> = service
        .storage
        .buckets()
        .into_iter()
        .filter(|b| b.name.starts_with(prefix) && &*b.name > marker)
        .collect();
    let truncated = found.len() > max;
    found.truncate(max);
    let mut xml = Writer::new("ListAllMyBucketsResult");
    xml.text("Prefix", prefix);
    xml.text("Marker", marker);
    xml.text("MaxKeys", max);
    xml.text("IsTruncated", truncated);
    if let Some(last) = found.last().filter(|_| truncated) {
        xml.text("NextMarker", &last.name);
    }
    write_owner(&mut xml, service.owner());
    xml.within("Buckets", |xml| {
        for bucket in &found {
            xml.within("Bucket", |xml| describe(service, xml, bucket));
        }
    });
    Ok(reply::xml(xml.finish()))
}

/// Creates a bucket that `serve` was told of, unless it exists.
pub async fn create(service: &Service, name: &str) -> Result<()> {
    let own = record(service, "private", "Standard");
    service.storage.create_bucket(name, own).await?;
    Ok(())
}

/// Creates a bucket; for the one account, again is no error and sets the ACL if one is given.
pub async fn put(service: &Service, request: &mut Request) -> Result<Reply> {
    service.require_account(request)?;
    let name = request.bucket.clone().unwrap_or_default();
    let acl = word(&request.headers, "x-oss-acl", &ACLS)?;
    let document = payload::document(request).await?;
    let class = match document.is_empty() {
        true => None,
        false => {
            let root = Element::parse(&document)?;
            if root.name != "CreateBucketConfiguration" {
                return Err(Error::from(&MALFORMED_XML));
            }
            root.child("StorageClass")
                .map(|class| class.text.trim().to_owned())
        }
    };
    let class = class.filter(|class| !class.is_empty());
    let own = record(
        service,
        acl.unwrap_or("private"),
        class.as_deref().unwrap_or("Standard"),
    );
    if !service.storage.create_bucket(&name, own).await?
        && let Some(acl) = acl
    {
        set_acl(&service.storage.bucket(&name)?, acl).await?;
    }
    let mut reply = empty(StatusCode::OK);
    if let Ok(location) = format!("/{name}").parse() {
        reply.headers_mut().insert("location", location);
    }
    Ok(reply)
}

/// Deletes a bucket that is empty.
pub async fn delete(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    match service.storage.delete_bucket(&bucket.name).await? {
        true => Ok(empty(StatusCode::NO_CONTENT)),
        false => Err(Error::from(&BUCKET_NOT_EMPTY).element("BucketName", &*bucket.name)),
    }
}

/// Answers HEAD of a bucket: whether it is there.
pub fn head(service: &Service, request: &Request) -> Result<Reply> {
    service.bucket(request)?;
    Ok(empty(StatusCode::OK))
}

/// Answers the ACL of a bucket.
pub fn get_acl(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    Ok(document(service, &bucket.own().acl))
}

/// Sets the ACL of a bucket.
pub async fn put_acl(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let acl = word(&request.headers, "x-oss-acl", &ACLS)?
        .ok_or_else(|| invalid_argument("x-oss-acl", "", "The header x-oss-acl is missing."))?;
    set_acl(&bucket, acl).await?;
    Ok(empty(StatusCode::OK))
}

/// Answers GetBucketInfo.
pub fn info(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let mut xml = Writer::new("BucketInfo");
    xml.within("Bucket", |xml| {
        describe(service, xml, &bucket);
        xml.text("DataRedundancyType", "LRS");
        xml.text("TransferAcceleration", "Disabled");
        xml.text("CrossRegionReplication", "Disabled");
        xml.text("AccessMonitor", "Disabled");
        xml.text("Comment", "");
        write_owner(xml, service.owner());
        xml.within("AccessControlList", |xml| {
            xml.text("Grant", &bucket.own().acl);
        });
        xml.within("ServerSideEncryptionRule", |xml| {
            xml.text("SSEAlgorithm", "None");
        });
    });
    Ok(reply::xml(xml.finish()))
}

/// Answers GetBucketLocation.
pub fn location(service: &Service, request: &Request) -> Result<Reply> {
    service.bucket(request)?;
    let region = &service.settings.region;
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint>oss-{region}</LocationConstraint>"
    );
    Ok(reply::xml(document))
}

/// Answers GetBucketVersioning: never set.
pub fn versioning(service: &Service, request: &Request) -> Result<Reply> {
    service.bucket(request)?;
    Ok(reply::xml(Writer::new("VersioningConfiguration").finish()))
}

async fn set_acl(bucket: &Arc<Bucket>, acl: &str) -> Result<()> {
    let acl = acl.into();
    bucket
        .set_own(BucketRecord {
            acl,
            ..bucket.own()
        })
        .await
}

fn record(service: &Service, acl: &str, storage_class: &str) -> BucketRecord {
    BucketRecord {
        created: service.now(),
        acl: acl.into(),
        storage_class: storage_class.into(),
    }
}

/// Writes what the list of buckets and GetBucketInfo have in common.
fn describe(service: &Service, xml: &mut Writer, bucket: &Bucket) {
    let own = bucket.own();
    let region = &service.settings.region;
    xml.text("Name", &bucket.name);
    xml.text("CreationDate", own.created.to_iso8601());
    xml.text("Location", format!("oss-{region}"));
    xml.text("Region", region);
    xml.text("StorageClass", &own.storage_class);
    xml.text("ExtranetEndpoint", format!("oss-{region}.aliyuncs.com"));
    xml.text(
        "IntranetEndpoint",
        format!("oss-{region}-internal.aliyuncs.com"),
    );
}
