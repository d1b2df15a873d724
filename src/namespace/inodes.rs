//! The inode table: which number the kernel knows a path by, and for how long.
//!
//! A number lives from the first lookup until the kernel has forgotten every lookup of it, and is never given out
//! again: numbers only grow. An object whose body was replaced is another file to the kernel, as on a local disk when
//! one is renamed over another: who has the old one open never meets a byte of the new one. The table holds what was
//! last learned of each path, in some 200 bytes, and gives memory back as the kernel forgets.

use crate::store::types::{ETag, Key, Timestamp};
use hashbrown::HashTable;
use std::collections::HashMap;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::time::Instant;

/// An inode number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ino(pub u64);

impl Ino {
    /// The root directory; never forgotten.
    pub const ROOT: Self = Self(1);
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An object.
    File,
    /// A common prefix of keys, with or without a marker object.
    Directory,
    /// A symbolic link.
    Symlink,
}

/// Which body an object has: a digest of its entity tag, or that it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Body(u64);

impl Body {
    /// Of what has no body: a directory.
    pub const NONE: Self = Self(0);

    /// Digests an entity tag.
    pub fn of(etag: &ETag) -> Self {
        let mut hasher = DefaultHasher::new();
        etag.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What was last learned of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What it names.
    pub kind: Kind,
    /// Which body it has.
    pub body: Body,
    /// Bytes of the body.
    pub size: u64,
    /// When it was last written; 0 where nothing says so.
    pub modified: Timestamp,
    /// Until when this is believed.
    pub until: Instant,
}

impl Facts {
    /// Returns whether both are about the same file: of one kind, with one body.
    pub fn is_same_file(&self, other: &Self) -> bool {
        (self.kind, self.body) == (other.kind, other.body)
    }
}

/// One inode.
#[derive(Clone, Debug)]
pub struct Node {
    /// The object's key; a directory's ends in `/`; `None` is the bucket itself.
    pub key: Option<Key>,
    /// What was last learned.
    pub facts: Facts,
    /// Lookups the kernel has not forgotten yet.
    lookups: u64,
}

impl Node {
    /// Returns the key prefix of a directory's entries: empty, or ending in `/`.
    pub fn dir(&self) -> &str {
        self.key.as_ref().map_or("", Key::as_str)
    }

    /// Returns the path that is unique among inodes in use: the key without a directory's final `/`.
    fn path(&self) -> &str {
        path_of(self.dir())
    }
}

fn path_of(key: &str) -> &str {
    key.strip_suffix('/').unwrap_or(key)
}

/// The inodes the kernel knows.
#[derive(Debug)]
pub struct Inodes {
    nodes: HashMap<Ino, Node>,
    /// The current inode of each path, found by the hash of the path. A path that changed its kind has left its old
    /// inode in `nodes` alone, where it waits to be forgotten.
    paths: HashTable<Ino>,
    hasher: RandomState,
    next: u64,
}

impl Inodes {
    /// Makes a table that holds only the root, which shows the keys below `root`: `None` is the whole bucket.
    pub fn new(root: Option<Key>, facts: Facts) -> Self {
        let root = Node {
            key: root,
            facts,
            lookups: 1,
        };
        Self {
            nodes: HashMap::from([(Ino::ROOT, root)]),
            paths: HashTable::new(),
            hasher: RandomState::new(),
            next: Ino::ROOT.0 + 1,
        }
    }

    /// Returns an inode.
    pub fn get(&self, ino: Ino) -> Option<&Node> {
        self.nodes.get(&ino)
    }

    /// Returns the inode that a key is known by, if the kernel knows it.
    pub fn find(&self, key: &Key) -> Option<Ino> {
        let path = path_of(key.as_str());
        self.paths
            .find(self.hasher.hash_one(path), |ino| {
                self.nodes.get(ino).is_some_and(|n| n.path() == path)
            })
            .copied()
    }

