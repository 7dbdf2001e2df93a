//! The base snapshot: building it, the header that makes sure that it fits this program, and what a context made
//! from it gives back. V8 aborts the process when it is given a blob that does not fit, so it never sees one that
//! has not been checked.

use std::fmt;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::extension::{Extension, Hook, Rehearsal, Source};
use crate::flags;
use crate::guest_error::{GuestError, describe_message};
use crate::lazy_globals;
use crate::process::{self, InitError, V8Config};
use crate::rehearsal;
use crate::units::{self, UnitFiles};

mod payload;

pub(crate) use self::payload::Payload;

/// `ISOLSNAP`, then the header's version.
const MAGIC: &[u8; 8] = b"ISOLSNAP";
const FORMAT: u32 = 2;
const HASH: usize = 32;
/// Where a context's data in the snapshot has the function `internals.entry`.
const ENTRY: usize = 0;
/// Magic, format, length of the identity's text, length of the payload, hash of identity and payload.
const FIXED: usize = 8 + 4 + 4 + 8 + HASH;

/// A snapshot cannot be made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The file cannot be read.
    #[error("the snapshot file {} cannot be read: {source}", path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a snapshot of ours.
    #[error(
        "expected a snapshot made by `cargo xtask snapshot`, found a file that begins differently; make it again"
    )]
    Foreign,
    /// The file's format is of another version of Isolane.
    #[error("expected snapshot format {FORMAT}, found {found}; make it again with `cargo xtask snapshot`")]
    Format {
        /// The format found.
        found: u32,
    },
    /// The file is shorter than it says.
    #[error("expected {expected} bytes of snapshot, found {found}: the file is truncated; make it again")]
    Truncated {
        /// What its header says.
        expected: u64,
        /// What there is.
        found: u64,
    },
    /// The file's content is not what was written.
    #[error("the snapshot's checksum is {found}, expected {expected}: the file is corrupted; make it again")]
    Corrupted {
        /// What its header says.
        expected: String,
        /// What was computed.
        found: String,
    },
    /// It was made by another build.
    #[error(
        "the snapshot is for [{found}], this program is [{expected}]; make it again with `cargo xtask snapshot`"
    )]
    Stale {
        /// This program.
        expected: String,
        /// The snapshot.
        found: String,
    },
    /// V8 could not make it.
    #[error("v8 could not make the snapshot: {0}")]
    Build(String),
}

/// What a snapshot and a program must have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity(String);

