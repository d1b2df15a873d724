//! Writing a body: hashed and put on disk as it comes, the next chunk taken from the network meanwhile.

use super::body::{Blob, Bodies, Body, Segment, joined};
use bytes::Bytes;
use md5::{Digest as _, Md5};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Bytes that are collected before they are written.
const CHUNK: usize = 512 << 10;

/// A body being written: hashed and put on disk as it comes, in constant memory.
pub struct BodyWriter {
    /// `None` while a chunk is being written.
    sink: Option<Sink>,
    writing: Option<JoinHandle<io::Result<Sink>>>,
    collected: Vec<Bytes>,
    collected_bytes: usize,
}

struct Sink {
    bodies: Arc<Bodies>,
    file: Option<(Arc<Blob>, File)>,
    md5: Md5,
    crc64: crc_fast::Digest,
    size: u64,
}

/// A body that was written: its content is on disk, its entry in the folder is made durable by the commit.
#[derive(Debug)]
pub struct Written {
    /// The bytes.
    pub body: Body,
    /// Their number.
    pub size: u64,
    /// Their MD5.
    pub md5: [u8; 16],
    /// Their CRC-64/XZ.
    pub crc64: u64,
}

impl BodyWriter {
    /// Starts a new body.
    pub fn new(bodies: &Arc<Bodies>) -> Self {
        Self {
            sink: Some(Sink {
                bodies: bodies.clone(),
                file: None,
                md5: Md5::new(),
                crc64: crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Xz),
                size: 0,
            }),
            writing: None,
            collected: Vec::new(),
            collected_bytes: 0,
        }
    }

    /// Takes the next bytes.
    pub async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.collected_bytes += bytes.len();
        self.collected.push(bytes);
        if self.collected_bytes < CHUNK {
            return Ok(());
        }
        let mut sink = self.take_sink().await?;
        let chunks = std::mem::take(&mut self.collected);
        self.collected_bytes = 0;
        self.writing = Some(tokio::task::spawn_blocking(move || {
            sink.write(&chunks)?;
            Ok(sink)
        }));
        Ok(())
    }

    /// Ends the body.
    pub async fn finish(mut self) -> io::Result<Written> {
        let mut sink = self.take_sink().await?;
        let chunks = std::mem::take(&mut self.collected);
        joined(
            tokio::task::spawn_blocking(move || {
                sink.write(&chunks)?;
                sink.finish()
            })
            .await,
        )
    }

    async fn take_sink(&mut self) -> io::Result<Sink> {
        match (self.sink.take(), self.writing.take()) {
            (Some(sink), _) => Ok(sink),
            (None, Some(writing)) => joined(writing.await),
            (None, None) => Err(io::Error::other("an earlier write of this body failed")),
        }
    }
}

impl Sink {
    fn write(&mut self, chunks: &[Bytes]) -> io::Result<()> {
        for chunk in chunks.iter().filter(|c| !c.is_empty()) {
            self.md5.update(chunk);
            self.crc64.update(chunk);
            self.size += chunk.len() as u64;
            let (_, file) = match &mut self.file {
                Some(file) => file,
                empty => {
                    let name = format!("{:032x}", fastrand::u128(..));
                    let blob = self.bodies.blob(name.into(), false);
                    let file = OpenOptions::new()
                        .write(true)
                        .create_new(true)
                        .open(blob.path())?;
                    empty.insert((blob, file))
                }
            };
            file.write_all(chunk)?;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<Written> {
        let body = match self.file {
            None => Body::default(),
            Some((blob, file)) => {
                file.sync_all()?;
                Body(
                    [Segment {
                        blob,
                        offset: 0,
                        length: self.size,
                    }]
                    .into(),
                )
            }
        };
        Ok(Written {
            body,
            size: self.size,
            md5: self.md5.finalize().into(),
            crc64: self.crc64.finalize(),
        })
    }
}
