//! The request that is served while a snapshot is made. It is a request like any other, but that nothing of it may
//! wait, and that only its compiled code is kept: who does that is `snapshot`.

use crate::extension::{Hook, Rehearsal};
use crate::guest_error::GuestError;
use crate::limits::RuntimeLimits;
use crate::realm::{BareContext, RealmState};
use crate::script::Script;
use crate::snapshot;

/// Serves the request in a new context of the isolate, which the caller throws away.
pub(crate) fn run(scope: &mut v8::PinScope<'_, '_, ()>, rehearsal: Rehearsal) -> Result<(), GuestError> {
    v8::scope!(let scope, scope);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    let scope = &mut v8::ContextScope::new(scope, context);
    let entry = snapshot::entry_of_context(scope)?;
    let realm = BareContext::of_context(scope, context, entry).with_script(Script::from(rehearsal.worker));
    let mut state = RealmState::new(realm, RuntimeLimits::default().into());
    state.request = Some(rehearsal.request);
    scope.set_slot(state);
    let served = serve(scope, rehearsal.worker);
    // The state holds handles, which must be gone before the snapshot is written.
    let state = scope.remove_slot::<Box<RealmState>>();
    served?;
    if state.as_ref().is_some_and(|state| state.has_responded) {
        return Ok(());
    }
    let finish = state.and_then(|state| state.finish.clone());
    let why = finish.map_or_else(|| "it waits".to_owned(), |finish| finish.message);
    Err(failed(&format!("the worker did not answer: {why}")))
}

fn serve(scope: &mut v8::PinScope<'_, '_>, worker: &str) -> Result<(), GuestError> {
    let source = v8::String::new(scope, worker).ok_or_else(|| failed("the worker is too long"))?;
    let namespace = v8::Script::compile(scope, source, None)
        .and_then(|script| script.run(scope))
        .ok_or_else(|| failed("the worker cannot be evaluated"))?;
    call(scope, Hook::SetModule, &[namespace])?;
    let mut request = RealmState::of(scope)
        .and_then(|state| state.request.take())
        .ok_or_else(|| failed("there is no request"))?;
    let arguments = request.begin(scope)?;
    if let Some(state) = RealmState::of(scope) {
        state.request = Some(request);
    }
    let arguments = arguments.ok_or_else(|| failed("the request has no event"))?;
    call(scope, Hook::Begin, &arguments)?;
    scope.perform_microtask_checkpoint();
    call(scope, Hook::Reset, &[])
}

fn call<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    hook: Hook,
    arguments: &[v8::Local<'s, v8::Value>],
) -> Result<(), GuestError> {
    match RealmState::call_hook(scope, hook, arguments) {
        Some(_) => Ok(()),
        None => Err(failed(&format!("{hook:?} threw"))),
    }
}

fn failed(message: &str) -> GuestError {
    GuestError { message: format!("the rehearsal: {message}") }
}
