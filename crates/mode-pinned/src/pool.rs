//! A pinned pool that owns its threads: calls go round over them, and each is served where it was sent. One thread's
//! pool is `place`.

use std::num::NonZeroUsize;
use std::sync::Arc;

use runtime_admission::{RoundRobin, ShedReason};
use runtime_core::{
    ExecutionMode, Failure, Isolate, ModeFuture, ModeStats, Outcome, Placement, PlacementRequest,
    RuntimeLimits,
};
use runtime_web::{Call, Execution};

use crate::config::PinnedPoolConfig;
use crate::place::ThreadPlace;

/// Threads with a pool each. A call is sent to the next thread in turn, so the same owner is served on any of them;
/// if it would have to wait there, to the next one that has a place free.
///
/// A `PinnedPool` is `Send` and `Sync`; its isolates never leave their thread.
pub struct PinnedPool {
    limits: Arc<RuntimeLimits>,
    places: Vec<ThreadPlace>,
    turn: RoundRobin,
}

impl PinnedPool {
    /// Starts the threads, with empty pools.
    ///
    /// # Errors
    /// [`Outcome::Internal`] if V8 cannot be initialised, no threads can be had, or a bound lets nobody in.
    pub fn new(config: PinnedPoolConfig, limits: RuntimeLimits) -> Result<Self, Failure> {
        let internal = |error: String| Failure::new(Outcome::internal(), error);
        runtime_web::ensure_init().map_err(|error| internal(error.to_string()))?;
        let threads = NonZeroUsize::new(config.threads)
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN);
        let places: Result<Vec<_>, _> =
            (0..threads.get()).map(|number| ThreadPlace::new(&config, number)).collect();
        Isolate::expect(&limits);
        Ok(Self { limits: Arc::new(limits), places: places?, turn: RoundRobin::new(threads) })
    }

    /// Executes a call on the next thread.
    ///
    /// # Errors
    /// [`Failure`] if there is no response; [`Outcome::LoadShed`] (503) if its owner's queue is full or it waited too
    /// long.
    ///
    /// # Cancel safety
    /// Dropped, the call leaves the queue, or is canceled and its place given back once its turn has ended.
    pub async fn execute(&self, call: Call) -> Result<Execution, Failure> {
        runtime_web::execute(self, call).await
    }

    /// The counters of all threads together.
    pub fn stats(&self) -> ModeStats {
        ExecutionMode::stats(self)
    }

    /// The counters of each thread.
    pub fn stats_by_thread(&self) -> Vec<ModeStats> {
        self.places.iter().map(ThreadPlace::stats).collect()
    }
}

impl ExecutionMode for PinnedPool {
    fn name(&self) -> &'static str {
        "pinned"
    }

    fn place<'a>(&'a self, request: &'a PlacementRequest) -> ModeFuture<'a, Result<Placement, Failure>> {
        Box::pin(async move {
            let owner = &request.key.owner;
            let rotation: Vec<usize> = self.turn.rotation().collect();
            for &index in &rotation {
                if let Some(lease) = self.places[index].try_admit(owner) {
                    return self.places[index].settle(lease, request).await;
                }
            }
            // A full queue on one thread is no reason to refuse what another one would let wait.
            let mut refused = None;
            for &index in &rotation {
                match self.places[index].admit(owner).await {
                    Ok(lease) => return self.places[index].settle(lease, request).await,
                    Err(failure) if failure.outcome == Outcome::LoadShed(ShedReason::QueueFull) => {
                        refused = Some(failure);
                    }
                    Err(failure) => return Err(failure),
                }
            }
            Err(refused.unwrap_or_else(|| Failure::new(Outcome::internal(), "the pool has no threads")))
        })
    }

    fn limits(&self) -> &Arc<RuntimeLimits> {
        &self.limits
    }

    fn stats(&self) -> ModeStats {
        sum(self.places.iter().map(ThreadPlace::stats))
    }

    fn trim(&self) {
        self.places.iter().for_each(ThreadPlace::trim);
    }

    fn close(&self) {
        self.places.iter().for_each(ThreadPlace::close);
    }
}

/// The counters of several places together.
pub(crate) fn sum(places: impl Iterator<Item = ModeStats>) -> ModeStats {
    places.fold(ModeStats { mode: "pinned", ..ModeStats::default() }, |sum, place| ModeStats {
        mode: sum.mode,
        capacity: sum.capacity + place.capacity,
        isolates: sum.isolates + place.isolates,
        idle: sum.idle + place.idle,
        in_use: sum.in_use + place.in_use,
        waiting: sum.waiting + place.waiting,
        hits: sum.hits + place.hits,
        misses: sum.misses + place.misses,
        evictions: sum.evictions + place.evictions,
        shed: sum.shed + place.shed,
        retired: sum.retired + place.retired,
    })
}

impl std::fmt::Debug for PinnedPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PinnedPool").field("threads", &self.places.len()).finish_non_exhaustive()
    }
}
