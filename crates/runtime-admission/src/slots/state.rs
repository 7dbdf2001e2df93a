//! The protocol of [`Slots`](super::Slots): which place goes to whom. Everything here runs under
//! one mutex, makes no resource, drops none, and wakes nobody: what has to happen outside is
//! returned or collected.
//!
//! # Roles and states
//!
//! A **slot** counts to the capacity from the moment that it is promised until its resource is
//! gone. It goes through: *new* (one user, no resource) → *open* (filled; load 0 is *idle*) →
//! freed. Beside that it can be *full* (as many users as allowed), *claimed* (it takes no new users,
//! because another key is due its capacity; reversible), *retired* (condemned; freed when its last
//! user leaves) or *forfeited* (out of the count at once; the entry stays for the remaining users).
//!
//! A **key** that waits is in the *ring* if capacity would serve it: it has a waiter and fewer slots
//! than `per_key`. The ring is served in turn, one waiter a key.
//!
//! A **waiter** is waiting → granted or refused; its future takes the grant out, or gives it back.
//!
//! # Invariants, whenever the mutex is free
//!
//! 1. `counted <= capacity`, and per key `counted <= per_key`.
//! 2. A key with a waiter has no open slot.
//! 3. If the ring is not empty, no slot is idle and `counted == capacity`.
//! 4. If a slot is claimed, a key other than its own is in the ring.
//!
//! 2 and 3 are what makes barging impossible: whoever could be served has been.
//!
//! # Nobody starves
//!
//! A place on a slot of key A goes to A's own users first, since using a resource is cheaper than
//! replacing it. Every time that happens while another key is in the ring, it counts as a *bypass*.
//! When the bypasses reach the patience, the slot is claimed instead: it takes no new users, and
//! when it is empty, its capacity goes to the next key of the ring. Further slots are claimed if
//! bypasses go on without one becoming empty, so that in the end either a claimed slot empties or
//! every slot is claimed; then each release makes the number of users smaller until one does. Hence
//! a ring that is not empty is served after finitely many releases, the ring turns, and within a
//! key waiters are served in order. A key that leaves the ring because it has `per_key` slots is
//! served by those: a bypass needs a rival, so its own waiters come first except once in `patience`
//! times, and when it loses a slot to a claim it joins the ring again.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::Waker;

use hashlink::LinkedHashSet;

use super::config::{AcquireError, QueueBound, SlotsConfig, SlotsStats, Start};
use super::wakes::Wakes;
use super::{SlotKey, SlotResource};
use crate::slab::Slab;

pub(super) type SlotIndex = usize;
pub(super) type WaiterIndex = usize;
type KeyIndex = usize;

pub(super) struct State<K, R> {
    config: SlotsConfig,
    patience: usize,
    closed: bool,
    key_index: HashMap<Arc<K>, KeyIndex>,
    keys: Slab<Key<K>>,
    slots: Slab<Slot<R>>,
    waiters: Slab<Waiter<K, R>>,
    /// Slots that count to the capacity. Forfeited ones are in `slots` and not in here.
    counted: usize,
    /// The idle slots of all keys, least recently used first.
    idle: LinkedHashSet<SlotIndex>,
    /// The keys that capacity would serve, next first.
    ring: LinkedHashSet<KeyIndex>,
    claims: Vec<SlotIndex>,
    /// Admissions past a waiting rival since the ring was served or a slot claimed.
    bypassed: usize,
    next_slot_id: u64,
    stats: SlotsStats,
}

struct Key<K> {
    key: Arc<K>,
    /// Slots that count to the capacity.
    counted: usize,
    /// Forfeited slots that still have users, which keep this entry in place.
    forfeited: usize,
    users: usize,
    /// Open slots by load, each list least recently used first. Grows to the greatest load seen.
    open: Vec<LinkedHashSet<SlotIndex>>,
    /// Waiting futures in the order of asking.
    queue: LinkedHashSet<WaiterIndex>,
}

struct Slot<R> {
    id: u64,
    key: KeyIndex,
    resource: Option<R>,
    users: usize,
    claimed: bool,
    retired: bool,
    forfeited: bool,
}

impl<R> Slot<R> {
    fn is_open(&self, config: &SlotsConfig) -> bool {
        self.resource.is_some()
            && !self.claimed
            && !self.retired
            && !self.forfeited
            && self.users < config.users_per_slot
    }
}

