//! Bodies: files that are written once and shared by reference, so that a copy costs no bytes.
//!
//! A file lives as long as a stored record, an upload's part or a running request refers to it. What was never
//! committed goes with its last handle; what a crash left behind is collected at start.

use super::file::{Directory, damaged};
use super::record::Extent;
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

/// The folder of body files.
#[derive(Debug)]
pub struct Bodies {
    directory: Directory,
    /// Files without a reference; a thread of its own removes them, so that no request waits for it.
    unreferenced: mpsc::Sender<PathBuf>,
}

/// A body file.
#[derive(Debug)]
pub struct Blob {
    name: Box<str>,
    bodies: Arc<Bodies>,
    /// Stored records and parts that name this file. At 0 the file goes with the last handle.
    references: AtomicUsize,
    /// Whether the file's entry in the folder survives a crash.
    durable: AtomicBool,
}

/// The bytes of an object or part: stretches of body files. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Body(pub(super) Arc<[Segment]>);

/// A stretch of a body file.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) blob: Arc<Blob>,
    pub(super) offset: u64,
    pub(super) length: u64,
}

impl Drop for Blob {
    fn drop(&mut self) {
        if *self.references.get_mut() == 0 {
            // Without a receiver the process is ending; the next start collects the file.
            let _ = self.bodies.unreferenced.send(self.path());
        }
    }
}

impl Blob {
    pub(super) fn path(&self) -> PathBuf {
        self.bodies.directory.path().join(&*self.name)
    }
}

impl Bodies {
    /// Opens the folder. The sweeper thread ends with the last handle to it.
    pub fn open(path: PathBuf) -> io::Result<Arc<Self>> {
        let (unreferenced, files) = mpsc::channel::<PathBuf>();
        std::thread::Builder::new()
            .name("serve-sweep".into())
            .spawn(move || {
                for path in files {
                    if let Err(error) = std::fs::remove_file(&path) {
                        log::warn!("storage: {}: {error}", path.display());
                    }
                }
            })?;
        Ok(Arc::new(Self {
            directory: Directory::open(path)?,
            unreferenced,
        }))
    }

    /// Returns a handle to a file; whether its entry in the folder survives a crash is the caller's to know.
    pub(super) fn blob(self: &Arc<Self>, name: Box<str>, durable: bool) -> Arc<Blob> {
        Arc::new(Blob {
            name,
            bodies: self.clone(),
            references: AtomicUsize::new(0),
            durable: AtomicBool::new(durable),
        })
    }
}

/// Finds the files of bodies again at start, one handle for each however many records name it.
pub struct Finder {
    bodies: Arc<Bodies>,
    sizes: HashMap<Box<str>, u64>,
    blobs: HashMap<Box<str>, Arc<Blob>>,
}

