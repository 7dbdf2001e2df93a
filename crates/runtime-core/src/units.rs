//! The units of an extension: which there are, and their files, compiled when a context first runs one, once an isolate,
//! from the code that the snapshot's file has for them. What an isolate's guests do not use is not in its heap: the
//! sources lie outside, in this program.
//!
//! Which unit runs when is decided in JavaScript, which asks for everything by numbers.

use v8::MapFnTo as _;

use crate::extension::{Extension, Source, Unit};
use crate::guest_error::GuestError;

/// What an isolate has compiled. It lies in a slot of the isolate's.
pub(crate) struct UnitFiles {
    extension: &'static Extension,
    sources: Vec<&'static Source>,
    /// V8's code cache of each file, or nothing where there is none.
    code: &'static [Box<[u8]>],
    compiled: Vec<Option<v8::Global<v8::UnboundScript>>>,
}

impl UnitFiles {
    /// Puts it into the isolate. `code` is what [`code_of_all`] gave when the snapshot was made; it may be empty.
    pub(crate) fn install(
        isolate: &mut v8::Isolate,
        extension: &'static Extension,
        code: &'static [Box<[u8]>],
    ) {
        let sources: Vec<_> = extension.units.iter().flat_map(|unit| &unit.sources).collect();
        let compiled = sources.iter().map(|_| None).collect();
        isolate.set_slot(Self { extension, sources, code, compiled });
    }

    /// Which files have run in this isolate.
    pub(crate) fn run(isolate: &v8::Isolate) -> Vec<bool> {
        let files = isolate.get_slot::<Self>();
        files.map(|files| files.compiled.iter().map(Option::is_some).collect()).unwrap_or_default()
    }

    /// A file that has run in this isolate for the first time since [`run`](Self::run) gave `before`.
    pub(crate) fn run_since(isolate: &v8::Isolate, before: Vec<bool>) -> Option<&'static str> {
        let first = Self::run(isolate).into_iter().zip(before).position(|(now, before)| now && !before)?;
        isolate.get_slot::<Self>()?.sources.get(first).map(|source| source.name)
    }

    /// Takes it out again, with its handles.
    pub(crate) fn remove(isolate: &mut v8::Isolate) {
        isolate.remove_slot::<Self>();
    }
}

/// What the sources can call: see [`Extension`].
pub(crate) fn natives() -> [(&'static str, v8::FunctionCallback); 5] {
    [
        ("unitOfMember", unit_of_member.map_fn_to()),
        ("unitOfGlobal", unit_of_global.map_fn_to()),
        ("unit", unit.map_fn_to()),
        ("unitFile", unit_file.map_fn_to()),
        ("make", make.map_fn_to()),
    ]
}

/// A native function of the current context.
pub(crate) fn make_native<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name: &str,
    callback: v8::FunctionCallback,
) -> Option<v8::Local<'s, v8::Function>> {
    let function = v8::Function::builder_raw(callback)
        .constructor_behavior(v8::ConstructorBehavior::Throw)
        .build(scope)?;
    function.set_name(v8::String::new(scope, name)?);
    Some(function)
}

/// The code of all files, compiled as far as this isolate has run them: V8's code caches, to be kept with the snapshot.
pub(crate) fn code_of_all(scope: &mut v8::PinScope<'_, '_>) -> Result<Vec<Box<[u8]>>, GuestError> {
    let count = scope.get_slot::<UnitFiles>().map_or(0, |files| files.sources.len());
    (0..count)
        .map(|file| {
            let script = compiled(scope, file).ok_or_else(|| failed(file))?;
            let code = script.create_code_cache().ok_or_else(|| failed(file))?;
            Ok(Box::from(&**code))
        })
        .collect()
}

/// A file of a unit's, as a function of the current context that has not run. None if it threw: the guest's stack may
/// be full.
fn function<'s>(scope: &mut v8::PinScope<'s, '_>, file: usize) -> Option<v8::Local<'s, v8::Value>> {
    compiled(scope, file)?.bind_to_current_context(scope).run(scope)
}

fn compiled<'s>(scope: &mut v8::PinScope<'s, '_>, file: usize) -> Option<v8::Local<'s, v8::UnboundScript>> {
    let files = scope.get_slot::<UnitFiles>()?;
    if let Some(known) = files.compiled.get(file)?.clone() {
        return Some(v8::Local::new(scope, known));
    }
    let source = *files.sources.get(file)?;
    let code: Option<&'static [u8]> = files.code.get(file).map(|code| &**code);
    let script = compile(scope, source, code)?;
    let kept = v8::Global::new(scope, script);
    scope.get_slot_mut::<UnitFiles>()?.compiled[file] = Some(kept);
    Some(script)
}