enum Waiter<K, R> {
    /// With the waker of the last poll, if there was one.
    Waiting(KeyIndex, Option<Waker>),
    Granted(Grant<K, R>),
    Refused,
}

/// A place that is somebody's from now on; what a lease is made of.
pub(super) struct Grant<K, R> {
    pub(super) slot: SlotIndex,
    pub(super) id: u64,
    pub(super) key: Arc<K>,
    pub(super) start: Start,
    pub(super) resource: Option<R>,
    pub(super) evicted: Option<R>,
}

/// What came of asking for a place.
pub(super) enum Asked<K, R> {
    Granted(Grant<K, R>),
    Queued(WaiterIndex),
    Refused(AcquireError),
}

/// What came of polling a waiter; the waiter is gone unless it is pending.
pub(super) enum Polled<K, R> {
    /// With a waker that is no longer needed, to be dropped outside of the mutex.
    Pending(Option<Waker>),
    Granted(Grant<K, R>),
    Refused,
}

/// What a waiter that went away leaves to be dropped outside of the mutex.
pub(super) enum Withdrawn<K, R> {
    Waited { _waker: Option<Waker> },
    Granted(Grant<K, R>),
}

impl<K: SlotKey, R: SlotResource> State<K, R> {
    pub(super) fn new(config: SlotsConfig, patience: usize) -> Self {
        Self {
            config,
            patience,
            closed: false,
            key_index: HashMap::new(),
            keys: Slab::new(),
            slots: Slab::new(),
            waiters: Slab::new(),
            counted: 0,
            idle: LinkedHashSet::new(),
            ring: LinkedHashSet::new(),
            claims: Vec::new(),
            bypassed: 0,
            next_slot_id: 0,
            stats: SlotsStats { capacity: config.capacity, ..SlotsStats::default() },
        }
    }

    // ---- What callers do ----

    /// Admits at once or not at all.
    pub(super) fn try_admit(&mut self, key: &K) -> Option<Grant<K, R>> {
        if self.closed {
            return None;
        }
        let key = self.intern(key);
        let grant = self.admit(key);
        self.forget_if_unused(key);
        grant
    }

    /// Admits at once, or queues, or refuses.
    pub(super) fn ask(&mut self, key: &K) -> Asked<K, R> {
        if self.closed {
            self.stats.refused += 1;
            return Asked::Refused(AcquireError::Closed);
        }
        let key = self.intern(key);
        if let Some(grant) = self.admit(key) {
            return Asked::Granted(grant);
        }
        let SlotsConfig { queue_per_key, queue_total, .. } = self.config;
        let full = if self.keys[key].queue.len() >= queue_per_key {
            Some((QueueBound::Key, queue_per_key))
        } else if self.stats.waiting >= queue_total {
            Some((QueueBound::Total, queue_total))
        } else {
            None
        };
        if let Some((bound, limit)) = full {
            self.stats.shed += 1;
            self.forget_if_unused(key);
            return Asked::Refused(AcquireError::QueueFull { bound, limit });
        }
        let waiter = self.waiters.insert(Waiter::Waiting(key, None));
        self.keys[key].queue.insert(waiter);
        self.stats.waiting += 1;
        self.update_ring(key);
        Asked::Queued(waiter)
    }

    /// The waiter's answer, if there is one; else it is woken through `waker` when there is.
    pub(super) fn poll(&mut self, waiter: WaiterIndex, waker: &Waker) -> Polled<K, R> {
        if let Waiter::Waiting(_, registered) = &mut self.waiters[waiter] {
            return Polled::Pending(match registered {
                Some(registered) if registered.will_wake(waker) => None,
                _ => registered.replace(waker.clone()),
            });
        }
        match self.waiters.remove(waiter) {
            Waiter::Granted(grant) => Polled::Granted(grant),
            Waiter::Refused => Polled::Refused,
            Waiter::Waiting(..) => unreachable!("a waiter that waits has just been told apart"),
        }
    }

    /// The waiter's future is dropped. A grant is returned, to be released like any lease.
    pub(super) fn withdraw(&mut self, waiter: WaiterIndex, wakes: &mut Wakes) -> Option<Withdrawn<K, R>> {
        match self.waiters.remove(waiter) {
            Waiter::Waiting(key, waker) => {
                self.stats.abandoned += 1;
                self.stats.waiting -= 1;
                self.keys[key].queue.remove(&waiter);
                self.update_ring(key);
                self.forget_if_unused(key);
                self.settle_all(wakes);
                Some(Withdrawn::Waited { _waker: waker })
            }
            Waiter::Granted(grant) => {
                self.stats.abandoned += 1;
                Some(Withdrawn::Granted(grant))
            }
            Waiter::Refused => None,
        }
    }