impl Finder {
    /// Looks at every file of the folder.
    pub fn new(bodies: &Arc<Bodies>) -> io::Result<Self> {
        let mut sizes = HashMap::new();
        for name in bodies.directory.names()? {
            match std::fs::metadata(bodies.directory.path().join(&name)) {
                Ok(metadata) => sizes.insert(name.into_boxed_str(), metadata.len()),
                // The sweeper of the server before this one has just removed it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
        }
        Ok(Self {
            bodies: bodies.clone(),
            sizes,
            blobs: HashMap::new(),
        })
    }

    /// Returns the body of a stored record or part, counted as referred to.
    pub fn find(&mut self, extents: &[Extent]) -> io::Result<Body> {
        // All are looked at before a handle is made: one that is dropped without a reference removes its file.
        for extent in extents {
            let end = extent.offset.checked_add(extent.length);
            if end.is_none() || self.sizes.get(&extent.file).copied() < end {
                let path = self.bodies.directory.path().join(&*extent.file);
                return Err(damaged(&path, "a body file is missing or too short"));
            }
        }
        let mut segments = Vec::with_capacity(extents.len());
        for extent in extents {
            let blob = self
                .blobs
                .entry(extent.file.clone())
                .or_insert_with(|| self.bodies.blob(extent.file.clone(), true))
                .clone();
            segments.push(Segment {
                blob,
                offset: extent.offset,
                length: extent.length,
            });
        }
        let body = Body(segments.into());
        body.hold();
        Ok(body)
    }

    /// Removes the files that nothing named and returns how many they were.
    pub fn collect(self) -> io::Result<usize> {
        let mut collected = 0;
        for name in self.sizes.keys().filter(|n| !self.blobs.contains_key(*n)) {
            match std::fs::remove_file(self.bodies.directory.path().join(&**name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => collected += 1,
            }
        }
        Ok(collected)
    }
}

impl Body {
    /// Returns the length in bytes.
    pub fn size(&self) -> u64 {
        self.0.iter().map(|s| s.length).sum()
    }

    /// Returns the form in a record.
    pub fn extents(&self) -> Box<[Extent]> {
        self.0
            .iter()
            .map(|s| Extent {
                file: s.blob.name.clone(),
                offset: s.offset,
                length: s.length,
            })
            .collect()
    }

    /// Returns these bodies one after another.
    pub fn join<'a>(bodies: impl IntoIterator<Item = &'a Body>) -> Self {
        Self(
            bodies
                .into_iter()
                .flat_map(|b| b.0.iter().cloned())
                .collect(),
        )
    }

    /// Returns the bytes of `range`, which lies within the body.
    pub fn slice(&self, range: Range<u64>) -> Self {
        let mut at = 0;
        let mut segments = Vec::new();
        for segment in &*self.0 {
            let start = range.start.max(at);
            let end = range.end.min(at + segment.length);
            if start < end {
                segments.push(Segment {
                    blob: segment.blob.clone(),
                    offset: segment.offset + (start - at),
                    length: end - start,
                });
            }
            at += segment.length;
        }
        Self(segments.into())
    }

    /// Splits off the last segments that are together at least half as long as the one before them, if there is
    /// more than one: written anew as one segment they keep a body that grows by small appends in few files.
    pub fn split_tail(&self) -> Option<(Self, Self)> {
        let mut length = 0;
        let mut from = self.0.len();
        while from > 0 && (length == 0 || self.0[from - 1].length <= length * 2) {
            from -= 1;
            length += self.0[from].length;
        }
        (self.0.len() - from > 1)
            .then(|| (Self(self.0[..from].into()), Self(self.0[from..].into())))
    }

    /// Makes the files' entries durable; their content is already.
    pub fn make_durable(&self) -> io::Result<()> {
        let mut fresh = self
            .0
            .iter()
            .map(|s| &s.blob)
            .filter(|b| !b.durable.load(Ordering::Acquire));
        if let Some(first) = fresh.next() {
            first.bodies.directory.sync()?;
            first.durable.store(true, Ordering::Release);
            fresh.for_each(|blob| blob.durable.store(true, Ordering::Release));
        }
        Ok(())
    }

    /// Counts one more stored record or part that names the files.
    pub fn hold(&self) {
        for segment in &*self.0 {
            segment.blob.references.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Counts one less.
    pub fn release(&self) {
        for segment in &*self.0 {
            segment.blob.references.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Returns what a blocking task returned; its panic goes on in the caller.
pub fn joined<T>(outcome: Result<io::Result<T>, tokio::task::JoinError>) -> io::Result<T> {
    outcome.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(cancelled) => Err(io::Error::other(cancelled)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::write::BodyWriter;
    use super::*;
    use bytes::Bytes;
    use futures_util::TryStreamExt;

    async fn written(bodies: &Arc<Bodies>, bytes: &[u8]) -> Body {
        let mut writer = BodyWriter::new(bodies);
        for chunk in bytes.chunks(100_000) {
            writer.write(Bytes::copy_from_slice(chunk)).await.unwrap();
        }
        writer.finish().await.unwrap().body
    }

    #[tokio::test]
    async fn bytes_come_back_whole_sliced_and_joined() {
        let temp = tempfile::tempdir().unwrap();
        let bodies = Bodies::open(temp.path().join("bodies")).unwrap();
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|i| (i / 7) as u8).collect();
        let body = Body::join([
            &written(&bodies, &bytes[..1_700_000]).await,
            &written(&bodies, &bytes[1_700_000..]).await,
        ]);
        assert_eq!(body.size(), 3_000_000);
        let streamed: Vec<Bytes> = body.clone().stream().try_collect().await.unwrap();
        assert!(streamed.concat() == bytes);
        for range in [
            0..3_000_000,
            5..6,
            1_699_999..1_700_001,
            1_700_000..3_000_000,
            9..9,
        ] {
            let at = range.start as usize..range.end as usize;
            assert!(body.slice(range).read().unwrap() == bytes[at]);
        }
    }

    #[tokio::test]
    async fn digests_are_those_of_the_bytes() {
        let temp = tempfile::tempdir().unwrap();
        let mut writer = BodyWriter::new(&Bodies::open(temp.path().join("b")).unwrap());
        writer
            .write(Bytes::from_static(b"123456789"))
            .await
            .unwrap();
        let written = writer.finish().await.unwrap();
        assert_eq!(written.crc64, 0x995d_c9bb_df19_39fa); // The check value of CRC-64/XZ.
        assert_eq!(hex::encode(written.md5), "25f9e794323b453885f5181f1b624d0b");
    }

    #[tokio::test]
    async fn many_small_appends_stay_few_files() {
        let temp = tempfile::tempdir().unwrap();
        let bodies = Bodies::open(temp.path().join("bodies")).unwrap();
        let mut body = Body::default();
        let mut expected = Vec::new();
        for byte in 0..200_u8 {
            body = Body::join([&body, &written(&bodies, &[byte]).await]);
            expected.push(byte);
            if let Some((head, tail)) = body.split_tail() {
                body = Body::join([&head, &written(&bodies, &tail.read().unwrap()).await]);
            }
            assert!(body.0.len() <= 8, "{}", body.0.len());
        }
        assert_eq!(body.read().unwrap(), expected);
    }
}
