//! Open files and directories by the number the kernel knows them by.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of an open file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle(pub u64);

/// What is open.
#[derive(Debug)]
pub(super) struct Handles<T> {
    open: Mutex<HashMap<Handle, Arc<T>>>,
    next: AtomicU64,
}

impl<T> Handles<T> {
    pub(super) fn new() -> Self {
        Self {
            open: Mutex::new(HashMap::new()),
            next: AtomicU64::new(1),
        }
    }

    /// Keeps `value` and returns its number, which is never given out again.
    pub(super) fn insert(&self, value: T) -> Handle {
        let handle = Handle(self.next.fetch_add(1, Ordering::Relaxed));
        self.open.lock().insert(handle, Arc::new(value));
        handle
    }

    pub(super) fn get(&self, handle: Handle) -> Option<Arc<T>> {
        self.open.lock().get(&handle).cloned()
    }

    /// Returns whether anything open is so.
    pub(super) fn any(&self, is_so: impl Fn(&T) -> bool) -> bool {
        self.open.lock().values().any(|value| is_so(value))
    }

    pub(super) fn remove(&self, handle: Handle) -> Option<Arc<T>> {
        let mut open = self.open.lock();
        let removed = open.remove(&handle);
        if open.is_empty() {
            open.shrink_to_fit();
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_for_one_opening() {
        let handles = Handles::new();
        let first = handles.insert("a");
        assert_eq!(handles.get(first).as_deref(), Some(&"a"));
        handles.remove(first);
        assert_eq!(handles.get(first), None);
        assert_ne!(handles.insert("b"), first);
    }
}
