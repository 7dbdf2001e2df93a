//! Operations of the host that the guest waits for: each is a future on the host's side and a promise on the
//! guest's. Started by natives during a turn, polled by the driver between and during turns, settled in a later
//! turn. Nothing of a request's calls outlives the request: they are owned by its driver.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, Abortable, BoxFuture, CatchUnwind};

use crate::extension::Hook;
use crate::host_value::HostValue;
use crate::host_work::WorkAccount;
use crate::outcome::Outcome;
use crate::realm::RealmState;

/// Which JavaScript error a failed host call becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostErrorKind {
    /// `Error`.
    Error,
    /// `TypeError`.
    TypeError,
    /// `RangeError`.
    RangeError,
    /// A `DOMException` of this name.
    Dom(&'static str),
}

/// A host call failed; the guest sees a rejected promise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HostCallError {
    /// The JavaScript error's class.
    pub kind: HostErrorKind,
    /// The message, for the guest to read: it must not reveal the host's secrets.
    pub message: String,
    /// Whether the host's operation failed, and not the guest's use of it; see [`HostCallError::of_the_host`].
    is_of_the_host: bool,
}

impl HostCallError {
    /// An `Error`.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(HostErrorKind::Error, message)
    }

    /// A `TypeError`.
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::new(HostErrorKind::TypeError, message)
    }

    /// A `RangeError`.
    pub fn range_error(message: impl Into<String>) -> Self {
        Self::new(HostErrorKind::RangeError, message)
    }

    /// A `DOMException`.
    pub fn dom(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(HostErrorKind::Dom(name), message)
    }

    fn new(kind: HostErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), is_of_the_host: false }
    }

    /// The host's operation failed, through no fault of the guest's: a request that ends with this very error ends as
    /// [`Outcome::HostError`].
    #[must_use]
    pub fn of_the_host(mut self) -> Self {
        self.is_of_the_host = true;
        self
    }

    /// The error as an object of the guest's realm.
    pub fn to_v8<'s>(&self, scope: &mut v8::PinScope<'s, '_>) -> v8::Local<'s, v8::Value> {
        let message = v8::String::new(scope, &self.message).unwrap_or_else(|| v8::String::empty(scope));
        let error = match &self.kind {
            HostErrorKind::Error => v8::Exception::error(scope, message),
            HostErrorKind::TypeError => v8::Exception::type_error(scope, message),
            HostErrorKind::RangeError => v8::Exception::range_error(scope, message),
            HostErrorKind::Dom(name) => {
                let name = v8::String::new(scope, name).unwrap_or_else(|| v8::String::empty(scope));
                RealmState::call_hook(scope, Hook::MakeDomException, &[message.into(), name.into()])
                    .unwrap_or_else(|| v8::Exception::error(scope, message))
            }
        };
        if self.is_of_the_host
            && let Ok(error) = v8::Local::<v8::Object>::try_from(error)
        {
            mark_as_of_the_host(scope, error);
        }
        error
    }

    /// Throws the error in the current context.
    pub fn throw(&self, scope: &mut v8::PinScope<'_, '_>) {
        let error = self.to_v8(scope);
        scope.throw_exception(error);
    }
}

/// The private symbol that errors of the host's carry. No code of the guest's can see, copy or set it.
fn mark_of_the_host<'s>(scope: &mut v8::PinScope<'s, '_>) -> v8::Local<'s, v8::Private> {
    let name = v8::String::new(scope, "isolane.errorOfTheHost");
    v8::Private::for_api(scope, name)
}

/// How a request ends that ends with this value thrown: as the host's failure if it is, by identity, an error that a
/// host operation gave, and as the guest's exception otherwise.
pub fn outcome_of_thrown(scope: &mut v8::PinScope<'_, '_>, thrown: v8::Local<'_, v8::Value>) -> Outcome {
    if is_of_the_host(scope, thrown) { Outcome::HostError } else { Outcome::Exception }
}

/// Has an error that stands for another one count as the host's if that does: for an interface that wraps what a host
/// operation gives.
pub fn blame_as(
    scope: &mut v8::PinScope<'_, '_>,
    error: v8::Local<'_, v8::Value>,
    cause: v8::Local<'_, v8::Value>,
) {
    if is_of_the_host(scope, cause)
        && let Ok(error) = v8::Local::<v8::Object>::try_from(error)
    {
        mark_as_of_the_host(scope, error);
    }
}

fn is_of_the_host(scope: &mut v8::PinScope<'_, '_>, error: v8::Local<'_, v8::Value>) -> bool {
    let mark = mark_of_the_host(scope);
    v8::Local::<v8::Object>::try_from(error)
        .is_ok_and(|error| error.has_private(scope, mark).unwrap_or(false))
}

fn mark_as_of_the_host(scope: &mut v8::PinScope<'_, '_>, error: v8::Local<'_, v8::Object>) {
    let mark = mark_of_the_host(scope);
    let yes = v8::Boolean::new(scope, true).into();
    // It fails only while the turn is being terminated.
    let _ = error.set_private(scope, mark, yes);
}

