//! What every operation shares: a panic becomes an EIO, a deadline passes as one, a failure is noted once.

use crate::fs::{Error, Fs, Result};
use crate::namespace::Ino;
use fuser::Errno;
use futures_util::FutureExt;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// The longest an operation takes; each request below it has a shorter deadline of its own.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);

/// The longest an edit takes: it may wait for another writer's turn, and copy a large object on the server.
pub(super) const EDIT_DEADLINE: Duration = Duration::from_secs(15 * 60);

/// What an operation is about, for the log.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) operation: &'static str,
    pub(super) ino: Ino,
    /// An entry of the directory `ino`.
    pub(super) name: Option<Box<[u8]>>,
}

impl Call {
    pub(super) fn new(operation: &'static str, ino: Ino) -> Self {
        Self {
            operation,
            ino,
            name: None,
        }
    }

    pub(super) fn of_entry(operation: &'static str, parent: Ino, name: &[u8]) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::new(operation, parent)
        }
    }
}

/// Runs operations, now on the kernel's thread or later in a task.
#[derive(Clone)]
pub(super) struct Calls {
    fs: Arc<Fs>,
    runtime: tokio::runtime::Handle,
}

impl Calls {
    pub(super) fn new(fs: Arc<Fs>, runtime: tokio::runtime::Handle) -> Self {
        Self { fs, runtime }
    }

    /// Runs what does not wait; `None` from it says that it has to.
    pub(super) fn try_now<T>(
        &self,
        call: impl FnOnce() -> Call,
        work: impl FnOnce(&Fs) -> Option<Result<T>>,
    ) -> Option<Result<T, Errno>> {
        // Work may spawn tasks, to read ahead.
        let _context = self.runtime.enter();
        let result = catch_unwind(AssertUnwindSafe(|| work(&self.fs)))
            .unwrap_or_else(|panic| Some(Err(of_panic(&*panic))))?;
        Some(result.map_err(|error| self.note(&call(), &error)))
    }

    /// Runs what never waits.
    pub(super) fn now<T>(
        &self,
        call: Call,
        work: impl FnOnce(&Fs) -> Result<T>,
    ) -> Result<T, Errno> {
        self.try_now(|| call, |fs| Some(work(fs)))
            .unwrap_or(Err(Errno::EIO))
    }

    /// Runs in a task, and replies there. Nothing is held any more when `reply` is called.
    pub(super) fn later<T, Work, Future>(
        &self,
        call: Call,
        deadline: Duration,
        work: Work,
        reply: impl FnOnce(Result<T, Errno>) + Send + 'static,
    ) where
        T: Send + 'static,
        Work: FnOnce(Arc<Fs>) -> Future + Send + 'static,
        Future: std::future::Future<Output = Result<T>> + Send + 'static,
    {
        let calls = self.clone();
        self.runtime.spawn(async move {
            let work = AssertUnwindSafe(async { work(calls.fs.clone()).await }).catch_unwind();
            let result = match tokio::time::timeout(deadline, work).await {
                Ok(Ok(result)) => result,
                Ok(Err(panic)) => Err(of_panic(&*panic)),
                Err(_) => Err(Error::TimedOut(deadline)),
            };
            reply(result.map_err(|error| calls.note(&call, &error)));
        });
    }

    /// Notes a failure and returns what the caller is told.
    pub(super) fn note(&self, call: &Call, error: &Error) -> Errno {
        self.fs
            .note_failure(call.operation, call.ino, call.name.as_deref(), error);
        Errno::from_i32(error.errno())
    }
}

fn of_panic(panic: &(dyn Any + Send)) -> Error {
    let message = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned());
    Error::Internal(message.unwrap_or_else(|| "a panic without a message".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls() -> Calls {
        Calls::new(Arc::new(Fs::for_tests()), tokio::runtime::Handle::current())
    }

    /// Runs `work` in a task and returns what is replied.
    async fn later<F>(work: impl FnOnce() -> F + Send + 'static) -> Result<(), Errno>
    where
        F: std::future::Future<Output = Result<()>> + Send + 'static,
    {
        let (send, receive) = tokio::sync::oneshot::channel();
        calls().later(
            Call::new("read", Ino::ROOT),
            DEADLINE,
            |_| work(),
            |result| send.send(result).unwrap(),
        );
        receive.await.unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_an_errno_and_a_line_for_status() {
        let calls = calls();
        let work = |_: &Fs| -> Result<()> { panic!("at once") };
        let now = calls.now(Call::new("getattr", Ino::ROOT), work);
        assert_eq!(now.map_err(i32::from), Err(libc::EIO));
        let failures = calls.fs.failures();
        assert_eq!(failures[0].message, "internal error: at once");
        let later = later(|| async { panic!("in a task") }).await;
        assert_eq!(later.map_err(i32::from), Err(libc::EIO));
    }

    #[tokio::test(start_paused = true)]
    async fn what_hangs_ends_at_its_deadline() {
        let hung = later(std::future::pending).await;
        assert_eq!(hung.map_err(i32::from), Err(libc::EIO));
    }

    #[tokio::test]
    async fn an_expected_failure_is_not_noted() {
        let calls = calls();
        let work = |_: &Fs| -> Result<()> { Err(Error::NotFound) };
        let now = calls.now(Call::new("lookup", Ino::ROOT), work);
        assert_eq!(now.map_err(i32::from), Err(libc::ENOENT));
        assert!(calls.fs.failures().is_empty());
    }
}
