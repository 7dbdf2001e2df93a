//! The bounds of a [`Slots`](super::Slots), its errors and its figures. There is no behaviour here
//! beyond checking the bounds.

use std::fmt;

use crate::ShedReason;

/// How many places of its own key a slot may give away, while another key waits for capacity,
/// before that key gets its turn; see [`Slots::with_patience`](super::Slots::with_patience).
///
/// Moving a slot to another key costs the making of a resource, which is worth a few uses of it.
pub const DEFAULT_PATIENCE: usize = 8;

/// The bounds of a [`Slots`](super::Slots).
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlotsConfig {
    /// The most slots in being at any time, over all keys; at least 1.
    pub capacity: usize,
    /// The most slots of one key; `None` leaves it to the capacity.
    pub per_key: Option<usize>,
    /// The most users of one slot at a time; at least 1.
    pub users_per_slot: usize,
    /// The most waiters of one key; 0 means that nobody waits. (Who returns to the queue because
    /// the slot it had been granted was condemned is let in even if the queue is full.)
    pub queue_per_key: usize,
    /// The most waiters over all keys; 0 means that nobody waits.
    pub queue_total: usize,
}

impl SlotsConfig {
    /// # Errors
    ///
    /// The first bound that would let nobody in.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.capacity == 0 {
            Err(ConfigError::NoCapacity)
        } else if self.per_key == Some(0) {
            Err(ConfigError::NoSlotPerKey)
        } else if self.users_per_slot == 0 {
            Err(ConfigError::NoUserPerSlot)
        } else {
            Ok(())
        }
    }

    pub(super) fn slots_per_key(&self) -> usize {
        self.per_key.unwrap_or(usize::MAX)
    }
}

/// Bounds under which nobody could ever be admitted. The caller's mistake.
#[non_exhaustive]
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// `capacity` is 0.
    #[error("expected a capacity of at least 1 slot, found 0: raise `capacity`")]
    NoCapacity,
    /// `per_key` is `Some(0)`.
    #[error("expected at least 1 slot per key, found 0: raise `per_key`, or use `None` for no bound")]
    NoSlotPerKey,
    /// `users_per_slot` is 0.
    #[error("expected at least 1 user per slot, found 0: raise `users_per_slot`")]
    NoUserPerSlot,
}

/// Which queue was full.
#[non_exhaustive]
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum QueueBound {
    /// The queue of the key that was asked for.
    Key,
    /// The queues of all keys together.
    Total,
}

impl fmt::Display for QueueBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Key => "this key's queue",
            Self::Total => "the queue of all keys",
        })
    }
}

/// Why [`Slots::acquire`](super::Slots::acquire) admitted nobody.
#[non_exhaustive]
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcquireError {
    /// No place was free, and there was no room to wait.
    #[error("expected room in {bound}, found {limit} of {limit} places taken: retry later")]
    QueueFull {
        /// The queue that was full.
        bound: QueueBound,
        /// The most waiters that it takes.
        limit: usize,
    },
    /// Closed before the turn of this one came.
    #[error("expected a pool that admits, found it closed: send new work elsewhere")]
    Closed,
}

impl AcquireError {
    /// The error in the vocabulary of outcomes.
    #[must_use]
    pub const fn shed_reason(&self) -> ShedReason {
        match self {
            Self::QueueFull { .. } => ShedReason::QueueFull,
            Self::Closed => ShedReason::Draining,
        }
    }
}

/// How a [`Lease`](super::Lease) began.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Start {
    /// On a resource in being.
    Hit,
    /// On a new slot, whose resource the holder makes.
    Created,
}

/// The figures of a [`Slots`](super::Slots) at one moment. Those of the second half only grow.
#[non_exhaustive]
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotsStats {
    /// The most slots in being.
    pub capacity: usize,
    /// Slots in being: idle, in use, being filled, or retired and not yet left by everybody.
    pub slots: usize,
    /// Slots in being that nobody uses and anybody of their key may.
    pub idle: usize,
    /// Places in use, granted ones included.
    pub users: usize,
    /// Those that wait for a place.
    pub waiting: usize,
    /// Keys that have a slot or a waiter.
    pub keys: usize,

    /// Leases begun on a resource in being.
    pub hits: u64,
    /// Leases begun on a new slot.
    pub created: u64,
    /// Resources that had to go so that another key could have their slot.
    pub evictions: u64,
    /// Idle resources taken out by [`evict_idle`](super::Slots::evict_idle).
    pub swept: u64,
    /// Refusals because a queue was full.
    pub shed: u64,
    /// Refusals because of [`close`](super::Slots::close).
    pub refused: u64,
    /// Leases begun, of those above, that were handed to a waiter.
    pub handoffs: u64,
    /// Waits that ended because the future was dropped, be it before or after the grant.
    pub abandoned: u64,
    /// Slots condemned by [`retire`](super::Lease::retire).
    pub retired: u64,
    /// Slots given up by [`forfeit`](super::Lease::forfeit).
    pub forfeited: u64,
}

impl SlotsStats {
    pub(super) fn count(&mut self, start: Start) {
        match start {
            Start::Hit => self.hits += 1,
            Start::Created => self.created += 1,
        }
    }
}
