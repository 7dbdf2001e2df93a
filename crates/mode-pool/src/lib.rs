//! The pool mode: a global cache of isolates that any thread may use, one at a time, through `v8::Locker`. High
//! throughput: a request of a known worker finds its isolate there.
//!
//! [`Pool`] is a value; a process may have many. [`init_pool`] and [`execute_pooled`] are the same for one
//! process-wide pool.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use mode_pool::{Event, NoOps, RuntimeLimits, execute_pooled, init_pool};
//!
//! init_pool(1000, RuntimeLimits::default())?;
//! let script = "export default { fetch() { return new Response('hello') } }";
//! let answer = execute_pooled("worker-id", script, Arc::new(NoOps), Event::get("http://localhost/")).await?;
//! assert_eq!(answer.collect().await?.text(), "hello");
//! # Ok(()) }
//! ```
#![forbid(unsafe_code)]

mod global;
mod pool;

pub use global::{PoolInitError, execute_pooled, init_pool, pool_stats};
pub use pool::{Acquired, Pool, PoolConfig};
pub use runtime_core::{
    ContextPolicy, ExecutionMode, Failure, ModeStats, Outcome, Report, RuntimeLimits, Script, TurnThreads,
};
pub use runtime_web::{Body, Call, Collected, Event, Execution, NoOps, Ops, Request, Response, WorkerCode};
