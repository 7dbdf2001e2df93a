//! One user's place on one slot. It owns nothing of the resource but a handle, and decides only
//! about its own slot.

use std::fmt;
use std::sync::Arc;

use super::config::Start;
use super::state::{Grant, SlotIndex};
use super::wakes::Wakes;
use super::{SlotKey, SlotResource, Slots};

/// One user's place on one slot; dropping it gives the place back.
///
/// A filled slot that is not retired is then handed to the first waiter of its key, or shared by
/// who is left, or idle. A slot that was never filled, or that is retired and has been left by
/// everybody, is freed, after its resource has been dropped by the thread of that last drop.
#[must_use = "dropping the lease gives the place back"]
pub struct Lease<K: SlotKey, R: SlotResource> {
    // Dropped before the place, so that whoever evicts the resource next has the last handle, and
    // that what was evicted is gone before the capacity is free.
    resource: Option<R>,
    evicted: Option<R>,
    place: Place<K, R>,
    id: u64,
    key: Arc<K>,
    start: Start,
}

impl<K: SlotKey, R: SlotResource> Lease<K, R> {
    pub(super) fn new(slots: Slots<K, R>, grant: Grant<K, R>) -> Self {
        let Grant { slot, id, key, start, resource, evicted } = grant;
        Self { resource, evicted, place: Place { slots, slot }, id, key, start }
    }

    /// The resource of this slot. `None` means that the slot is new and nobody but the holder of
    /// this lease is on it: the holder makes the resource and calls [`fill`](Self::fill).
    #[must_use]
    pub fn resource(&self) -> Option<&R> {
        self.resource.as_ref()
    }

    /// Puts the resource into a new slot. From now on others of this key may share it, and the first
    /// that wait for that are woken; after this lease it may serve others.
    ///
    /// # Panics
    ///
    /// If the slot has a resource already.
    pub fn fill(&mut self, resource: R) {
        assert!(self.resource.is_none(), "a slot is filled once, by the holder of its first lease");
        self.resource = Some(resource.clone());
        let mut wakes = Wakes::default();
        self.place.slots.0.lock().fill(self.place.slot, resource, &mut wakes);
        wakes.wake();
    }

    /// The resource that had to go so that this slot could be made, at most one; empty after the
    /// first call. Their capacity is this slot's, so the caller drops them before it makes the new
    /// one; what is not taken is dropped with the lease.
    #[must_use = "the evicted resources are meant to be dropped before the new one is made"]
    pub fn take_evicted(&mut self) -> Vec<R> {
        self.evicted.take().into_iter().collect()
    }

    /// Condemns the slot: nobody new gets it, those that are on it finish, and it is freed when the
    /// last of them leaves. Until then it counts to the capacity. A future that has been granted a
    /// place on it and has not been polled since returns to the head of its queue. Idempotent.
    pub fn retire(&mut self) {
        let mut wakes = Wakes::default();
        let taken_back = self.place.slots.0.lock().retire(self.place.slot, &mut wakes);
        wakes.wake();
        drop(taken_back);
    }

    /// Whether this slot has been condemned by any of its users.
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.place.slots.0.lock().is_retired(self.place.slot)
    }

    /// Gives the slot up at once although it is in use: for a resource that is lost and never comes
    /// back, such as an isolate in quarantine. Nobody new gets the slot, and it counts neither to the
    /// capacity nor to the slots of its key any more, so something else can be made in its place
    /// while the lost resource still takes its memory. The caller has to count and bound that.
    ///
    /// Returns a handle of the resource, if there was one. Who must not let the resource drop keeps
    /// that; other users of the slot keep their handles until they leave.
    pub fn forfeit(mut self) -> Option<R> {
        let resource = self.resource.take();
        let mut wakes = Wakes::default();
        let (pooled, taken_back) = self.place.slots.0.lock().forfeit(self.place.slot, &mut wakes);
        wakes.wake();
        drop(taken_back);
        resource.or(pooled)
    }

    /// The key that the slot is tagged with.
    #[must_use]
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Whether the lease began on a resource in being or on a new slot.
    #[must_use]
    pub fn start(&self) -> Start {
        self.start
    }

    /// Identifies the slot among all that its [`Slots`] ever had; shared by its users.
    #[must_use]
    pub fn slot_id(&self) -> u64 {
        self.id
    }
}

/// The place itself, which is given back by the drop, also if dropping a resource panics.
struct Place<K: SlotKey, R: SlotResource> {
    slots: Slots<K, R>,
    slot: SlotIndex,
}

impl<K: SlotKey, R: SlotResource> Drop for Place<K, R> {
    fn drop(&mut self) {
        let mut wakes = Wakes::default();
        let ended = self.slots.0.lock().leave(self.slot, &mut wakes);
        wakes.wake();
        if let Some(resource) = ended {
            let _finish = Finish { slots: &self.slots, slot: self.slot };
            drop(resource);
        }
    }
}

/// Frees the capacity of an ended slot, also if the drop of its resource panics.
struct Finish<'a, K: SlotKey, R: SlotResource> {
    slots: &'a Slots<K, R>,
    slot: SlotIndex,
}

impl<K: SlotKey, R: SlotResource> Drop for Finish<'_, K, R> {
    fn drop(&mut self) {
        let mut wakes = Wakes::default();
        self.slots.0.lock().finish(self.slot, &mut wakes);
        wakes.wake();
    }
}

impl<K: SlotKey, R: SlotResource> fmt::Debug for Lease<K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("slot_id", &self.id)
            .field("start", &self.start)
            .field("filled", &self.resource.is_some())
            .finish_non_exhaustive()
    }
}
