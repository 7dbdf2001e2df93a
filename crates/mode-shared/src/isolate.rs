//! The isolate and the context as values, on the caller's own thread. The mode that owns threads is `threads`.

use std::sync::Arc;

use runtime_core::{Failure, Isolate, Outcome, RuntimeLimits, TurnThreads};
use runtime_web::{Event, Execution, Ops, Session, WorkerCode};

/// An isolate that is used for one context after another.
///
/// Guests run on a partner thread of the isolate's own, so that one that cannot be stopped does not take the
/// caller's thread; [`SharedIsolate::inline_for_trusted_guests`] runs them where the context is driven.
pub struct SharedIsolate {
    limits: Arc<RuntimeLimits>,
    is_inline: bool,
    made: Option<(Arc<Isolate>, TurnThreads)>,
}

impl SharedIsolate {
    /// An isolate with these limits. It is made when the first context is.
    pub fn new(limits: RuntimeLimits) -> Self {
        Self { limits: Arc::new(limits), is_inline: false, made: None }
    }

    /// As [`SharedIsolate::new`], without a thread of its own: turns run on the thread that polls the context's
    /// futures. A guest that cannot be stopped hangs that thread.
    pub fn inline_for_trusted_guests(limits: RuntimeLimits) -> Self {
        Self { limits: Arc::new(limits), is_inline: true, made: None }
    }

    /// The isolate, made anew if the last one's memory was exceeded.
    fn isolate(&mut self) -> Result<(Arc<Isolate>, TurnThreads), Failure> {
        if let Some((isolate, threads)) = &self.made
            && !isolate.is_condemned()
        {
            return Ok((Arc::clone(isolate), threads.clone()));
        }
        let internal = |error: String| Failure::new(Outcome::internal(), error);
        runtime_web::ensure_init().map_err(|error| internal(error.to_string()))?;
        let threads = match self.made.take() {
            Some((_, threads)) => threads,
            None if self.is_inline => TurnThreads::inline_for_trusted_guests(),
            None => TurnThreads::start("isolane-shared", 1).map_err(|error| internal(error.to_string()))?,
        };
        let isolate = match Isolate::standing_by(&self.limits) {
            Some(isolate) => isolate,
            None => Isolate::new(&self.limits).map_err(|error| internal(error.to_string()))?,
        };
        self.made = Some((Arc::clone(&isolate), threads.clone()));
        Ok((isolate, threads))
    }
}

impl std::fmt::Debug for SharedIsolate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedIsolate").field("is_made", &self.made.is_some()).finish_non_exhaustive()
    }
}

/// A context in a [`SharedIsolate`], for one worker. It is made with the first task, and destroyed on drop.
///
/// It runs one task at a time; each has its own state and response, and module state is kept between them.
pub struct ExecutionContext(State);

enum State {
    /// No task has come yet.
    New(Box<Pending>),
    Running(Session),
}

/// What the context is made from.
struct Pending {
    isolate: Arc<Isolate>,
    threads: TurnThreads,
    code: WorkerCode,
    limits: Arc<RuntimeLimits>,
    ops: Arc<dyn Ops>,
}

impl ExecutionContext {
    /// A context for a script.
    ///
    /// # Errors
    /// [`Outcome::Internal`] if V8 cannot be initialised or the isolate cannot be made. What is wrong with the script
    /// is told by the first [`exec`](Self::exec), which evaluates it.
    ///
    /// # Panics
    /// If the calling thread has an isolate entered.
    pub fn new(
        isolate: &mut SharedIsolate,
        script: impl Into<WorkerCode>,
        ops: Arc<dyn Ops>,
    ) -> Result<Self, Failure> {
        let (made, threads) = isolate.isolate()?;
        Ok(Self(State::New(Box::new(Pending {
            isolate: made,
            threads,
            code: script.into(),
            limits: Arc::clone(&isolate.limits),
            ops,
        }))))
    }

    /// Runs one task and gives its response.
    ///
    /// # Errors
    /// [`Failure`] if there is no response; its outcome says why.
    ///
    /// # Cancel safety
    /// Dropped, the task is canceled; the context stays usable.
    ///
    /// # Panics
    /// Outside of a tokio runtime with timers.
    pub async fn exec(&mut self, task: impl Into<Event>) -> Result<Execution, Failure> {
        loop {
            match &mut self.0 {
                State::Running(session) => return session.exec(task).await,
                State::New(pending) => {
                    let Pending { isolate, threads, code, limits, ops } = &**pending;
                    let session = Session::new(
                        "shared",
                        Arc::clone(isolate),
                        threads.clone(),
                        code.clone(),
                        Arc::clone(limits),
                        Arc::clone(ops),
                    );
                    self.0 = State::Running(session.await?);
                }
            }
        }
    }
}

impl std::fmt::Debug for ExecutionContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExecutionContext").finish_non_exhaustive()
    }
}
