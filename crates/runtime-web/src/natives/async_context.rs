//! The native half of AsyncLocalStorage: the value that V8 keeps with promise reactions and microtasks, and makes current
//! again while they run. What the value is, is the JavaScript's business.

use runtime_core::Native;

use super::{Arguments, Return, Scope};

pub(super) fn natives() -> Vec<Native> {
    vec![Native::new("asyncFrame", async_frame), Native::new("enterAsyncFrame", enter_async_frame)]
}

fn async_frame<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, mut result: Return<'s>) {
    result.set(scope.get_continuation_preserved_embedder_data());
}

fn enter_async_frame<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    scope.set_continuation_preserved_embedder_data(arguments.get(0));
}