    /// Counts one lookup of a key and notes what was learned of it. A key that changed its kind or its body gets a new
    /// inode.
    pub fn look_up(&mut self, key: &Key, facts: Facts) -> Ino {
        if let Some(ino) = self.find(key)
            && let Some(node) = self.nodes.get_mut(&ino)
            && node.facts.is_same_file(&facts)
        {
            node.facts = facts;
            node.lookups += 1;
            return ino;
        }
        self.unlink(key);
        let ino = Ino(self.next);
        self.next += 1;
        self.nodes.insert(
            ino,
            Node {
                key: Some(key.clone()),
                facts,
                lookups: 1,
            },
        );
        let Self {
            nodes,
            paths,
            hasher,
            ..
        } = self;
        let hash = |path: &str| hasher.hash_one(path);
        paths.insert_unique(hash(path_of(key.as_str())), ino, |ino| {
            hash(nodes.get(ino).map_or("", Node::path))
        });
        ino
    }

    /// Notes what was learned of an inode since its lookup; false when that is about another file by now.
    pub fn learn(&mut self, ino: Ino, facts: Facts) -> bool {
        match self.nodes.get_mut(&ino) {
            Some(node) if node.facts.is_same_file(&facts) => {
                node.facts = facts;
                true
            }
            _ => false,
        }
    }

    /// Takes back `count` lookups; returns whether the inode is gone.
    pub fn forget(&mut self, ino: Ino, count: u64) -> bool {
        let Some(node) = self.nodes.get_mut(&ino) else {
            return false;
        };
        node.lookups = node.lookups.saturating_sub(count);
        if ino == Ino::ROOT || node.lookups > 0 {
            return false;
        }
        let path_hash = self.hasher.hash_one(node.path());
        if let Ok(entry) = self.paths.find_entry(path_hash, |other| *other == ino) {
            entry.remove();
        }
        self.nodes.remove(&ino);
        self.give_back();
        true
    }

    /// Returns the number of inodes, the root included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns false: the root is always there.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Returns how many inodes fit without another allocation.
    pub fn capacity(&self) -> usize {
        self.nodes.capacity().max(self.paths.capacity())
    }

    /// Detaches the path of a key from the inode it had.
    fn unlink(&mut self, key: &Key) {
        let path = path_of(key.as_str());
        let nodes = &self.nodes;
        if let Ok(entry) = self.paths.find_entry(self.hasher.hash_one(path), |ino| {
            nodes.get(ino).is_some_and(|n| n.path() == path)
        }) {
            entry.remove();
        }
    }

