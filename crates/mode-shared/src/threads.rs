//! The mode: a number of threads with one isolate each, where every request gets a new context. The values for
//! callers' own threads are in `isolate`.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime_admission::{Lease, RoundRobin, ShedReason, Slots, SlotsConfig};
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
    /// The most requests that share an isolate at once.
    pub max_requests_per_isolate: usize,
    /// The most requests that wait for a place on a thread.
    pub queue: usize,
    /// How long a request waits at most, in milliseconds.
    pub queue_timeout_ms: u64,
    /// Whether an idle isolate makes its next context before a request comes. Any script may come, so nothing is
    /// evaluated in it.
    pub prepare: bool,
}

impl Default for SharedConfig {
    fn default() -> Self {
        Self {
            threads: 0,
            max_requests_per_isolate: 64,
            queue: 1_000,
            queue_timeout_ms: 5_000,
            prepare: true,
        }
    }
}

/// The shared mode, as a value. Owners share isolates here, never contexts.
pub struct SharedMode {
    config: SharedConfig,
    limits: Arc<RuntimeLimits>,
    places: Vec<Place>,
    turn: RoundRobin,
}

/// A thread and its one isolate.
struct Place {
    thread: TurnThreads,
    slots: Slots<(), Arc<Isolate>>,
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
        let mut places = Vec::with_capacity(threads.get());
        for number in 0..threads.get() {
            let thread = TurnThreads::start(&format!("isolane-shared{number}"), 1)
                .map_err(|error| internal(error.to_string()))?;
            let slots = Slots::new(SlotsConfig {
                capacity: 1,
                per_key: Some(1),
                users_per_slot: config.max_requests_per_isolate,
                queue_per_key: config.queue,
                queue_total: config.queue,
            })
            .map_err(|error| internal(error.to_string()))?;
            places.push(Place { thread, slots });
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

    async fn admit(&self, place: &Place) -> Result<Lease<(), Arc<Isolate>>, Failure> {
        if let Some(lease) = place.slots.try_acquire(&()) {
            return Ok(lease);
        }
        let patience = Duration::from_millis(self.config.queue_timeout_ms);
        match tokio::time::timeout(patience, place.slots.acquire(&())).await {
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

    fn place<'a>(&'a self, _request: &'a PlacementRequest) -> ModeFuture<'a, Result<Placement, Failure>> {
        Box::pin(async move {
            let place = &self.places[self.turn.next()];
            let mut lease = self.admit(place).await?;
            while lease.resource().is_some_and(|isolate| isolate.is_condemned()) {
                lease.retire();
                drop(lease);
                lease = self.admit(place).await?;
            }
            let mut create = Duration::ZERO;
            let (isolate, start) = match lease.resource() {
                Some(isolate) => (Arc::clone(isolate), Start::Prepared),
                None => {
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
            let mut placement = Placement::new(isolate, place.thread.clone(), start, Box::new(Seat(lease)));
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
        self.places.iter().map(|place| place.slots.stats()).fold(zero, |sum, slots| ModeStats {
            mode: sum.mode,
            capacity: sum.capacity + slots.capacity,
            isolates: sum.isolates + slots.slots,
            idle: sum.idle + slots.idle,
            in_use: sum.in_use + slots.users,
            waiting: sum.waiting + slots.waiting,
            hits: sum.hits + slots.hits,
            misses: sum.misses + slots.created,
            evictions: sum.evictions + slots.evictions,
            shed: sum.shed + slots.shed + slots.refused,
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
            place.slots.close();
        }
        self.trim();
    }
}

/// A request's place on a thread's isolate.
struct Seat(Lease<(), Arc<Isolate>>);

impl Home for Seat {
    fn give_back(mut self: Box<Self>, isolate: Arc<Isolate>, realm: Option<Realm>, verdict: Verdict) {
        drop(realm);
        drop(isolate);
        match verdict {
            Verdict::Keep | Verdict::DiscardContext => {}
            Verdict::DiscardIsolate => self.0.retire(),
            Verdict::Lost => drop(self.0.forfeit()),
        }
    }
}