fn compile<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    source: &'static Source,
    code: Option<&'static [u8]>,
) -> Option<v8::Local<'s, v8::UnboundScript>> {
    let text = if source.code.is_ascii() {
        v8::String::new_external_onebyte_static(scope, source.code.as_bytes())?
    } else {
        v8::String::new(scope, source.code)?
    };
    let origin = source.origin(scope)?;
    let (mut source, options) = match code {
        Some(code) => {
            let cached = v8::script_compiler::CachedData::new(code);
            let source = v8::script_compiler::Source::new_with_cached_data(text, Some(&origin), cached);
            (source, v8::script_compiler::CompileOptions::ConsumeCodeCache)
        }
        None => (
            v8::script_compiler::Source::new(text, Some(&origin)),
            v8::script_compiler::CompileOptions::NoCompileOptions,
        ),
    };
    let reason = v8::script_compiler::NoCacheReason::NoReason;
    v8::script_compiler::compile_unbound_script(scope, &mut source, options, reason)
}

/// The native that the sources ask for.
fn make<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    mut result: v8::ReturnValue<'_, v8::Value>,
) {
    let Ok(name) = v8::Local::<v8::String>::try_from(arguments.get(0)) else { return };
    let name = name.to_rust_string_lossy(scope);
    let Some(extension) = scope.get_slot::<UnitFiles>().map(|files| files.extension) else { return };
    let native = extension.natives.iter().find(|native| native.name == name);
    if let Some(function) = native.and_then(|native| make_native(scope, native.name, native.callback)) {
        result.set(function.into());
    }
}

fn unit_of_member<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    result: v8::ReturnValue<'_, v8::Value>,
) {
    find(scope, &arguments, result, |unit, name| unit.members.contains(&name));
}

fn unit_of_global<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    result: v8::ReturnValue<'_, v8::Value>,
) {
    find(scope, &arguments, result, |unit, name| unit.globals.iter().any(|global| global.name == name));
}

/// Gives the number of the unit for which `gives` holds, with the name that the sources ask for.
fn find(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: &v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_, v8::Value>,
    gives: impl Fn(&Unit, &str) -> bool,
) {
    let Ok(name) = v8::Local::<v8::String>::try_from(arguments.get(0)) else { return };
    let name = name.to_rust_string_lossy(scope);
    let Some(files) = scope.get_slot::<UnitFiles>() else { return };
    let number = files.extension.units.iter().position(|unit| gives(unit, &name));
    if let Some(number) = number.and_then(|number| u32::try_from(number).ok()) {
        result.set_uint32(number);
    }
}

fn unit<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    mut result: v8::ReturnValue<'_, v8::Value>,
) {
    let Some(number) = index(scope, arguments.get(0)) else { return };
    let Some(extension) = scope.get_slot::<UnitFiles>().map(|files| files.extension) else { return };
    let Some(unit) = extension.units.get(number) else { return };
    let first: usize = extension.units[..number].iter().map(|unit| unit.sources.len()).sum();
    let globals: Vec<&str> = unit.globals.iter().map(|global| global.name).collect();
    let parts = [
        name(scope, unit.name),
        names(scope, &globals),
        names(scope, unit.members),
        Some(v8::Number::new(scope, first as f64).into()),
        Some(v8::Number::new(scope, (first + unit.sources.len()) as f64).into()),
    ];
    let parts: Option<Vec<v8::Local<'s, v8::Value>>> = parts.into_iter().collect();
    if let Some(parts) = parts {
        result.set(v8::Array::new_with_elements(scope, &parts).into());
    }
}

fn unit_file<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    mut result: v8::ReturnValue<'_, v8::Value>,
) {
    let file = index(scope, arguments.get(0));
    if let Some(function) = file.and_then(|file| function(scope, file)) {
        result.set(function);
    }
}

fn index(scope: &mut v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> Option<usize> {
    value.uint32_value(scope).and_then(|index| usize::try_from(index).ok())
}

fn name<'s>(scope: &mut v8::PinScope<'s, '_>, name: &str) -> Option<v8::Local<'s, v8::Value>> {
    v8::String::new_from_one_byte(scope, name.as_bytes(), v8::NewStringType::Internalized).map(Into::into)
}

fn names<'s>(scope: &mut v8::PinScope<'s, '_>, names: &[&str]) -> Option<v8::Local<'s, v8::Value>> {
    let names: Option<Vec<_>> = names.iter().map(|text| name(scope, text)).collect();
    Some(v8::Array::new_with_elements(scope, &names?).into())
}

fn failed(file: usize) -> GuestError {
    GuestError { message: format!("file {file} of the units could not be compiled") }
}
