//! A body as it arrives, held to the length that was announced.

use super::counters::Counters;
use super::exchange::Streamed;
use crate::store::error::{Error, Kind};
use crate::store::types::{BodyStream, Key, Operation};
use futures_util::StreamExt as _;
use futures_util::stream::try_unfold;
use std::sync::Arc;

/// Streams exactly `length` bytes, or ends with an error. The request counts as in flight until the stream is dropped.
pub(super) fn exact(
    streamed: Streamed,
    length: u64,
    key: &Key,
    counters: &Arc<Counters>,
) -> BodyStream {
    let key = key.clone();
    let counters = Arc::clone(counters);
    let state = (streamed, length);
    let chunks = try_unfold(state, move |(mut streamed, left)| {
        let counters = Arc::clone(&counters);
        async move {
            let Some(chunk) = streamed.answer.chunk().await? else {
                return match left {
                    0 => Ok(None),
                    _ => Err(wrong_length("ends", left, "early")),
                };
            };
            counters.received(chunk.len());
            match left.checked_sub(chunk.len() as u64) {
                Some(left) => Ok(Some((chunk, (streamed, left)))),
                None => Err(wrong_length(
                    "goes on",
                    chunk.len() as u64 - left,
                    "too far",
                )),
            }
        }
    });
    chunks
        .map(move |chunk| {
            chunk.map_err(|error: Error| {
                let error = error.during(Operation::GetObject, Some(key.as_str()));
                log::debug!("{error}");
                error
            })
        })
        .boxed()
}

fn wrong_length(how: &str, bytes: u64, far: &str) -> Error {
    Error::new(
        Kind::Corrupt,
        format!("the body {how} {bytes} bytes {far}, against its announced length"),
    )
}
