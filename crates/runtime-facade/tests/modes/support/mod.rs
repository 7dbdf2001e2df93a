//! What all tests stand on: the modes under test, hosts that record what guests ask of them, waiting for conditions,
//! and child processes. No behaviour is asserted here.

pub(crate) mod child;
pub(crate) mod guests;
pub(crate) mod host;
pub(crate) mod upstream;
pub(crate) mod wait;
#[macro_use]
pub(crate) mod variant;

pub(crate) use guests::{answer, classic, handler, task, text};
pub(crate) use host::{Host, Watched};
pub(crate) use variant::{Fixture, Variant, ample_limits};
pub(crate) use wait::{settled, until, within};

pub(crate) use runtime_facade::{
    Body, Call, Capacity, Collected, Event, Execution, Failure, FetchRequest, FetchResponse, LogLevel,
    ModeName, OpError, Outcome, Request, Runtime, RuntimeLimits, Scheduled, Script, ScriptFault, ScriptFile,
    ShedReason, Task, WebSocket, WebSocketAnswer, WebSocketClose, WebSocketMessage, WorkerCode,
};
pub(crate) use std::sync::Arc;
pub(crate) use std::time::{Duration, Instant};
