//! What a crate above bakes into every context: JavaScript sources and native functions. This module only describes
//! them; `snapshot` runs them and `realm` finds their entry points again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use v8::MapFnTo as _;

use crate::host_calls::HostCallError;
use crate::outcome::Outcome;
use crate::realm::{Finish, GuestRequest, RealmState};

/// One JavaScript source: an expression that is a `function (native, internals) { ... }`.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The file's name, as stack traces show it.
    pub name: &'static str,
    /// The expression.
    pub code: &'static str,
}

/// What the names of all sources begin with, where V8 shows them.
const ORIGIN: &str = "isolane:";

impl Source {
    /// Where its functions say that they come from.
    pub(crate) fn origin<'s>(&self, scope: &mut v8::PinScope<'s, '_>) -> Option<v8::ScriptOrigin<'s>> {
        let name = v8::String::new(scope, &format!("{ORIGIN}{}", self.name))?.into();
        Some(v8::ScriptOrigin::new(scope, name, 0, 0, false, -1, None, false, false, false, None))
    }
}

/// Whether a value is a function that a [`Source`] defines: not one of the host's or of V8's own, and no proxy or bound
/// function around one.
///
/// A guest can give a source of its own such a name (`//# sourceURL=`), which makes its functions look like these.
pub fn is_of_source(scope: &mut v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> bool {
    let Ok(function) = v8::Local::<v8::Function>::try_from(value) else { return false };
    let origin = function.get_script_origin(scope);
    let Some(name) = origin.resource_name().and_then(|name| v8::Local::<v8::String>::try_from(name).ok())
    else {
        return false;
    };
    let mut beginning = [0; ORIGIN.len()];
    name.write_one_byte_v2(scope, 0, &mut beginning, v8::WriteFlags::empty());
    beginning == ORIGIN.as_bytes()
}

/// A part of the guest's world that runs only when something of it is used for the first time.
#[derive(Debug)]
pub struct Unit {
    /// A name for error messages.
    pub name: &'static str,
    /// The globals that it gives.
    pub globals: &'static [LazyGlobal],
    /// The members of `internals` that it publishes.
    pub members: &'static [&'static str],
    /// The JavaScript, in order.
    pub sources: Vec<Source>,
}

/// A global that a [`Unit`] gives.
#[derive(Clone, Copy, Debug)]
pub struct LazyGlobal {
    /// The property's name.
    pub name: &'static str,
    /// Operations are enumerable, interfaces and namespaces are not.
    pub is_operation: bool,
}

/// A module that every script can import, whatever its files.
#[derive(Clone, Copy, Debug)]
pub struct BuiltinModule {
    /// What a script imports it by.
    pub specifier: &'static str,
    /// The names of its exports: members of what [`Hook::BuiltinModule`] gives.
    pub exports: &'static [&'static str],
}

/// One native function, reachable from the sources as `native.NAME`.
#[derive(Clone, Copy)]
pub struct Native {
    /// The property's name.
    pub name: &'static str,
    /// The function; made with [`Native::new`].
    pub(crate) callback: v8::FunctionCallback,
}

impl Native {
    /// Names a function of the `v8` crate's callback shape: a plain function, or a closure without captures.
    ///
    /// A panic in it does not take the process down: the request ends as [`Outcome::Internal`](crate::Outcome).
    pub fn new(name: &'static str, function: impl NativeFunction) -> Self {
        Self { name, callback: guarded(function) }
    }
}

/// A callback whose panics are caught before they reach V8's frames, which they must not unwind.
fn guarded<F>(function: F) -> v8::FunctionCallback
where
    F: NativeFunction,
{
    inferred(move |scope, arguments, result| {
        // The scope is used again only to report the panic.
        let ran = catch_unwind(AssertUnwindSafe(|| function(&mut *scope, arguments, result)));
        if ran.is_err() {
            if let Some(state) = RealmState::of(scope) {
                let message = "a native function panicked; its message is in the log".to_owned();
                state.finish(Finish { outcome: Outcome::internal(), message });
            }
            HostCallError::error("the host failed to perform the operation").throw(scope);
        }
    })
    .map_fn_to()
}

/// Lets the compiler see that a closure is a native function for all lifetimes.
fn inferred<F: NativeFunction>(function: F) -> F {
    function
}

/// The shape of a native function: a plain function, or a closure without captures.
pub trait NativeFunction:
    Copy
    + for<'s, 'i> Fn(
        &mut v8::PinScope<'s, 'i>,
        v8::FunctionCallbackArguments<'s>,
        v8::ReturnValue<'s, v8::Value>,
    )
{
}