impl Identity {
    pub(crate) fn of(flags: &[String], extension: &Extension) -> Self {
        Self(format!(
            "v8 {}, cache tag {:08x}, target {}-{}, flags {}, {} sources {}",
            v8::V8::get_version(),
            v8::script_compiler::cached_data_version_tag(),
            std::env::consts::ARCH,
            std::env::consts::OS,
            flags.join(" "),
            extension.name,
            sources_hash(extension),
        ))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The hash of everything that goes into a snapshot: sources and natives, in order.
fn sources_hash(extension: &Extension) -> String {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for unit in &extension.units {
        field(unit.name.as_bytes());
        for global in unit.globals {
            field(global.name.as_bytes());
            field(&[u8::from(global.is_operation)]);
        }
        for member in unit.members {
            field(member.as_bytes());
        }
    }
    let of_units = extension.units.iter().flat_map(|unit| &unit.sources);
    for source in extension.sources.iter().chain(of_units) {
        field(source.name.as_bytes());
        field(source.code.as_bytes());
    }
    for native in &extension.natives {
        field(native.name.as_bytes());
    }
    if let Some(rehearsal) = extension.rehearsal {
        field(rehearsal().worker.as_bytes());
    }
    for (_, hook) in Hook::ALL {
        field(hook.as_bytes());
    }
    hex(&hash.finalize()[..16])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a snapshot file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// The build that it belongs to.
    pub identity: String,
    /// The hash of the sources inside, as hexadecimal digits.
    pub sources_hash: String,
    /// V8's part and the units' code, in bytes.
    pub payload_bytes: usize,
}

/// Builds a snapshot file for a configuration.
///
/// # Errors
/// If the process runs V8 with other flags already, or V8 cannot make the snapshot.
pub fn build(config: &V8Config, extension: &'static Extension) -> Result<(Vec<u8>, SnapshotInfo), InitError> {
    let flags = flags::canonical(config.stack_kib, config.wasm_max_pages, &config.flags);
    process::start_engine(&flags, config.background_threads)?;
    let identity = Identity::of(&flags, extension);
    let payload = build_payload(extension)?.to_bytes();
    let info = SnapshotInfo {
        identity: identity.0.clone(),
        sources_hash: sources_hash(extension),
        payload_bytes: payload.len(),
    };
    Ok((encode(&identity, &payload), info))
}

/// Checks a snapshot file against this program and its configuration, without giving it to V8.
///
/// # Errors
/// [`InitError::Snapshot`] if the file is foreign, truncated, corrupted or made for another build; the error names
/// both sides.
pub fn inspect(
    config: &V8Config,
    extension: &'static Extension,
    file: &[u8],
) -> Result<SnapshotInfo, InitError> {
    let flags = flags::canonical(config.stack_kib, config.wasm_max_pages, &config.flags);
    process::start_engine(&flags, config.background_threads)?;
    let identity = Identity::of(&flags, extension);
    let payload = verify(file, &identity)?;
    Ok(SnapshotInfo {
        identity: identity.0,
        sources_hash: sources_hash(extension),
        payload_bytes: payload.len(),
    })
}

fn encode(identity: &Identity, payload: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(FIXED + identity.0.len() + payload.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&FORMAT.to_le_bytes());
    file.extend_from_slice(&(identity.0.len() as u32).to_le_bytes());
    file.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    file.extend_from_slice(&content_hash(identity.0.as_bytes(), payload));
    file.extend_from_slice(identity.0.as_bytes());
    file.extend_from_slice(payload);
    file
}

fn content_hash(identity: &[u8], payload: &[u8]) -> [u8; HASH] {
    let mut hash = Sha256::new();
    hash.update(identity);
    hash.update(payload);
    hash.finalize().into()
}

/// Gives what a file holds that fits, and an error that names both sides for one that does not.
pub(crate) fn read(file: &[u8], expected: &Identity) -> Result<Payload, SnapshotError> {
    let payload = verify(file, expected)?;
    // Its hash was right, so the file is what was written, but nothing that this program writes.
    Payload::of_bytes(payload).ok_or(SnapshotError::Foreign)
}

/// Gives what is behind the header.
fn verify<'f>(file: &'f [u8], expected: &Identity) -> Result<&'f [u8], SnapshotError> {
    let truncated = |expected: u64| SnapshotError::Truncated { expected, found: file.len() as u64 };
    if file.is_empty() || MAGIC.starts_with(file) {
        return Err(truncated(FIXED as u64));
    }
    if !file.starts_with(MAGIC) {
        return Err(SnapshotError::Foreign);
    }
    let word =
        |at: usize| file.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let found = word(8).ok_or_else(|| truncated(FIXED as u64))?;
    if found != FORMAT {
        return Err(SnapshotError::Format { found });
    }
    if file.len() < FIXED {
        return Err(truncated(FIXED as u64));
    }
    let identity_length = word(12).ok_or_else(|| truncated(FIXED as u64))? as usize;
    let payload_length: [u8; 8] = file[16..24].try_into().map_err(|_| truncated(FIXED as u64))?;
    let payload_length = u64::from_le_bytes(payload_length);
    let whole = (FIXED as u64).saturating_add(identity_length as u64).saturating_add(payload_length);
    if file.len() as u64 != whole {
        return Err(truncated(whole));
    }
    let hash = &file[24..FIXED];
    let (identity, payload) = file[FIXED..].split_at(identity_length);
    let computed = content_hash(identity, payload);
    if hash != computed {
        return Err(SnapshotError::Corrupted { expected: hex(hash), found: hex(&computed) });
    }
    let found = String::from_utf8_lossy(identity);
    if found != expected.0 {
        return Err(SnapshotError::Stale { expected: expected.0.clone(), found: found.into_owned() });
    }
    Ok(payload)
}

/// The addresses that V8 replaces by numbers in a snapshot: the natives, in order, what makes units and lazy globals,
/// and the end mark.
pub(crate) fn external_references(extension: &Extension) -> Vec<v8::ExternalReference> {
    let mut references: Vec<v8::ExternalReference> =
        extension.natives.iter().map(|native| v8::ExternalReference { function: native.callback }).collect();
    references.extend(units::natives().map(|(_, callback)| v8::ExternalReference { function: callback }));
    references.push(lazy_globals::external_reference());
    references.push(v8::ExternalReference { pointer: std::ptr::null_mut() });
    references
}

/// Runs the sources in a fresh context and lets V8 write it down; then once more from that, after a rehearsal.
pub(crate) fn build_payload(extension: &'static Extension) -> Result<Payload, SnapshotError> {
    let references = || Some(external_references(extension).into());
    let creator = v8::Isolate::snapshot_creator(references(), None);
    let first = write(creator, extension, |scope| {
        let context = v8::Context::new(scope, v8::ContextOptions::default());
        let scope = &mut v8::ContextScope::new(scope, context);
        let entry = set_up_from_source(scope, extension)?;
        keep(scope, context, entry);
        Ok(())
    })?;
    let Some(rehearsal) = extension.rehearsal else {
        return Ok(Payload { blob: first, unit_code: Vec::new() });
    };
    let creator = v8::Isolate::snapshot_creator_from_existing_snapshot(first.into(), references(), None);
    let blob = write(creator, extension, |scope| {
        rehearsal::run(scope, rehearsal())?;
        // What the rehearsal has left in its context goes with it: only compiled functions belong to the isolate.
        let context = v8::Context::new(scope, v8::ContextOptions::default());
        let scope = &mut v8::ContextScope::new(scope, context);
        let entry = entry_of_context(scope)?;
        keep(scope, context, entry);
        Ok(())
    })?;
    let unit_code = unit_code(extension, blob.clone(), rehearsal())?;
    Ok(Payload { blob, unit_code })
}

