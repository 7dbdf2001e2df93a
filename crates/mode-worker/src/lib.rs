//! The worker mode: a fresh isolate for every request, or for every [`Worker`] value. Maximum isolation, no state
//! that leaks; a few milliseconds a request.
//!
//! [`Worker`] is an isolate of the caller's own, usable for several tasks in a row. [`WorkerMode`] makes one for each
//! request and destroys it after, with a bound on how many there are at once and a fair queue in front.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use mode_worker::{Event, RuntimeLimits, Worker};
//!
//! let script = "export default { fetch(request) { return new Response(`hello from ${request.url}`) } }";
//! let mut worker = Worker::new(script, RuntimeLimits::default()).await?;
//! let answer = worker.exec(Event::get("http://localhost/")).await?.collect().await?;
//! assert_eq!(answer.text(), "hello from http://localhost/");
//! # Ok(()) }
//! ```
#![forbid(unsafe_code)]

mod per_request;
mod worker;

pub use per_request::{WorkerConfig, WorkerMode};
pub use runtime_core::{Failure, Outcome, Report, RuntimeLimits, Script, TurnThreads};
pub use runtime_web::{
    AbortHandle, Body, Call, Collected, Event, Execution, Ops, Request, Response, WorkerCode,
};
pub use worker::Worker;