impl<F> NativeFunction for F where
    F: Copy
        + for<'s, 'i> Fn(
            &mut v8::PinScope<'s, 'i>,
            v8::FunctionCallbackArguments<'s>,
            v8::ReturnValue<'s, v8::Value>,
        )
{
}

/// The guest's world, as the snapshot holds it.
///
/// The sources run once, in order, in the context that is then frozen into the snapshot. They share one `internals`
/// object, in which they find `internals.hooks`, the numbers of the [`Hook`]s by their names; `internals.entry` must then be
/// the function that the core calls, with such a number and the hook's arguments. Both names are gone from `internals`
/// after that. The units are not in the snapshot: it is for the sources to see to it that a unit's files run when
/// something of it is used. They find beside the natives
/// - `native.unitOfMember(name)` and `native.unitOfGlobal(name)`: the number of the unit that gives it, or undefined;
/// - `native.unit(number)`: an array of the unit's name, its globals, its members, and the numbers of its first file and of
///   the file behind its last;
/// - `native.unitFile(number)`: a file as a function that has not run;
/// - `native.make(name)`: one of the natives, or undefined. Only those whose names stand in the sources, as `native.NAME`,
///   are there from the start.
pub struct Extension {
    /// A short name, for error messages.
    pub name: &'static str,
    /// The JavaScript, in order.
    pub sources: Vec<Source>,
    /// What runs later, or never.
    pub units: Vec<Unit>,
    /// The native functions. Their order is part of the snapshot's identity.
    pub natives: Vec<Native>,
    /// Globals that V8 adds to every context after it has made it from the snapshot. Where a guest uses one, it finds
    /// what [`Hook::LateGlobal`] makes of it.
    pub late_globals: &'static [&'static str],
    /// The modules that it has for scripts.
    pub modules: &'static [BuiltinModule],
    /// A request that is served while the snapshot is made, in a context that is then thrown away: the functions that
    /// it calls are in the snapshot, or with it, compiled, and no isolate's first request has to compile them.
    pub rehearsal: Option<fn() -> Rehearsal>,
}

/// A request, and a worker that serves it; see [`Extension::rehearsal`].
pub struct Rehearsal {
    /// An expression that gives what the namespace of a worker's main module would be: `({ default: { ... } })`.
    pub worker: &'static str,
    /// The request. The worker must answer without waiting for the host.
    pub request: Box<dyn GuestRequest>,
}

/// What the core and the world above call the guest's world for, by one function: `internals.entry(hook, ...arguments)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// `setModule(namespace)`: the main module has been evaluated.
    SetModule,
    /// `begin(kind, payload)`: an event starts.
    Begin,
    /// `fireTimer(id)`: a timer is due.
    FireTimer,
    /// `rejection(kind, promise, reason)`: 0 when a rejection stays unhandled, 1 when it is handled after all.
    Rejection,
    /// `reportException(error)`: something was thrown where nobody can catch it.
    ReportException,
    /// `makeDOMException(message, name)`: makes an error object of the guest's realm.
    MakeDomException,
    /// `reset()`: the context is about to serve another request.
    Reset,
    /// `lateGlobal(name, ...values)`: the guest uses one of [`Extension::late_globals`] for the first time. Gives what
    /// it is to find; `values` are all of them, in order, as V8 made them.
    LateGlobal,
    /// `unitGlobal(name)`: the guest uses a global of a [`Unit`] for the first time. Gives what it is to find.
    UnitGlobal,
    /// `builtinModule(specifier)`: a script imports one of [`Extension::modules`] for the first time. Gives an object
    /// whose members are the exports.
    BuiltinModule,
    /// `describeException(error)`: name and message of an error of the guest's world, as one text, or undefined for
    /// anything else. It runs no code of the guest's.
    DescribeException,
    /// `setLocation(href)`: the script has a [location](crate::Script::located_at). Called before its top level runs.
    SetLocation,
}

impl Hook {
    /// All hooks with their names, in the order of their numbers.
    pub(crate) const ALL: [(Hook, &'static str); 12] = [
        (Hook::SetModule, "setModule"),
        (Hook::Begin, "begin"),
        (Hook::FireTimer, "fireTimer"),
        (Hook::Rejection, "rejection"),
        (Hook::ReportException, "reportException"),
        (Hook::MakeDomException, "makeDOMException"),
        (Hook::Reset, "reset"),
        (Hook::LateGlobal, "lateGlobal"),
        (Hook::UnitGlobal, "unitGlobal"),
        (Hook::BuiltinModule, "builtinModule"),
        (Hook::DescribeException, "describeException"),
        (Hook::SetLocation, "setLocation"),
    ];
}
