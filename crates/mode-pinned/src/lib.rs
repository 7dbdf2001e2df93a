//! The pinned mode: every thread has a pool of its own, its isolates are tagged by owner and never given to another
//! one, each owner has so many at most, and whoever comes then waits in a bounded queue or is refused (503).
//!
//! Two ways to run. [`PinnedPool`] owns its threads and spreads calls over them in turn; its futures are `Send`.
//! [`init_pinned_pool_full`] and [`execute_pinned`] serve a caller that has its own threads (each with a `LocalSet`,
//! say) and spreads calls itself: each of those threads gets a pool.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use mode_pinned::{Event, NoOps, RuntimeLimits, execute_pinned, init_pinned_pool_full};
//!
//! // 100 isolates a thread, 2 an owner, a queue of 10, 5 s in it.
//! init_pinned_pool_full(100, Some(2), 10, 5000, RuntimeLimits::default())?;
//! let script = "export default { fetch() { return new Response('hello') } }";
//! let answer = execute_pinned("owner-id", script, Arc::new(NoOps), Event::get("http://localhost/")).await?;
//! assert_eq!(answer.collect().await?.text(), "hello");
//! # Ok(()) }
//! ```
#![forbid(unsafe_code)]

mod config;
mod local;
mod place;
mod pool;

pub use config::PinnedPoolConfig;
pub use local::{
    PinnedInitError, execute_pinned, init_pinned_pool, init_pinned_pool_full,
    init_pinned_pool_with_owner_limit, pinned_pool_stats, pinned_thread_stats,
};
pub use pool::PinnedPool;
pub use runtime_core::{
    ContextPolicy, ExecutionMode, Failure, ModeStats, Outcome, Report, RuntimeLimits, Script, TurnThreads,
};
pub use runtime_web::{Body, Call, Collected, Event, Execution, NoOps, Ops, Request, Response, WorkerCode};
