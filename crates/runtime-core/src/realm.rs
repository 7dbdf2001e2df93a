//! One context with what the host knows of it: its entry points, its modules, and the state of the request that it
//! serves. The state lies in the isolate's slot while a turn runs, so that natives find it, and with the driver
//! between turns. Request state is never in JavaScript globals.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use crate::extension::Hook;
use crate::guest_error::GuestError;
use crate::host_calls::{HostCallError, HostCalls};
use crate::lazy_globals;
use crate::limits::RuntimeLimits;
use crate::memory::Exemption;
use crate::modules::Modules;
use crate::outcome::Outcome;
use crate::process::V8;
use crate::script::Script;
use crate::snapshot;
use crate::timers::Timers;

/// A context in which no code of a guest's has run: any script can use it, once.
///
/// Dropping it without the isolate's lock is allowed, as for a [`Realm`].
pub(crate) struct BareContext {
    context: v8::Global<v8::Context>,
    entry: v8::Global<v8::Function>,
}

impl BareContext {
    /// Makes a context from the base snapshot, or from source where there is none. Code from strings is refused in it.
    pub(crate) fn create(
        scope: &mut v8::PinScope<'_, '_, ()>,
        engine: &'static V8,
    ) -> Result<Self, GuestError> {
        // Another request's buffers, or what the one before has left uncollected, may fill the isolate's budget.
        let _exemption = Exemption::begin(scope);
        // The context keeps the queue alive, so the handle may go at once. A queue of its own means that no other
        // context's promises run in this one's turns.
        let queue = v8::MicrotaskQueue::new(scope, v8::MicrotasksPolicy::Explicit);
        let queue_pointer = std::ptr::from_ref::<v8::MicrotaskQueue>(&queue).cast_mut();
        let context = v8::Context::new(
            scope,
            v8::ContextOptions { microtask_queue: Some(queue_pointer), ..Default::default() },
        );
        drop(queue);
        let scope = &mut v8::ContextScope::new(scope, context);
        let entry = if engine.snapshot().is_some() {
            snapshot::entry_of_context(scope)?
        } else {
            snapshot::set_up_from_source(scope, engine.extension())?
        };
        lazy_globals::defer(scope, context, engine.extension(), entry)?;
        context.set_allow_generation_from_strings(false);
        Ok(Self::of_context(scope, context, entry))
    }

    /// A context that has been set up, with its entry.
    pub(crate) fn of_context(
        scope: &mut v8::PinScope<'_, '_>,
        context: v8::Local<'_, v8::Context>,
        entry: v8::Local<'_, v8::Function>,
    ) -> Self {
        Self { context: v8::Global::new(scope, context), entry: v8::Global::new(scope, entry) }
    }

    /// Gives the context to a script.
    pub(crate) fn with_script(self, script: Script) -> Realm {
        Realm {
            context: self.context,
            entry: self.entry,
            modules: Box::default(),
            script,
            is_loaded: false,
            uses: 0,
            last_call: 0,
        }
    }
}

/// A context that can serve requests, one at a time.
///
/// Dropping it without the isolate's lock is allowed: V8 lets go of the context when the isolate is next locked.
pub struct Realm {
    pub(crate) context: v8::Global<v8::Context>,
    entry: v8::Global<v8::Function>,
    pub(crate) modules: Box<Modules>,
    script: Script,
    /// The script's top level has been evaluated.
    pub(crate) is_loaded: bool,
    uses: u32,
    /// The number of the last host call of the requests that it has served.
    last_call: u64,
}

impl Realm {
    /// The script that it runs.
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// How many requests it has served.
    pub fn uses(&self) -> u32 {
        self.uses
    }
}

impl std::fmt::Debug for Realm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Realm").field("script", &self.script).field("uses", &self.uses).finish()
    }
}

