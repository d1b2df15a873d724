//! Multipart uploads as wholes: initiate, complete, abort, and the list of those under way.
//!
//! All that is said of the object is said at initiation; what the SDKs repeat on parts and on completion is ignored.

use super::delete::encoding;
use super::list::{encode, write_owner};
use super::{check_overwrite, list};
use crate::server::error::{
    ENTITY_TOO_SMALL, Error, INVALID_PART, INVALID_PART_ORDER, MALFORMED_XML, Result,
    invalid_argument,
};
use crate::server::metadata::{self, quoted, set, set_digests};
use crate::server::payload;
use crate::server::reply::{self, Reply, empty};
use crate::server::request::Request;
use crate::server::service::Service;
use crate::server::storage::{Body, Part, Parts, Record, Upload};
use crate::server::xml::{Element, Writer};
use crate::store::types::ObjectType;
use http::StatusCode;
use md5::{Digest, Md5};
use std::sync::Arc;

/// The smallest part but for the last, in bytes; looked at on completion only.
const MIN_PART: u64 = 100 << 10;

/// Begins an upload.
pub async fn initiate(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let url_encoded = encoding(request)?;
    let mut record = metadata::new_object(&request.headers, request.key(), service.now())?;
    record.object_type = ObjectType::Multipart;
    let lock = bucket.lock(request.key()).await;
    check_overwrite(request, &bucket)?;
    let upload = bucket.begin_upload(lock, record).await?;
    let mut xml = Writer::new("InitiateMultipartUploadResult");
    if url_encoded {
        xml.text("EncodingType", "url");
    }
    xml.text("Bucket", &bucket.name);
    xml.text("Key", encode(request.key().as_str(), url_encoded));
    xml.text("UploadId", &upload.id);
    let mut reply = reply::xml(xml.finish());
    for (name, value) in upload.object.encryption.iter() {
        set(reply.headers_mut(), name, &value.0);
    }
    Ok(reply)
}

/// Makes an object of the parts of an upload.
pub async fn complete(service: &Service, request: &mut Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let upload = bucket
        .uploads
        .get(request.key(), request.value("uploadId").unwrap_or_default())?;
    let url_encoded = encoding(request)?;
    let all = request
        .header("x-oss-complete-all")?
        .is_some_and(|word| word.eq_ignore_ascii_case("yes"));
    let document = payload::document(request).await?;
    let named = match (all, document.is_empty()) {
        (true, true) => None,
        (true, false) => {
            let message = "x-oss-complete-all goes without a body.";
            return Err(invalid_argument("x-oss-complete-all", "yes", message));
        }
        (false, _) => Some(named_parts(&document)?),
    };
    let parts = upload.parts().await?;
    let present = parts
        .as_ref()
        .map_or_else(Vec::new, |parts| chosen(parts, named.as_deref()));
    let chosen = present.into_iter().collect::<Result<Vec<_>>>()?;
    let (record, body) = joined(service, &upload, &chosen)?;
    let lock = bucket.lock(request.key()).await;
    check_overwrite(request, &bucket)?;
    let object = bucket
        .complete_upload(lock, upload.clone(), parts, record, body)
        .await?;

    let mut xml = Writer::new("CompleteMultipartUploadResult");
    if url_encoded {
        xml.text("EncodingType", "url");
    }
    xml.text(
        "Location",
        format!("http://{}/{}", request.host, request.key()),
    );
    xml.text("Bucket", &bucket.name);
    xml.text("Key", encode(request.key().as_str(), url_encoded));
    xml.text("ETag", quoted(&object.record.etag));
    let mut reply = reply::xml(xml.finish());
    set_digests(reply.headers_mut(), &object.record);
    Ok(reply)
}

/// Reads the list of parts of a completion: number and entity tag, the numbers ascending.
fn named_parts(document: &[u8]) -> Result<Vec<(u32, String)>> {
    let root = Element::parse(document)?;
    let malformed = || Error::from(&MALFORMED_XML);
    if root.name != "CompleteMultipartUpload" {
        return Err(malformed());
    }
    let mut named: Vec<(u32, String)> = Vec::new();
    for part in root.children("Part") {
        let number = part
            .child("PartNumber")
            .and_then(|n| n.text.trim().parse().ok());
        let number = number.ok_or_else(malformed)?;
        let etag = part.child("ETag").ok_or_else(malformed)?;
        if named.last().is_some_and(|(last, _)| *last >= number) {
            return Err(Error::from(&INVALID_PART_ORDER));
        }
        named.push((number, etag.text.trim().trim_matches('"').to_owned()));
    }
    if named.is_empty() {
        return Err(malformed());
    }
    Ok(named)
}

/// Returns the named parts, or all of them.
fn chosen(parts: &Parts, named: Option<&[(u32, String)]>) -> Vec<Result<Part>> {
    let Some(named) = named else {
        return parts.values().cloned().map(Ok).collect();
    };
    let part = |(number, etag): &(u32, String)| {
        let part = parts
            .get(number)
            .filter(|part| part.record.etag.eq_ignore_ascii_case(etag));
        part.cloned().ok_or_else(|| {
            Error::from(&INVALID_PART)
                .element("PartNumber", number.to_string())
                .element("PartEtag", etag)
        })
    };
    named.iter().map(part).collect()
}

