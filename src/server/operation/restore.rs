//! RestoreObject: makes an archived object readable, after a while and for some days.

use super::find;
use crate::server::error::{
    Error, MALFORMED_XML, OPERATION_NOT_SUPPORTED, RESTORE_IN_PROGRESS, Result, invalid_argument,
};
use crate::server::payload;
use crate::server::reply::{Reply, empty};
use crate::server::request::Request;
use crate::server::service::Service;
use crate::server::storage::{Record, Restore};
use crate::server::xml::Element;
use crate::store::dialect::OSS;
use http::StatusCode;

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// What a restore asks for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    days: i64,
    tier: Option<String>,
}

/// Begins a restore, or prolongs one that is done. Last-Modified stays.
pub async fn object(service: &Service, request: &mut Request) -> Result<Reply> {
    let bucket = service.bucket(request)?;
    let asked = asked(&payload::document(request).await?)?;
    let lock = bucket.lock(request.key()).await;
    let object = find(request, &bucket)?;
    let class = &*object.record.storage_class;
    if !OSS.is_archive_class(class) {
        return Err(Error::from(&OPERATION_NOT_SUPPORTED).element("StorageClass", class));
    }
    let documented = seconds(class, &asked)?;
    let now = service.now();
    let restored = match object.record.restore {
        Some(restore) if now < restore.ready => return Err(Error::from(&RESTORE_IN_PROGRESS)),
        Some(restore) if now < restore.expires => Some(restore.ready),
        _ => None,
    };
    let wait = service.settings.restore_time.map_or(documented, |wait| {
        i64::try_from(wait.as_secs()).unwrap_or(i64::MAX)
    });
    let ready = restored.unwrap_or(now.plus(wait));
    let expires = now.max(ready).plus(asked.days * DAY);
    let record = Record {
        restore: Some(Restore { ready, expires }),
        ..object.record.clone()
    };
    bucket.commit(lock, record, object.body.clone()).await?;
    Ok(empty(match restored {
        Some(_) => StatusCode::OK,
        None => StatusCode::ACCEPTED,
    }))
}

fn asked(document: &[u8]) -> Result<Asked> {
    if document.is_empty() {
        return Ok(Asked {
            days: 1,
            tier: None,
        });
    }
    let root = Element::parse(document)?;
    let days = match root.child("Days") {
        None => 1,
        Some(days) => days
            .text
            .trim()
            .parse()
            .ok()
            .filter(|days| (1..=365).contains(days))
            .ok_or_else(|| invalid_argument("Days", &days.text, "Days is not within 1 and 365."))?,
    };
    if root.name != "RestoreRequest" {
        return Err(Error::from(&MALFORMED_XML));
    }
    let tier = root.child("JobParameters").and_then(|p| p.child("Tier"));
    Ok(Asked {
        days,
        tier: tier.map(|tier| tier.text.trim().to_owned()),
    })
}

/// Returns how long a restore takes as documented, the upper bound where a span is given.
fn seconds(class: &str, asked: &Asked) -> Result<i64> {
    let hours = |hours: i64| Ok(hours * 60 * 60);
    match (class, asked.tier.as_deref()) {
        ("Archive", None | Some("Standard")) => Ok(60),
        ("ColdArchive", Some("Expedited")) => hours(1),
        ("ColdArchive", None | Some("Standard")) => hours(5),
        ("ColdArchive", Some("Bulk")) => hours(12),
        ("DeepColdArchive", Some("Expedited")) => hours(12),
        ("DeepColdArchive", None | Some("Standard")) => hours(48),
        (_, tier) => Err(invalid_argument(
            "Tier",
            tier.unwrap_or_default(),
            "The storage class has no such tier.",
        )
        .ec("0016-00000703")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_case::test_case;

    #[test_case("" => Ok((1, None)); "nothing")]
    #[test_case("<RestoreRequest><Days>7</Days></RestoreRequest>" => Ok((7, None)); "days")]
    #[test_case("<RestoreRequest><Days>2</Days><JobParameters><Tier>Bulk</Tier></JobParameters></RestoreRequest>" => Ok((2, Some("Bulk".into()))); "days and tier")]
    #[test_case("<RestoreRequest><Days>0</Days></RestoreRequest>" => Err("InvalidArgument"); "no day")]
    #[test_case("<RestoreRequest><Days>x</Days></RestoreRequest>" => Err("InvalidArgument"); "no number")]
    #[test_case("<Other/>" => Err("MalformedXML"); "another root")]
    fn reads_what_is_asked(document: &str) -> Result<(i64, Option<String>), &'static str> {
        asked(document.as_bytes())
            .map(|a| (a.days, a.tier))
            .map_err(|e| e.code.name)
    }

    #[test_case("Archive", None => Some(60))]
    #[test_case("Archive", Some("Bulk") => None)]
    #[test_case("ColdArchive", Some("Expedited") => Some(3600))]
    #[test_case("ColdArchive", None => Some(18_000))]
    #[test_case("DeepColdArchive", Some("Bulk") => None)]
    fn takes_as_long_as_documented(class: &str, tier: Option<&str>) -> Option<i64> {
        let tier = tier.map(str::to_owned);
        seconds(class, &Asked { days: 1, tier }).ok()
    }
}