/// One request as the world above the core sees it. Its native functions find it through [`RealmState::request`].
pub trait GuestRequest: Any + Send {
    /// The arguments of the `begin` hook: the event's kind and payload. None if there is no event: the request ends
    /// well once the script is loaded.
    ///
    /// # Errors
    /// If the event cannot be represented in the guest's heap; the request then ends as [`Outcome::ExceededMemory`].
    fn begin<'s>(
        &mut self,
        scope: &mut v8::PinScope<'s, '_>,
    ) -> Result<Option<[v8::Local<'s, v8::Value>; 2]>, GuestError>;
}

/// How the guest's side of a request came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    /// How.
    pub outcome: Outcome,
    /// What happened, if it did not go well.
    pub message: String,
}

impl Finish {
    /// All went well.
    pub fn ok() -> Self {
        Self { outcome: Outcome::Ok, message: String::new() }
    }
}

/// A realm and the state of the request that it serves.
pub struct RealmState {
    pub(crate) realm: Realm,
    pub(crate) calls: HostCalls,
    pub(crate) timers: Timers,
    pub(crate) rejections: Vec<Rejection>,
    pub(crate) request: Option<Box<dyn GuestRequest>>,
    pub(crate) finish: Option<Finish>,
    pub(crate) has_responded: bool,
    pub(crate) limits: Arc<RuntimeLimits>,
    pub(crate) subrequests: u32,
    /// How many turns the request has had, the one that runs included.
    pub(crate) turns: u32,
    /// Present while a top level is evaluated ahead of its request; see [`RealmState::needs_request`].
    unattended: Option<v8::IsolateHandle>,
    has_needed_request: bool,
}

/// A promise that was rejected with nobody listening, or got a listener after that was reported.
pub(crate) struct Rejection {
    pub(crate) promise: v8::Global<v8::Promise>,
    pub(crate) reason: v8::Global<v8::Value>,
    pub(crate) is_handled_late: bool,
}

impl RealmState {
    pub(crate) fn new(realm: Realm, limits: Arc<RuntimeLimits>) -> Box<Self> {
        Box::new(Self {
            calls: HostCalls::after(realm.last_call),
            realm,
            timers: Timers::default(),
            rejections: Vec::new(),
            request: None,
            finish: None,
            has_responded: false,
            limits,
            subrequests: 0,
            turns: 1,
            unattended: None,
            has_needed_request: false,
        })
    }

    /// A realm whose top level is to be evaluated while there is no request.
    pub(crate) fn unattended(
        realm: Realm,
        limits: Arc<RuntimeLimits>,
        handle: v8::IsolateHandle,
    ) -> Box<Self> {
        let mut state = Self::new(realm, limits);
        state.unattended = Some(handle);
        state
    }

    /// Something is asked for that only a request has. A top level that runs ahead of its request ends here: it is
    /// stopped, and evaluated again when the request is there.
    fn needs_request(&mut self) {
        if let Some(handle) = &self.unattended {
            self.has_needed_request = true;
            handle.terminate_execution();
        }
    }

    /// Whether [`RealmState::needs_request`] has ended the evaluation.
    pub(crate) fn has_needed_request(&self) -> bool {
        self.has_needed_request
    }

    /// The state of the turn that runs, for native functions. None while a snapshot is built.
    pub fn of(isolate: &mut v8::Isolate) -> Option<&mut RealmState> {
        isolate.get_slot_mut::<Box<RealmState>>().map(|state| &mut **state)
    }

    /// The request that runs, if it is a `T`.
    pub fn request<T: GuestRequest>(&mut self) -> Option<&mut T> {
        self.needs_request();
        let request: &mut dyn Any = self.request.as_deref_mut()?;
        request.downcast_mut()
    }

    /// The host calls of this request.
    pub fn calls(&mut self) -> &mut HostCalls {
        self.needs_request();
        &mut self.calls
    }

    /// The limits of this request.
    pub fn limits(&self) -> &RuntimeLimits {
        &self.limits
    }

    /// The number of the turn that runs, of this request's.
    pub fn turn(&self) -> u32 {
        self.turns
    }