/// Sets an isolate up and lets V8 write it down.
fn write(
    mut creator: v8::OwnedIsolate,
    extension: &'static Extension,
    set_up: impl FnOnce(&mut v8::PinScope<'_, '_, ()>) -> Result<(), GuestError>,
) -> Result<Vec<u8>, SnapshotError> {
    creator.set_microtasks_policy(v8::MicrotasksPolicy::Explicit);
    UnitFiles::install(&mut creator, extension, &[]);
    let done = {
        v8::scope!(let scope, &mut creator);
        let done = set_up(scope);
        if done.is_err() {
            // The creator must write a blob before it can go, and that takes a context.
            let context = v8::Context::new(scope, v8::ContextOptions::default());
            scope.set_default_context(context);
        }
        done
    };
    // It holds handles, which must be gone before the snapshot is written.
    UnitFiles::remove(&mut creator);
    let blob = creator.create_blob(v8::FunctionCodeHandling::Keep);
    done.map_err(|error| SnapshotError::Build(error.message))?;
    let blob = blob.ok_or_else(|| SnapshotError::Build("no blob was produced".to_owned()))?;
    Ok(blob.to_vec())
}

/// The code of the units' files after a rehearsal. An isolate that writes a snapshot may not give it, so another one does.
fn unit_code(
    extension: &'static Extension,
    blob: Vec<u8>,
    rehearsal: Rehearsal,
) -> Result<Vec<Box<[u8]>>, SnapshotError> {
    let params = v8::CreateParams::default()
        .external_references(external_references(extension).into())
        .snapshot_blob(v8::StartupData::from(blob));
    let mut isolate = v8::Isolate::new(params);
    isolate.set_microtasks_policy(v8::MicrotasksPolicy::Explicit);
    UnitFiles::install(&mut isolate, extension, &[]);
    let code = {
        v8::scope!(let scope, &mut isolate);
        rehearsal::run(scope, rehearsal).and_then(|()| {
            let context = v8::Context::new(scope, v8::ContextOptions::default());
            units::code_of_all(&mut v8::ContextScope::new(scope, context))
        })
    };
    UnitFiles::remove(&mut isolate);
    code.map_err(|error| SnapshotError::Build(error.message))
}

/// Makes a context the one that is written down, with its entry.
fn keep(
    scope: &mut v8::PinScope<'_, '_>,
    context: v8::Local<'_, v8::Context>,
    entry: v8::Local<'_, v8::Function>,
) {
    let index = scope.add_context_data(context, entry);
    debug_assert_eq!(index, ENTRY, "nothing else is in the context's data");
    scope.set_default_context(context);
}

/// Runs the extension's sources in the current context and gives the function `internals.entry`.
pub(crate) fn set_up_from_source<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    extension: &'static Extension,
) -> Result<v8::Local<'s, v8::Function>, GuestError> {
    let null = v8::null(scope).into();
    let native = v8::Object::with_prototype_and_properties(scope, null, &[], &[]);
    let of_core_sources = extension.natives.iter().filter(|native| {
        let use_of_it = format!("native.{}", native.name);
        extension.sources.iter().any(|source| source.code.contains(&use_of_it))
    });
    let of_core_sources = of_core_sources.map(|native| (native.name, native.callback));
    for (name, callback) in of_core_sources.chain(units::natives()) {
        let function = units::make_native(scope, name, callback)
            .ok_or_else(|| failed("a native function could not be made"))?;
        let name = text(scope, name)?;
        native.create_data_property(scope, name.into(), function.into());
    }
    let internals = v8::Object::with_prototype_and_properties(scope, null, &[], &[]);
    let (hooks_key, entry_key) = (text(scope, "hooks")?, text(scope, "entry")?);
    let hooks = hook_numbers(scope)?;
    internals.create_data_property(scope, hooks_key.into(), hooks.into());
    let run_before = UnitFiles::run(scope);
    for source in &extension.sources {
        let function = compile(scope, source)?;
        call(scope, source.name, function, &[native.into(), internals.into()])?;
    }
    if let Some(file) = UnitFiles::run_since(scope, run_before) {
        return Err(failed(&format!(
            "a source of the core uses {file} of a unit, which every context would then hold"
        )));
    }
    let entry = internals
        .get(scope, entry_key.into())
        .and_then(|entry| v8::Local::<v8::Function>::try_from(entry).ok())
        .ok_or_else(|| failed("the sources publish no function `internals.entry`"))?;
    // Every context would have them, and nobody asks again.
    internals.delete(scope, entry_key.into());
    internals.delete(scope, hooks_key.into());
    let context = scope.get_current_context();
    lazy_globals::define_units(scope, context, &extension.units)?;
    Ok(entry)
}

