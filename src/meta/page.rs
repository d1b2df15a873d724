//! Turns the pages of a listing into directory entries: one a name, whatever the order of the service.
//!
//! Pure. Where both `a` and `a/` are there the directory is shown. In byte order they can be pages apart (`a-b` sorts
//! between them), so an object whose directory may still come is held back; its name is one that the page's last key
//! begins with. A service that leaves the byte order is met by remembering the names given out.

use super::child::{Child, DirEntry};
use crate::namespace::name::is_showable;
use crate::store::Dialect;
use crate::store::types::{ListPage, Timestamp};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// What has been seen of one directory's listing so far.
pub(super) struct Merge {
    dialect: &'static Dialect,
    dir: Box<str>,
    /// The greatest path seen.
    last: Box<str>,
    /// Objects whose name may still turn out to be a directory's.
    held: Vec<DirEntry>,
    given: Option<Given>,
    /// Keys and prefixes that no path can show, and objects hidden by a directory of their name.
    pub(super) hidden: u64,
    /// When the directory's own marker was written, once it was met.
    pub(super) marker: Option<Timestamp>,
    /// Whether a directory may have come after an object of its name was given out.
    pub(super) contradicted: bool,
}

/// The names given out, by their hashes: a listing out of order may hold millions. That two of a million names have
/// one hash is less likely than one in ten million.
struct Given {
    hasher: RandomState,
    names: HashSet<u64>,
}

/// A key or prefix of a page, by what follows the directory's prefix; a directory's ends in `/`.
struct Item {
    path: Box<str>,
    child: Child,
}

impl Merge {
    pub(super) fn new(dialect: &'static Dialect, dir: &str) -> Self {
        Self {
            dialect,
            dir: dir.into(),
            last: "".into(),
            held: Vec::new(),
            given: None,
            hidden: 0,
            marker: None,
            contradicted: false,
        }
    }

    /// Takes the next page and returns the entries that are certain now. `given` are the names returned before, as far
    /// as they are still known; asked for when the service turns out not to keep the byte order.
    pub(super) fn page<'a, I: Iterator<Item = &'a str>>(
        &mut self,
        page: ListPage,
        given: impl FnOnce() -> I,
    ) -> Vec<DirEntry> {
        let is_last = page.next.is_none();
        self.hidden += page.unnameable;
        let items = self.items(page);
        if self.given.is_none() && items.first().is_some_and(|i| i.path <= self.last) {
            self.given = Some(Given::new(given()));
        }
        if let Some(item) = items.last()
            && item.path > self.last
        {
            self.last = item.path.clone();
        }
        let mut entries = Vec::with_capacity(items.len());
        let directories: HashSet<Box<str>> = items.iter().filter_map(Item::directory).collect();
        for entry in std::mem::take(&mut self.held) {
            self.take_object(entry, is_last, &directories, &mut entries);
        }
        for item in items {
            let is_directory = item.path.ends_with('/');
            let entry = item.into_entry();
            if !is_showable(&entry.name) {
                self.hidden += 1;
            } else if is_directory {
                self.give(entry, &mut entries);
            } else {
                self.take_object(entry, is_last, &directories, &mut entries);
            }
        }
        if is_last {
            self.given = None;
        }
        entries
    }

    fn take_object(
        &mut self,
        entry: DirEntry,
        is_last: bool,
        directories: &HashSet<Box<str>>,
        entries: &mut Vec<DirEntry>,
    ) {
        if directories.contains(&entry.name) {
            self.hidden += 1;
        } else if !is_last && self.may_become_directory(&entry.name) {
            self.held.push(entry);
        } else {
            self.give(entry, entries);
        }
    }

    /// Returns whether `name/` sorts after all that was seen.
    fn may_become_directory(&self, name: &str) -> bool {
        let seen = self.last.bytes();
        name.bytes().chain([b'/']).gt(seen)
    }

    fn give(&mut self, entry: DirEntry, entries: &mut Vec<DirEntry>) {
        let is_new = self.given.as_mut().is_none_or(|g| g.insert(&entry.name));
        if is_new {
            entries.push(entry);
        } else if entry.child.kind == super::ChildKind::Directory {
            self.contradicted = true;
        }
    }

    /// Returns what the page shows, in byte order and once each.
    fn items(&mut self, page: ListPage) -> Vec<Item> {
        let mut items = Vec::with_capacity(page.objects.len() + page.prefixes.len());
        for listed in page.objects {
            let Some(path) = listed.key.as_str().strip_prefix(&*self.dir) else {
                self.hidden += 1;
                continue;
            };
            if path.is_empty() {
                self.marker = Some(listed.last_modified);
            } else if let Some((name, _)) = path.split_once('/') {
                items.push(Item::at(format!("{name}/")));
            } else {
                items.push(Item {
                    path: path.into(),
                    child: Child::listed(self.dialect, listed),
                });
            }
        }
        for prefix in page.prefixes {
            match prefix.strip_prefix(&*self.dir).map(|p| p.split_once('/')) {
                Some(Some((name, _))) => items.push(Item::at(format!("{name}/"))),
                _ => self.hidden += 1,
            }
        }
        items.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        items.dedup_by(|a, b| a.path == b.path);
        items
    }
}

impl Item {
    fn at(path: String) -> Self {
        Self {
            path: path.into(),
            child: Child::directory(Timestamp::default()),
        }
    }