    /// Halves the tables once they are mostly empty, so that each rehash is paid for by as many forgets.
    fn give_back(&mut self) {
        const SMALL: usize = 1024;
        let room = self.nodes.len() * 2;
        if self.nodes.capacity() > SMALL && self.nodes.capacity() / 4 > self.nodes.len() {
            self.nodes.shrink_to(room.max(SMALL));
        }
        if self.paths.capacity() > SMALL && self.paths.capacity() / 4 > self.paths.len() {
            let Self {
                nodes,
                paths,
                hasher,
                ..
            } = self;
            paths.shrink_to(room.max(SMALL), |ino| {
                hasher.hash_one(nodes.get(ino).map_or("", Node::path))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    fn facts(kind: Kind, size: u64) -> Facts {
        Facts {
            kind,
            body: Body::NONE,
            size,
            modified: Timestamp(0),
            until: Instant::now(),
        }
    }

    fn table() -> Inodes {
        Inodes::new(None, facts(Kind::Directory, 0))
    }

    #[test]
    fn a_path_keeps_its_number_until_every_lookup_is_forgotten() {
        let mut inodes = table();
        let a = inodes.look_up(&key("a"), facts(Kind::File, 1));
        assert_eq!(inodes.look_up(&key("a"), facts(Kind::File, 2)), a);
        assert_eq!(inodes.get(a).unwrap().facts.size, 2);
        assert!(!inodes.forget(a, 1));
        assert_eq!(inodes.find(&key("a")), Some(a));
        assert!(inodes.forget(a, 1));
        assert!(inodes.get(a).is_none());
        let again = inodes.look_up(&key("a"), facts(Kind::File, 3));
        assert!(again > a, "a number is never given out twice");
    }

    #[test]
    fn a_path_that_changes_its_kind_gets_another_number_and_the_old_one_stays_known() {
        let mut inodes = table();
        let file = inodes.look_up(&key("a"), facts(Kind::File, 1));
        let dir = inodes.look_up(&key("a/"), facts(Kind::Directory, 0));
        assert_ne!(file, dir);
        assert_eq!(inodes.find(&key("a")), Some(dir));
        assert_eq!(inodes.get(file).unwrap().key, Some(key("a")));
        assert!(inodes.forget(file, 1));
        assert_eq!(inodes.find(&key("a")), Some(dir));
    }

    #[test]
    fn a_replaced_body_is_another_file() {
        let mut inodes = table();
        let with_body = |etag: &str| Facts {
            body: Body::of(&ETag::new(etag)),
            ..facts(Kind::File, 1)
        };
        let old = inodes.look_up(&key("a"), with_body("1"));
        assert_eq!(inodes.look_up(&key("a"), with_body("1")), old);
        assert!(!inodes.learn(old, with_body("2")));
        let new = inodes.look_up(&key("a"), with_body("2"));
        assert_ne!(new, old);
        assert!(inodes.get(old).is_some(), "somebody may have it open");
        assert!(inodes.learn(new, with_body("2")));
    }

    #[test]
    fn the_root_is_never_forgotten() {
        let mut inodes = Inodes::new(Some(key("p/")), facts(Kind::Directory, 0));
        assert!(!inodes.forget(Ino::ROOT, u64::MAX));
        assert_eq!(inodes.get(Ino::ROOT).unwrap().dir(), "p/");
    }

    #[test]
    fn memory_goes_back_after_a_walk() {
        let mut inodes = table();
        let walked: Vec<_> = (0..100_000)
            .map(|n| inodes.look_up(&key(&format!("d/{n}")), facts(Kind::File, n)))
            .collect();
        assert!(inodes.capacity() >= 100_000);
        for ino in walked {
            inodes.forget(ino, 1);
        }
        assert_eq!(inodes.len(), 1);
        assert!(inodes.capacity() < 4096, "{}", inodes.capacity());
    }

    /// What the kernel does to the table.
    #[derive(Clone, Debug)]
    enum Step {
        LookUp(u8, bool),
        Forget(usize, u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..12u8, any::<bool>()).prop_map(|(n, dir)| Step::LookUp(n, dir)),
            (any::<usize>(), 1..4u64).prop_map(|(at, n)| Step::Forget(at, n)),
        ]
    }

    proptest! {
        /// The table against a plain list of (number, key, count) in which the newest of a path is current.
        #[test]
        fn behaves_as_a_plain_list_would(steps in prop::collection::vec(step(), 0..300)) {
            let mut inodes = table();
            let mut model: BTreeMap<u64, (String, u64)> = BTreeMap::new();
            let mut issued = 1;
            for step in steps {
                match step {
                    Step::LookUp(n, dir) => {
                        let text = if dir { format!("k{n}/") } else { format!("k{n}") };
                        let kind = if dir { Kind::Directory } else { Kind::File };
                        let ino = inodes.look_up(&key(&text), facts(kind, 0)).0;
                        let current = model
                            .iter()
                            .rev()
                            .find(|(_, (k, _))| k.trim_end_matches('/') == text.trim_end_matches('/'))
                            .filter(|(_, (k, _))| *k == text)
                            .map(|(ino, _)| *ino);
                        match current {
                            // An older inode of the path may have outlived the newest; either way it is a known one.
                            Some(current) if current == ino => {}
                            _ => {
                                prop_assert!(ino > issued);
                                issued = ino;
                            }
                        }
                        model.entry(ino).or_insert((text, 0)).1 += 1;
                    }
                    Step::Forget(at, n) if !model.is_empty() => {
                        let ino = *model.keys().nth(at % model.len()).expect("taken modulo the length");
                        let count = model.get_mut(&ino).expect("just listed");
                        count.1 = count.1.saturating_sub(n);
                        let gone = count.1 == 0;
                        prop_assert_eq!(inodes.forget(Ino(ino), n), gone);
                        if gone {
                            model.remove(&ino);
                        }
                    }
                    Step::Forget(..) => {}
                }
                prop_assert_eq!(inodes.len(), model.len() + 1);
                for (ino, (text, _)) in &model {
                    prop_assert_eq!(inodes.get(Ino(*ino)).unwrap().key.as_ref().unwrap().as_str(), text);
                }
            }
        }
    }
}
