//! An opened directory: its listing streams in page by page, the next one asked for while this one is read.
//!
//! Entries are numbered within one opened listing. What was read is kept as long as it may become a complete listing
//! that answers lookups (`directories`); a directory too large for that keeps only the pages around its reader, and
//! going back further than those lists it anew, from the beginning.

use super::child::DirEntry;
use super::directories::Directories;
use super::page::Merge;
use crate::store::types::{ListPage, ListRequest, Operation};
use crate::store::{Error, Kind, Result};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, Weak};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The most keys that a page may have.
const PAGE: u16 = 1000;

/// Pages that stay behind and before the reader of a directory too large to be kept.
const AROUND: usize = 4;

/// Pages in a row that may bring nothing before the listing is taken for an endless one.
const FRUITLESS: u32 = 100;

/// An opened directory.
pub struct Listing {
    directories: Arc<Directories>,
    stream: Mutex<Arc<Stream>>,
}

/// Some entries that follow one another; never empty before the end of the listing.
#[derive(Clone, Debug)]
pub struct Entries {
    page: Option<Arc<Page>>,
    from: usize,
}

/// Entries that came in together, in the order of their numbers.
#[derive(Debug)]
pub(super) struct Page {
    /// The number of the first entry.
    pub(super) start: usize,
    pub(super) entries: Box<[DirEntry]>,
    /// The entries' places in the order of their names.
    by_name: Box<[u32]>,
    bytes: usize,
}

/// One listing of a directory, read by one or several.
pub(super) struct Stream {
    pub(super) dir: Box<str>,
    pub(super) begun: Instant,
    directories: Weak<Directories>,
    /// Held over no await.
    state: Mutex<State>,
}

struct State {
    merge: Merge,
    pages: VecDeque<Arc<Page>>,
    /// Pages given back.
    dropped: bool,
    bytes: usize,
    /// The number of the next entry to come.
    end: usize,
    fruitless: u32,
    next: Next,
    /// A write has changed what the directory holds: this listing may be read on, but tells nothing to others.
    stale: bool,
}

/// A page on its way.
type Coming = Shared<BoxFuture<'static, Result<()>>>;

enum Next {
    /// The page after this token can be asked for.
    At(Option<String>),
    Coming(Coming, Option<String>),
    End,
}

/// What there is at a place of a stream.
enum At {
    Here(Entries),
    /// Not yet: wait and look again.
    Coming(Coming),
    /// No longer.
    Dropped,
}

impl Listing {
    pub(super) fn new(directories: Arc<Directories>, stream: Arc<Stream>) -> Self {
        Self {
            directories,
            stream: Mutex::new(stream),
        }
    }

    /// Returns entries beginning with number `from`, at least one unless the listing ends there. Waits for a page when
    /// none of them is here; a failed page is asked for again by the next call.
    pub async fn entries(&self, from: usize) -> Result<Entries> {
        loop {
            let stream = self.stream.lock().clone();
            match stream.at(from) {
                At::Here(entries) => return Ok(entries),
                At::Coming(page) => page.await?,
                At::Dropped => *self.stream.lock() = self.directories.reopen(&stream.dir),
            }
        }
    }

    /// Returns the directory: empty, or ends in `/`.
    pub fn dir(&self) -> Box<str> {
        self.stream.lock().dir.clone()
    }
}

impl Deref for Entries {
    type Target = [DirEntry];

    fn deref(&self) -> &[DirEntry] {
        match &self.page {
            Some(page) => &page.entries[self.from - page.start..],
            None => &[],
        }
    }
}

impl Page {
    fn new(start: usize, entries: Vec<DirEntry>) -> Self {
        let mut by_name: Box<[u32]> =
            (0..u32::try_from(entries.len()).unwrap_or(u32::MAX)).collect();
        by_name.sort_unstable_by(|a, b| entries[*a as usize].name.cmp(&entries[*b as usize].name));
        let texts = entries.iter().map(|e| {
            e.name.len()
                + e.child.etag.as_str().len()
                + e.child.storage_class.as_ref().map_or(0, |c| c.len())
        });
        let bytes =
            texts.sum::<usize>() + entries.len() * (size_of::<DirEntry>() + size_of::<u32>() + 32);
        Self {
            start,
            entries: entries.into(),
            by_name,
            bytes,
        }
    }

