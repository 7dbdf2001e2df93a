//! The books of [`State`]: which lists a slot or a key stands in. Every function keeps the lists
//! true to the entries; none decides who gets anything.

use std::sync::Arc;

use hashlink::LinkedHashSet;

use super::super::{SlotKey, SlotResource};
use super::{Key, KeyIndex, SlotIndex, State};

impl<K: SlotKey, R: SlotResource> State<K, R> {
    pub(super) fn intern(&mut self, key: &K) -> KeyIndex {
        if let Some(&index) = self.key_index.get(key) {
            return index;
        }
        let key = Arc::new(key.clone());
        let index = self.keys.insert(Key {
            key: Arc::clone(&key),
            counted: 0,
            forfeited: 0,
            users: 0,
            open: Vec::new(),
            queue: LinkedHashSet::new(),
        });
        self.key_index.insert(key, index);
        index
    }

    pub(super) fn forget_if_unused(&mut self, key: KeyIndex) {
        let entry = &self.keys[key];
        if entry.counted == 0 && entry.forfeited == 0 && entry.queue.is_empty() {
            let entry = self.keys.remove(key);
            self.key_index.remove(&*entry.key);
        }
    }

    /// Puts the key into the ring or takes it out, as its waiters and slots say.
    pub(super) fn update_ring(&mut self, key: KeyIndex) {
        let entry = &self.keys[key];
        let belongs = !entry.queue.is_empty() && entry.counted < self.config.slots_per_key();
        if !belongs {
            self.ring.remove(&key);
        } else if !self.ring.contains(&key) {
            if self.ring.is_empty() {
                self.spare = self.patience;
            }
            self.ring.insert(key);
        }
    }

    pub(super) fn list_if_open(&mut self, slot: SlotIndex) {
        let entry = &self.slots[slot];
        if !entry.is_open(&self.config) {
            return;
        }
        let (load, open) = (entry.users, &mut self.keys[entry.key].open);
        if open.len() <= load {
            open.resize_with(load + 1, LinkedHashSet::new);
        }
        open[load].insert(slot);
        if load == 0 {
            self.idle.insert(slot);
        }
    }

    /// Undoes [`list_if_open`](Self::list_if_open); called before anything that it looks at changes.
    pub(super) fn unlist(&mut self, slot: SlotIndex) {
        let entry = &self.slots[slot];
        if let Some(open) = self.keys[entry.key].open.get_mut(entry.users) {
            open.remove(&slot);
        }
        if entry.users == 0 {
            self.idle.remove(&slot);
        }
    }

    pub(super) fn unclaim(&mut self, slot: SlotIndex) {
        if std::mem::take(&mut self.slots[slot].claimed) {
            self.claims.retain(|&claimed| claimed != slot);
        }
    }

    pub(super) fn uncount(&mut self, slot: SlotIndex) {
        let key = self.slots[slot].key;
        self.counted -= 1;
        self.keys[key].counted -= 1;
        self.update_ring(key);
    }

    /// Removes an idle slot.
    pub(super) fn take_out(&mut self, slot: SlotIndex) -> Option<R> {
        self.unlist(slot);
        self.uncount(slot);
        let entry = self.slots.remove(slot);
        self.forget_if_unused(entry.key);
        entry.resource
    }

    /// Whether the slot goes when its last user has left.
    pub(super) fn is_ending(&self, slot: SlotIndex) -> bool {
        let entry = &self.slots[slot];
        entry.resource.is_none() || entry.retired || entry.forfeited
    }
}
