//! What HEAD, GET and a listing show.

use super::{Bucket, Memory, Record, archived, not_found};
use crate::store::types::*;
use crate::store::{Dialect, Error, Kind, Result};
use bytes::Bytes;
use futures_util::{StreamExt, stream};

impl Memory {
    /// Returns what HEAD says of a record, with the target's size and entity tag for a symlink.
    pub(super) fn describe(
        &self,
        bucket: &Bucket,
        record: &Record,
        now: Timestamp,
    ) -> Result<ObjectMeta> {
        let mut meta = record.meta.clone();
        meta.size = record.body.len() as u64;
        meta.date = Some(now);
        let tags = u32::try_from(record.tags.len()).unwrap_or(u32::MAX);
        meta.tag_count = (tags > 0 && !self.quirks.hides_tag_count).then_some(tags);
        if let Some(target) = &record.meta.symlink_target {
            let target = Key::new(target)
                .ok()
                .and_then(|key| bucket.record(&key, None).cloned());
            let target = target.ok_or_else(|| Error::new(Kind::NotFound, "the link dangles"))?;
            meta.size = target.body.len() as u64;
            meta.last_modified = meta.last_modified.max(target.meta.last_modified);
            meta.etag = target.meta.etag;
        }
        meta.raw = Some(raw(self.dialect, &meta));
        Ok(meta)
    }

    pub(super) fn read(&self, request: GetRequest, now: Timestamp) -> Result<GetAnswer> {
        let bucket = self.bucket.lock();
        let record = bucket
            .record(&request.key, request.version.as_ref())
            .ok_or_else(|| not_found(&request.key))?;
        let meta = self.describe(&bucket, record, now)?;
        let target = record
            .meta
            .symlink_target
            .as_ref()
            .and_then(|key| Key::new(key).ok());
        let record = target
            .and_then(|key| bucket.record(&key, None))
            .unwrap_or(record);
        if record.is_archived(self.dialect) {
            return Err(archived());
        }
        if request.if_match.is_some_and(|wanted| wanted != meta.etag) {
            return Err(Error::new(Kind::Precondition, "the body is another one"));
        }
        let whole = ByteRange {
            start: 0,
            end: meta.size,
        };
        let range = match request.range {
            Some(range) if range.start >= meta.size => {
                return Err(Error::new(
                    Kind::InvalidRange,
                    "the range starts past the end",
                ));
            }
            Some(range) => ByteRange {
                start: range.start,
                end: range.end.min(meta.size),
            },
            None => whole,
        };
        let body = cut(&record.body, range);
        self.counts.lock().bytes_received += body.len() as u64;
        Ok(GetAnswer {
            meta,
            range,
            body: stream::iter([Ok(body)]).boxed(),
        })
    }

    pub(super) fn page(&self, request: &ListRequest) -> ListPage {
        let bucket = self.bucket.lock();
        let after = request.token.as_ref().or(request.start_after.as_ref());
        let mut page = ListPage::default();
        let mut last: Option<String> = None;
        for (key, entries) in &bucket.keys {
            let Some(record) = entries.last().and_then(|entry| entry.record.as_ref()) else {
                continue;
            };
            let Some(rest) = key.as_str().strip_prefix(&*request.prefix) else {
                continue;
            };
            let folded = rest.split_once('/').filter(|_| request.delimiter);
            let name = match folded {
                Some((dir, _)) => format!("{}{dir}/", request.prefix),
                None => key.as_str().to_owned(),
            };
            let is_past = after.is_none_or(|after| name.as_str() > after.as_str());
            if !is_past || last.as_ref() == Some(&name) {
                continue;
            }
            if page.objects.len() + page.prefixes.len() >= usize::from(request.max_keys) {
                page.next = last;
                break;
            }
            if folded.is_some() {
                page.prefixes.push(name.as_str().into());
            } else {
                page.objects.push(listed(key, record));
            }
            last = Some(name);
        }
        page
    }
}

pub(super) fn cut(body: &Bytes, range: ByteRange) -> Bytes {
    let bound = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
    body.slice(bound(range.start)..bound(range.end))
}

fn listed(key: &Key, record: &Record) -> Listed {
    let is_link = record.meta.symlink_target.is_some();
    Listed {
        key: key.clone(),
        size: record.body.len() as u64,
        etag: record.meta.etag.clone(),
        last_modified: record.meta.last_modified,
        storage_class: record.meta.properties.storage_class.clone(),
        kind: if is_link {
            ListedKind::Symlink
        } else {
            ListedKind::Object
        },
    }
}

/// Returns a HEAD answer's headers in the form of [`ObjectMeta::raw`]; those that tests look for.
fn raw(dialect: &Dialect, meta: &ObjectMeta) -> Box<[u8]> {
    let mut lines = format!(
        "content-length: {}\netag: {}\nlast-modified: {}\n",
        meta.size,
        meta.etag.quoted(),
        meta.last_modified.to_http_date()
    )
    .into_bytes();
    let mut line = |name: &str, value: &[u8]| {
        lines.extend_from_slice(name.as_bytes());
        lines.extend_from_slice(b": ");
        lines.extend_from_slice(value);
        lines.push(b'\n');
    };
    for (header, value) in meta.properties.http.iter() {
        line(header.name(), value);
    }
    for (name, value) in meta.properties.user.iter() {
        line(&format!("{}{name}", dialect.meta_prefix), value);
    }
    lines.into()
}