/// Returns the object that parts make.
fn joined(service: &Service, upload: &Upload, parts: &[Part]) -> Result<(Record, Body)> {
    let Some((_, before)) = parts.split_last() else {
        return Err(Error::from(&INVALID_PART).message("The upload has no parts."));
    };
    if let Some(small) = before.iter().find(|part| part.record.size < MIN_PART) {
        return Err(Error::from(&ENTITY_TOO_SMALL)
            .element("MinSizeAllowed", MIN_PART.to_string())
            .element("ProposedSize", small.record.size.to_string()));
    }
    let mut etag = Md5::new();
    let mut crc64 = 0;
    for part in parts {
        etag.update(hex::decode(&*part.record.etag).unwrap_or_default());
        let algorithm = crc_fast::CrcAlgorithm::Crc64Xz;
        crc64 = crc_fast::checksum_combine(algorithm, crc64, part.record.crc64, part.record.size);
    }
    let etag = format!("{}-{}", hex::encode_upper(etag.finalize()), parts.len());
    let record = Record {
        etag: etag.into(),
        crc64,
        modified: service.now(),
        ..upload.object.clone()
    };
    Ok((record, Body::join(parts.iter().map(|part| &part.body))))
}

/// Forgets an upload.
pub async fn abort(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let upload = bucket
        .uploads
        .get(request.key(), request.value("uploadId").unwrap_or_default())?;
    bucket.abort_upload(upload).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Answers ListMultipartUploads: by key, then id, grouped by a delimiter.
pub fn list(service: &Service, request: &Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let url_encoded = encoding(request)?;
    let prefix = request.value("prefix").unwrap_or_default();
    let delimiter = request.value("delimiter").unwrap_or_default();
    let key_marker = request.value("key-marker").unwrap_or_default();
    let id_marker = request.value("upload-id-marker").unwrap_or_default();
    let max = request.number("max-uploads", list::MAX_KEYS, list::MAX_KEYS)?;
    let mut shown: Vec<Arc<Upload>> = Vec::new();
    let mut prefixes: Vec<String> = Vec::new();
    let mut last = (String::new(), String::new());
    let mut truncated = false;
    for upload in bucket.uploads.all() {
        let key = upload.object.key.as_str();
        let Some(rest) = key.strip_prefix(prefix) else {
            continue;
        };
        let at = rest.find(delimiter).filter(|_| !delimiter.is_empty());
        let group = at.map(|at| &key[..prefix.len() + at + delimiter.len()]);
        let position = group.unwrap_or(key);
        let behind = match id_marker {
            _ if group.is_some() => position <= key_marker,
            "" => key <= key_marker,
            id => (key, &*upload.id) <= (key_marker, id),
        };
        if behind || group.is_some_and(|group| prefixes.last().is_some_and(|last| last == group)) {
            continue;
        }
        if shown.len() + prefixes.len() == max {
            truncated = true;
            break;
        }
        match group {
            Some(group) => {
                last = (group.to_owned(), String::new());
                prefixes.push(group.to_owned());
            }
            None => {
                last = (key.to_owned(), upload.id.to_string());
                shown.push(upload);
            }
        }
    }
    if !truncated {
        last = Default::default();
    }
    let text = |name: &str| encode(name, url_encoded).into_owned();
    let mut xml = Writer::new("ListMultipartUploadsResult");
    if url_encoded {
        xml.text("EncodingType", "url");
    }
    xml.text("Bucket", &bucket.name);
    xml.text("KeyMarker", text(key_marker));
    xml.text("UploadIdMarker", id_marker);
    xml.text("NextKeyMarker", text(&last.0));
    xml.text("NextUploadIdMarker", &last.1);
    xml.text("Delimiter", text(delimiter));
    xml.text("Prefix", text(prefix));
    xml.text("MaxUploads", max);
    xml.text("IsTruncated", truncated);
    for upload in &shown {
        xml.within("Upload", |xml| {
            xml.text("Key", text(upload.object.key.as_str()));
            xml.text("UploadId", &upload.id);
            xml.text("StorageClass", &upload.object.storage_class);
            write_owner(xml, service.owner());
            xml.text("Initiated", upload.object.modified.to_iso8601());
        });
    }
    for prefix in &prefixes {
        xml.within("CommonPrefixes", |xml| xml.text("Prefix", text(prefix)));
    }
    Ok(reply::xml(xml.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    fn document(parts: &[(&str, &str)]) -> String {
        let parts = parts.iter().map(|(number, etag)| {
            format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
        });
        let parts: String = parts.collect();
        format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
    }

    #[test_case(&[("1", "A"), ("3", "&quot;B&quot;")] => Ok(vec![(1, "A".into()), (3, "B".into())]); "ascending with a gap")]
    #[test_case(&[("2", "A"), ("1", "B")] => Err("InvalidPartOrder"); "descending")]
    #[test_case(&[("1", "A"), ("1", "B")] => Err("InvalidPartOrder"); "twice")]
    #[test_case(&[("x", "A")] => Err("MalformedXML"); "no number")]
    #[test_case(&[] => Err("MalformedXML"); "none")]
    fn reads_the_parts(parts: &[(&str, &str)]) -> Result<Vec<(u32, String)>, &'static str> {
        named_parts(document(parts).as_bytes()).map_err(|error| error.code.name)
    }
}
