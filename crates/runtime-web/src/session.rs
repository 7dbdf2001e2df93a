//! A worker that is kept by its user: an isolate with one context, for several calls in a row, each with its own
//! state and response. `mode-worker` and `mode-shared` are built on it; where the isolate comes from is theirs.

use std::sync::Arc;

use runtime_core::{
    ContextPolicy, ExecutionMode, Failure, Home, Isolate, ModeFuture, ModeStats, Outcome, Placement,
    PlacementRequest, Realm, RuntimeLimits, Start, TurnThreads, Verdict,
};
use tokio::sync::{Notify, OwnedMutexGuard};

use crate::call::Call;
use crate::code::WorkerCode;
use crate::event::Event;
use crate::execute::execute;
use crate::ops::Ops;
use crate::response::Execution;

/// An isolate, its context, and the code that runs there.
pub struct Session {
    seat: Seat,
    code: WorkerCode,
    ops: Arc<dyn Ops>,
    abort: AbortHandle,
}

impl Session {
    /// Makes a context in an isolate and evaluates the script in it.
    ///
    /// `mode` is the name that reports carry. After a call that costs the session its context, the next one gets a
    /// new context; after one that costs the isolate, a new isolate.
    ///
    /// # Errors
    /// If the script does not compile, throws, or exceeds its limits at its top level.
    pub async fn new(
        mode: &'static str,
        isolate: Arc<Isolate>,
        threads: TurnThreads,
        code: WorkerCode,
        limits: Arc<RuntimeLimits>,
        ops: Arc<dyn Ops>,
    ) -> Result<Self, Failure> {
        let kept = Kept { isolate, realm: None, is_new: true };
        let seat = Seat { mode, threads, limits, kept: Arc::new(tokio::sync::Mutex::new(kept)) };
        let session = Self { seat, code, ops, abort: AbortHandle(Arc::default()) };
        session.run(Call::load(session.code.clone())).await?;
        Ok(session)
    }

    /// Runs one event. A call before it that still streams or waits is waited for.
    ///
    /// # Errors
    /// As [`execute`]; and [`Outcome::Canceled`] if the session is aborted meanwhile.
    ///
    /// # Cancel safety
    /// As [`execute`].
    pub async fn exec(&mut self, event: impl Into<Event>) -> Result<Execution, Failure> {
        let call = Call::new(self.code.clone(), event);
        match self.run(call).await? {
            Some(execution) => Ok(execution),
            None => Err(Failure::new(Outcome::internal(), "the event ended without a response")),
        }
    }

    /// A handle that stops what the session runs, from anywhere.
    pub fn abort_handle(&self) -> AbortHandle {
        self.abort.clone()
    }

    async fn run(&self, call: Call) -> Result<Option<Execution>, Failure> {
        let is_load = call.event.is_none();
        let call = call.ops(Arc::clone(&self.ops));
        tokio::select! {
            biased;
            () = self.abort.0.notified() => Err(Failure::new(Outcome::Canceled, "the worker was aborted")),
            executed = execute(&self.seat, call) => match executed {
                Ok(execution) => Ok(Some(execution)),
                Err(failure) if is_load && failure.outcome == Outcome::Ok => Ok(None),
                Err(failure) => Err(failure),
            }
        }
    }
}

/// Stops what a session runs. See [`Session::abort_handle`].
#[derive(Clone, Debug)]
pub struct AbortHandle(Arc<Notify>);

impl AbortHandle {
    /// Cancels the call that runs; if none does, the next one.
    pub fn abort(&self) {
        self.0.notify_one();
    }
}

/// The one place of a session, as a mode of its own.
struct Seat {
    mode: &'static str,
    threads: TurnThreads,
    limits: Arc<RuntimeLimits>,
    kept: Arc<tokio::sync::Mutex<Kept>>,
}

struct Kept {
    // Declared before the isolate, so that the context goes before it.
    realm: Option<Realm>,
    isolate: Arc<Isolate>,
    is_new: bool,
}

impl ExecutionMode for Seat {
    fn name(&self) -> &'static str {
        self.mode
    }

    fn place<'a>(&'a self, _request: &'a PlacementRequest) -> ModeFuture<'a, Result<Placement, Failure>> {
        Box::pin(async move {
            let mut kept = Arc::clone(&self.kept).lock_owned().await;
            if kept.isolate.is_condemned() {
                let isolate = self.threads.make_isolate(&self.limits).await;
                let isolate =
                    isolate.map_err(|error| Failure::new(Outcome::internal(), error.to_string()))?;
                *kept = Kept { realm: None, isolate, is_new: true };
            }
            let realm = kept.realm.take();
            let start = match (&realm, std::mem::take(&mut kept.is_new)) {
                (Some(_), _) => Start::Warm,
                (None, true) => kept.isolate.start(),
                (None, false) => Start::Prepared,
            };
            let isolate = Arc::clone(&kept.isolate);
            let mut placement = Placement::new(isolate, self.threads.clone(), start, Box::new(Return(kept)));
            placement.realm = realm;
            placement.policy = ContextPolicy::Reuse { max_uses: 0 };
            Ok(placement)
        })
    }

    fn limits(&self) -> &Arc<RuntimeLimits> {
        &self.limits
    }

    fn stats(&self) -> ModeStats {
        ModeStats { mode: self.mode, capacity: 1, isolates: 1, ..ModeStats::default() }
    }

    fn trim(&self) {}

    fn close(&self) {}
}

/// The way back to the seat.
struct Return(OwnedMutexGuard<Kept>);

impl Home for Return {
    fn give_back(mut self: Box<Self>, _isolate: Arc<Isolate>, realm: Option<Realm>, _verdict: Verdict) {
        self.0.realm = realm;
    }
}