    /// The maker's resource is there; others of its key may use it, unless it is condemned.
    pub(super) fn fill(&mut self, slot: SlotIndex, resource: R, wakes: &mut Wakes) {
        let entry = &mut self.slots[slot];
        entry.resource = Some(resource);
        let key = entry.key;
        self.list_if_open(slot);
        self.settle(key, wakes);
        self.settle_all(wakes);
    }

    /// A user leaves. A resource that is returned is the last thing of a slot that still counts:
    /// the caller drops it and then calls [`finish`](Self::finish).
    pub(super) fn leave(&mut self, slot: SlotIndex, wakes: &mut Wakes) -> Option<R> {
        self.unlist(slot);
        let entry = &mut self.slots[slot];
        let key = entry.key;
        entry.users -= 1;
        self.keys[key].users -= 1;
        self.stats.users -= 1;
        if !self.is_ending(slot) {
            self.reuse(slot, wakes);
            return None;
        }
        if self.slots[slot].users > 0 {
            return None;
        }
        if self.slots[slot].forfeited {
            self.slots.remove(slot);
            self.keys[key].forfeited -= 1;
            self.forget_if_unused(key);
            return None;
        }
        let resource = self.slots[slot].resource.take();
        if resource.is_none() {
            self.finish(slot, wakes);
        }
        resource
    }

    /// The resource of a slot that [`leave`](Self::leave) ended is gone: its capacity is free.
    pub(super) fn finish(&mut self, slot: SlotIndex, wakes: &mut Wakes) {
        self.uncount(slot);
        let entry = self.slots.remove(slot);
        self.forget_if_unused(entry.key);
        self.settle_all(wakes);
    }

    /// Condemns the slot: nobody new uses it, and it is freed when its last user leaves.
    pub(super) fn retire(&mut self, slot: SlotIndex) {
        if self.slots[slot].retired || self.slots[slot].forfeited {
            return;
        }
        self.unlist(slot);
        self.slots[slot].retired = true;
        self.unclaim(slot);
        self.stats.retired += 1;
    }

    pub(super) fn is_retired(&self, slot: SlotIndex) -> bool {
        self.slots[slot].retired || self.slots[slot].forfeited
    }

    /// Takes the slot out of the count while it is in use. The caller, who is one of its users,
    /// leaves it afterwards. Returns this side's handle of the resource.
    pub(super) fn forfeit(&mut self, slot: SlotIndex, wakes: &mut Wakes) -> Option<R> {
        if self.slots[slot].forfeited {
            return None;
        }
        self.unlist(slot);
        self.unclaim(slot);
        self.uncount(slot);
        self.stats.forfeited += 1;
        let entry = &mut self.slots[slot];
        entry.forfeited = true;
        let resource = entry.resource.take();
        let key = entry.key;
        self.keys[key].forfeited += 1;
        self.settle_all(wakes);
        resource
    }

    /// Takes out the idle resources that `keep` does not want.
    pub(super) fn evict_idle(&mut self, mut keep: impl FnMut(&K, &R) -> bool, wakes: &mut Wakes) -> Vec<R> {
        let unwanted: Vec<SlotIndex> = self
            .idle
            .iter()
            .copied()
            .filter(|&slot| {
                let Slot { key, resource, .. } = &self.slots[slot];
                resource.as_ref().is_some_and(|resource| !keep(&self.keys[*key].key, resource))
            })
            .collect();
        self.stats.swept += unwanted.len() as u64;
        let evicted = unwanted.into_iter().filter_map(|slot| self.take_out(slot)).collect();
        self.settle_all(wakes);
        evicted
    }

    /// Refuses everybody who waits or asks from now on.
    pub(super) fn close(&mut self, wakes: &mut Wakes) {
        self.closed = true;
        let keys: Vec<KeyIndex> = self.key_index.values().copied().collect();
        for key in keys {
            while let Some(waiter) = self.keys[key].queue.pop_front() {
                self.answer(waiter, Waiter::Refused, wakes);
                self.stats.refused += 1;
            }
            self.update_ring(key);
            self.forget_if_unused(key);
        }
        self.settle_all(wakes);
    }

    pub(super) fn stats(&self) -> SlotsStats {
        SlotsStats { slots: self.counted, idle: self.idle.len(), keys: self.keys.len(), ..self.stats }
    }

