//! A store whose requests fail as a script says, for tests: before they take effect or after, with something else
//! happening in between, and with a latency.

use super::types::*;
use super::{Dialect, Error, Kind, RequestCounts, Result, Store};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// A [`Store`] that does what `inner` does, except where a script says otherwise.
pub struct Fault {
    inner: Arc<dyn Store>,
    latency: Duration,
    script: Mutex<Vec<Step>>,
    /// Bodies still to pass before each fault is due, and the fault.
    bodies: Mutex<Vec<(u32, BodyFault)>>,
}

struct Step {
    operation: Operation,
    /// Calls of `operation` still to pass before this one is due; 0 is the next.
    to_pass: u32,
    event: Event,
}

enum Event {
    FailBefore(Kind),
    FailAfter(Kind),
    RunBefore(BoxFuture<'static, ()>),
    RunAfter(BoxFuture<'static, ()>),
}

/// What befalls a body on its way.
#[derive(Clone, Copy)]
enum BodyFault {
    CutAt(u64),
    DamageAt(u64),
}

impl Fault {
    /// Wraps a store; without a script it behaves as before.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            latency: Duration::ZERO,
            script: Mutex::default(),
            bodies: Mutex::default(),
        }
    }

    /// Makes every request take so long, half of it before it takes effect.
    #[must_use]
    pub fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Makes the `nth` call of `operation` from now on (1 is the next) fail without an effect.
    pub fn fail(&self, operation: Operation, nth: u32, kind: Kind) {
        self.add(operation, nth, Event::FailBefore(kind));
    }

    /// Makes the `nth` call of `operation` from now on take effect and then fail: its answer is lost.
    pub fn lose_answer(&self, operation: Operation, nth: u32, kind: Kind) {
        self.add(operation, nth, Event::FailAfter(kind));
    }

    /// Runs `act` just before the `nth` call of `operation` from now on.
    pub fn before(
        &self,
        operation: Operation,
        nth: u32,
        act: impl Future<Output = ()> + Send + 'static,
    ) {
        self.add(operation, nth, Event::RunBefore(Box::pin(act)));
    }

    /// Runs `act` just after the `nth` call of `operation` from now on, before its answer arrives.
    pub fn after(
        &self,
        operation: Operation,
        nth: u32,
        act: impl Future<Output = ()> + Send + 'static,
    ) {
        self.add(operation, nth, Event::RunAfter(Box::pin(act)));
    }

    /// Makes the body of the `nth` GetObject from now on break off after `bytes`.
    pub fn cut_body(&self, nth: u32, bytes: u64) {
        self.bodies.lock().push((nth - 1, BodyFault::CutAt(bytes)));
    }

    /// Makes the byte at `at` of the body of the `nth` GetObject from now on another one.
    pub fn damage_body(&self, nth: u32, at: u64) {
        self.bodies.lock().push((nth - 1, BodyFault::DamageAt(at)));
    }

    /// Returns the steps of the script that no call has met yet.
    pub fn steps_left(&self) -> usize {
        self.script.lock().len() + self.bodies.lock().len()
    }

    /// Takes the fault of the body that is asked for now.
    fn due_to_body(&self) -> Option<BodyFault> {
        let mut due = None;
        self.bodies.lock().retain_mut(|(to_pass, fault)| {
            let later = to_pass.checked_sub(1);
            *to_pass = later.unwrap_or(0);
            due = due.or(later.is_none().then_some(*fault));
            later.is_some()
        });
        due
    }

    fn add(&self, operation: Operation, nth: u32, event: Event) {
        let to_pass = nth.checked_sub(1).expect("calls are counted from 1");
        self.script.lock().push(Step {
            operation,
            to_pass,
            event,
        });
    }

    /// Takes the steps due at this call of `operation`.
    fn due(&self, operation: Operation) -> Vec<Event> {
        let mut script = self.script.lock();
        let (mut due, mut left) = (Vec::new(), Vec::new());
        for mut step in script.drain(..) {
            match step
                .to_pass
                .checked_sub(u32::from(step.operation == operation))
            {
                None => due.push(step.event),
                Some(to_pass) => {
                    step.to_pass = to_pass;
                    left.push(step);
                }
            }
        }
        *script = left;
        due
    }

