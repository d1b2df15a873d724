//! Reading a body: chunk by chunk, the next one read while the last one is sent.

use super::body::{Body, joined};
use bytes::Bytes;
use futures_util::Stream;
use md5::{Digest as _, Md5};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use tokio::task::JoinHandle;

/// Bytes read at a time.
const CHUNK: usize = 512 << 10;

impl Body {
    /// Streams the bytes, reading one chunk ahead.
    pub fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        futures_util::stream::try_unfold(read_ahead(Reader::new(self)), |pending| async {
            let (chunk, reader) = joined(pending.await)?;
            Ok((!chunk.is_empty()).then(|| (chunk, read_ahead(reader))))
        })
    }

    /// Reads the whole body on this thread; for bodies of a few chunks.
    pub fn read(self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.size()).unwrap_or(0));
        let mut reader = Reader::new(self);
        loop {
            let chunk = reader.next()?;
            if chunk.is_empty() {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&chunk);
        }
    }

    /// Reads the whole body on this thread and returns its MD5 and CRC-64/XZ.
    pub fn digests(self) -> io::Result<([u8; 16], u64)> {
        let mut md5 = Md5::new();
        let mut crc64 = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Xz);
        let mut reader = Reader::new(self);
        loop {
            let chunk = reader.next()?;
            if chunk.is_empty() {
                return Ok((md5.finalize().into(), crc64.finalize()));
            }
            md5.update(&chunk);
            crc64.update(&chunk);
        }
    }
}

struct Reader {
    body: Body,
    /// The segment being read, and how far.
    segment: usize,
    at: u64,
    file: Option<File>,
}

impl Reader {
    fn new(body: Body) -> Self {
        Self {
            body,
            segment: 0,
            at: 0,
            file: None,
        }
    }

    /// Reads the next chunk, empty at the end. Blocks.
    fn next(&mut self) -> io::Result<Bytes> {
        let Some(segment) = self.body.0.get(self.segment) else {
            return Ok(Bytes::new());
        };
        let file = match &mut self.file {
            Some(file) => file,
            empty => empty.insert(File::open(segment.blob.path())?),
        };
        let left = segment.length - self.at;
        let mut chunk = vec![0; usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK))];
        file.read_exact_at(&mut chunk, segment.offset + self.at)?;
        self.at += chunk.len() as u64;
        if self.at == segment.length {
            (self.segment, self.at, self.file) = (self.segment + 1, 0, None);
        }
        Ok(chunk.into())
    }
}

fn read_ahead(mut reader: Reader) -> JoinHandle<io::Result<(Bytes, Reader)>> {
    tokio::task::spawn_blocking(move || Ok((reader.next()?, reader)))
}
