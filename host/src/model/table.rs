//! A sorted map whose versions share what they have in common.
//!
//! Two levels: a vector of chunks of at most [`CHUNK`] entries, every chunk and every entry behind an `Arc`. A change
//! copies one chunk and the chunk list; everything else is shared with the version before, and `diff` and `==` skip what
//! is shared.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most entries of a chunk.
const CHUNK: usize = 64;

type Chunk<K, V> = Arc<Vec<Arc<(K, V)>>>;

/// A sorted map with structural sharing. Not for the audio thread: whoever drops the last version frees it.
#[derive(Clone, Debug)]
pub struct Table<K, V> {
    chunks: Arc<Vec<Chunk<K, V>>>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { chunks: Arc::default() }
    }
}

impl<K: Ord, V: Eq> PartialEq for Table<K, V> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chunks, &other.chunks)
            || (self.len() == other.len()
                // `Arc == Arc` is a pointer comparison first, because what is in it is `Eq`.
                && self.entries().eq(other.entries()))
    }
}

impl<K: Ord, V: Eq> Eq for Table<K, V> {}

impl<K: Ord + Clone, V> Table<K, V> {
    /// The value of a key.
    pub fn get<Q: ?Sized + Ord>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.entry(key).map(|entry| &entry.1)
    }

    /// A key with its value, to be kept.
    pub fn entry<Q: ?Sized + Ord>(&self, key: &Q) -> Option<&Arc<(K, V)>>
    where
        K: std::borrow::Borrow<Q>,
    {
        let (chunk, at) = self.find(key);
        self.chunks.get(chunk)?.get(at.ok()?)
    }

    /// How many keys are before this one, if it is there.
    pub fn position<Q: ?Sized + Ord>(&self, key: &Q) -> Option<usize>
    where
        K: std::borrow::Borrow<Q>,
    {
        let (chunk, at) = self.find(key);
        let at = at.ok()?;
        Some(self.chunks[..chunk].iter().map(|c| c.len()).sum::<usize>() + at)
    }

    /// The entry before which there are so many.
    pub fn nth(&self, mut position: usize) -> Option<&(K, V)> {
        for chunk in &*self.chunks {
            match chunk.get(position) {
                Some(entry) => return Some(entry),
                None => position -= chunk.len(),
            }
        }
        None
    }

    /// Whether there is such a key.
    pub fn contains<Q: ?Sized + Ord>(&self, key: &Q) -> bool
    where
        K: std::borrow::Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// The value of a key, to be changed in place; what is shared is copied first. Call it only when it will change.
    pub fn edit<Q: ?Sized + Ord>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: std::borrow::Borrow<Q>,
        V: Clone,
    {
        let (chunk, at) = self.find(key);
        let at = at.ok()?;
        Some(&mut Arc::make_mut(&mut Arc::make_mut(&mut Arc::make_mut(&mut self.chunks)[chunk])[at]).1)
    }

    /// Puts a value in, in the place of an earlier one of that key.
    pub fn put(&mut self, key: K, value: V) {
        let (chunk, at) = self.find(&key);
        let chunks = Arc::make_mut(&mut self.chunks);
        if chunks.is_empty() {
            chunks.push(Arc::default());
        }
        match at {
            Ok(at) => Arc::make_mut(&mut chunks[chunk])[at] = Arc::new((key, value)),
            // What comes in order fills its chunks.
            Err(CHUNK) if chunk + 1 == chunks.len() => chunks.push(Arc::new(vec![Arc::new((key, value))])),
            Err(at) => {
                let entries = with_room(&mut chunks[chunk]);
                entries.insert(at, Arc::new((key, value)));
                if entries.len() > CHUNK {
                    let upper = entries.split_off(CHUNK / 2);
                    chunks.insert(chunk + 1, Arc::new(upper));
                }
            }
        }
    }

    /// Takes a key out; false if it was not there.
    pub fn remove<Q: ?Sized + Ord>(&mut self, key: &Q) -> bool
    where
        K: std::borrow::Borrow<Q>,
    {
        let (chunk, Ok(at)) = self.find(key) else { return false };
        let chunks = Arc::make_mut(&mut self.chunks);
        let entries = Arc::make_mut(&mut chunks[chunk]);
        entries.remove(at);
        if entries.is_empty() {
            chunks.remove(chunk);
        }
        true
    }

    /// A table of entries that ascend, each key once. Those of another version stay shared with it.
    pub fn of_entries(entries: Vec<Arc<(K, V)>>) -> Table<K, V> {
        debug_assert!(entries.is_sorted_by(|a, b| a.0 < b.0), "they ascend");
        Table { chunks: Arc::new(entries.chunks(CHUNK).map(|chunk| Arc::new(chunk.to_vec())).collect()) }
    }

    /// All entries, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries().map(|entry| (&entry.0, &entry.1))
    }

    /// All keys, ascending.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries().map(|entry| &entry.0)
    }

    /// Calls `visit(key, before, after)` for every key whose value differs between this and a later version, ascending.
    pub fn diff<'a>(&'a self, later: &'a Self, mut visit: impl FnMut(&'a K, Option<&'a V>, Option<&'a V>))
    where
        V: Eq,
    {
        let (mut old, mut new) = (Unshared::new(&self.chunks), Unshared::new(&later.chunks));
        loop {
            Unshared::skip_shared(&mut old, &mut new);
            match (old.peek(), new.peek()) {
                (None, None) => return,
                (Some((k, v)), None) => {
                    visit(k, Some(v), None);
                    old.advance(1);
                }
                (None, Some((k, v))) => {
                    visit(k, None, Some(v));
                    new.advance(1);
                }
                (Some((ka, va)), Some((kb, vb))) => match ka.cmp(kb) {
                    Ordering::Less => {
                        visit(ka, Some(va), None);
                        old.advance(1);
                    }
                    Ordering::Greater => {
                        visit(kb, None, Some(vb));
                        new.advance(1);
                    }
                    Ordering::Equal => {
                        if va != vb {
                            visit(ka, Some(va), Some(vb));
                        }
                        old.advance(1);
                        new.advance(1);
                    }
                },
            }
        }
    }

    /// The chunk a key belongs in, and its place there or where it would be put.
    fn find<Q: ?Sized + Ord>(&self, key: &Q) -> (usize, Result<usize, usize>)
    where
        K: std::borrow::Borrow<Q>,
    {
        let chunk = self.chunks.partition_point(|c| c[0].0.borrow() <= key).saturating_sub(1);
        let at = self.chunks.get(chunk).map_or(Err(0), |c| c.binary_search_by(|entry| entry.0.borrow().cmp(key)));
        (chunk, at)
    }
}

