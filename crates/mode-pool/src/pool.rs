//! The pool: which isolate a request gets, and what becomes of it after. Bounds and queues are `runtime-admission`'s,
//! turns `runtime-core`'s.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use runtime_admission::{Lease, ShedReason, Slots, SlotsConfig};
use runtime_core::{
    ContextPolicy, ExecutionMode, Failure, Home, Isolate, LockToken, ModeFuture, ModeStats, Occupied,
    Outcome, Placement, PlacementRequest, Prepare, Realm, RealmKey, Resident, RuntimeLimits, Start,
    TurnThreads, Verdict,
};
use runtime_web::{Call, Execution};
use serde::{Deserialize, Serialize};

/// How a pool is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoolConfig {
    /// The most isolates at once, in use or idle.
    pub max_isolates: usize,
    /// The most isolates of one worker.
    pub max_isolates_per_worker: usize,
    /// The most requests of one worker that share an isolate: one runs while the others wait for their own I/O.
    pub max_requests_per_isolate: usize,
    /// The most requests of one worker that wait for a place.
    pub queue_per_worker: usize,
    /// The most requests that wait, over all workers.
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
    /// Threads for turns; 0 shares the process's.
    pub threads: usize,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max_isolates: 1_000,
            max_isolates_per_worker: std::thread::available_parallelism().map_or(2, |count| count.get()),
            max_requests_per_isolate: 32,
            queue_per_worker: 1_000,
            queue_total: 10_000,
            queue_timeout_ms: 5_000,
            context: ContextPolicy::Fresh,
            prepare: true,
            prepared_max_age_ms: 10_000,
            threads: 0,
        }
    }
}

/// A cache of isolates, by worker. Any thread may use any of them; the least recently used idle one goes when
/// another worker needs its place. Isolates in use are never taken away, and there are never more than
/// `max_isolates`: whoever comes then waits in a queue that is fair between workers.
///
/// A `Pool` is `Send` and `Sync`. Different workers never wait for each other's isolates, only for capacity.
pub struct Pool {
    config: PoolConfig,
    limits: Arc<RuntimeLimits>,
    threads: TurnThreads,
    slots: Slots<RealmKey, Arc<Resident>>,
}

impl Pool {
    /// Sets a pool up, empty.
    ///
    /// # Errors
    /// [`Outcome::Internal`] if V8 cannot be initialised, no threads can be had, or a bound lets nobody in.
    pub fn new(config: PoolConfig, limits: RuntimeLimits) -> Result<Self, Failure> {
        let internal = |error: String| Failure::new(Outcome::internal(), error);
        runtime_web::ensure_init().map_err(|error| internal(error.to_string()))?;
        let threads = match config.threads {
            0 => TurnThreads::shared(),
            threads => TurnThreads::start("isolane-pool", threads),
        }
        .map_err(|error| internal(error.to_string()))?;
        let slots = Slots::new(SlotsConfig {
            capacity: config.max_isolates,
            per_key: Some(config.max_isolates_per_worker),
            users_per_slot: config.max_requests_per_isolate,
            queue_per_key: config.queue_per_worker,
            queue_total: config.queue_total,
        })
        .map_err(|error| internal(error.to_string()))?;
        Isolate::expect(&limits);
        Ok(Self { config, limits: Arc::new(limits), threads, slots })
    }

    /// Executes a call in an isolate of the pool.
    ///
    /// # Errors
    /// [`Failure`] if there is no response; its outcome says why.
    ///
    /// # Cancel safety
    /// Dropped, the call is canceled, and its place given back once its turn has ended.
    pub async fn execute(&self, call: Call) -> Result<Execution, Failure> {
        runtime_web::execute(self, call).await
    }

    /// Gets the isolate of a worker (of the owner `default`, without script or environment), making it if needed.
    /// For embedders that want to run their own code under the lock, and for measuring.
    ///
    /// # Errors
    /// [`Outcome::LoadShed`] if there is no place, or not in time.
    ///
    /// # Cancel safety
    /// Dropped, the place is given back.
    pub async fn acquire(&self, worker_id: &str) -> Result<Acquired, Failure> {
        static OWNER: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("default"));
        let key = RealmKey {
            owner: Arc::clone(&OWNER),
            worker: Arc::from(worker_id),
            version: [0; 32],
            environment: [0; 32],
        };
        let (lease, resident, ..) = self.seat(&key, &self.limits).await?;
        let occupied = resident.isolate().occupy();
        Ok(Acquired { resident, _occupied: occupied, _lease: lease })
    }

    /// The counters of this pool.
    pub fn stats(&self) -> ModeStats {
        ExecutionMode::stats(self)
    }

    async fn seat(
        &self,
        key: &RealmKey,
        limits: &Arc<RuntimeLimits>,
    ) -> Result<(Lease<RealmKey, Arc<Resident>>, Arc<Resident>, Duration, Start), Failure> {
        let mut lease = self.admitted(key).await?;
        // An isolate can be condemned between two of its users; its slot then goes with the last of them.
        while lease.resource().is_some_and(|resident| resident.isolate().is_condemned()) {
            lease.retire();
            drop(lease);
            lease = self.admitted(key).await?;
        }
        if let Some(resident) = lease.resource() {
            let resident = Arc::clone(resident);
            return Ok((lease, resident, Duration::ZERO, Start::Prepared));
        }
        drop(lease.take_evicted());
        let started = Instant::now();
        let isolate = self.threads.make_isolate(limits).await;
        let isolate = isolate.map_err(|error| Failure::new(Outcome::internal(), error.to_string()))?;
        let start = isolate.start();
        let resident = Resident::new(isolate, self.config.context, self.config.max_requests_per_isolate);
        lease.fill(Arc::clone(&resident));
        Ok((lease, resident, started.elapsed(), start))
    }
}

