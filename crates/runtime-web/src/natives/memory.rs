//! The native half of `buffer_limits.js` and `late_globals.js`: whether an isolate has room for memory that V8 takes
//! without asking, and for the addresses that it reserves. Buffers that V8 does ask for are the core's business.

use runtime_core::{Native, Space, V8};

use super::{Arguments, Return, Scope, wasm_module};

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("hasRoom", has_room),
        Native::new("reserve", reserve),
        Native::new("reserveMemory", reserve_memory),
        Native::new("reserveForModule", reserve_for_module),
    ]
}

/// An argument as a size: what is no number, or less than nothing, is nothing.
fn size(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>, index: i32) -> usize {
    arguments.get(index).number_value(scope).unwrap_or(0.0) as usize
}

/// Whether heap, buffers and WebAssembly memories may take so many more bytes. Collects garbage if that is what it
/// takes.
fn has_room<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let bytes = size(scope, &arguments, 0);
    result.set_bool(runtime_core::has_room(scope, bytes));
}

/// Reserves ranges, bytes of addresses, and bytes that V8 does not count. Gives an object that holds them for as long
/// as it is alive, or nothing if there is no space.
fn reserve<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let space = Space {
        ranges: size(scope, &arguments, 0),
        addresses: size(scope, &arguments, 1),
        bytes: size(scope, &arguments, 2),
    };
    if let Some(hold) = runtime_core::reserve(scope, space) {
        result.set(hold.into());
    }
}

/// As `reserve`, for one WebAssembly memory.
fn reserve_memory<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, mut result: Return<'s>) {
    if let Some(hold) = runtime_core::reserve(scope, space_of(1)) {
        result.set(hold.into());
    }
}

/// The most memories that a module may have and import. V8 looks for interrupts when a function is called and in loops, at
/// most: one function can make all of its memories as large as each may be before anybody measures them.
const MOST_MEMORIES: usize = 8;

/// As `reserve`, for an instance of a module, which is given itself or by its bytes. Null if instances of it have no
/// memory of their own.
fn reserve_for_module<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let declared = match v8::Local::<v8::WasmModuleObject>::try_from(arguments.get(0)) {
        Ok(module) => wasm_module::memories(module.get_compiled_module().get_wire_bytes_ref()),
        Err(_) => match super::bytes(&arguments, 0) {
            Some(bytes) => wasm_module::memories(&bytes),
            None => wasm_module::Memories::default(),
        },
    };
    if declared.count.saturating_add(declared.imported) > MOST_MEMORIES {
        return;
    }
    if declared.count == 0 {
        return result.set_null();
    }
    if runtime_core::has_room(scope, declared.initial_bytes)
        && let Some(hold) = runtime_core::reserve(scope, space_of(declared.count))
    {
        result.set(hold.into());
    }
}

/// Each memory reserves as much as one may have, whatever its own maximum.
fn space_of(count: usize) -> Space {
    const PAGE: usize = 65_536;
    let most = V8::running().map_or(0, |engine| engine.config().wasm_max_pages as usize * PAGE);
    Space { ranges: count, addresses: most.saturating_mul(count), bytes: 0 }
}
