//! What a crate above bakes into every context: JavaScript sources and native functions. This module only describes
//! them; `snapshot` runs them and `realm` finds their entry points again.

/// One JavaScript source, as the body of `function (native, internals) { ... }`.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The file's name, as stack traces show it.
    pub name: &'static str,
    /// The function's body.
    pub code: &'static str,
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
    /// Names a function of the `v8` crate's callback shape.
    pub fn new(name: &'static str, callback: impl v8::MapFnTo<v8::FunctionCallback>) -> Self {
        Self { name, callback: callback.map_fn_to() }
    }
}

/// The guest's world, as the snapshot holds it.
///
/// The sources run once, in order, in the context that is then frozen into the snapshot. They share one `internals`
/// object; `internals.entry` must then hold a function for each [`Hook`].
pub struct Extension {
    /// A short name, for error messages.
    pub name: &'static str,
    /// The JavaScript, in order.
    pub sources: Vec<Source>,
    /// The native functions. Their order is part of the snapshot's identity.
    pub natives: Vec<Native>,
}

/// The functions of `internals.entry` that the core and the world above call.
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
}

impl Hook {
    /// All hooks, in the order in which the snapshot holds them.
    pub(crate) const ALL: [(Hook, &'static str); 7] = [
        (Hook::SetModule, "setModule"),
        (Hook::Begin, "begin"),
        (Hook::FireTimer, "fireTimer"),
        (Hook::Rejection, "rejection"),
        (Hook::ReportException, "reportException"),
        (Hook::MakeDomException, "makeDOMException"),
        (Hook::Reset, "reset"),
    ];
}
