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
//! It is granted → waiting again, at the head of its queue, if the slot is condemned before its
//! future is polled. No wake-up is lost by that: the grant has woken the task, which polls.
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

mod books;
mod handoff;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::task::Waker;

use hashlink::{DefaultHashBuilder, LinkedHashSet};

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
    key_index: HashMap<Arc<K>, KeyIndex, DefaultHashBuilder>,
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
    /// How many more bypasses are borne before the next slot is claimed.
    spare: usize,
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
    /// Waiters that have been granted a place on a resource in being and have not been polled since,
    /// in the order of asking. They are among the users.
    granted: Vec<WaiterIndex>,
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
            key_index: HashMap::default(),
            keys: Slab::new(),
            slots: Slab::new(),
            waiters: Slab::new(),
            counted: 0,
            idle: LinkedHashSet::new(),
            ring: LinkedHashSet::new(),
            claims: Vec::new(),
            spare: patience,
            next_slot_id: 0,
            stats: SlotsStats { capacity: config.capacity, ..SlotsStats::default() },
        }
    }

    /// Admits at once or not at all.
    pub(super) fn try_admit(&mut self, key: &K) -> Option<Grant<K, R>> {
        if self.closed {
            return None;
        }
        let key = self.intern(key);
        let grant = self.admit(key);
        match &grant {
            Some(grant) => self.stats.count(grant.start),
            None => self.forget_if_unused(key),
        }
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
            self.stats.count(grant.start);
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
            Waiter::Granted(grant) => {
                self.slots[grant.slot].granted.retain(|&granted| granted != waiter);
                self.stats.count(grant.start);
                self.stats.handoffs += 1;
                Polled::Granted(grant)
            }
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
                self.slots[grant.slot].granted.retain(|&granted| granted != waiter);
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

    /// Condemns the slot: nobody new uses it, and it is freed when its last user leaves. Who has
    /// been granted a place on it and does not know yet waits again, at the head; what had been
    /// granted to them is returned, to be dropped outside of the mutex.
    pub(super) fn retire(&mut self, slot: SlotIndex, wakes: &mut Wakes) -> Vec<Grant<K, R>> {
        if self.is_retired(slot) {
            return Vec::new();
        }
        self.unlist(slot);
        self.unclaim(slot);
        self.slots[slot].retired = true;
        self.stats.retired += 1;
        let taken_back = self.take_back_grants(slot);
        self.settle(self.slots[slot].key, wakes);
        self.settle_all(wakes);
        taken_back
    }

    pub(super) fn is_retired(&self, slot: SlotIndex) -> bool {
        self.slots[slot].retired || self.slots[slot].forfeited
    }

    /// Takes the slot out of the count while it is in use. The caller, who is one of its users,
    /// leaves it afterwards. Returns this side's handle of the resource, and what
    /// [`retire`](Self::retire) returns.
    pub(super) fn forfeit(&mut self, slot: SlotIndex, wakes: &mut Wakes) -> (Option<R>, Vec<Grant<K, R>>) {
        if self.slots[slot].forfeited {
            return (None, Vec::new());
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
        let taken_back = self.take_back_grants(slot);
        self.settle(key, wakes);
        self.settle_all(wakes);
        (resource, taken_back)
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
}
