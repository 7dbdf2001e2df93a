//! The mode: a number of threads with one isolate each, where every request gets a new context. The values for
//! callers' own threads are in `isolate`.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime_admission::{
    ConfigError, Lease, RoundRobin, ShedReason, SlotKey, SlotResource, Slots, SlotsConfig,
};
use runtime_core::{
    ExecutionMode, Failure, Home, Isolate, ModeFuture, ModeStats, Outcome, Placement, PlacementRequest,
    Prepare, Realm, RuntimeLimits, Start, TurnThreads, Verdict,
};
use runtime_web::{Call, Execution};
use serde::{Deserialize, Serialize};

/// How the shared mode is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SharedConfig {
    /// Threads, each with one isolate; 0 for one a processor.
    pub threads: usize,
    /// The most isolates, and so the most threads; none for as many as `threads` says.
    pub max_isolates: Option<usize>,
    /// The most requests that share an isolate at once, over all owners.
    pub max_requests_per_isolate: usize,
    /// The most requests of one owner that share an isolate at once; none for as many as there may be.
    pub max_per_owner: Option<usize>,
    /// The most requests of one owner that wait for a place on a thread.
    pub queue_per_owner: usize,
    /// The most requests that wait for a place on a thread, over all owners.
    pub queue_total: usize,
    /// How long a request waits at most, in milliseconds.
    pub queue_timeout_ms: u64,
    /// Let an isolate serve one owner only: when another one's turn comes, it waits until the isolate is idle, and the
    /// thread gets a new one. Owners then wait for each other.
    pub one_owner_per_isolate: bool,
    /// Whether an idle isolate makes its next context before a request comes. Any script may come, so nothing is
    /// evaluated in it.
    pub prepare: bool,
}

impl Default for SharedConfig {
    fn default() -> Self {
        Self {
            threads: 0,
            max_isolates: None,
            max_requests_per_isolate: 64,
            max_per_owner: None,
            queue_per_owner: 1_000,
            queue_total: 10_000,
            queue_timeout_ms: 5_000,
            one_owner_per_isolate: false,
            prepare: true,
        }
    }
}

/// The shared mode, as a value. Owners share isolates here, unless [`SharedConfig::one_owner_per_isolate`] is set, and
/// never contexts.
pub struct SharedMode {
    config: SharedConfig,
    limits: Arc<RuntimeLimits>,
    places: Vec<Place>,
    turn: RoundRobin,
}

/// A thread and its one isolate.
struct Place {
    thread: TurnThreads,
    /// Who may be in the isolate, by owner: the queue is here, and owners take turns.
    permits: Slots<Arc<str>, ()>,
    /// The one isolate, by its owner if it has one. Who has a permit waits for it only while one that is condemned, or
    /// another owner's, is left by its last users.
    slots: Slots<Option<Arc<str>>, Arc<Isolate>>,
}

impl SharedMode {
    /// Starts the threads. Isolates are made when they are first needed.
    ///
    /// # Errors
    /// [`Outcome::Internal`] if V8 cannot be initialised, no threads can be had, or a bound lets nobody in.
    pub fn new(config: SharedConfig, limits: RuntimeLimits) -> Result<Self, Failure> {
        let internal = |error: String| Failure::new(Outcome::internal(), error);
        runtime_web::ensure_init().map_err(|error| internal(error.to_string()))?;
        let threads = NonZeroUsize::new(config.threads)
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN);
        let threads = match config.max_isolates.map(NonZeroUsize::new) {
            Some(Some(most)) => threads.min(most),
            Some(None) => return Err(internal(ConfigError::NoCapacity.to_string())),
            None => threads,
        };
        let mut places = Vec::with_capacity(threads.get());
        for number in 0..threads.get() {
            let thread = TurnThreads::start(&format!("isolane-shared{number}"), 1)
                .map_err(|error| internal(error.to_string()))?;
            let permits = Slots::new(SlotsConfig {
                capacity: config.max_requests_per_isolate,
                per_key: config.max_per_owner,
                users_per_slot: 1,
                queue_per_key: config.queue_per_owner,
                queue_total: config.queue_total,
            })
            .map_err(|error| internal(error.to_string()))?;
            let slots = Slots::new(SlotsConfig {
                capacity: 1,
                per_key: Some(1),
                users_per_slot: config.max_requests_per_isolate,
                queue_per_key: config.max_requests_per_isolate,
                queue_total: config.max_requests_per_isolate,
            })
            .map_err(|error| internal(error.to_string()))?;
            places.push(Place { thread, permits, slots });
        }
        Isolate::expect(&limits);
        Ok(Self { config, limits: Arc::new(limits), places, turn: RoundRobin::new(threads) })
    }

    /// Executes a call in a new context of the next thread's isolate.
    ///
    /// # Errors
    /// [`Failure`] if there is no response; its outcome says why.
    ///
    /// # Cancel safety
    /// Dropped, the call is canceled, and its place given back once its turn has ended.
    pub async fn execute(&self, call: Call) -> Result<Execution, Failure> {
        runtime_web::execute(self, call).await
    }

    /// A place of this kind, after a wait if need be.
    async fn admit<K: SlotKey, R: SlotResource>(
        &self,
        slots: &Slots<K, R>,
        key: &K,
    ) -> Result<Lease<K, R>, Failure> {
        // A place that is free needs no timer.
        if let Some(lease) = slots.try_acquire(key) {
            return Ok(lease);
        }
        let patience = Duration::from_millis(self.config.queue_timeout_ms);
        match tokio::time::timeout(patience, slots.acquire(key)).await {
            Ok(Ok(lease)) => Ok(lease),
            Ok(Err(error)) => Err(Failure::new(Outcome::LoadShed(error.shed_reason()), error.to_string())),
            Err(_elapsed) => {
                let message = format!("no place was free within {} ms", self.config.queue_timeout_ms);
                Err(Failure::new(Outcome::LoadShed(ShedReason::QueueTimeout), message))
            }
        }
    }
}

