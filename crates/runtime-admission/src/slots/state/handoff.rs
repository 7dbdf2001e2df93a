//! The decisions of [`State`]: what a newcomer is given, and where a place goes that is given back.

use std::sync::Arc;

use hashlink::LinkedHashSet;

use super::super::config::Start;
use super::super::wakes::Wakes;
use super::super::{SlotKey, SlotResource};
use super::{Grant, KeyIndex, Slot, SlotIndex, State, Waiter, WaiterIndex};

impl<K: SlotKey, R: SlotResource> State<K, R> {
    /// A place for a newcomer, if there is one that nobody else comes before.
    pub(super) fn admit(&mut self, key: KeyIndex) -> Option<Grant<K, R>> {
        let entry = &self.keys[key];
        // What the invariants say already: who comes before would have been served.
        if !entry.queue.is_empty() {
            return None;
        }
        if let Some(&slot) = entry.open.first().and_then(LinkedHashSet::back) {
            return Some(self.occupy(slot));
        }
        if entry.counted < self.config.slots_per_key()
            && let Some(evicted) = self.take_capacity()
        {
            return Some(self.create(key, evicted));
        }
        // Nothing that a newcomer could be handed is idle, so whatever is claimed here has users,
        // and nobody needs to be woken.
        let mut wakes = Wakes::default();
        let slot = self.take_open(key, &mut wakes)?;
        Some(self.occupy(slot))
    }

    /// Room for one more slot: what was evicted for it, if it was not free. `None` if there is none.
    pub(super) fn take_capacity(&mut self) -> Option<Option<R>> {
        if self.counted < self.config.capacity {
            return Some(None);
        }
        let &slot = self.idle.front()?;
        self.stats.evictions += 1;
        Some(self.take_out(slot))
    }

    /// The least loaded open slot of the key, unless another key's claim comes before it.
    pub(super) fn take_open(&mut self, key: KeyIndex, wakes: &mut Wakes) -> Option<SlotIndex> {
        loop {
            let slot = self.least_loaded(key)?;
            let is_idle = self.slots[slot].users == 0;
            let Some(rival) = self.rival_of(key) else {
                return Some(slot);
            };
            let is_due = self.spare == 0 || (is_idle && !self.claims.is_empty());
            if !is_due {
                self.spare -= 1;
                return Some(slot);
            }
            if is_idle {
                self.surrender(slot, rival, wakes);
            } else {
                self.unlist(slot);
                self.slots[slot].claimed = true;
                self.claims.push(slot);
                self.spare = self.allowance();
            }
        }
    }

    /// How many bypasses are borne before the next slot is claimed.
    ///
    /// While there are as many claims as keys to be served, a further one is made only when these
    /// take longer than two rounds of all users, that is, when their users seem to be stuck.
    pub(super) fn allowance(&self) -> usize {
        let claims = self.claims.len();
        if claims < self.ring.len() {
            self.patience
        } else {
            self.patience.saturating_add(self.stats.users.saturating_mul(claims).saturating_mul(2))
        }
    }

    /// The next key of the ring that is not `key`.
    pub(super) fn rival_of(&self, key: KeyIndex) -> Option<KeyIndex> {
        self.ring.iter().copied().find(|&rival| rival != key)
    }

    pub(super) fn least_loaded(&self, key: KeyIndex) -> Option<SlotIndex> {
        let mut loads = self.keys[key].open.iter();
        // Of idle slots the one used last is warmest; of the others the one used first is most
        // likely to be done soon.
        if let Some(&idle) = loads.next().and_then(LinkedHashSet::back) {
            return Some(idle);
        }
        loads.find_map(LinkedHashSet::front).copied()
    }

    /// One more user of an open slot.
    pub(super) fn occupy(&mut self, slot: SlotIndex) -> Grant<K, R> {
        self.unlist(slot);
        let entry = &mut self.slots[slot];
        let resource = entry.resource.clone();
        entry.users += 1;
        let (id, key) = (entry.id, entry.key);
        self.keys[key].users += 1;
        self.stats.users += 1;
        self.list_if_open(slot);
        let key = Arc::clone(&self.keys[key].key);
        Grant { slot, id, key, start: Start::Hit, resource, evicted: None }
    }

    /// A new slot in capacity that the caller has made sure of.
    pub(super) fn create(&mut self, key: KeyIndex, evicted: Option<R>) -> Grant<K, R> {
        debug_assert!(self.counted < self.config.capacity, "a slot is made in free capacity");
        let id = self.next_slot_id;
        self.next_slot_id += 1;
        let slot = self.slots.insert(Slot {
            id,
            key,
            resource: None,
            users: 1,
            granted: Vec::new(),
            claimed: false,
            retired: false,
            forfeited: false,
        });
        self.counted += 1;
        self.stats.users += 1;
        let entry = &mut self.keys[key];
        entry.counted += 1;
        entry.users += 1;
        let name = Arc::clone(&entry.key);
        self.update_ring(key);
        Grant { slot, id, key: name, start: Start::Created, resource: None, evicted }
    }

