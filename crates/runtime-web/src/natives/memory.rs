//! The native half of `buffer_limits.js`: whether an isolate has room for memory that V8 takes without asking. Buffers
//! that V8 does ask for are the core's business.

use runtime_core::{Native, RealmState};

use super::{Arguments, Return, Scope};

pub(super) fn natives() -> Vec<Native> {
    vec![Native::new("hasRoom", has_room)]
}

/// Whether heap and buffers may take so many more bytes. Collects garbage if that is what it takes.
fn has_room<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let bytes = arguments.get(0).number_value(scope).unwrap_or(f64::INFINITY);
    let limit = RealmState::of(scope).and_then(|state| state.limits().heap_max_bytes());
    let Some(limit) = limit else { return result.set_bool(true) };
    let fits = |isolate: &mut v8::Isolate| {
        let heap = isolate.get_heap_statistics();
        (heap.used_heap_size() + heap.external_memory()) as f64 + bytes <= limit as f64
    };
    let mut has_room = fits(scope);
    // What is larger than the limit would not fit into an empty isolate either.
    if !has_room && bytes < limit as f64 {
        scope.low_memory_notification();
        has_room = fits(scope);
    }
    result.set_bool(has_room);
}