    /// Runs `call`, which has not begun yet, with what is due around it.
    async fn around<T>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let failure = |kind| Error::new(kind, "a scripted failure").during(operation, None);
        let mut lost = None;
        let mut later = Vec::new();
        self.wait().await;
        for event in self.due(operation) {
            match event {
                Event::FailBefore(kind) => return Err(failure(kind)),
                Event::FailAfter(kind) => lost = Some(kind),
                Event::RunBefore(act) => act.await,
                Event::RunAfter(act) => later.push(act),
            }
        }
        let answer = call.await;
        for act in later {
            act.await;
        }
        self.wait().await;
        match lost {
            Some(kind) => Err(failure(kind)),
            None => answer,
        }
    }

    async fn wait(&self) {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency / 2).await;
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Store for Fault {
    fn dialect(&self) -> &'static Dialect {
        self.inner.dialect()
    }

    fn requests(&self) -> RequestCounts {
        self.inner.requests()
    }

    async fn head(&self, key: &Key, version: Option<&VersionId>) -> Result<ObjectMeta> {
        self.around(Operation::HeadObject, self.inner.head(key, version))
            .await
    }

    async fn get(&self, request: GetRequest) -> Result<GetAnswer> {
        let fault = self.due_to_body();
        let call = self.inner.get(request);
        let mut answer = self.around(Operation::GetObject, call).await?;
        if let Some(fault) = fault {
            answer.body = faulty(answer.body, fault);
        }
        Ok(answer)
    }

    async fn list(&self, request: ListRequest) -> Result<ListPage> {
        self.around(Operation::ListObjects, self.inner.list(request))
            .await
    }

    async fn list_versions(&self, key: &Key, max: u16) -> Result<Vec<Version>> {
        self.around(
            Operation::ListObjectVersions,
            self.inner.list_versions(key, max),
        )
        .await
    }

    async fn put(&self, request: PutRequest) -> Result<PutOutcome> {
        self.around(Operation::PutObject, self.inner.put(request))
            .await
    }

    async fn copy(&self, request: CopyRequest) -> Result<CopyOutcome> {
        self.around(Operation::CopyObject, self.inner.copy(request))
            .await
    }

    async fn delete(&self, key: &Key, version: Option<&VersionId>) -> Result<()> {
        self.around(Operation::DeleteObject, self.inner.delete(key, version))
            .await
    }

    async fn create_upload(
        &self,
        key: &Key,
        properties: &Properties,
        tags: &Tags,
        acl: Option<&Acl>,
    ) -> Result<Upload> {
        let call = self.inner.create_upload(key, properties, tags, acl);
        self.around(Operation::CreateMultipartUpload, call).await
    }

    async fn upload_part(
        &self,
        upload: &Upload,
        number: u16,
        body: Bytes,
    ) -> Result<CompletedPart> {
        self.around(
            Operation::UploadPart,
            self.inner.upload_part(upload, number, body),
        )
        .await
    }

    async fn upload_part_copy(
        &self,
        upload: &Upload,
        number: u16,
        source: &Key,
        source_version: Option<&VersionId>,
        range: ByteRange,
        conditions: &SourceConditions,
    ) -> Result<CompletedPart> {
        let call =
            self.inner
                .upload_part_copy(upload, number, source, source_version, range, conditions);
        self.around(Operation::UploadPartCopy, call).await
    }

    async fn complete_upload(
        &self,
        upload: &Upload,
        parts: &[CompletedPart],
        condition: &WriteCondition,
    ) -> Result<PutOutcome> {
        let call = self.inner.complete_upload(upload, parts, condition);
        self.around(Operation::CompleteMultipartUpload, call).await
    }

    async fn abort_upload(&self, upload: &Upload) -> Result<()> {
        self.around(
            Operation::AbortMultipartUpload,
            self.inner.abort_upload(upload),
        )
        .await
    }

    async fn get_tags(&self, key: &Key, version: Option<&VersionId>) -> Result<Tags> {
        self.around(
            Operation::GetObjectTagging,
            self.inner.get_tags(key, version),
        )
        .await
    }

    async fn put_tags(&self, key: &Key, version: Option<&VersionId>, tags: &Tags) -> Result<()> {
        self.around(
            Operation::PutObjectTagging,
            self.inner.put_tags(key, version, tags),
        )
        .await
    }

    async fn delete_tags(&self, key: &Key, version: Option<&VersionId>) -> Result<()> {
        self.around(
            Operation::DeleteObjectTagging,
            self.inner.delete_tags(key, version),
        )
        .await
    }

    async fn get_acl(&self, key: &Key, version: Option<&VersionId>) -> Result<Acl> {
        self.around(Operation::GetObjectAcl, self.inner.get_acl(key, version))
            .await
    }

    async fn put_acl(&self, key: &Key, version: Option<&VersionId>, acl: &Acl) -> Result<()> {
        self.around(
            Operation::PutObjectAcl,
            self.inner.put_acl(key, version, acl),
        )
        .await
    }

    async fn has_object_acls(&self) -> Result<bool> {
        self.around(
            Operation::GetBucketOwnershipControls,
            self.inner.has_object_acls(),
        )
        .await
    }

    async fn restore(&self, request: RestoreRequest) -> Result<RestoreOutcome> {
        self.around(Operation::RestoreObject, self.inner.restore(request))
            .await
    }

    async fn get_symlink(&self, key: &Key) -> Result<Symlink> {
        self.around(Operation::GetSymlink, self.inner.get_symlink(key))
            .await
    }

    async fn put_symlink(
        &self,
        key: &Key,
        target: &str,
        properties: &Properties,
        tags: &Tags,
    ) -> Result<PutOutcome> {
        let call = self.inner.put_symlink(key, target, properties, tags);
        self.around(Operation::PutSymlink, call).await
    }

    async fn presign_get(
        &self,
        key: &Key,
        version: Option<&VersionId>,
        expires: Duration,
    ) -> Result<String> {
        self.inner.presign_get(key, version, expires).await
    }
}

