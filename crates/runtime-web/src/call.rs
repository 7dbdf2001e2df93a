//! One request to a worker, as a host makes it: whose worker it is, its code, the event, and what the host does for
//! it meanwhile.

use std::fmt;
use std::sync::Arc;

use runtime_core::{RealmKey, RuntimeLimits};

use crate::code::WorkerCode;
use crate::event::{Event, Task};
use crate::ops::Ops;

/// A request to a worker.
///
/// ```
/// use runtime_web::{Call, Event};
/// let call = Call::new("export default { fetch() { return new Response('hi') } }", Event::get("http://localhost/"))
///     .owner("tenant-1")
///     .worker("greeter");
/// ```
pub struct Call {
    pub(crate) owner: Arc<str>,
    pub(crate) worker: Arc<str>,
    pub(crate) code: WorkerCode,
    /// None only loads the script.
    pub(crate) event: Option<Event>,
    pub(crate) ops: Option<Arc<dyn Ops>>,
    pub(crate) limits: Option<Arc<RuntimeLimits>>,
}

impl Call {
    /// A request to the worker `default` of the owner `default`, with no host operations and the mode's limits.
    pub fn new(code: impl Into<WorkerCode>, event: impl Into<Event>) -> Self {
        Self {
            owner: Arc::from("default"),
            worker: Arc::from("default"),
            code: code.into(),
            event: Some(event.into()),
            ops: None,
            limits: None,
        }
    }

    /// A call that only compiles and evaluates the script.
    pub(crate) fn load(code: WorkerCode) -> Self {
        Self { event: None, ..Self::new(code, Event::Task(Task::default())) }
    }

    /// The tenant. Isolates and contexts are never shared between two.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<Arc<str>>) -> Self {
        self.owner = owner.into();
        self
    }

    /// The worker's name, within its owner.
    #[must_use]
    pub fn worker(mut self, worker: impl Into<Arc<str>>) -> Self {
        self.worker = worker.into();
        self
    }

    /// What the host does for the guest.
    #[must_use]
    pub fn ops(mut self, ops: Arc<dyn Ops>) -> Self {
        self.ops = Some(ops);
        self
    }

    /// The limits of this request. The heap's is the isolate's, and so fixed when that is made.
    #[must_use]
    pub fn limits(mut self, limits: impl Into<Arc<RuntimeLimits>>) -> Self {
        self.limits = Some(limits.into());
        self
    }

    /// Fills in what the call leaves open.
    #[must_use]
    pub fn or_else(mut self, ops: &Arc<dyn Ops>, limits: &Arc<RuntimeLimits>) -> Self {
        self.ops.get_or_insert_with(|| Arc::clone(ops));
        self.limits.get_or_insert_with(|| Arc::clone(limits));
        self
    }

    pub(crate) fn key(&self) -> RealmKey {
        RealmKey {
            owner: Arc::clone(&self.owner),
            worker: Arc::clone(&self.worker),
            version: *self.code.script().hash(),
            environment: self.code.env_hash(),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("owner", &self.owner)
            .field("worker", &self.worker)
            .field("event", &self.event.as_ref().map(Event::kind))
            .finish_non_exhaustive()
    }
}
