//! A bounded set of resources that are tagged by a key and shared by the users of that key. It
//! makes no resource and drops none under its mutex: it says who may make, use or drop which.

mod acquire;
mod config;
mod lease;
mod state;
mod wakes;

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

pub use acquire::Acquire;
pub use config::{AcquireError, ConfigError, DEFAULT_PATIENCE, QueueBound, SlotsConfig, SlotsStats, Start};
pub use lease::Lease;

use crate::sync::Mutex;
use state::{Asked, State};
use wakes::Wakes;

/// What slots are tagged with; implemented by everything that fits.
///
/// Comparing, hashing, cloning and dropping a key happens under a mutex: none of it may call back
/// into the [`Slots`].
pub trait SlotKey: Eq + Hash + Clone + Send + Sync + 'static {}

impl<K: Eq + Hash + Clone + Send + Sync + 'static> SlotKey for K {}

/// What a slot holds; implemented by everything that fits. It is meant to be an `Arc` or something
/// else whose clones are cheap handles to one resource: a clone is made under a mutex.
pub trait SlotResource: Clone + Send + 'static {}

impl<R: Clone + Send + 'static> SlotResource for R {}

/// A bounded set of slots, each with a resource of one key. Clones are handles to the same set.
///
/// # Who gets what
///
/// [`acquire`](Self::acquire) of a key that nobody waits for gives the first of these that there is:
/// 1. an idle slot of the key, the most recently used first;
/// 2. a new slot, if the key has fewer than [`per_key`](SlotsConfig::per_key), in free capacity or
///    in that of the least recently used idle slot of another key, which is evicted (a slot in use
///    never is);
/// 3. a place beside others on a slot of the key, the least loaded first, up to
///    [`users_per_slot`](SlotsConfig::users_per_slot);
/// 4. a place in the key's queue, or [`AcquireError::QueueFull`].
///
/// A place on a slot that is given back goes to the first waiter of its key; capacity that is freed
/// goes to the keys that wait for it in turn. So that a key that is always busy does not keep
/// its slots for ever, a slot gives at most `patience` places to its own key while another key waits
/// for capacity; then one slot takes no new users, and goes to that key when it is empty. Every
/// waiter is served after finitely many releases. Nobody overtakes a waiter of its own key, and
/// nobody takes capacity while another key waits for it.
///
/// # How much there is
///
/// Slots being filled and slots that are condemned but in use count. There are never more than
/// `capacity`, and a retired resource is dropped before its capacity is given away. What is evicted
/// is handed to who takes its place: see [`Lease::take_evicted`].
///
/// # Cost
///
/// One short mutex. A hit allocates nothing once the set has warmed up, and takes amortised constant
/// time (a step for each lower load, where slots are shared).
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use runtime_admission::{Slots, SlotsConfig, Start};
///
/// # fn main() -> Result<(), runtime_admission::ConfigError> {
/// let slots: Slots<&str, Arc<String>> = Slots::new(SlotsConfig {
///     capacity: 1,
///     per_key: None,
///     users_per_slot: 1,
///     queue_per_key: 10,
///     queue_total: 100,
/// })?;
/// let mut lease = slots.try_acquire(&"ann").expect("there is room");
/// assert!(lease.resource().is_none(), "a new slot: its first user makes the resource");
/// lease.fill(Arc::new("isolate of ann".to_owned()));
/// drop(lease);
///
/// let lease = slots.try_acquire(&"ann").expect("ann's slot is idle");
/// assert_eq!(lease.start(), Start::Hit);
/// assert!(slots.try_acquire(&"bob").is_none(), "ann's slot is in use");
/// drop(lease);
///
/// let mut lease = slots.try_acquire(&"bob").expect("ann's slot is idle");
/// let evicted = lease.take_evicted();
/// assert_eq!(*evicted[0], "isolate of ann");
/// # Ok(())
/// # }
/// ```
pub struct Slots<K: SlotKey, R: SlotResource>(Arc<Mutex<State<K, R>>>);

