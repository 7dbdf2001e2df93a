//! The native half of `function_text.js`: whose a function is.

use runtime_core::Native;

use super::{Arguments, Return, Scope};

pub(super) fn natives() -> Vec<Native> {
    vec![Native::new("isOfPlatform", is_of_platform)]
}

/// Whether a value is a function of the platform's own JavaScript.
fn is_of_platform<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    result.set_bool(runtime_core::is_of_source(scope, arguments.get(0)));
}