impl Pool {
    async fn admitted(&self, key: &RealmKey) -> Result<Lease<RealmKey, Arc<Resident>>, Failure> {
        // A hit needs no timer.
        if let Some(lease) = self.slots.try_acquire(key) {
            return Ok(lease);
        }
        let patience = Duration::from_millis(self.config.queue_timeout_ms);
        match tokio::time::timeout(patience, self.slots.acquire(key)).await {
            Ok(Ok(lease)) => Ok(lease),
            Ok(Err(error)) => Err(Failure::new(Outcome::LoadShed(error.shed_reason()), error.to_string())),
            Err(_elapsed) => {
                let message = format!("no isolate was free within {} ms", self.config.queue_timeout_ms);
                Err(Failure::new(Outcome::LoadShed(ShedReason::QueueTimeout), message))
            }
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("config", &self.config).finish_non_exhaustive()
    }
}

impl ExecutionMode for Pool {
    fn name(&self) -> &'static str {
        "pool"
    }

    fn place<'a>(&'a self, request: &'a PlacementRequest) -> ModeFuture<'a, Result<Placement, Failure>> {
        Box::pin(async move {
            let (lease, resident, create, start) = self.seat(&request.key, &request.limits).await?;
            let realm = resident.take(&request.key);
            let start = if realm.is_some() { Start::Warm } else { start };
            let prepare = if self.config.prepare {
                resident.prepare(realm.as_ref(), Duration::from_millis(self.config.prepared_max_age_ms))
            } else {
                Prepare::Nothing
            };
            let isolate = Arc::clone(resident.isolate());
            let home = Box::new(Seat { lease, resident, key: request.key.clone() });
            let mut placement = Placement::new(isolate, self.threads.clone(), start, home);
            placement.realm = realm;
            placement.create = create;
            placement.policy = self.config.context;
            placement.prepare = prepare;
            Ok(placement)
        })
    }

    fn limits(&self) -> &Arc<RuntimeLimits> {
        &self.limits
    }

    fn stats(&self) -> ModeStats {
        let slots = self.slots.stats();
        ModeStats {
            mode: "pool",
            capacity: slots.capacity,
            isolates: slots.slots,
            idle: slots.idle,
            in_use: slots.users,
            waiting: slots.waiting,
            hits: slots.hits,
            misses: slots.created,
            evictions: slots.evictions,
            shed: slots.shed + slots.refused,
            retired: slots.retired + slots.forfeited,
        }
    }

    fn trim(&self) {
        drop(self.slots.evict_idle(|_, _| false));
    }

    fn close(&self) {
        self.slots.close();
        self.trim();
    }
}

/// A request's place on an isolate.
struct Seat {
    lease: Lease<RealmKey, Arc<Resident>>,
    resident: Arc<Resident>,
    key: RealmKey,
}

impl Home for Seat {
    fn give_back(mut self: Box<Self>, isolate: Arc<Isolate>, realm: Option<Realm>, verdict: Verdict) {
        // The slot must hold the last reference when it is freed, so that its capacity covers the isolate.
        drop(isolate);
        match verdict {
            Verdict::Keep => {
                if let Some(realm) = realm {
                    self.resident.keep(&self.key, realm);
                }
            }
            Verdict::DiscardContext => drop(realm),
            Verdict::DiscardIsolate => self.lease.retire(),
            Verdict::Lost => {
                let Seat { lease, resident, .. } = *self;
                drop(resident);
                drop(lease.forfeit());
                return;
            }
        }
        let Seat { lease, resident, .. } = *self;
        drop(resident);
        drop(lease);
    }
}

/// An isolate of the pool, held until dropped.
pub struct Acquired {
    resident: Arc<Resident>,
    _occupied: Occupied,
    _lease: Lease<RealmKey, Arc<Resident>>,
}

impl Acquired {
    /// The isolate.
    pub fn isolate(&self) -> &Arc<Isolate> {
        self.resident.isolate()
    }

    /// Passes the isolate's gate and runs `work` on the calling thread under its lock.
    ///
    /// # Panics
    /// If the calling thread has an isolate entered.
    pub async fn locked<R>(&self, work: impl FnOnce(&mut LockToken<'_>) -> R) -> R {
        let _pass = self.isolate().gate().enter().await;
        work(&mut self.isolate().lock())
    }
}
