//! Who may run, and when: queues, permits and hand-off for the execution modes.
//!
//! This crate decides admission and nothing else. It knows nothing of V8, of tokio or any other
//! reactor, or of HTTP; it spawns no thread. What it hands out is generic: a key
//! says who asks (a worker, an owner), a resource is what is asked for (an isolate).
//!
//! | type | is | used for |
//! |---|---|---|
//! | [`FairGate`] | a lock granted in the order of asking, to futures and callbacks | the turns of one isolate, before V8's own lock |
//! | [`Slots`] | a bounded set of resources tagged by key, with a queue per key | the isolates of a pool, or of one pinned thread |
//! | [`WorkQueue`] | a queue of jobs for threads, of which it keeps no more awake than there is use for | turn threads |
//! | [`RoundRobin`] | a counter over n places | dispatch over threads |
//! | [`ShedReason`] | why something was turned away | outcomes, metrics |
//!
//! # Rules that hold everywhere in this crate
//!
//! - **Direct hand-off.** What is released moves to the next waiter in the same critical section.
//!   Nothing is ever free while somebody who could have it waits, so nobody can barge in, and no
//!   waiter is woken to try again and queue at the tail.
//! - **Dropping is leaving.** A future that is dropped gives up its place in the queue, or passes on
//!   what it had been granted. A time limit is a timer around the future.
//! - **Short critical sections.** Wakers are woken, callbacks called and resources dropped outside
//!   of every lock; resources are made by the callers.
//!
//! The crate is checked with property tests against a reference model, and with loom:
//! `RUSTFLAGS="--cfg loom" cargo test -p runtime-admission --release --test loom`.
#![forbid(unsafe_code)]

mod gate;
mod round_robin;
mod shed;
mod slab;
mod slots;
mod sync;
mod work_queue;

pub use gate::{Enter, FairGate, GatePass, Ticket};
pub use round_robin::RoundRobin;
pub use shed::ShedReason;
pub use slots::{
    Acquire, AcquireError, ConfigError, DEFAULT_PATIENCE, Lease, QueueBound, SlotKey, SlotResource, Slots,
    SlotsConfig, SlotsStats, Start,
};
pub use work_queue::{Member, Waited, WorkQueue};
