//! The guest's world as the snapshot holds it: the JavaScript sources in their order, and the natives.

mod rehearsal;

use std::sync::LazyLock;

use runtime_core::{
    BuiltinModule, Extension, InitError, LazyGlobal, SnapshotInfo, Source, Unit, V8, V8Config,
};

use crate::natives;

macro_rules! sources {
    ($($name:literal,)*) => {
        vec![$(Source {
            name: $name,
            // The wrapper stands on one line, so that line numbers are the file's.
            code: concat!(
                "(function (native, internals) { \"use strict\"; ",
                include_str!(concat!(env!("OUT_DIR"), "/js/", $name)),
                "\n})"
            ),
        }),*]
    };
}

macro_rules! unit {
    ($name:literal, [$(($global:literal, $is_operation:literal),)*], [$($member:literal,)*], [$($source:literal,)*]) => {
        Unit {
            name: $name,
            globals: &[$(LazyGlobal { name: $global, is_operation: $is_operation }),*],
            members: &[$($member),*],
            sources: sources![$($source,)*],
        }
    };
}

const ASYNC_HOOKS: &[&str] = &["AsyncLocalStorage", "AsyncResource", "default"];

static EXTENSION: LazyLock<Extension> = LazyLock::new(|| Extension {
    name: "runtime-web",
    sources: include!(concat!(env!("OUT_DIR"), "/core.rs")),
    units: include!(concat!(env!("OUT_DIR"), "/units.rs")),
    natives: natives::all(),
    modules: &[
        BuiltinModule { specifier: "node:async_hooks", exports: ASYNC_HOOKS },
        BuiltinModule { specifier: "async_hooks", exports: ASYNC_HOOKS },
    ],
    late_globals: &["SharedArrayBuffer", "WebAssembly"],
    rehearsal: Some(rehearsal::rehearsal),
});

/// The sources and natives of the guest's world.
pub fn extension() -> &'static Extension {
    &EXTENSION
}

/// Initialises V8 with the guest's world. Modes call it with the defaults if nobody has; call it first, once, to
/// choose flags or a snapshot file.
///
/// # Errors
/// If V8 runs with another configuration already, or the configuration cannot be used.
pub fn init(config: V8Config) -> Result<&'static V8, InitError> {
    V8::init(config, extension)
}

/// Initialises V8 with the defaults, unless somebody has initialised it in whichever way.
///
/// # Errors
/// If V8 cannot be initialised.
pub fn ensure_init() -> Result<&'static V8, InitError> {
    match V8::running() {
        Some(running) => Ok(running),
        None => init(V8Config::default()).or_else(|error| V8::running().ok_or(error)),
    }
}

/// Builds the base snapshot's file for a configuration.
///
/// # Errors
/// If V8 runs with other flags already, or cannot make the snapshot.
pub fn build_snapshot(config: &V8Config) -> Result<(Vec<u8>, SnapshotInfo), InitError> {
    runtime_core::build_snapshot(config, extension())
}

/// Checks a base snapshot's file against this program, without giving it to V8.
///
/// # Errors
/// If the file is foreign, truncated, corrupted or stale; the error names both sides.
pub fn inspect_snapshot(config: &V8Config, file: &[u8]) -> Result<SnapshotInfo, InitError> {
    runtime_core::inspect_snapshot(config, extension(), file)
}