/// What a host call answers.
pub(crate) type HostResult = Result<HostValue, HostCallError>;

/// A started call as the driver polls it. Resolves to none if the guest canceled it.
pub(crate) struct RunningCall {
    id: u64,
    future: Abortable<CatchUnwind<AssertUnwindSafe<BoxFuture<'static, HostResult>>>>,
    /// See [`HostCalls::start_arrival`].
    is_arrival: Option<Arc<AtomicBool>>,
}

/// What a call has come to.
pub(crate) struct Completion {
    pub(crate) id: u64,
    pub(crate) result: HostResult,
    /// It brings the guest something from outside, for which it has its processor time anew.
    pub(crate) renews_cpu: bool,
}

impl Future for RunningCall {
    type Output = Option<Completion>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.id;
        let Poll::Ready(end) = self.future.poll_unpin(cx) else { return Poll::Pending };
        let renews_cpu =
            self.is_arrival.as_ref().is_some_and(|is_arrival| is_arrival.load(Ordering::Relaxed));
        Poll::Ready(match end {
            Ok(Ok(result)) => Some(Completion { id, result, renews_cpu }),
            Ok(Err(_panic)) => {
                tracing::error!(call = id, "a host operation panicked");
                let error = HostCallError::error("the host failed to perform the operation").of_the_host();
                Some(Completion { id, result: Err(error), renews_cpu: false })
            }
            Err(_canceled) => None,
        })
    }
}

/// The calls of one request.
#[derive(Default)]
pub struct HostCalls {
    next: u64,
    started: Vec<RunningCall>,
    waiting: HashMap<u64, Waiting>,
    account: Arc<WorkAccount>,
}

struct Waiting {
    resolver: v8::Global<v8::PromiseResolver>,
    abort: AbortHandle,
}

impl HostCalls {
    /// No calls yet. Numbers go on from `last`, so that a context's earlier request cannot cancel a call of a later one.
    pub(crate) fn after(last: u64) -> Self {
        Self { next: last, ..Self::default() }
    }

    /// Starts a host operation and gives the promise of its result. The operation is polled from the end of this
    /// turn on, on the driver's executor; it is dropped with the request.
    ///
    /// None if V8 cannot make a promise, which happens only while the turn is being terminated.
    pub fn start<'s>(
        scope: &mut v8::PinScope<'s, '_>,
        operation: impl Future<Output = Result<HostValue, HostCallError>> + Send + 'static,
    ) -> Option<v8::Local<'s, v8::Promise>> {
        Self::start_call(scope, operation, None)
    }

    /// As [`HostCalls::start`], for something that comes from the request's client long after its event began, such as a
    /// message on a socket: if `is_arrival` is set when it does, the guest has its processor time anew for it.
    pub fn start_arrival<'s>(
        scope: &mut v8::PinScope<'s, '_>,
        is_arrival: Arc<AtomicBool>,
        operation: impl Future<Output = Result<HostValue, HostCallError>> + Send + 'static,
    ) -> Option<v8::Local<'s, v8::Promise>> {
        Self::start_call(scope, operation, Some(is_arrival))
    }

    fn start_call<'s>(
        scope: &mut v8::PinScope<'s, '_>,
        operation: impl Future<Output = Result<HostValue, HostCallError>> + Send + 'static,
        is_arrival: Option<Arc<AtomicBool>>,
    ) -> Option<v8::Local<'s, v8::Promise>> {
        let resolver = v8::PromiseResolver::new(scope)?;
        let promise = resolver.get_promise(scope);
        let global = v8::Global::new(scope, resolver);
        let calls = RealmState::of(scope)?.calls();
        calls.next += 1;
        let id = calls.next;
        let (abort, registration) = AbortHandle::new_pair();
        let operation: BoxFuture<'static, HostResult> = Box::pin(operation);
        let future = Abortable::new(AssertUnwindSafe(operation).catch_unwind(), registration);
        calls.started.push(RunningCall { id, future, is_arrival });
        calls.waiting.insert(id, Waiting { resolver: global, abort });
        Some(promise)
    }

    /// The number of the call that was started last; 0 if there was none.
    pub fn last(&self) -> u64 {
        self.next
    }

    /// Drops a call; its promise never settles. Unknown numbers and finished calls are ignored.
    pub fn cancel(&mut self, id: u64) {
        if let Some(waiting) = self.waiting.remove(&id) {
            waiting.abort.abort();
        }
    }

    pub(crate) fn take_started(&mut self) -> Vec<RunningCall> {
        std::mem::take(&mut self.started)
    }

    pub(crate) fn take_resolver(&mut self, id: u64) -> Option<v8::Global<v8::PromiseResolver>> {
        self.waiting.remove(&id).map(|waiting| waiting.resolver)
    }

    /// What the request's jobs on the host's threads share.
    pub(crate) fn account(&self) -> &Arc<WorkAccount> {
        &self.account
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }
}
