//! A worker as a value: its own isolate with its only context. The mode that makes one per request is
//! `per_request`.

use std::sync::Arc;

use runtime_core::{Failure, Outcome, RuntimeLimits, TurnThreads};
use runtime_web::{AbortHandle, Event, Execution, NoOps, Ops, Session, WorkerCode};

/// An isolate with one context, for one worker. Destroyed on drop, on any thread and in any order.
///
/// A worker is `Send`. It runs one task at a time; each has its own state and response, and module state is kept
/// between them.
pub struct Worker {
    session: Session,
}

impl Worker {
    /// Makes the isolate and evaluates the script, without host operations: no network, logs to `tracing`.
    ///
    /// # Errors
    /// As [`Worker::new_with_ops`].
    pub async fn new(code: impl Into<WorkerCode>, limits: RuntimeLimits) -> Result<Self, Failure> {
        Self::new_with_ops(code, limits, Arc::new(NoOps)).await
    }

    /// Makes the isolate and evaluates the script.
    ///
    /// # Errors
    /// [`Outcome::ScriptError`] if the script does not compile, [`Outcome::Exception`] if its top level throws, the
    /// limits' outcomes if it exceeds them, [`Outcome::Internal`] if V8 cannot be initialised.
    ///
    /// # Cancel safety
    /// Dropped, everything made so far is destroyed.
    ///
    /// # Panics
    /// Outside of a tokio runtime with timers.
    pub async fn new_with_ops(
        code: impl Into<WorkerCode>,
        limits: RuntimeLimits,
        ops: Arc<dyn Ops>,
    ) -> Result<Self, Failure> {
        let internal = |error: String| Failure::new(Outcome::internal(), error);
        runtime_web::ensure_init().map_err(|error| internal(error.to_string()))?;
        let threads = TurnThreads::shared().map_err(|error| internal(error.to_string()))?;
        let limits = Arc::new(limits);
        let isolate = threads.make_isolate(&limits).await.map_err(|error| internal(error.to_string()))?;
        let session = Session::new("worker", isolate, threads, code.into(), limits, ops).await?;
        Ok(Self { session })
    }

    /// Runs one task and gives its response. A task before it whose body still streams is waited for.
    ///
    /// # Errors
    /// [`Failure`] if there is no response; its outcome says why. The worker stays usable: a context or isolate that
    /// the task has cost is made anew for the next.
    ///
    /// # Cancel safety
    /// Dropped, the task is canceled; the worker stays usable.
    ///
    /// # Panics
    /// Outside of a tokio runtime with timers.
    pub async fn exec(&mut self, task: impl Into<Event>) -> Result<Execution, Failure> {
        self.session.exec(task).await
    }

    /// A handle with which any thread can stop the running task; its [`exec`](Self::exec) then gives
    /// [`Outcome::Canceled`].
    pub fn abort_handle(&self) -> AbortHandle {
        self.session.abort_handle()
    }

    /// Stops the running task; if there is none, the next one.
    pub fn abort(&self) {
        self.session.abort_handle().abort();
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}