/// A chunk that can be changed, with room for one more: copied once, if it is shared.
fn with_room<K, V>(chunk: &mut Chunk<K, V>) -> &mut Vec<Arc<(K, V)>> {
    if Arc::get_mut(chunk).is_none() {
        let mut copy = Vec::with_capacity(chunk.len() + 1);
        copy.extend_from_slice(chunk);
        *chunk = Arc::new(copy);
    }
    Arc::get_mut(chunk).expect("it is ours alone")
}

impl<K, V> Table<K, V> {
    /// How many entries.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|c| c.len()).sum()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Both are the very same version: nothing can differ.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chunks, &other.chunks)
    }

    /// All entries, ascending, each to be kept.
    pub fn entries(&self) -> impl Iterator<Item = &Arc<(K, V)>> {
        self.chunks.iter().flat_map(|c| c.iter())
    }
}

impl<K: Serialize, V: Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.entries().map(|entry| (&entry.0, &entry.1)))
    }
}

impl<'de, K: Ord + Clone + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Table<K, V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Table<K, V>, D::Error> {
        Ok(BTreeMap::<K, V>::deserialize(from)?.into_iter().collect())
    }
}

impl<K: Ord + Clone, V> FromIterator<(K, V)> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Table<K, V> {
        let mut table = Table::default();
        entries.into_iter().for_each(|(key, value)| table.put(key, value));
        table
    }
}

