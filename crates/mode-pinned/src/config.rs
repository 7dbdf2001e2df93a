//! The bounds of a pinned pool. What they do is in `place`.

use runtime_core::ContextPolicy;
use serde::{Deserialize, Serialize};

/// How a pinned pool is set up. Bounds hold for each thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PinnedPoolConfig {
    /// Threads; 0 for one a processor.
    pub threads: usize,
    /// The most isolates of a thread, over all owners.
    pub max_isolates_per_thread: usize,
    /// The most isolates of one owner on a thread; none for as many as there are.
    pub max_per_owner: Option<usize>,
    /// The most requests of one owner that wait on a thread.
    pub queue_per_owner: usize,
    /// The most requests that wait on a thread, over all owners.
    pub queue_total: usize,
    /// How long a request waits at most, in milliseconds.
    pub queue_timeout_ms: u64,
    /// Whether contexts are used again.
    pub context: ContextPolicy,
    /// Whether an idle isolate makes its next context, and evaluates the worker's top level in it, before a request
    /// comes.
    pub prepare: bool,
    /// How long after such an evaluation a request may still use it, in milliseconds; 0 for only a context, nothing
    /// evaluated.
    pub prepared_max_age_ms: u64,
    /// Run turns on the thread that drives the request instead of the pool's. For trusted guests: a turn that cannot
    /// be stopped then hangs that thread.
    pub inline_for_trusted_guests: bool,
}

impl Default for PinnedPoolConfig {
    fn default() -> Self {
        Self {
            threads: 0,
            max_isolates_per_thread: 100,
            max_per_owner: Some(2),
            queue_per_owner: 10,
            queue_total: 10_000,
            queue_timeout_ms: 5_000,
            context: ContextPolicy::Fresh,
            prepare: true,
            prepared_max_age_ms: 10_000,
            inline_for_trusted_guests: false,
        }
    }
}
