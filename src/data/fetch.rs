//! One range of a body, whole or not at all: checked against what was opened, and taken up again where it broke off.

use super::checksum::Expected;
use crate::store::types::{ByteRange, GetRequest, Key, ObjectMeta};
use crate::store::{Error, Kind, Result, Store};
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;

/// The body that was opened.
pub(super) struct Source {
    pub(super) store: Arc<dyn Store>,
    pub(super) key: Key,
    pub(super) meta: Arc<ObjectMeta>,
}

/// How often one range is taken up again after an answer broke off.
const RESUMES: u32 = 5;

/// How often a whole body that does not match its checksum is read again.
const REREADS: u32 = 2;

/// The wait before the second time; it doubles with each further one. The first time there is none.
const PAUSE: Duration = Duration::from_millis(100);

impl Source {
    /// Gives the bytes of `range` to `sink`, in order and each once. Fails with [`Kind::Precondition`] when the body is
    /// not the one that was opened any more.
    pub(super) async fn fetch(&self, range: ByteRange, mut sink: impl FnMut(&[u8])) -> Result<()> {
        let mut at = range.start;
        let mut resumes = 0;
        loop {
            let left = ByteRange {
                start: at,
                end: range.end,
            };
            let broken = match self.answer(left, &mut at, &mut sink).await? {
                Ok(()) => return Ok(()),
                Err(broken) => broken,
            };
            if resumes == RESUMES || !may_pass(broken.kind()) {
                return Err(broken);
            }
            log::debug!(
                "GetObject {:?}: read again from byte {at}: {broken}",
                self.key
            );
            if resumes > 0 {
                tokio::time::sleep(PAUSE * 2_u32.pow(resumes - 1)).await;
            }
            resumes += 1;
        }
    }

    /// Reads the whole body, again if need be, until it matches its checksum; returns both.
    pub(super) async fn fetch_verified(&self, expected: Expected) -> Result<(Vec<u8>, u64)> {
        let size = self.meta.size;
        let whole = ByteRange {
            start: 0,
            end: size,
        };
        let mut body = Vec::with_capacity(size as usize);
        for _ in 0..=REREADS {
            body.clear();
            self.fetch(whole, |chunk| body.extend_from_slice(chunk))
                .await?;
            let mut digest = expected.digest();
            digest.update(&body);
            let sum = digest.finalize();
            let mut running = expected.running();
            running.add(sum, size);
            if running.matches() {
                return Ok((body, sum));
            }
            log::warn!(
                "GetObject {:?}: the body does not match its checksum",
                self.key
            );
        }
        Err(mismatch())
    }

    /// Gives what one answer holds to `sink` and moves `at` past it. The outer error is the request's, which the store
    /// has tried again already; the inner one is of a body that broke off.
    async fn answer(
        &self,
        range: ByteRange,
        at: &mut u64,
        sink: &mut impl FnMut(&[u8]),
    ) -> Result<Result<()>> {
        let etag = &self.meta.etag;
        let request = GetRequest {
            key: self.key.clone(),
            version: None,
            range: Some(range),
            if_match: (!etag.as_str().is_empty()).then(|| etag.clone()),
        };
        let mut answer = self.store.get(request).await?;
        // Not every server honours the condition.
        let other = !answer.meta.etag.as_str().is_empty() && answer.meta.etag != *etag;
        if other || answer.meta.size != self.meta.size {
            return Err(Error::new(
                Kind::Precondition,
                "the object was replaced since it was opened",
            ));
        }
        if answer.range != range {
            return Err(Error::new(
                Kind::Protocol,
                "the answer holds another range than was asked for",
            ));
        }
        while let Some(chunk) = answer.body.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => return Ok(Err(error)),
            };
            if chunk.len() as u64 > range.end - *at {
                return Err(Error::new(
                    Kind::Protocol,
                    "the body is longer than announced",
                ));
            }
            sink(&chunk);
            *at += chunk.len() as u64;
        }
        Ok(if *at == range.end {
            Ok(())
        } else {
            Err(Error::new(
                Kind::Corrupt,
                "the body is shorter than announced",
            ))
        })
    }
}

/// Returns whether asking again may do better.
pub(super) fn may_pass(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Throttled | Kind::Unavailable | Kind::Connect | Kind::Unknown | Kind::Corrupt
    )
}

/// The error of a body that was read whole and is not what the service says it is.
pub(super) fn mismatch() -> Error {
    Error::new(
        Kind::Corrupt,
        "the body does not match the checksum that the service gives",
    )
}
