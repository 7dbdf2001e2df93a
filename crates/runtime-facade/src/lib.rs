//! One runtime, whose execution mode is a run-time value. A cargo feature makes a mode available and changes nothing
//! else; the names of the specification are re-exported from the modes.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use runtime_facade::{Call, Event, Mode, Runtime, RuntimeLimits};
//!
//! let runtime = Runtime::builder()
//!     .mode(Mode::named("pinned".parse()?, &Default::default())?)
//!     .limits(RuntimeLimits { cpu_ms: 20, ..RuntimeLimits::default() })
//!     .build()?;
//! let script = "export default { fetch() { return new Response('hello') } }";
//! let call = Call::new(script, Event::get("http://localhost/")).owner("tenant-1");
//! let answer = runtime.execute(call).await?.collect().await?;
//! assert_eq!(answer.text(), "hello");
//! # Ok(()) }
//! ```
#![forbid(unsafe_code)]

mod mode;
mod runtime;

#[cfg(test)]
mod guides;

pub use mode::{BuildError, Capacity, Mode, ModeName};
pub use runtime::{Builder, Runtime, RuntimeStats};

#[cfg(feature = "pinned")]
pub use mode_pinned::{
    PinnedInitError, PinnedPool, PinnedPoolConfig, execute_pinned, init_pinned_pool, init_pinned_pool_full,
    init_pinned_pool_with_owner_limit, pinned_pool_stats, pinned_thread_stats,
};
#[cfg(feature = "pool")]
pub use mode_pool::{Pool, PoolConfig, PoolInitError, execute_pooled, init_pool, pool_stats};
#[cfg(feature = "shared")]
pub use mode_shared::{ExecutionContext, SharedConfig, SharedIsolate, SharedMode};
#[cfg(feature = "worker")]
pub use mode_worker::{Worker, WorkerConfig, WorkerMode};
pub use runtime_core::{
    AheadStats, ContextPolicy, ExecutionMode, Failure, FileKind, Health, InitError, MadeAhead, ModeStats,
    Outcome, Phases, ProcessMemory, Recycle, Report, RuntimeLimits, Script, ScriptError, ScriptFault,
    ScriptFile, ShedReason, SnapshotError, SnapshotInfo, SnapshotSource, Start, V8, V8Config, ahead_stats,
    health, process_memory,
};
pub use runtime_web::{
    Bindings, Body, BodyError, Call, Collected, End, EndOfRequest, Event, Execution, FetchClient,
    FetchRequest, FetchResponse, LocationError, LogLevel, LogRecord, NoOps, OpError, Ops, RedirectMode,
    ReferrerPolicy, Request, RequestMode, Response, ResponseBody, Scheduled, Task, WebSocket,
    WebSocketAnswer, WebSocketClose, WebSocketError, WebSocketMessage, WebSocketRequest, WorkerCode,
    build_snapshot, inspect_snapshot,
};
