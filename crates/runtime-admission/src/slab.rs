//! A vector of reusable places, addressed by index. It is not a generational arena: every index has
//! exactly one owner, who removes the entry and then forgets the index.

use std::ops::{Index, IndexMut};

/// What an index of this crate must hold: who owns it has not removed the entry.
const OWNED: &str = "an index is used only by its owner, and only until the entry is removed";

#[derive(Debug)]
pub(crate) struct Slab<T> {
    entries: Vec<Option<T>>,
    vacant: Vec<usize>,
}

impl<T> Slab<T> {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), vacant: Vec::new() }
    }

    pub(crate) fn insert(&mut self, value: T) -> usize {
        if let Some(index) = self.vacant.pop() {
            self.entries[index] = Some(value);
            index
        } else {
            self.entries.push(Some(value));
            self.entries.len() - 1
        }
    }

    pub(crate) fn remove(&mut self, index: usize) -> T {
        let value = self.entries[index].take().expect(OWNED);
        self.vacant.push(index);
        value
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.vacant.len()
    }

    #[cfg(test)]
    pub(crate) fn indices(&self) -> impl Iterator<Item = usize> + '_ {
        self.entries.iter().enumerate().filter_map(|(index, entry)| entry.as_ref().map(|_| index))
    }
}

impl<T> Index<usize> for Slab<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        self.entries[index].as_ref().expect(OWNED)
    }
}

impl<T> IndexMut<usize> for Slab<T> {
    fn index_mut(&mut self, index: usize) -> &mut T {
        self.entries[index].as_mut().expect(OWNED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_place_is_used_again() {
        let mut slab = Slab::new();
        let first = slab.insert("a");
        let second = slab.insert("b");
        assert_eq!(slab.remove(first), "a");
        assert_eq!(slab.len(), 1);
        assert_eq!(slab.insert("c"), first);
        slab[second] = "d";
        assert_eq!((slab[first], slab[second], slab.len()), ("c", "d", 2));
    }
}
