//! The guest's world: the Web APIs that a worker finds, the events that it gets, what its host does for it
//! ([`Ops`]), and the base snapshot that holds all of it. No execution mode is known here, and there are no sockets:
//! all input and output goes through [`Ops`].
//!
//! A host makes a [`Call`] (whose worker, which code, which event) and gives it to a mode with [`execute`]:
//! the answer is an [`Execution`], a response whose body may stream on, with the end of the request and its figures
//! behind it.
#![forbid(unsafe_code)]

mod body;
mod call;
mod code;
mod content_coding;
mod event;
mod execute;
mod ops;
mod response;
mod session;
mod web_socket;

mod natives;
mod pipe;
mod platform;
mod web_request;

pub use body::{Body, BodyError};
pub use call::Call;
pub use code::{LocationError, WorkerCode};
pub use event::{Event, Request, Scheduled, Task};
pub use execute::execute;
pub use ops::{
    Bindings, FetchClient, FetchRequest, FetchResponse, LogLevel, LogRecord, NoOps, OpError, Ops,
    RedirectMode, ReferrerPolicy, RequestMode, WebSocketAnswer, WebSocketRequest,
};
pub use platform::{build_snapshot, ensure_init, extension, init, inspect_snapshot};
pub use response::{Collected, End, EndOfRequest, Execution, Response, ResponseBody};
pub use session::{AbortHandle, Session};
pub use web_socket::{WebSocket, WebSocketClose, WebSocketError, WebSocketMessage};
