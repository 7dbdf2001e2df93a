//! The mode: an isolate for each request, bounded in number. The worker as a value is in `worker`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime_admission::{Lease, ShedReason, Slots, SlotsConfig};
use runtime_core::{
    ExecutionMode, Failure, Home, Isolate, ModeFuture, ModeStats, Outcome, Placement, PlacementRequest,
    Realm, RuntimeLimits, TurnThreads, Verdict,
};
use runtime_web::{Call, Execution};
use serde::{Deserialize, Serialize};

/// How the worker mode is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkerConfig {
    /// The most isolates at once, over all owners.
    pub max_isolates: usize,
    /// The most isolates of one owner at once; none for as many as there are.
    pub max_per_owner: Option<usize>,
    /// The most requests of one owner that wait.
    pub queue_per_owner: usize,
    /// The most requests that wait, over all owners.
    pub queue_total: usize,
    /// How long a request waits at most, in milliseconds.
    pub queue_timeout_ms: u64,
    /// Threads for turns; 0 shares the process's.
    pub threads: usize,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            max_isolates: 64,
            max_per_owner: None,
            queue_per_owner: 1_000,
            queue_total: 10_000,
            queue_timeout_ms: 5_000,
            threads: 0,
        }
    }
}

/// The worker mode, as a value.
pub struct WorkerMode {
    config: WorkerConfig,
    limits: Arc<RuntimeLimits>,
    threads: TurnThreads,
    permits: Slots<Arc<str>, ()>,
}

impl WorkerMode {
    /// Sets the mode up.
    ///
    /// # Errors
    /// [`Outcome::Internal`] if V8 cannot be initialised, no threads can be had, or a bound lets nobody in.
    pub fn new(config: WorkerConfig, limits: RuntimeLimits) -> Result<Self, Failure> {
        let internal = |error: String| Failure::new(Outcome::internal(), error);
        runtime_web::ensure_init().map_err(|error| internal(error.to_string()))?;
        let threads = match config.threads {
            0 => TurnThreads::shared(),
            threads => TurnThreads::start("isolane-worker", threads),
        }
        .map_err(|error| internal(error.to_string()))?;
        let permits = Slots::new(SlotsConfig {
            capacity: config.max_isolates,
            per_key: config.max_per_owner,
            users_per_slot: 1,
            queue_per_key: config.queue_per_owner,
            queue_total: config.queue_total,
        })
        .map_err(|error| internal(error.to_string()))?;
        Isolate::expect(&limits);
        Ok(Self { config, limits: Arc::new(limits), threads, permits })
    }

    /// Executes a call in an isolate of its own.
    ///
    /// # Errors
    /// [`Failure`] if there is no response; its outcome says why.
    ///
    /// # Cancel safety
    /// Dropped, the call is canceled and its isolate destroyed.
    pub async fn execute(&self, call: Call) -> Result<Execution, Failure> {
        runtime_web::execute(self, call).await
    }
}

impl ExecutionMode for WorkerMode {
    fn name(&self) -> &'static str {
        "worker"
    }

    fn place<'a>(&'a self, request: &'a PlacementRequest) -> ModeFuture<'a, Result<Placement, Failure>> {
        Box::pin(async move {
            let patience = Duration::from_millis(self.config.queue_timeout_ms);
            let acquired = self.permits.acquire(&request.key.owner);
            let lease = match tokio::time::timeout(patience, acquired).await {
                Ok(Ok(lease)) => lease,
                Ok(Err(error)) => {
                    return Err(Failure::new(Outcome::LoadShed(error.shed_reason()), error.to_string()));
                }
                Err(_elapsed) => {
                    let message = format!("no isolate was free within {} ms", self.config.queue_timeout_ms);
                    return Err(Failure::new(Outcome::LoadShed(ShedReason::QueueTimeout), message));
                }
            };
            let started = Instant::now();
            let isolate = self.threads.make_isolate(&request.limits).await;
            let isolate = isolate.map_err(|error| Failure::new(Outcome::internal(), error.to_string()))?;
            let start = isolate.start();
            let mut placement = Placement::new(isolate, self.threads.clone(), start, Box::new(Permit(lease)));
            placement.create = started.elapsed();
            Ok(placement)
        })
    }

    fn limits(&self) -> &Arc<RuntimeLimits> {
        &self.limits
    }

    fn stats(&self) -> ModeStats {
        let permits = self.permits.stats();
        ModeStats {
            mode: "worker",
            capacity: permits.capacity,
            isolates: permits.users,
            idle: 0,
            in_use: permits.users,
            waiting: permits.waiting,
            hits: 0,
            misses: permits.hits + permits.created,
            evictions: 0,
            shed: permits.shed + permits.refused,
            retired: permits.hits + permits.created - permits.users as u64,
        }
    }

    /// No isolate of this mode serves nobody.
    fn trim(&self) {}

    fn close(&self) {
        self.permits.close();
    }
}

/// A request's permit to have an isolate; the isolate goes with it.
struct Permit(Lease<Arc<str>, ()>);

impl Home for Permit {
    fn give_back(self: Box<Self>, isolate: Arc<Isolate>, realm: Option<Realm>, _verdict: Verdict) {
        drop(realm);
        drop(isolate);
        // The permit itself is dropped last: its slot was never filled, so it is free then.
        drop(self.0);
    }
}