    /// Returns the place of `name` within the page.
    fn find(&self, name: &str) -> Option<usize> {
        let at = |place: &u32| &*self.entries[*place as usize].name;
        let (first, last) = (self.by_name.first()?, self.by_name.last()?);
        if name < at(first) || name > at(last) {
            return None;
        }
        let found = self
            .by_name
            .binary_search_by(|place| at(place).cmp(name))
            .ok()?;
        Some(self.by_name[found] as usize)
    }

    fn end(&self) -> usize {
        self.start + self.entries.len()
    }
}

impl Stream {
    pub(super) fn new(directories: &Arc<Directories>, dir: &str, now: Instant) -> Arc<Self> {
        Arc::new(Self {
            dir: dir.into(),
            begun: now,
            directories: Arc::downgrade(directories),
            state: Mutex::new(State::new(Merge::new(directories.dialect(), dir))),
        })
    }

    /// Returns whether everything is here, from the first entry to the end.
    pub(super) fn is_complete(&self) -> bool {
        let state = self.state.lock();
        matches!(state.next, Next::End) && !state.dropped
    }

    /// Returns whether the listing can still be read from its first entry, and no write has changed it since.
    pub(super) fn is_whole(&self) -> bool {
        let state = self.state.lock();
        !state.dropped && !state.stale
    }

    /// Makes the listing tell nothing to others any more.
    pub(super) fn set_stale(&self) {
        self.state.lock().stale = true;
    }

    /// Returns the memory its pages take.
    pub(super) fn bytes(&self) -> usize {
        self.state.lock().bytes
    }

    /// Returns the number and the entry of `name` if it is on a page that is here.
    pub(super) fn find(&self, name: &str) -> Option<(usize, DirEntry)> {
        let state = self.state.lock();
        state.pages.iter().rev().find_map(|page| {
            let place = page.find(name)?;
            Some((page.start + place, page.entries[place].clone()))
        })
    }

    /// Returns the page that holds the entry of this number, if it is here.
    pub(super) fn page(&self, number: usize) -> Option<Arc<Page>> {
        self.state.lock().page(number).cloned()
    }

    /// Puts another child in place of a listed one of the same name; the number stays.
    pub(super) fn amend(&self, name: &str, child: super::Child) {
        let mut state = self.state.lock();
        for page in &mut state.pages {
            let Some(place) = page.find(name) else {
                continue;
            };
            let mut entries = page.entries.to_vec();
            entries[place].child = child;
            *page = Arc::new(Page::new(page.start, entries));
            return;
        }
    }

    fn at(self: &Arc<Self>, from: usize) -> At {
        let mut state = self.state.lock();
        if let Some(page) = state.page(from).cloned() {
            if page.end() == state.end {
                self.ask(&mut state);
            }
            return At::Here(Entries {
                page: Some(page),
                from,
            });
        }
        if from < state.end {
            return At::Dropped;
        }
        match self.ask(&mut state) {
            Some(page) => At::Coming(page),
            None => At::Here(Entries { page: None, from }),
        }
    }

    /// Asks for the next page unless it is on its way; `None` at the end.
    fn ask(self: &Arc<Self>, state: &mut State) -> Option<Coming> {
        let token = match &mut state.next {
            Next::End => return None,
            Next::Coming(page, _) => return Some(page.clone()),
            Next::At(token) => token.take(),
        };
        let lost = || Err(Error::new(Kind::Local, "the listing was given up"));
        // Whoever reads holds the directories.
        let directories = self.directories.upgrade()?;
        let request = ListRequest {
            prefix: self.dir.to_string(),
            delimiter: true,
            start_after: None,
            token: token.clone(),
            max_keys: PAGE,
        };
        let (sender, receiver) = oneshot::channel();
        let stream = Arc::downgrade(self);
        tokio::spawn(async move {
            let answer = directories.store().list(request).await;
            if let Some(stream) = stream.upgrade() {
                // Nobody may be left to hear it.
                let _ = sender.send(stream.take(&directories, answer));
            }
        });
        let page = receiver
            .map(move |r| r.unwrap_or_else(|_| lost()))
            .boxed()
            .shared();
        state.next = Next::Coming(page.clone(), token);
        Some(page)
    }

