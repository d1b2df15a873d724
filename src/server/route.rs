//! Which operation a request asks for: by its verb, whether it names a key, and its sub-resource.
//!
//! A sub-resource that is not emulated is refused: ignored, `PUT key?renameObject` would overwrite the object.

use super::error::{Error, METHOD_NOT_ALLOWED, NOT_IMPLEMENTED, Result};
use super::operation::{
    acl, append, bucket, copy, delete, list, multipart, part, put, read, restore, symlink, tagging,
};
use super::reply::Reply;
use super::request::Request;
use super::service::Service;
use http::Method;

/// Parameters that name a part of an object or bucket, in the order they are looked for.
const SUB_RESOURCES: [&str; 14] = [
    "acl",
    "append",
    "bucketInfo",
    "delete",
    "location",
    "objectMeta",
    "restore",
    "symlink",
    "tagging",
    "uploadId",
    "uploads",
    "versioning",
    // Not emulated, and no operation without them has the same meaning.
    "versions",
    "stat",
];

/// Parameters that go with an operation and name none.
const ARGUMENTS: [&str; 24] = [
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "key-marker",
    "list-type",
    "marker",
    "max-keys",
    "max-parts",
    "max-uploads",
    "part-number-marker",
    "partNumber",
    "position",
    "prefix",
    "sequential",
    "start-after",
    "upload-id-marker",
    "versionId",
    // Signatures.
    "Expires",
    "OSSAccessKeyId",
    "Signature",
    "security-token",
    "tag-marker",
    "callback",
];

/// Answers a request by its operation.
pub async fn dispatch(service: &Service, request: &mut Request) -> Result<Reply> {
    let sub_resource = SUB_RESOURCES
        .into_iter()
        .find(|name| request.parameter(name).is_some());
    if let Some(name) = refused(request) {
        return Err(not_emulated(request, &name));
    }
    let method = request.method.clone();
    match (request.bucket.is_some(), request.key.is_some()) {
        (_, true) => object(service, request, &method, sub_resource).await,
        (true, false) => in_bucket(service, request, &method, sub_resource).await,
        (false, false) => match (method, sub_resource) {
            (Method::GET, None) => bucket::list_all(service, request),
            (_, sub_resource) => Err(not_emulated(request, sub_resource.unwrap_or_default())),
        },
    }
}

async fn object(
    service: &Service,
    request: &mut Request,
    method: &Method,
    sub_resource: Option<&str>,
) -> Result<Reply> {
    let is_copy = request.headers.contains_key("x-oss-copy-source");
    match (method.as_str(), sub_resource) {
        ("GET" | "HEAD", None) => read::object(service, request).await,
        ("GET" | "HEAD", Some("objectMeta")) => read::object_meta(service, request),
        ("PUT", None) if is_copy => copy::object(service, request).await,
        ("PUT", None) => put::object(service, request).await,
        ("DELETE", None) => delete::object(service, request).await,
        ("POST", Some("append")) => append::object(service, request).await,
        ("GET", Some("acl")) => acl::get(service, request),
        ("PUT", Some("acl")) => acl::put(service, request).await,
        ("GET", Some("tagging")) => tagging::get(service, request),
        ("PUT", Some("tagging")) => tagging::put(service, request).await,
        ("DELETE", Some("tagging")) => tagging::delete(service, request).await,
        ("GET", Some("symlink")) => symlink::get(service, request),
        ("PUT", Some("symlink")) => symlink::put(service, request).await,
        ("POST", Some("restore")) => restore::object(service, request).await,
        ("POST", Some("uploads")) => multipart::initiate(service, request).await,
        ("PUT", Some("uploadId")) if is_copy => part::copy(service, request).await,
        ("PUT", Some("uploadId")) => part::upload(service, request).await,
        ("GET", Some("uploadId")) => part::list(service, request).await,
        ("POST", Some("uploadId")) => multipart::complete(service, request).await,
        ("DELETE", Some("uploadId")) => multipart::abort(service, request).await,
        ("GET" | "HEAD" | "PUT" | "POST" | "DELETE" | "OPTIONS", name) => {
            Err(not_emulated(request, name.unwrap_or_default()))
        }
        _ => Err(Error::from(&METHOD_NOT_ALLOWED).element("Method", method.as_str())),
    }
}

async fn in_bucket(
    service: &Service,
    request: &mut Request,
    method: &Method,
    sub_resource: Option<&str>,
) -> Result<Reply> {
    match (method.as_str(), sub_resource) {
        ("GET", None) => list::objects(service, request),
        ("HEAD", None) => bucket::head(service, request),
        ("PUT", None) => bucket::put(service, request).await,
        ("DELETE", None) => bucket::delete(service, request).await,
        ("GET", Some("acl")) => bucket::get_acl(service, request),
        ("PUT", Some("acl")) => bucket::put_acl(service, request).await,
        ("GET", Some("bucketInfo")) => bucket::info(service, request),
        ("GET", Some("location")) => bucket::location(service, request),
        ("GET", Some("versioning")) => bucket::versioning(service, request),
        ("GET", Some("uploads")) => multipart::list(service, request),
        ("POST", Some("delete")) => delete::objects(service, request).await,
        ("GET" | "HEAD" | "PUT" | "POST" | "DELETE" | "OPTIONS", name) => {
            Err(not_emulated(request, name.unwrap_or_default()))
        }
        _ => Err(Error::from(&METHOD_NOT_ALLOWED).element("Method", method.as_str())),
    }
}

/// Returns a parameter that asks for something that is not emulated: one that processes bodies, a name alone that is
/// unknown, and on a write every unknown name.
fn refused(request: &Request) -> Option<String> {
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    request
        .query
        .iter()
        .find(|(name, value)| {
            let known = SUB_RESOURCES.contains(&&**name)
                || ARGUMENTS.contains(&&**name)
                || name.starts_with("x-oss-") && !is_processing(name)
                || name.starts_with("response-");
            !known && (value.is_empty() || !reads) || is_processing(name)
        })
        .map(|(name, _)| name.to_string())
}

fn is_processing(name: &str) -> bool {
    matches!(
        name,
        "x-oss-process"
            | "x-oss-async-process"
            | "x-oss-rename"
            | "x-oss-dir"
            | "comp"
            | "metaQuery"
    )
}

fn not_emulated(request: &Request, sub_resource: &str) -> Error {
    let of = match (&request.bucket, &request.key) {
        (_, Some(_)) => "an object",
        (Some(_), None) => "a bucket",
        (None, None) => "the service",
    };
    let asked = match sub_resource {
        "" => format!("{} of {of}", request.method),
        name => format!("{} ?{name} of {of}", request.method),
    };
    Error::from(&NOT_IMPLEMENTED).message(format!("metamount serve does not emulate {asked}."))
}