    /// A slot that stays has one user less.
    pub(super) fn reuse(&mut self, slot: SlotIndex, wakes: &mut Wakes) {
        let Slot { key, users, claimed, .. } = self.slots[slot];
        if claimed && users > 0 {
            return;
        }
        match self.rival_of(key) {
            Some(rival) if claimed => {
                self.surrender(slot, rival, wakes);
                self.forget_if_unused(key);
            }
            _ => {
                self.unclaim(slot);
                self.list_if_open(slot);
                self.settle(key, wakes);
            }
        }
        self.settle_all(wakes);
    }

    /// Gives the key's open slots to its waiters.
    pub(super) fn settle(&mut self, key: KeyIndex, wakes: &mut Wakes) {
        while !self.keys[key].queue.is_empty() {
            let Some(slot) = self.take_open(key, wakes) else { return };
            let Some(waiter) = self.keys[key].queue.pop_front() else { return };
            self.update_ring(key);
            let grant = self.occupy(slot);
            self.hand(waiter, grant, wakes);
        }
    }

    /// Gives capacity to the ring, and slots whose claim has become moot back to their keys.
    pub(super) fn settle_all(&mut self, wakes: &mut Wakes) {
        loop {
            while let Some(&key) = self.ring.front() {
                let Some(evicted) = self.take_capacity() else { break };
                self.serve(key, evicted, wakes);
            }
            let Some(slot) = self.moot_claim() else { return };
            self.unclaim(slot);
            self.list_if_open(slot);
            self.settle(self.slots[slot].key, wakes);
        }
    }

    pub(super) fn moot_claim(&self) -> Option<SlotIndex> {
        if self.claims.is_empty() || self.ring.len() > 1 {
            return None;
        }
        let only = self.ring.front();
        self.claims.iter().copied().find(|&slot| only.is_none_or(|&key| key == self.slots[slot].key))
    }

    /// Gives an empty slot to another key.
    pub(super) fn surrender(&mut self, slot: SlotIndex, rival: KeyIndex, wakes: &mut Wakes) {
        self.unlist(slot);
        self.unclaim(slot);
        self.uncount(slot);
        let resource = self.slots.remove(slot).resource;
        self.stats.evictions += 1;
        self.serve(rival, resource, wakes);
    }

    /// Gives free capacity to the first waiter of a key of the ring, which goes to its end.
    pub(super) fn serve(&mut self, key: KeyIndex, evicted: Option<R>, wakes: &mut Wakes) {
        let waiter = self.keys[key].queue.pop_front().expect("a key in the ring has a waiter");
        self.ring.remove(&key);
        let grant = self.create(key, evicted);
        self.spare = self.allowance();
        self.hand(waiter, grant, wakes);
    }

    pub(super) fn hand(&mut self, waiter: WaiterIndex, grant: Grant<K, R>, wakes: &mut Wakes) {
        if grant.start == Start::Hit {
            self.slots[grant.slot].granted.push(waiter);
        }
        self.answer(waiter, Waiter::Granted(grant), wakes);
    }

    /// Puts those that do not know yet of their place on this slot back to the head of their queue,
    /// even if it is full by now: they were let in before.
    pub(super) fn take_back_grants(&mut self, slot: SlotIndex) -> Vec<Grant<K, R>> {
        let (key, waiters) = (self.slots[slot].key, std::mem::take(&mut self.slots[slot].granted));
        let mut taken_back = Vec::with_capacity(waiters.len());
        for waiter in waiters.into_iter().rev() {
            self.slots[slot].users -= 1;
            self.keys[key].users -= 1;
            self.stats.users -= 1;
            let answer = if self.closed {
                self.stats.refused += 1;
                Waiter::Refused
            } else {
                self.stats.waiting += 1;
                self.keys[key].queue.insert(waiter);
                self.keys[key].queue.to_front(&waiter);
                Waiter::Waiting(key, None)
            };
            if let Waiter::Granted(grant) = std::mem::replace(&mut self.waiters[waiter], answer) {
                taken_back.push(grant);
            }
        }
        self.update_ring(key);
        taken_back
    }

    /// Ends the wait of a waiter that has been taken out of its queue.
    pub(super) fn answer(&mut self, waiter: WaiterIndex, answer: Waiter<K, R>, wakes: &mut Wakes) {
        self.stats.waiting -= 1;
        if let Waiter::Waiting(_, Some(waker)) = std::mem::replace(&mut self.waiters[waiter], answer) {
            wakes.push(waker);
        }
    }
}