/// Returns a body as it arrives after a fault.
fn faulty(body: BodyStream, fault: BodyFault) -> BodyStream {
    let mut at = 0;
    body.flat_map(move |chunk| {
        let before = at;
        at += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        let within = |bytes: u64| {
            (before..at)
                .contains(&bytes)
                .then(|| (bytes - before) as usize)
        };
        let chunks = match (chunk, fault) {
            (Ok(chunk), BodyFault::CutAt(end)) => match within(end) {
                Some(len) => vec![Ok(chunk.slice(..len)), Err(cut_off())],
                None => vec![Ok(chunk)],
            },
            (Ok(chunk), BodyFault::DamageAt(bad)) => {
                let mut chunk = chunk.to_vec();
                if let Some(byte) = within(bad).and_then(|at| chunk.get_mut(at)) {
                    *byte ^= 1;
                }
                vec![Ok(chunk.into())]
            }
            (error, _) => vec![error],
        };
        futures_util::stream::iter(chunks)
    })
    .boxed()
}

fn cut_off() -> Error {
    Error::new(Kind::Unknown, "a scripted break of the connection")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::S3;
    use crate::store::memory::Memory;

    fn put(body: &'static str) -> PutRequest {
        PutRequest {
            key: Key::new("a").unwrap(),
            properties: Properties::default(),
            tags: Tags::new(),
            acl: None,
            condition: WriteCondition::None,
            body: body.into(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_script_is_met_in_order_and_once() {
        let memory = Arc::new(Memory::new(&S3, || Timestamp(0)));
        let fault = Fault::new(memory.clone()).with_latency(Duration::from_millis(20));
        let body = |memory: &Memory| memory.peek(&Key::new("a").unwrap()).map(|r| r.body);
        fault.fail(Operation::PutObject, 1, Kind::Throttled);
        fault.lose_answer(Operation::PutObject, 2, Kind::Unknown);
        let other = memory.clone();
        fault.before(Operation::HeadObject, 2, async move {
            other.put(put("three")).await.unwrap();
        });
        assert_eq!(
            fault.put(put("one")).await.unwrap_err().kind(),
            Kind::Throttled
        );
        assert_eq!(body(&memory), None);
        assert_eq!(
            fault.put(put("two")).await.unwrap_err().kind(),
            Kind::Unknown
        );
        assert_eq!(body(&memory).as_deref(), Some(&b"two"[..]));
        let key = Key::new("a").unwrap();
        let began = tokio::time::Instant::now();
        assert_eq!(fault.head(&key, None).await.unwrap().size, 3);
        assert_eq!(began.elapsed(), Duration::from_millis(20));
        assert_eq!(fault.head(&key, None).await.unwrap().size, 5);
        assert_eq!(fault.steps_left(), 0);
    }
}