/// A source as the function that it is.
fn compile<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    source: &Source,
) -> Result<v8::Local<'s, v8::Function>, GuestError> {
    attempt(scope, source.name, |scope| {
        let code = v8::String::new(scope, source.code)?;
        let origin = source.origin(scope)?;
        let function = v8::Script::compile(scope, code, Some(&origin))?.run(scope)?;
        v8::Local::<v8::Function>::try_from(function).ok()
    })
}

fn call<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name: &str,
    function: v8::Local<'s, v8::Function>,
    arguments: &[v8::Local<'s, v8::Value>],
) -> Result<(), GuestError> {
    attempt(scope, name, |scope| {
        let receiver = v8::undefined(scope).into();
        function.call(scope, receiver, arguments)
    })?;
    Ok(())
}

/// Does something of the source or unit `name` that may throw.
fn attempt<'s, T>(
    scope: &mut v8::PinScope<'s, '_>,
    name: &str,
    action: impl FnOnce(&mut v8::PinScope<'s, '_>) -> Option<T>,
) -> Result<T, GuestError> {
    v8::tc_scope!(let scope, scope);
    if let Some(done) = action(scope) {
        return Ok(done);
    }
    let text = match scope.message() {
        Some(message) => describe_message(scope, message),
        None => "it did not run".to_owned(),
    };
    Err(failed(&format!("{name}: {text}")))
}

/// The numbers of hooks by their names.
fn hook_numbers<'s>(scope: &mut v8::PinScope<'s, '_>) -> Result<v8::Local<'s, v8::Object>, GuestError> {
    let null = v8::null(scope).into();
    let numbers = v8::Object::with_prototype_and_properties(scope, null, &[], &[]);
    for (hook, name) in Hook::ALL {
        let (name, number) = (text(scope, name)?, v8::Integer::new(scope, hook as i32));
        numbers.create_data_property(scope, name.into(), number.into());
    }
    Ok(numbers)
}

/// The entry of a context that was made from the snapshot.
pub(crate) fn entry_of_context<'s>(
    scope: &mut v8::PinScope<'s, '_>,
) -> Result<v8::Local<'s, v8::Function>, GuestError> {
    scope
        .get_context_data_from_snapshot_once::<v8::Function>(ENTRY)
        .map_err(|error| failed(&format!("the snapshot has no entry: {error}")))
}

fn text<'s>(scope: &mut v8::PinScope<'s, '_>, text: &str) -> Result<v8::Local<'s, v8::String>, GuestError> {
    v8::String::new(scope, text).ok_or_else(|| failed("a string is too long"))
}

fn failed(message: &str) -> GuestError {
    GuestError { message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(text: &str) -> Identity {
        Identity(text.to_owned())
    }

    #[test]
    fn a_snapshot_that_fits_gives_its_payload() {
        let file = encode(&identity("here"), b"payload");
        assert_eq!(verify(&file, &identity("here")).expect("it fits"), b"payload");
    }

    #[test]
    fn a_snapshot_of_another_build_is_refused_and_both_sides_are_named() {
        let file = encode(&identity("there"), b"payload");
        let error = verify(&file, &identity("here")).expect_err("it does not fit").to_string();
        assert!(error.contains("[there]") && error.contains("[here]"), "{error}");
    }

    #[test]
    fn every_truncation_is_an_error() {
        let file = encode(&identity("here"), b"payload");
        for length in 0..file.len() {
            let error = verify(&file[..length], &identity("here")).expect_err("it is truncated");
            assert!(matches!(error, SnapshotError::Truncated { .. }), "{length}: {error}");
        }
    }

    #[test]
    fn every_flipped_bit_is_an_error() {
        let file = encode(&identity("here"), b"payload");
        for position in 0..file.len() * 8 {
            let mut file = file.clone();
            file[position / 8] ^= 1 << (position % 8);
            assert!(verify(&file, &identity("here")).is_err(), "bit {position}");
        }
    }

    #[test]
    fn a_foreign_file_is_named_as_such() {
        let error = verify(b"\x7fELF and more", &identity("here")).expect_err("it is foreign");
        assert!(matches!(error, SnapshotError::Foreign));
    }
}
