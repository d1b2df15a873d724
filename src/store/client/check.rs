//! Asks once whether a bucket can be used, and says in one line why not and what to do.

use crate::config::Bucket;
use crate::store::Store;
use crate::store::error::{Error, Kind, Result};
use crate::store::types::ListRequest;
use std::time::Duration;
use tokio::time::timeout;

/// How long the answer may take, retries included.
const BOUND: Duration = Duration::from_secs(10);

/// Lists one key below `prefix`. The error is one line that names cause and remedy.
pub async fn check(store: &dyn Store, bucket: &Bucket, prefix: &str) -> Result<()> {
    let request = ListRequest {
        prefix: prefix.to_owned(),
        delimiter: true,
        max_keys: 1,
        ..ListRequest::default()
    };
    match timeout(BOUND, store.list(request)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(explain(bucket, &error)),
        Err(_) => {
            let why = format!("no answer within {} s", BOUND.as_secs());
            Err(explain(bucket, &Error::new(Kind::Unknown, why)))
        }
    }
}

/// Says what a failed probe means for the user.
fn explain(bucket: &Bucket, error: &Error) -> Error {
    let dialect = bucket.dialect;
    let name = format!("{}://{}", dialect.scheme, bucket.name);
    let keys = &dialect.credentials.variables[0];
    let kind = match error.kind() {
        // An object store names what it refuses.
        Kind::InvalidArgument if error.code().is_none() => Kind::Protocol,
        kind => kind,
    };
    let (what, remedy) = match kind {
        Kind::NoSuchBucket | Kind::NotFound => (
            format!("the bucket {name} does not exist"),
            "check its name, --region and --endpoint".to_owned(),
        ),
        Kind::Unauthenticated => (
            format!("{} does not accept the credentials", dialect.service),
            format!("check {}, {} and --profile", keys.access_key, keys.secret),
        ),
        Kind::Denied if bucket.anonymous => (
            format!("{name} cannot be listed without credentials"),
            "leave --anonymous out, or let the public list it".to_owned(),
        ),
        Kind::Denied => (
            format!("the credentials may not list {name}"),
            format!("grant them {} on the bucket", dialect.list_permission),
        ),
        Kind::WrongRegion => (
            format!("{name} is not found at this place"),
            "give the right --region or --endpoint".to_owned(),
        ),
        Kind::Connect | Kind::Unknown => (
            format!("{name} cannot be reached"),
            "check the network, --region and --endpoint".to_owned(),
        ),
        Kind::Throttled | Kind::Unavailable | Kind::Conflict => (
            format!("{} does not serve {name} now", dialect.service),
            "try again later".to_owned(),
        ),
        Kind::ClockSkew => (
            "this machine's clock differs too much from the service's".to_owned(),
            "set it, by NTP for example".to_owned(),
        ),
        Kind::Protocol | Kind::Unsupported | Kind::Corrupt => (
            format!(
                "the endpoint of {name} does not answer as {} does",
                dialect.service
            ),
            "check --endpoint".to_owned(),
        ),
        Kind::Local => return Error::new(Kind::Local, error.message()),
        Kind::Precondition
        | Kind::InvalidRange
        | Kind::Archived
        | Kind::TooLarge
        | Kind::MetadataTooLarge
        | Kind::InvalidArgument => (
            format!("{} refuses to list {name}", dialect.service),
            "check the bucket's name and the prefix".to_owned(),
        ),
    };
    Error::new(kind, format!("{what}: {remedy} ({})", reason(error)))
}

/// The service's own words, and its names for them.
fn reason(error: &Error) -> String {
    let status = error.status().map(|s| s.to_string());
    let id = error.request_id().map(|id| format!("request id {id}"));
    let parts = [
        Some(error.message()),
        status.as_deref(),
        error.code(),
        id.as_deref(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