    pub(super) fn in_use(&self, key: &K) -> usize {
        self.key_index.get(key).map_or(0, |&key| self.keys[key].users)
    }

    pub(super) fn waiting(&self, key: &K) -> usize {
        self.key_index.get(key).map_or(0, |&key| self.keys[key].queue.len())
    }

    pub(super) fn slots_of(&self, key: &K) -> usize {
        self.key_index.get(key).map_or(0, |&key| self.keys[key].counted)
    }

    // ---- Admission ----

    /// A place for a newcomer, if there is one that nobody else comes before.
    fn admit(&mut self, key: KeyIndex) -> Option<Grant<K, R>> {
        let entry = &self.keys[key];
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
    fn take_capacity(&mut self) -> Option<Option<R>> {
        if self.counted < self.config.capacity {
            return Some(None);
        }
        let &slot = self.idle.front()?;
        self.stats.evictions += 1;
        Some(self.take_out(slot))
    }

    /// The least loaded open slot of the key, unless another key's claim comes before it.
    fn take_open(&mut self, key: KeyIndex, wakes: &mut Wakes) -> Option<SlotIndex> {
        loop {
            let slot = self.least_loaded(key)?;
            let is_idle = self.slots[slot].users == 0;
            let Some(rival) = self.rival_of(key) else {
                return Some(slot);
            };
            let is_due = self.bypassed >= self.allowance() || (is_idle && !self.claims.is_empty());
            if !is_due {
                self.bypassed += 1;
                return Some(slot);
            }
            self.bypassed = 0;
            if is_idle {
                self.surrender(slot, rival, wakes);
            } else {
                self.unlist(slot);
                self.slots[slot].claimed = true;
                self.claims.push(slot);
            }
        }
    }

    /// How many bypasses are borne before the next slot is claimed.
    ///
    /// While there are as many claims as keys to be served, a further one is made only when these
    /// take longer than two rounds of all users, that is, when their users seem to be stuck.
    fn allowance(&self) -> usize {
        let claims = self.claims.len();
        if claims < self.ring.len() {
            self.patience
        } else {
            self.patience.saturating_add(self.stats.users.saturating_mul(claims).saturating_mul(2))
        }
    }

    /// The next key of the ring that is not `key`.
    fn rival_of(&self, key: KeyIndex) -> Option<KeyIndex> {
        self.ring.iter().copied().find(|&rival| rival != key)
    }

    fn least_loaded(&self, key: KeyIndex) -> Option<SlotIndex> {
        let mut loads = self.keys[key].open.iter();
        // Of idle slots the one used last is warmest; of the others the one used first is most
        // likely to be done soon.
        if let Some(&idle) = loads.next().and_then(LinkedHashSet::back) {
            return Some(idle);
        }
        loads.find_map(LinkedHashSet::front).copied()
    }

    /// One more user of an open slot.
    fn occupy(&mut self, slot: SlotIndex) -> Grant<K, R> {
        self.unlist(slot);
        let entry = &mut self.slots[slot];
        let resource = entry.resource.clone();
        entry.users += 1;
        let (id, key) = (entry.id, entry.key);
        self.keys[key].users += 1;
        self.stats.users += 1;
        self.stats.hits += 1;
        self.list_if_open(slot);
        let key = Arc::clone(&self.keys[key].key);
        Grant { slot, id, key, start: Start::Hit, resource, evicted: None }
    }

    /// A new slot in capacity that the caller has made sure of.
    fn create(&mut self, key: KeyIndex, evicted: Option<R>) -> Grant<K, R> {
        debug_assert!(self.counted < self.config.capacity, "a slot is made in free capacity");
        let id = self.next_slot_id;
        self.next_slot_id += 1;
        let slot = self.slots.insert(Slot {
            id,
            key,
            resource: None,
            users: 1,
            claimed: false,
            retired: false,
            forfeited: false,
        });
        self.counted += 1;
        self.stats.users += 1;
        self.stats.created += 1;
        let entry = &mut self.keys[key];
        entry.counted += 1;
        entry.users += 1;
        let name = Arc::clone(&entry.key);
        self.update_ring(key);
        Grant { slot, id, key: name, start: Start::Created, resource: None, evicted }
    }

    // ---- Hand-off ----

    /// A slot that stays has one user less.
    fn reuse(&mut self, slot: SlotIndex, wakes: &mut Wakes) {
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
    fn settle(&mut self, key: KeyIndex, wakes: &mut Wakes) {
        while !self.keys[key].queue.is_empty() {
            let Some(slot) = self.take_open(key, wakes) else { return };
            let Some(waiter) = self.keys[key].queue.pop_front() else { return };
            self.update_ring(key);
            let grant = self.occupy(slot);
            self.hand(waiter, grant, wakes);
        }
    }

    /// Gives capacity to the ring, and slots whose claim has become moot back to their keys.
    fn settle_all(&mut self, wakes: &mut Wakes) {
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

    fn moot_claim(&self) -> Option<SlotIndex> {
        if self.claims.is_empty() || self.ring.len() > 1 {
            return None;
        }
        let only = self.ring.front();
        self.claims.iter().copied().find(|&slot| only.is_none_or(|&key| key == self.slots[slot].key))
    }

    /// Gives an empty slot to another key.
    fn surrender(&mut self, slot: SlotIndex, rival: KeyIndex, wakes: &mut Wakes) {
        self.unlist(slot);
        self.unclaim(slot);
        self.uncount(slot);
        let resource = self.slots.remove(slot).resource;
        self.stats.evictions += 1;
        self.serve(rival, resource, wakes);
    }

    /// Gives free capacity to the first waiter of a key of the ring, which goes to its end.
    fn serve(&mut self, key: KeyIndex, evicted: Option<R>, wakes: &mut Wakes) {
        let waiter = self.keys[key].queue.pop_front().expect("a key in the ring has a waiter");
        self.ring.remove(&key);
        self.bypassed = 0;
        let grant = self.create(key, evicted);
        self.hand(waiter, grant, wakes);
    }

    fn hand(&mut self, waiter: WaiterIndex, grant: Grant<K, R>, wakes: &mut Wakes) {
        self.stats.handoffs += 1;
        self.answer(waiter, Waiter::Granted(grant), wakes);
    }

    /// Ends the wait of a waiter that has been taken out of its queue.
    fn answer(&mut self, waiter: WaiterIndex, answer: Waiter<K, R>, wakes: &mut Wakes) {
        self.stats.waiting -= 1;
        if let Waiter::Waiting(_, Some(waker)) = std::mem::replace(&mut self.waiters[waiter], answer) {
            wakes.push(waker);
        }
    }

    // ---- Books ----

    fn intern(&mut self, key: &K) -> KeyIndex {
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

    fn forget_if_unused(&mut self, key: KeyIndex) {
        let entry = &self.keys[key];
        if entry.counted == 0 && entry.forfeited == 0 && entry.queue.is_empty() {
            let entry = self.keys.remove(key);
            self.key_index.remove(&*entry.key);
        }
    }

    /// Puts the key into the ring or takes it out, as its waiters and slots say.
    fn update_ring(&mut self, key: KeyIndex) {
        let entry = &self.keys[key];
        let belongs = !entry.queue.is_empty() && entry.counted < self.config.slots_per_key();
        if !belongs {
            self.ring.remove(&key);
            if self.ring.is_empty() {
                self.bypassed = 0;
            }
        } else if !self.ring.contains(&key) {
            self.ring.insert(key);
        }
    }

    fn list_if_open(&mut self, slot: SlotIndex) {
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
    fn unlist(&mut self, slot: SlotIndex) {
        let entry = &self.slots[slot];
        if let Some(open) = self.keys[entry.key].open.get_mut(entry.users) {
            open.remove(&slot);
        }
        if entry.users == 0 {
            self.idle.remove(&slot);
        }
    }

    fn unclaim(&mut self, slot: SlotIndex) {
        if std::mem::take(&mut self.slots[slot].claimed) {
            self.claims.retain(|&claimed| claimed != slot);
        }
    }

    fn uncount(&mut self, slot: SlotIndex) {
        let key = self.slots[slot].key;
        self.counted -= 1;
        self.keys[key].counted -= 1;
        self.update_ring(key);
    }

    /// Removes an idle slot.
    fn take_out(&mut self, slot: SlotIndex) -> Option<R> {
        self.unlist(slot);
        self.uncount(slot);
        let entry = self.slots.remove(slot);
        self.forget_if_unused(entry.key);
        entry.resource
    }

    /// Whether the slot goes when its last user has left.
    fn is_ending(&self, slot: SlotIndex) -> bool {
        let entry = &self.slots[slot];
        entry.resource.is_none() || entry.retired || entry.forfeited
    }
}
