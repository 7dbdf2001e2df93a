//! The runtime: one mode with its limits and host operations, and the count of what is under way.

use std::sync::Arc;
use std::time::Duration;

use runtime_core::{
    AheadStats, ExecutionMode, Failure, Health, Isolate, ModeStats, ProcessMemory, RuntimeLimits, V8Config,
    ahead_stats, health, process_memory,
};
use runtime_web::{Call, Execution, NoOps, Ops};
use serde::Serialize;
use tokio::sync::watch;

use crate::mode::{BuildError, Mode, ModeName};

/// Executes calls in one mode. Cloning shares it; it is `Send` and `Sync`.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    name: ModeName,
    mode: Box<dyn ExecutionMode>,
    ops: Arc<dyn Ops>,
    limits: Arc<RuntimeLimits>,
    /// How many calls are under way, their ends included.
    under_way: watch::Sender<usize>,
}

/// How a runtime stands.
#[derive(Clone, Debug, Serialize)]
pub struct RuntimeStats {
    /// The mode's counters.
    pub mode: ModeStats,
    /// Calls under way, their streams and `waitUntil` included.
    pub under_way: usize,
    /// Memory of all isolates of this process.
    pub process: ProcessMemory,
    /// What this process has made ahead of requests.
    pub ahead: AheadStats,
    /// What guests that could not be stopped have cost this process.
    pub health: Health,
}

impl Runtime {
    /// Begins a runtime; a mode must be given.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Executes a call up to its response. What the call leaves open (host operations, limits) is the runtime's.
    ///
    /// # Errors
    /// [`Failure`] if there is no response: its outcome says whose fault that is, and maps to an HTTP status.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the call, wherever it is; after the response, dropping its body does.
    ///
    /// # Panics
    /// Outside of a tokio runtime with timers.
    pub async fn execute(&self, call: Call) -> Result<Execution, Failure> {
        let under_way = UnderWay::begin(&self.0);
        let call = call.or_else(&self.0.ops, &self.0.limits);
        let execution = runtime_web::execute(&*self.0.mode, call).await?;
        Ok(execution.on_end(move || drop(under_way)))
    }

    /// The counters as they stand.
    pub fn stats(&self) -> RuntimeStats {
        RuntimeStats {
            mode: self.0.mode.stats(),
            under_way: *self.0.under_way.borrow(),
            process: process_memory(),
            ahead: ahead_stats(),
            health: health(),
        }
    }

    /// The mode's name.
    pub fn mode(&self) -> ModeName {
        self.0.name
    }

    /// The limits of calls that bring none.
    pub fn limits(&self) -> &RuntimeLimits {
        &self.0.limits
    }

    /// Takes no new calls and waits for those under way, at most until the deadline. True if all have ended.
    ///
    /// # Cancel safety
    /// Dropped, it goes on taking no new calls; it can be called again.
    pub async fn shutdown(&self, deadline: Duration) -> bool {
        self.0.mode.close();
        let mut under_way = self.0.under_way.subscribe();
        let drained = under_way.wait_for(|calls| *calls == 0);
        let is_drained = tokio::time::timeout(deadline, drained).await.is_ok();
        // The isolates of those that were under way are idle by now, and go as well.
        self.0.mode.close();
        // Those that stand by are of the whole process; if there is another runtime, its requests bring new ones.
        Isolate::expect_none();
        is_drained
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("mode", &self.0.name).finish_non_exhaustive()
    }
}

/// One call under way.
struct UnderWay(Arc<Inner>);

impl UnderWay {
    fn begin(inner: &Arc<Inner>) -> Self {
        inner.under_way.send_modify(|calls| *calls += 1);
        Self(Arc::clone(inner))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.send_modify(|calls| *calls -= 1);
    }
}

/// Sets a [`Runtime`] up.
#[derive(Default)]
pub struct Builder {
    mode: Option<Mode>,
    limits: RuntimeLimits,
    ops: Option<Arc<dyn Ops>>,
    v8: Option<V8Config>,
}

impl Builder {
    /// The execution mode.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// The limits of calls that bring none, and of isolates.
    #[must_use]
    pub fn limits(mut self, limits: RuntimeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// What the host does for calls that bring no operations of their own. By default nothing.
    #[must_use]
    pub fn ops(mut self, ops: Arc<dyn Ops>) -> Self {
        self.ops = Some(ops);
        self
    }

    /// How V8 is set up, once a process. By default it is taken as it is, or set up with the defaults.
    #[must_use]
    pub fn v8(mut self, config: V8Config) -> Self {
        self.v8 = Some(config);
        self
    }

    /// Builds the runtime.
    ///
    /// # Errors
    /// [`BuildError`]: without a mode, when V8 cannot be set up so, or when the mode's bounds let nobody in.
    pub fn build(self) -> Result<Runtime, BuildError> {
        let mode = self.mode.ok_or_else(BuildError::no_mode)?;
        match self.v8 {
            Some(config) => runtime_web::init(config)?,
            None => runtime_web::ensure_init()?,
        };
        let name = mode.name();
        let mode = mode.start(self.limits.clone())?;
        Ok(Runtime(Arc::new(Inner {
            name,
            mode,
            ops: self.ops.unwrap_or_else(|| Arc::new(NoOps)),
            limits: Arc::new(self.limits),
            under_way: watch::Sender::new(0),
        })))
    }
}
