//! The edits that go together in one round, and their verdicts.

use super::super::edit::{self, EditError, Target, is_applied};
use crate::store::Dialect;
use crate::store::types::{Edit, Properties};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, oneshot};

/// The edits accepted and not answered yet.
#[derive(Debug, Default)]
pub(super) struct Pending {
    count: AtomicUsize,
    none_left: Notify,
}

impl Pending {
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Waits until every edit accepted so far is answered.
    pub(super) async fn drained(&self) {
        loop {
            let none_left = self.none_left.notified();
            if self.count() == 0 {
                return;
            }
            none_left.await;
        }
    }
}

/// Counts as pending until it is dropped.
#[derive(Debug)]
struct Ticket(Arc<Pending>);

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.none_left.notify_waiters();
        }
    }
}

/// An edit under way. Dropped without an answer, its caller learns that it was given up.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) edit: Edit,
    verdict: Option<Result<(), EditError>>,
    /// Part of a write that may have taken effect: found in place, it was made, whatever its condition says.
    sent: bool,
    /// Times that a write took effect without it.
    pub(super) missed: u32,
    reply: oneshot::Sender<Result<(), EditError>>,
    _ticket: Ticket,
}

impl Item {
    pub(super) fn new(
        edit: Edit,
        pending: &Arc<Pending>,
    ) -> (Self, oneshot::Receiver<Result<(), EditError>>) {
        pending.count.fetch_add(1, Ordering::AcqRel);
        let (reply, answer) = oneshot::channel();
        let ticket = Ticket(pending.clone());
        (
            Self {
                edit,
                verdict: None,
                sent: false,
                missed: 0,
                reply,
                _ticket: ticket,
            },
            answer,
        )
    }

    pub(super) fn decide(&mut self, verdict: Result<(), EditError>) {
        self.verdict.get_or_insert(verdict);
    }
}

/// The edits of one key that arrived together.
#[derive(Debug, Default)]
pub(super) struct Batch(Vec<Item>);

/// What merging a batch's open edits of properties came to.
pub(super) struct Merged {
    /// The properties to write.
    pub(super) properties: Properties,
    /// The items whose edits are in them.
    pub(super) accepted: Vec<usize>,
    /// The items whose edits are not, and why.
    pub(super) refused: Vec<(usize, EditError)>,
}

impl Batch {
    pub(super) fn add(&mut self, items: Vec<Item>) {
        self.0.extend(items);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn item(&mut self, at: usize) -> &mut Item {
        &mut self.0[at]
    }

    /// Iterates over the edits of `target` that have no verdict yet, with their places.
    pub(super) fn open(&self, target: Target) -> impl Iterator<Item = (usize, &Edit)> {
        let items = self.0.iter().enumerate();
        items
            .filter(move |(_, item)| {
                item.verdict.is_none() && edit::target(&item.edit.change) == target
            })
            .map(|(at, item)| (at, &item.edit))
    }

    pub(super) fn has_open(&self, target: Target) -> bool {
        self.open(target).next().is_some()
    }

    /// Gives every open edit of `target` the same verdict.
    pub(super) fn decide_open(&mut self, target: Target, verdict: &Result<(), EditError>) {
        let open: Vec<usize> = self.open(target).map(|(at, _)| at).collect();
        for at in open {
            self.0[at].decide(verdict.clone());
        }
    }

    /// Merges the open edits of properties into `base`, in order.
    pub(super) fn merge(&self, dialect: &Dialect, base: &Properties) -> Merged {
        let mut merged = Merged {
            properties: base.clone(),
            accepted: Vec::new(),
            refused: Vec::new(),
        };
        for (at, edit) in self.open(Target::Properties) {
            let is_made = self.0[at].sent && is_applied(dialect, &merged.properties, &edit.change);
            let verdict = match is_made {
                true => Ok(()),
                false => edit::merge(dialect, &mut merged.properties, edit),
            };
            match verdict {
                Ok(()) => merged.accepted.push(at),
                Err(error) => merged.refused.push((at, error)),
            }
        }
        merged
    }

    /// Notes that a write with these edits may have taken effect.
    pub(super) fn mark_sent(&mut self, accepted: &[usize]) {
        for at in accepted {
            self.0[*at].sent = true;
        }
    }

    /// Returns whether all these edits are in `properties`.
    pub(super) fn all_applied(
        &self,
        dialect: &Dialect,
        accepted: &[usize],
        properties: &Properties,
    ) -> bool {
        accepted
            .iter()
            .all(|at| is_applied(dialect, properties, &self.0[*at].edit.change))
    }

    /// Returns whether an edit met that the object is no more.
    pub(super) fn found_it_gone(&self) -> bool {
        self.0
            .iter()
            .any(|item| matches!(item.verdict, Some(Err(EditError::Stale))))
    }

    /// Answers every caller. One that went away hears nothing.
    pub(super) fn answer(self) {
        for item in self.0 {
            let verdict = item.verdict.expect("a round decides every edit");
            let _ = item.reply.send(verdict);
        }
    }
}
