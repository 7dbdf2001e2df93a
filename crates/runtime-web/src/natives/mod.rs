//! The native halves of the Web APIs: functions that the JavaScript sources find as `native.NAME`. They never panic
//! and never run the guest's code by surprise: arguments come from our own JavaScript, already converted.

mod async_context;
mod bodies;
mod clone;
mod compression;
mod crypto;
mod flow;
mod functions;
mod memory;
mod text;
mod url;
mod wasm_module;
mod web_sockets;

use bytes::Bytes;
use runtime_core::{HostCallError, Native};

pub(crate) use compression::{Codecs, codec};
pub(crate) use crypto::{Hashers, WorkResults};
pub(crate) use text::Decoders;

/// All native functions. Their order is part of the snapshot's identity.
pub(crate) fn all() -> Vec<Native> {
    [
        flow::natives(),
        async_context::natives(),
        bodies::natives(),
        web_sockets::natives(),
        text::natives(),
        compression::natives(),
        url::natives(),
        crypto::natives(),
        clone::natives(),
        memory::natives(),
        functions::natives(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The scope of a native function.
type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;
/// Its arguments.
type Arguments<'s> = v8::FunctionCallbackArguments<'s>;
/// Where its result goes.
type Return<'s> = v8::ReturnValue<'s>;

/// An argument as a Rust string; lone surrogates become U+FFFD.
fn string(scope: &v8::PinScope<'_, '_>, arguments: &Arguments<'_>, index: i32) -> String {
    arguments.get(index).to_rust_string_lossy(scope)
}

/// An argument as an unsigned number; anything else is 0.
fn number(scope: &v8::PinScope<'_, '_>, arguments: &Arguments<'_>, index: i32) -> u32 {
    arguments.get(index).uint32_value(scope).unwrap_or(0)
}

/// An argument's bytes, copied; none if it is no buffer or view.
fn bytes(arguments: &Arguments<'_>, index: i32) -> Option<Bytes> {
    runtime_core::bytes_of(arguments.get(index))
}

/// A new string of the guest's.
fn new_string<'s>(scope: Scope<'_, 's, '_>, text: &str) -> v8::Local<'s, v8::String> {
    // Only a text past V8's limit fails, and those never get into Rust strings of ours.
    v8::String::new(scope, text).unwrap_or_else(|| v8::String::empty(scope))
}

/// A flat array of strings: name, value, name, value.
fn string_array<'s, 't>(
    scope: Scope<'_, 's, '_>,
    items: impl IntoIterator<Item = &'t str>,
) -> v8::Local<'s, v8::Array> {
    let mut elements: Vec<v8::Local<'s, v8::Value>> = Vec::new();
    for item in items {
        elements.push(new_string(scope, item).into());
    }
    v8::Array::new_with_elements(scope, &elements)
}

/// The strings of an array of our own making.
fn strings_of(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>) -> Vec<String> {
    let Ok(array) = v8::Local::<v8::Array>::try_from(value) else { return Vec::new() };
    (0..array.length())
        .filter_map(|index| Some(array.get_index(scope, index)?.to_rust_string_lossy(scope)))
        .collect()
}

/// Throws a `TypeError`.
fn throw_type_error(scope: Scope<'_, '_, '_>, message: &str) {
    HostCallError::type_error(message).throw(scope);
}

/// Writes bytes to the start of a view's memory. False, with nothing written, if the view is shorter.
fn write_into(view: v8::Local<'_, v8::ArrayBufferView>, bytes: &[u8]) -> bool {
    if bytes.len() > view.byte_length() {
        return false;
    }
    let Some(store) = view.get_backing_store() else { return bytes.is_empty() };
    let memory: &[std::cell::Cell<u8>] = &store;
    let start = view.byte_offset();
    let Some(memory) = memory.get(start..start + bytes.len()) else { return false };
    for (cell, byte) in memory.iter().zip(bytes) {
        cell.set(*byte);
    }
    true
}