impl<K: SlotKey, R: SlotResource> Clone for Slots<K, R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: SlotKey, R: SlotResource> Slots<K, R> {
    /// An empty set with these bounds and [`DEFAULT_PATIENCE`].
    ///
    /// # Errors
    ///
    /// If the bounds would admit nobody.
    pub fn new(config: SlotsConfig) -> Result<Self, ConfigError> {
        Self::with_patience(config, DEFAULT_PATIENCE)
    }

    /// An empty set in which a key's slots may give `patience` places to that key while others wait
    /// for capacity. With 0, what is given back always goes to another key that waits; the greater
    /// it is, the fewer resources are made anew under contention, and the longer other keys wait.
    ///
    /// # Errors
    ///
    /// If the bounds would admit nobody.
    pub fn with_patience(config: SlotsConfig, patience: usize) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self(Arc::new(Mutex::new(State::new(config, patience)))))
    }

    /// Asks for a place on a slot of `key`. What there is is taken by this call, and so is the place
    /// in the queue: the first poll finds a free place already granted, and waiters are served in
    /// the order of these calls.
    ///
    /// # Errors
    ///
    /// The future gives [`AcquireError::QueueFull`] at once if there is neither a place nor room to
    /// wait for one, and [`AcquireError::Closed`] after [`close`](Self::close), also if it began to
    /// wait before.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the queue, or passes on the place that it had been granted.
    pub fn acquire(&self, key: &K) -> Acquire<K, R> {
        let asked = self.0.lock().ask(key);
        match asked {
            Asked::Granted(grant) => Acquire::ready(Ok(Lease::new(self.clone(), grant))),
            Asked::Refused(error) => Acquire::ready(Err(error)),
            Asked::Queued(waiter) => Acquire::waiting(self.clone(), waiter),
        }
    }

    /// A place on a slot of `key` if there is one now and nobody waits for it. Never queues; `None`
    /// also after [`close`](Self::close).
    #[must_use]
    pub fn try_acquire(&self, key: &K) -> Option<Lease<K, R>> {
        let grant = self.0.lock().try_admit(key);
        grant.map(|grant| Lease::new(self.clone(), grant))
    }

    /// Takes out the resources of idle slots for which `keep` is false, to be dropped by the caller.
    /// `keep` is asked from the least recently used on, under the mutex: it must not call back.
    ///
    /// The capacity is free at once, so whoever counts bytes drops what is returned at once, too.
    #[must_use = "the evicted resources are meant to be dropped where their drop is welcome"]
    pub fn evict_idle(&self, keep: impl FnMut(&K, &R) -> bool) -> Vec<R> {
        let mut wakes = Wakes::default();
        let evicted = self.0.lock().evict_idle(keep, &mut wakes);
        wakes.wake();
        evicted
    }

    /// Admits nobody any more: those that wait, and those that ask from now on, get
    /// [`AcquireError::Closed`]. Leases live on, and idle slots stay until they are
    /// [evicted](Self::evict_idle). Idempotent.
    pub fn close(&self) {
        let mut wakes = Wakes::default();
        self.0.lock().close(&mut wakes);
        wakes.wake();
    }

    /// The figures of this moment, consistent with each other.
    #[must_use]
    pub fn stats(&self) -> SlotsStats {
        self.0.lock().stats()
    }

    /// The places that the users of `key` have, granted ones included.
    #[must_use]
    pub fn in_use(&self, key: &K) -> usize {
        self.0.lock().in_use(key)
    }

    /// Those that wait for a place of `key`.
    #[must_use]
    pub fn waiting(&self, key: &K) -> usize {
        self.0.lock().waiting(key)
    }

    /// The slots of `key` that count to the capacity.
    #[must_use]
    pub fn slots_of(&self, key: &K) -> usize {
        self.0.lock().slots_of(key)
    }
}

impl<K: SlotKey, R: SlotResource> fmt::Debug for Slots<K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slots").field(&self.stats()).finish()
    }
}