    fn directory(&self) -> Option<Box<str>> {
        self.path.strip_suffix('/').map(Into::into)
    }

    fn into_entry(self) -> DirEntry {
        DirEntry {
            name: self.directory().unwrap_or(self.path),
            child: self.child,
        }
    }
}

impl Given {
    fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut given = Self {
            hasher: RandomState::new(),
            names: HashSet::new(),
        };
        for name in names {
            given.insert(name);
        }
        given
    }

    fn insert(&mut self, name: &str) -> bool {
        self.names.insert(self.hasher.hash_one(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dialect::S3;
    use crate::store::types::{ETag, Key, Listed, ListedKind};
    use test_case::test_case;

    /// Makes a page of these keys; those that end in `/` are prefixes, one that ends in `//` a marker.
    fn page(keys: &[&str], is_last: bool) -> ListPage {
        let mut page = ListPage {
            next: (!is_last).then(|| "token".to_owned()),
            ..ListPage::default()
        };
        for text in keys {
            match text.strip_suffix('/') {
                Some(prefix) if !prefix.ends_with('/') => page.prefixes.push((*text).into()),
                marker => page.objects.push(Listed {
                    key: Key::new(marker.unwrap_or(text)).unwrap(),
                    size: 1,
                    etag: ETag::default(),
                    last_modified: Timestamp(7),
                    storage_class: None,
                    kind: ListedKind::Object,
                }),
            }
        }
        page
    }

    /// Returns the entries of the pages, directories with a `/`, and the number hidden.
    fn merged(dir: &str, pages: &[&[&str]]) -> (Vec<String>, u64) {
        let mut merge = Merge::new(&S3, dir);
        let mut given: Vec<DirEntry> = Vec::new();
        for (at, keys) in pages.iter().enumerate() {
            let page = page(keys, at + 1 == pages.len());
            let names: Vec<Box<str>> = given.iter().map(|e| e.name.clone()).collect();
            given.extend(merge.page(page, || names.iter().map(|n| &**n)));
        }
        let is_directory = |e: &DirEntry| e.child.kind == super::super::ChildKind::Directory;
        let shown = given
            .iter()
            .map(|e| format!("{}{}", e.name, if is_directory(e) { "/" } else { "" }))
            .collect();
        (shown, merge.hidden)
    }

    #[test_case("", &[&["a", "b/", "c"]] => (vec!["a".into(), "b/".into(), "c".into()], 0); "objects and prefixes")]
    #[test_case("d/", &[&["d//", "d/a"]] => (vec!["a".into()], 0); "the marker is no entry")]
    #[test_case("", &[&["a", "a/"]] => (vec!["a/".into()], 1); "the directory wins on one page")]
    #[test_case("", &[&["a", "a-1"], &["a-2", "a/"]] => (vec!["a-1".into(), "a-2".into(), "a/".into()], 1); "and pages apart")]
    #[test_case("", &[&["a", "a-1"], &["a-2"], &["b"]] => (vec!["a-1".into(), "a".into(), "a-2".into(), "b".into()], 0); "an object held back comes when it is certain")]
    #[test_case("", &[&["a", "a-1"], &[]] => (vec!["a".into(), "a-1".into()], 0); "at the latest at the end")]
    #[test_case("", &[&["a/", "c"], &["a-1", "d"]] => (vec!["a/".into(), "c".into(), "a-1".into(), "d".into()], 0); "another order than that of bytes")]
    #[test_case("", &[&["b/", "c"], &["a", "b/", "c"]] => (vec!["b/".into(), "c".into(), "a".into()], 0); "repeated in another order")]
    #[test_case("", &[&["a", "b/"], &["b/", "c"]] => (vec!["a".into(), "b/".into(), "c".into()], 0); "a prefix on two pages")]
    #[test_case("", &[&["a/", "b"], &["a", "c"]] => (vec!["a/".into(), "b".into(), "c".into()], 0); "an object after its directory")]
    #[test_case("d/", &[&["d/./", "d/../", "d/a//", "d/b/c", "e"]] => (vec!["a/".into(), "b/".into()], 3); "what no path can show, and keys that were not asked for")]
    fn one_entry_a_name(dir: &str, pages: &[&[&str]]) -> (Vec<String>, u64) {
        merged(dir, pages)
    }

    #[test]
    fn hides_what_is_too_long_for_a_path() {
        let (fits, long) = ("x".repeat(255), "y".repeat(256));
        let (shown, hidden) = merged("", &[&[&fits, &long]]);
        assert_eq!((shown, hidden), (vec![fits], 1));
    }

    #[test]
    fn a_directory_that_comes_too_late_is_told() {
        let mut merge = Merge::new(&S3, "");
        let first = merge.page(page(&["a", "b"], false), std::iter::empty);
        assert_eq!(first.len(), 1);
        let names = ["a"];
        let second = merge.page(page(&["a/"], true), || names.into_iter());
        assert_eq!(second.iter().map(|e| &*e.name).collect::<Vec<_>>(), ["b"]);
        assert!(merge.contradicted);
    }

    #[test]
    fn remembers_the_marker() {
        let mut merge = Merge::new(&S3, "d/");
        merge.page(page(&["d//"], true), std::iter::empty);
        assert_eq!(merge.marker, Some(Timestamp(7)));
    }
}