impl ExecutionMode for SharedMode {
    fn name(&self) -> &'static str {
        "shared"
    }

    fn place<'a>(&'a self, request: &'a PlacementRequest) -> ModeFuture<'a, Result<Placement, Failure>> {
        Box::pin(async move {
            let place = &self.places[self.turn.next()];
            let permit = self.admit(&place.permits, &request.key.owner).await?;
            let owner = self.config.one_owner_per_isolate.then(|| Arc::clone(&request.key.owner));
            let mut lease = self.admit(&place.slots, &owner).await?;
            while lease.resource().is_some_and(|isolate| isolate.is_condemned()) {
                lease.retire();
                drop(lease);
                lease = self.admit(&place.slots, &owner).await?;
            }
            let mut create = Duration::ZERO;
            let (isolate, start) = match lease.resource() {
                Some(isolate) => (Arc::clone(isolate), Start::Prepared),
                None => {
                    drop(lease.take_evicted());
                    let started = Instant::now();
                    // The isolate's heap limit is the mode's: it serves everybody.
                    let isolate = place.thread.make_isolate(&self.limits).await;
                    let isolate =
                        isolate.map_err(|error| Failure::new(Outcome::internal(), error.to_string()))?;
                    lease.fill(Arc::clone(&isolate));
                    create = started.elapsed();
                    let start = isolate.start();
                    (isolate, start)
                }
            };
            let home = Box::new(Seat { lease, _permit: permit });
            let mut placement = Placement::new(isolate, place.thread.clone(), start, home);
            placement.create = create;
            if self.config.prepare {
                placement.prepare = Prepare::Context;
            }
            Ok(placement)
        })
    }

    fn limits(&self) -> &Arc<RuntimeLimits> {
        &self.limits
    }

    fn stats(&self) -> ModeStats {
        let zero = ModeStats { mode: "shared", ..ModeStats::default() };
        let places = self.places.iter().map(|place| (place.slots.stats(), place.permits.stats()));
        places.fold(zero, |sum, (slots, permits)| ModeStats {
            mode: sum.mode,
            capacity: sum.capacity + slots.capacity,
            isolates: sum.isolates + slots.slots,
            idle: sum.idle + slots.idle,
            in_use: sum.in_use + permits.users,
            waiting: sum.waiting + permits.waiting,
            hits: sum.hits + slots.hits,
            misses: sum.misses + slots.created,
            evictions: sum.evictions + slots.evictions,
            shed: sum.shed + permits.shed + permits.refused + slots.shed + slots.refused,
            retired: sum.retired + slots.retired + slots.forfeited,
        })
    }

    fn trim(&self) {
        for place in &self.places {
            drop(place.slots.evict_idle(|_, _| false));
        }
    }

    fn close(&self) {
        for place in &self.places {
            place.permits.close();
            place.slots.close();
        }
        self.trim();
    }
}

/// A request's place on a thread's isolate.
struct Seat {
    // Declared before the permit, so that who gets that finds the isolate's place free.
    lease: Lease<Option<Arc<str>>, Arc<Isolate>>,
    _permit: Lease<Arc<str>, ()>,
}

impl Home for Seat {
    fn give_back(mut self: Box<Self>, isolate: Arc<Isolate>, realm: Option<Realm>, verdict: Verdict) {
        drop(realm);
        drop(isolate);
        match verdict {
            Verdict::Keep | Verdict::DiscardContext => {}
            Verdict::DiscardIsolate => self.lease.retire(),
            Verdict::Lost => drop(self.lease.forfeit()),
        }
    }
}
