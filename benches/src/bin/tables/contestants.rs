//! The modes as they compete: equal capacity for all, and the names that the tables print. What they are given to do
//! is `load`'s.

use std::fmt;

use anyhow::Result;
use runtime_facade::{
    ContextPolicy, Mode, ModeName, PinnedPoolConfig, PoolConfig, Runtime, RuntimeLimits, SharedConfig,
    WorkerConfig,
};
use serde::{Deserialize, Serialize};

/// Isolates and turn threads that every contestant has, in total.
pub(crate) const CAPACITY: usize = 8;

/// Whether a request finds the context of the one before, where the mode can keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Contexts {
    /// A new context for every request.
    Fresh,
    /// Contexts are used again.
    Reused,
}

impl Contexts {
    fn policy(self) -> ContextPolicy {
        match self {
            Contexts::Fresh => ContextPolicy::Fresh,
            Contexts::Reused => ContextPolicy::Reuse { max_uses: 0 },
        }
    }
}

/// A mode with its context policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Contestant {
    pub(crate) mode: ModeName,
    pub(crate) contexts: Contexts,
}

impl Contestant {
    /// All modes, those that can keep contexts under both policies.
    pub(crate) const ALL: [Self; 6] = [
        Self { mode: ModeName::Worker, contexts: Contexts::Fresh },
        Self { mode: ModeName::Pool, contexts: Contexts::Fresh },
        Self { mode: ModeName::Pool, contexts: Contexts::Reused },
        Self { mode: ModeName::Pinned, contexts: Contexts::Fresh },
        Self { mode: ModeName::Pinned, contexts: Contexts::Reused },
        Self { mode: ModeName::Shared, contexts: Contexts::Fresh },
    ];

    /// As [`Contestant::runtime`], with idle isolates that make nothing ahead.
    pub(crate) fn without_preparing(self, capacity: usize) -> Result<Runtime> {
        self.runtime_that_prepares(capacity, false)
    }

    /// The contestant with so many turn threads and as many isolates in total.
    ///
    /// The shared mode has one isolate a thread and cannot have more, so both numbers are the same for all.
    pub(crate) fn runtime(self, capacity: usize) -> Result<Runtime> {
        self.runtime_that_prepares(capacity, true)
    }

    fn runtime_that_prepares(self, capacity: usize, prepare: bool) -> Result<Runtime> {
        let context = self.contexts.policy();
        // Nobody is to be refused: refusals would be measured as answers.
        let (queue, queue_timeout_ms) = (10_000, 60_000);
        let mode = match self.mode {
            ModeName::Worker => Mode::Worker(WorkerConfig {
                max_isolates: capacity,
                queue_per_owner: queue,
                queue_timeout_ms,
                threads: capacity,
                ..WorkerConfig::default()
            }),
            ModeName::Pool => Mode::Pool(PoolConfig {
                max_isolates: capacity,
                max_isolates_per_worker: capacity,
                queue_per_worker: queue,
                queue_timeout_ms,
                context,
                prepare,
                threads: capacity,
                ..PoolConfig::default()
            }),
            ModeName::Pinned => Mode::Pinned(PinnedPoolConfig {
                threads: capacity,
                max_isolates_per_thread: 1,
                max_per_owner: Some(1),
                queue_per_owner: queue,
                queue_timeout_ms,
                context,
                prepare,
                ..PinnedPoolConfig::default()
            }),
            ModeName::Shared => Mode::Shared(SharedConfig {
                threads: capacity,
                queue_per_owner: queue,
                queue_timeout_ms,
                prepare,
                ..SharedConfig::default()
            }),
        };
        Ok(Runtime::builder().mode(mode).limits(limits()).build()?)
    }
}

impl fmt::Display for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match (self.mode, self.contexts) {
            (ModeName::Worker, _) => "worker",
            (ModeName::Pool, Contexts::Fresh) => "pool",
            (ModeName::Pool, Contexts::Reused) => "pool, warm context",
            (ModeName::Pinned, Contexts::Fresh) => "pinned",
            (ModeName::Pinned, Contexts::Reused) => "pinned, warm context",
            (ModeName::Shared, _) => "shared",
        };
        f.pad(name)
    }
}

/// The limits under which everything is measured: the defaults, so that enforcing them is part of every figure, but
/// for the processor time, which must not end a request on a machine that is slow.
pub(crate) fn limits() -> RuntimeLimits {
    RuntimeLimits { cpu_ms: 10_000, startup_cpu_ms: 10_000, ..RuntimeLimits::default() }
}
