//! The process-wide pool, under the names of the specification. Everything it does is `pool`'s.

use std::sync::{Arc, OnceLock};

use runtime_core::{Failure, ModeStats, Outcome, RuntimeLimits};
use runtime_web::{Call, Event, Execution, Ops, WorkerCode};

use crate::pool::{Pool, PoolConfig};

static POOL: OnceLock<(usize, RuntimeLimits, Pool)> = OnceLock::new();
static INIT: parking_lot::Mutex<()> = parking_lot::Mutex::new(());

/// The process-wide pool cannot be set up so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolInitError {
    /// It is there, set up differently.
    #[error(
        "the process-wide pool has {running} isolates with {running_limits:?} already, and cannot be made again with \
         {asked} and {asked_limits:?}; initialise it once, or use `Pool::new` for a second pool"
    )]
    AlreadyInitialised {
        /// Its size.
        running: usize,
        /// Its limits.
        running_limits: Box<RuntimeLimits>,
        /// The size that this call asked for.
        asked: usize,
        /// The limits that this call asked for.
        asked_limits: Box<RuntimeLimits>,
    },
    /// The pool cannot be made.
    #[error("the process-wide pool cannot be made: {0}")]
    Failed(#[from] Failure),
}

/// Sets the process-wide pool up, with at most `max_size` isolates. Once at startup; the same call again is fine.
///
/// # Errors
/// If it is set up differently already, or V8 cannot be initialised.
pub fn init_pool(max_size: usize, limits: RuntimeLimits) -> Result<(), PoolInitError> {
    let _one_at_a_time = INIT.lock();
    if let Some((running, running_limits, _)) = POOL.get() {
        return if *running == max_size && *running_limits == limits {
            Ok(())
        } else {
            Err(PoolInitError::AlreadyInitialised {
                running: *running,
                running_limits: Box::new(running_limits.clone()),
                asked: max_size,
                asked_limits: Box::new(limits),
            })
        };
    }
    let pool = Pool::new(PoolConfig { max_isolates: max_size, ..PoolConfig::default() }, limits.clone())?;
    POOL.get_or_init(|| (max_size, limits, pool));
    Ok(())
}

fn pool() -> Result<&'static Pool, Failure> {
    POOL.get().map(|(_, _, pool)| pool).ok_or_else(|| {
        Failure::new(
            Outcome::internal(),
            "the process-wide pool is not there; call `init_pool` once at startup",
        )
    })
}

/// Executes an event in the process-wide pool.
///
/// # Errors
/// As [`Pool::execute`]; [`Outcome::Internal`] before [`init_pool`].
///
/// # Cancel safety
/// As [`Pool::execute`].
pub async fn execute_pooled(
    worker_id: &str,
    script: impl Into<WorkerCode>,
    ops: Arc<dyn Ops>,
    event: impl Into<Event>,
) -> Result<Execution, Failure> {
    pool()?.execute(Call::new(script, event).worker(worker_id).ops(ops)).await
}

/// The counters of the process-wide pool; none before [`init_pool`].
pub fn pool_stats() -> Option<ModeStats> {
    pool().ok().map(Pool::stats)
}