    /// Takes the answer to the last question.
    fn take(
        self: &Arc<Self>,
        directories: &Arc<Directories>,
        answer: Result<ListPage>,
    ) -> Result<()> {
        if let Ok(page) = &answer {
            directories.compare(page);
        }
        let mut state = self.state.lock();
        let result = answer.and_then(|page| state.take(page, directories.bound()));
        if let Err(error) = result {
            let asked = match &mut state.next {
                Next::Coming(_, asked) => asked.take(),
                Next::At(_) | Next::End => None,
            };
            state.next = Next::At(asked);
            return Err(error.during(Operation::ListObjects, Some(&self.dir)));
        }
        let ended = matches!(state.next, Next::End);
        let hidden = state.merge.hidden;
        let marked = state.merge.marker.is_some();
        let keep = ended && !state.dropped && !state.stale && !state.merge.contradicted;
        drop(state);
        directories.count_hidden(&self.dir, hidden, ended);
        if keep {
            directories.keep(self, marked);
        }
        Ok(())
    }
}

impl State {
    fn new(merge: Merge) -> Self {
        Self {
            merge,
            pages: VecDeque::new(),
            dropped: false,
            bytes: 0,
            end: 0,
            fruitless: 0,
            next: Next::At(None),
            stale: false,
        }
    }

    fn page(&self, number: usize) -> Option<&Arc<Page>> {
        let at = self.pages.partition_point(|page| page.end() <= number);
        self.pages.get(at).filter(|page| page.start <= number)
    }

    fn take(&mut self, page: ListPage, bound: usize) -> Result<()> {
        let Next::Coming(_, asked) = &self.next else {
            return Ok(());
        };
        let hidden = self.merge.hidden;
        if page.next.is_some() && page.next == *asked {
            return Err(Error::new(Kind::Protocol, "the listing repeats itself"));
        }
        let next = page.next.clone();
        let pages = &self.pages;
        let given = || {
            pages
                .iter()
                .flat_map(|p| p.entries.iter().map(|e| &*e.name))
        };
        let entries = self.merge.page(page, given);
        if !entries.is_empty() || self.merge.hidden > hidden {
            self.fruitless = 0;
        } else {
            self.fruitless += 1;
            if next.is_some() && self.fruitless > FRUITLESS {
                return Err(Error::new(Kind::Protocol, "the listing does not get on"));
            }
        }
        if !entries.is_empty() {
            let page = Page::new(self.end, entries);
            self.end = page.end();
            self.bytes += page.bytes;
            self.pages.push_back(Arc::new(page));
        }
        self.next = match next {
            Some(token) => Next::At(Some(token)),
            None => Next::End,
        };
        while self.pages.len() > AROUND && (self.dropped || self.bytes > bound) {
            if let Some(page) = self.pages.pop_front() {
                self.bytes -= page.bytes;
                self.dropped = true;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::S3;
    use test_case::test_case;

    /// Answers every question with the next of `pages`, over and over, and returns the questions until it failed.
    fn asked(pages: &[(&[&str], &str)]) -> usize {
        let mut state = State::new(Merge::new(&S3, ""));
        let pages = pages.iter().cycle().take(1_000_000).enumerate();
        for (n, (prefixes, next)) in pages {
            let Next::At(token) = &state.next else {
                panic!("the listing has no end");
            };
            let never = futures_util::future::pending().boxed().shared();
            state.next = Next::Coming(never, token.clone());
            let page = ListPage {
                prefixes: prefixes.iter().map(|p| (*p).into()).collect(),
                next: Some((*next).to_owned()),
                ..ListPage::default()
            };
            if let Err(error) = state.take(page, usize::MAX) {
                assert_eq!(error.kind(), Kind::Protocol);
                return n + 1;
            }
        }
        panic!("the listing went on for ever");
    }

    #[test_case(&[(&["a/"], "x")], 2; "the same token twice")]
    #[test_case(&[(&["a/"], "x"), (&["b/"], "y")], 2 + FRUITLESS as usize + 1; "the same pages in turn")]
    #[test_case(&[(&[], "x"), (&[], "y")], FRUITLESS as usize + 1; "empty pages")]
    fn a_listing_that_does_not_get_on_is_an_error(pages: &[(&[&str], &str)], questions: usize) {
        assert_eq!(asked(pages), questions);
    }
}