/// A walk over the chunks of one version.
struct Unshared<'a, K, V> {
    chunks: &'a [Chunk<K, V>],
    at: usize,
}

impl<'a, K, V> Unshared<'a, K, V> {
    fn new(chunks: &'a [Chunk<K, V>]) -> Self {
        Unshared { chunks, at: 0 }
    }

    /// What is left of the chunk it stands in.
    fn rest(&self) -> &'a [Arc<(K, V)>] {
        self.chunks.first().map_or(&[], |chunk| &chunk[self.at..])
    }

    fn peek(&self) -> Option<&'a (K, V)> {
        self.rest().first().map(|entry| &**entry)
    }

    fn advance(&mut self, by: usize) {
        self.at += by;
        if self.at == self.chunks[0].len() {
            self.chunks = &self.chunks[1..];
            self.at = 0;
        }
    }

    /// Over what both share from where they stand: whole chunks, and entries.
    fn skip_shared(old: &mut Self, new: &mut Self) {
        while let (Some(a), Some(b)) = (old.chunks.first(), new.chunks.first()) {
            let shared = if Arc::ptr_eq(a, b) && old.at == new.at {
                a.len() - old.at
            } else {
                old.rest().iter().zip(new.rest()).take_while(|(a, b)| Arc::ptr_eq(a, b)).count()
            };
            if shared == 0 {
                return;
            }
            old.advance(shared);
            new.advance(shared);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Random puts (`Some`) and removals, from empty upward.
    fn edits() -> impl Strategy<Value = Vec<(u16, Option<u8>)>> {
        prop::collection::vec((0u16..300, prop::option::weighted(0.7, any::<u8>())), 0..600)
    }

    fn build(from: &Table<u16, u8>, oracle: &mut BTreeMap<u16, u8>, edits: &[(u16, Option<u8>)]) -> Table<u16, u8> {
        let mut table = from.clone();
        for (key, value) in edits {
            match value {
                Some(value) => {
                    table.put(*key, *value);
                    oracle.insert(*key, *value);
                }
                None => assert_eq!(table.remove(key), oracle.remove(key).is_some()),
            }
        }
        table
    }

    proptest! {
        #[test]
        fn agrees_with_a_btree_map(first in edits(), second in edits()) {
            let mut oracle = BTreeMap::new();
            let a = build(&Table::default(), &mut oracle, &first);
            let before = oracle.clone();
            prop_assert!(a.iter().map(|(k, v)| (*k, *v)).eq(before.iter().map(|(k, v)| (*k, *v))));
            let b = build(&a, &mut oracle, &second);
            prop_assert!(a.iter().map(|(k, v)| (*k, *v)).eq(before.iter().map(|(k, v)| (*k, *v))), "a stays as it was");
            prop_assert_eq!(a == b, before == oracle);
            prop_assert_eq!(b.len(), oracle.len());
            for key in 0..300 {
                prop_assert_eq!(b.get(&key), oracle.get(&key));
                prop_assert_eq!(b.position(&key), oracle.keys().position(|k| *k == key));
                prop_assert_eq!(b.nth(key as usize).copied(), oracle.iter().nth(key as usize).map(|(k, v)| (*k, *v)));
            }
            let mut found = Vec::new();
            a.diff(&b, |k, old, new| found.push((*k, old.copied(), new.copied())));
            let keys: std::collections::BTreeSet<u16> = before.keys().chain(oracle.keys()).copied().collect();
            let expected: Vec<_> = keys
                .into_iter()
                .map(|k| (k, before.get(&k).copied(), oracle.get(&k).copied()))
                .filter(|(_, old, new)| old != new)
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
