//! The shared mode, for code that already uses it: one isolate a thread, and a disposable context for every request.
//! The limits of the other modes hold here as well.
//!
//! [`SharedIsolate`] and [`ExecutionContext`] are for the caller's own threads. [`SharedMode`] owns its threads.
//!
//! # Migration
//! Requests that share an isolate share its heap limit, its collector's pauses, and its fate: one that exceeds the
//! memory takes the isolate from all. Replace `SharedIsolate` with `mode_pool::Pool`, and
//! `ExecutionContext::new(&mut isolate, script, ops)?.exec(task)` with `pool.execute(call)`: same contexts, same
//! events, but an isolate for each worker.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use mode_shared::{Event, ExecutionContext, NoOps, RuntimeLimits, SharedIsolate};
//!
//! let mut isolate = SharedIsolate::new(RuntimeLimits::default());
//! let script = "export default { fetch() { return new Response('hello') } }";
//! let mut context = ExecutionContext::new(&mut isolate, script, Arc::new(NoOps))?;
//! let answer = context.exec(Event::get("http://localhost/")).await?;
//! assert_eq!(answer.collect().await?.text(), "hello");
//! # Ok(()) }
//! ```
#![forbid(unsafe_code)]

mod isolate;
mod threads;

pub use isolate::{ExecutionContext, SharedIsolate};
pub use runtime_core::{
    ExecutionMode, Failure, ModeStats, Outcome, Report, RuntimeLimits, Script, TurnThreads,
};
pub use runtime_web::{Body, Call, Collected, Event, Execution, NoOps, Ops, Request, Response, WorkerCode};
pub use threads::{SharedConfig, SharedMode};
