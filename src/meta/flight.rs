//! One fetch at a time of each part of an object, whose result everyone who asked meanwhile gets.
//!
//! A fetch runs in a task of its own: who waits may give up without ending it for the others. A write of the key marks
//! the fetch as overtaken: those already waiting are answered, nobody joins it any more, and what it brings is not
//! kept. What is fetched and where it is kept are the caller's.

use crate::store::types::{Key, Object};
use crate::store::{Error, Kind, Result};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What of an object a fetch brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Its metadata.
    Head,
    /// Its metadata and tags.
    Tags,
    /// Its metadata and ACL.
    Acl,
    /// Its metadata with the raw answer.
    Raw,
    /// Its metadata, asked for anew.
    Fresh,
}

/// The fetches under way.
#[derive(Default)]
pub struct Flights {
    /// Taken before the lock of whatever keeps the results; over no await.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: HashMap<Key, Vec<Flight>>,
    begun: u64,
}

struct Flight {
    number: u64,
    part: Part,
    result: Waiting,
}

/// The result of a fetch, for as many as wait for it.
pub type Waiting = Shared<BoxFuture<'static, Result<Object>>>;

impl Flights {
    /// Makes a set of no flights.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the result of the fetch of `part` of `key`: of the one under way, or of `fetch`, which is then begun.
    /// `keep` is called with the result unless a write overtook the fetch; it must not wait.
    pub fn join(
        self: &Arc<Self>,
        key: &Key,
        part: Part,
        fetch: impl FnOnce() -> BoxFuture<'static, Result<Object>>,
        keep: impl FnOnce(&Result<Object>) + Send + 'static,
    ) -> Waiting {
        let mut state = self.state.lock();
        if let Some(flight) = state.find(key, part) {
            return flight.result.clone();
        }
        state.begun += 1;
        let landing = Landing {
            flights: self.clone(),
            key: key.clone(),
            number: state.begun,
        };
        let (sender, receiver) = oneshot::channel();
        let fetch = fetch();
        tokio::spawn(async move {
            let result = fetch.await;
            landing.land(|| keep(&result));
            // Nobody may be left to hear it.
            let _ = sender.send(result);
        });
        let lost = || Err(Error::new(Kind::Local, "the request was given up"));
        let result = receiver
            .map(move |r| r.unwrap_or_else(|_| lost()))
            .boxed()
            .shared();
        let number = state.begun;
        state.running.entry(key.clone()).or_default().push(Flight {
            number,
            part,
            result: result.clone(),
        });
        result
    }

    /// Marks every fetch of `key` as overtaken by a write. Called when the write begins and again when it has ended.
    pub fn overtaken(&self, key: &Key) {
        self.state.lock().running.remove(key);
    }

    /// Returns whether a fetch of `part` of `key` can be joined.
    pub fn is_running(&self, key: &Key, part: Part) -> bool {
        self.state.lock().find(key, part).is_some()
    }
}

impl State {
    fn find(&self, key: &Key, part: Part) -> Option<&Flight> {
        self.running.get(key)?.iter().find(|f| f.part == part)
    }

    /// Removes a flight and returns whether it was still there: not overtaken.
    fn remove(&mut self, key: &Key, number: u64) -> bool {
        let Some(flights) = self.running.get_mut(key) else {
            return false;
        };
        let before = flights.len();
        flights.retain(|f| f.number != number);
        let found = flights.len() < before;
        if flights.is_empty() {
            self.running.remove(key);
        }
        found
    }
}

/// Takes its flight off the list when it lands, or is dropped because the fetch panicked.
struct Landing {
    flights: Arc<Flights>,
    key: Key,
    number: u64,
}

impl Landing {
    /// Ends the flight; `keep` runs under the lock, so that no write can come between the check and the keeping.
    fn land(self, keep: impl FnOnce()) {
        let mut state = self.flights.state.lock();
        if state.remove(&self.key, self.number) {
            keep();
        }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flights.state.lock().remove(&self.key, self.number);
    }
}
