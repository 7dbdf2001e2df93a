//! Pools of the caller's own threads, under the names of the specification: the configuration is the process's, the
//! pool the calling thread's. Guests run on a partner thread of the calling one, so that one that cannot be stopped
//! costs that and not the caller's.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use runtime_core::{
    ExecutionMode, Failure, Isolate, ModeFuture, ModeStats, Outcome, Placement, PlacementRequest,
    RuntimeLimits,
};
use runtime_web::{Call, Event, Execution, Ops, WorkerCode};

use crate::config::PinnedPoolConfig;
use crate::place::ThreadPlace;
use crate::pool::sum;

static CONFIG: OnceLock<(PinnedPoolConfig, Arc<RuntimeLimits>)> = OnceLock::new();
static INIT: Mutex<()> = Mutex::new(());
/// All threads' pools, for the process's counters.
static PLACES: Mutex<Vec<Weak<LocalMode>>> = Mutex::new(Vec::new());

thread_local! {
    static LOCAL: RefCell<Option<Arc<LocalMode>>> = const { RefCell::new(None) };
}

/// The process's pinned pools cannot be set up so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinnedInitError {
    /// They are set up differently already.
    #[error(
        "the pinned pools of this process are set up with {running:?} already, and cannot be set up again with \
         {asked:?}; initialise them once, or use `PinnedPool::new` for a second pool"
    )]
    AlreadyInitialised {
        /// The setup in force.
        running: Box<(PinnedPoolConfig, RuntimeLimits)>,
        /// What this call asked for.
        asked: Box<(PinnedPoolConfig, RuntimeLimits)>,
    },
    /// V8 cannot be initialised.
    #[error("the pinned pools cannot be set up: {0}")]
    Failed(#[from] Failure),
}

/// Sets pinned pools up: so many isolates a thread, no limit for an owner but that, and the default queue.
///
/// # Errors
/// As [`init_pinned_pool_full`].
pub fn init_pinned_pool(max_per_thread: usize, limits: RuntimeLimits) -> Result<(), PinnedInitError> {
    init_pinned_pool_with_owner_limit(max_per_thread, None, limits)
}

/// As [`init_pinned_pool`], with a limit for each owner on each thread.
///
/// # Errors
/// As [`init_pinned_pool_full`].
pub fn init_pinned_pool_with_owner_limit(
    max_per_thread: usize,
    max_per_owner: Option<usize>,
    limits: RuntimeLimits,
) -> Result<(), PinnedInitError> {
    let default = PinnedPoolConfig::default();
    init_pinned_pool_full(
        max_per_thread,
        max_per_owner,
        default.queue_per_owner,
        default.queue_timeout_ms,
        limits,
    )
}

/// Sets the pinned pools of this process up: isolates a thread, isolates an owner on a thread, places in an owner's
/// queue, and milliseconds in it. Once at startup; the same call again is fine.
///
/// # Errors
/// If they are set up differently already, or V8 cannot be initialised.
pub fn init_pinned_pool_full(
    max_per_thread: usize,
    max_per_owner: Option<usize>,
    queue_size: usize,
    queue_timeout_ms: u64,
    limits: RuntimeLimits,
) -> Result<(), PinnedInitError> {
    let config = PinnedPoolConfig {
        max_isolates_per_thread: max_per_thread,
        max_per_owner,
        queue_per_owner: queue_size,
        queue_timeout_ms,
        ..PinnedPoolConfig::default()
    };
    let _one_at_a_time = INIT.lock();
    if let Some((running, running_limits)) = CONFIG.get() {
        return if *running == config && **running_limits == limits {
            Ok(())
        } else {
            Err(PinnedInitError::AlreadyInitialised {
                running: Box::new((running.clone(), RuntimeLimits::clone(running_limits))),
                asked: Box::new((config, limits)),
            })
        };
    }
    runtime_web::ensure_init().map_err(|error| Failure::new(Outcome::internal(), error.to_string()))?;
    // Bounds that let nobody in are found out here and not at the first request.
    drop(ThreadPlace::new(&PinnedPoolConfig { inline_for_trusted_guests: true, ..config.clone() }, 0)?);
    Isolate::expect(&limits);
    CONFIG.get_or_init(|| (config, Arc::new(limits)));
    Ok(())
}

/// Executes an event in the calling thread's pool, in an isolate of this owner.
///
/// The pool is that of the thread on which the future is first polled.
///
/// # Errors
/// [`Failure`] if there is no response; [`Outcome::LoadShed`] (503) if the owner's queue is full or it waited too
/// long; [`Outcome::Internal`] before the pools are set up.
///
/// # Cancel safety
/// Dropped, the call leaves the queue, or is canceled and its place given back once its turn has ended.
pub async fn execute_pinned(
    owner_id: &str,
    script: impl Into<WorkerCode>,
    ops: Arc<dyn Ops>,
    task: impl Into<Event>,
) -> Result<Execution, Failure> {
    let mode = local()?;
    runtime_web::execute(&*mode, Call::new(script, task).owner(owner_id).ops(ops)).await
}

/// The counters of all threads' pools together; none before they are set up.
pub fn pinned_pool_stats() -> Option<ModeStats> {
    CONFIG.get()?;
    let places: Vec<Arc<LocalMode>> = PLACES.lock().iter().filter_map(Weak::upgrade).collect();
    Some(sum(places.iter().map(|place| place.place.stats())))
}

/// The counters of the calling thread's pool; none if it has not been used.
pub fn pinned_thread_stats() -> Option<ModeStats> {
    LOCAL.with_borrow(|local| local.as_ref().map(|local| local.place.stats()))
}

/// The calling thread's pool.
fn local() -> Result<Arc<LocalMode>, Failure> {
    LOCAL.with_borrow_mut(|local| {
        if let Some(local) = local {
            return Ok(Arc::clone(local));
        }
        let (config, limits) = CONFIG.get().ok_or_else(|| {
            Failure::new(
                Outcome::internal(),
                "the pinned pools are not set up; call `init_pinned_pool_full` once at startup",
            )
        })?;
        let mut places = PLACES.lock();
        places.retain(|place| place.strong_count() > 0);
        let made = Arc::new(LocalMode {
            place: ThreadPlace::new(config, places.len())?,
            limits: Arc::clone(limits),
        });
        places.push(Arc::downgrade(&made));
        *local = Some(Arc::clone(&made));
        Ok(made)
    })
}

/// One thread's pool as a mode.
struct LocalMode {
    place: ThreadPlace,
    limits: Arc<RuntimeLimits>,
}

impl ExecutionMode for LocalMode {
    fn name(&self) -> &'static str {
        "pinned"
    }

    fn place<'a>(&'a self, request: &'a PlacementRequest) -> ModeFuture<'a, Result<Placement, Failure>> {
        Box::pin(async move {
            let lease = self.place.admit(&request.key.owner).await?;
            self.place.settle(lease, request).await
        })
    }

    fn limits(&self) -> &Arc<RuntimeLimits> {
        &self.limits
    }

    fn stats(&self) -> ModeStats {
        self.place.stats()
    }

    fn trim(&self) {
        self.place.trim();
    }

    fn close(&self) {
        self.place.close();
    }
}