    /// Counts an outbound call.
    ///
    /// # Errors
    /// If the request has made as many as it may.
    pub fn count_subrequest(&mut self) -> Result<(), HostCallError> {
        self.needs_request();
        let limit = RuntimeLimits::cap(self.limits.subrequests);
        if u64::from(self.subrequests) >= limit {
            return Err(HostCallError::error(format!(
                "too many subrequests: this request may make {limit} outbound calls"
            )));
        }
        self.subrequests += 1;
        Ok(())
    }

    /// Arms a timer; the `fireTimer` hook is called with its number when it is due.
    ///
    /// # Errors
    /// If the request has as many armed as it may.
    pub fn start_timer(&mut self, id: u32, delay: Duration) -> Result<(), HostCallError> {
        self.needs_request();
        let limit = RuntimeLimits::cap(self.limits.timers);
        if self.timers.start(id, delay, limit) {
            Ok(())
        } else {
            Err(HostCallError::range_error(format!(
                "too many timers: this request may have {limit} armed at once"
            )))
        }
    }

    /// Disarms a timer.
    pub fn stop_timer(&mut self, id: u32) {
        self.timers.stop(id);
    }

    /// The response is there: the driver tells its caller at the end of this turn.
    pub fn note_response(&mut self) {
        self.needs_request();
        self.has_responded = true;
    }

    /// The guest is done, well or not. Only the first call counts.
    pub fn finish(&mut self, finish: Finish) {
        self.needs_request();
        self.finish.get_or_insert(finish);
    }

    /// Calls one of the platform's own functions. None if it threw or was stopped.
    pub fn call_hook<'s>(
        scope: &mut v8::PinScope<'s, '_>,
        hook: Hook,
        arguments: &[v8::Local<'s, v8::Value>],
    ) -> Option<v8::Local<'s, v8::Value>> {
        let entry = RealmState::of(scope)?.realm.entry.clone();
        let entry = v8::Local::new(scope, entry);
        let receiver = v8::undefined(scope).into();
        let number = v8::Integer::new(scope, hook as i32).into();
        let arguments: Vec<_> = std::iter::once(number).chain(arguments.iter().copied()).collect();
        entry.call(scope, receiver, &arguments)
    }

    /// Ends an evaluation for which no request was there.
    pub(crate) fn into_unused_realm(self: Box<Self>) -> Realm {
        self.realm
    }

    /// Ends the service to one request, so that the realm can be kept for another.
    pub(crate) fn into_realm(mut self: Box<Self>) -> Realm {
        self.realm.last_call = self.calls.last();
        self.realm.uses += 1;
        self.realm
    }
}

/// V8 tells of promises that are rejected without a handler, and of handlers that come later.
pub(crate) extern "C" fn on_promise_reject(message: v8::PromiseRejectMessage) {
    // SAFETY: V8 calls this function with a message of its own, on the thread that holds the isolate's lock.
    v8::callback_scope!(unsafe scope, &message);
    let promise = message.get_promise();
    match message.get_event() {
        v8::PromiseRejectEvent::PromiseRejectWithNoHandler => {
            let reason = message.get_value().unwrap_or_else(|| v8::undefined(scope).into());
            let rejection = Rejection {
                promise: v8::Global::new(scope, promise),
                reason: v8::Global::new(scope, reason),
                is_handled_late: false,
            };
            if let Some(state) = RealmState::of(scope) {
                state.rejections.push(rejection);
            }
        }
        v8::PromiseRejectEvent::PromiseHandlerAddedAfterReject => {
            let promise = v8::Global::new(scope, promise);
            let reason = v8::Local::<v8::Value>::from(v8::undefined(scope));
            let reason = v8::Global::new(scope, reason);
            let Some(state) = RealmState::of(scope) else { return };
            let waiting = state.rejections.len();
            state.rejections.retain(|known| known.is_handled_late || known.promise != promise);
            if state.rejections.len() == waiting {
                state.rejections.push(Rejection { promise, reason, is_handled_late: true });
            }
        }
        // A promise that is settled twice concerns nobody.
        v8::PromiseRejectEvent::PromiseRejectAfterResolved
        | v8::PromiseRejectEvent::PromiseResolveAfterResolved => {}
    }
}
