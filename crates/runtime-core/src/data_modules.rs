//! Modules that are values and not code: JSON, texts, bytes and WebAssembly. Each has the value as its default export.
//! The value is made when the module is loaded, so that what is wrong with it is known before anything runs.

use std::sync::Arc;

use crate::host_value;
use crate::modules::{LoadError, Modules};
use crate::program_cache::CachedProgram;
use crate::script::{File, Script};
use crate::specifier::{Form, ModuleKey};

/// Makes the module of a file that is no code, and its value.
pub(crate) fn make<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    script: &Script,
    key: &ModuleKey,
    file: &File,
) -> Result<(v8::Local<'s, v8::Module>, v8::Local<'s, v8::Value>), LoadError<'s>> {
    let value = value(scope, script, key, file)?;
    let made = (|| {
        let name = v8::String::new(scope, &key.name)?;
        let export = default_export(scope)?;
        Some(v8::Module::create_synthetic_module(scope, name, &[export], evaluate))
    })();
    let module = made.ok_or_else(|| LoadError::plain(format!("{} could not be made a module", key.name)))?;
    Ok((module, value))
}

fn value<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    script: &Script,
    key: &ModuleKey,
    file: &File,
) -> Result<v8::Local<'s, v8::Value>, LoadError<'s>> {
    v8::tc_scope!(let tc, scope);
    let value: Option<v8::Local<'s, v8::Value>> = match key.form {
        Form::Builtin | Form::Code => None,
        Form::Json => v8::String::new(tc, file.text()).and_then(|text| v8::json::parse(tc, text)),
        Form::Text => v8::String::new(tc, file.text()).map(Into::into),
        Form::Buffer => host_value::array_buffer(tc, file.bytes().to_vec()).map(Into::into),
        Form::Bytes => host_value::uint8_array(tc, file.bytes().to_vec()).map(Into::into),
        Form::Wasm => wasm_module(tc, script, &key.name, file.bytes()).map(Into::into),
    };
    if let Some(value) = value {
        return Ok(value);
    }
    let mut error = LoadError::caught(tc, || format!("{} is too large", key.name));
    // V8 knows of no file: it parses a text.
    let place = match key.form {
        Form::Json => {
            let (line, column) = json_fault(file.text());
            format!("{}:{line}:{column}", key.name)
        }
        _ => key.name.to_string(),
    };
    error.blame(tc, &place);
    Err(error)
}

/// A module that V8 compiles once in a process, for as long as its script is remembered.
fn wasm_module<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    script: &Script,
    name: &Arc<str>,
    bytes: &[u8],
) -> Option<v8::Local<'s, v8::WasmModuleObject>> {
    let program = CachedProgram::of(script);
    if let Some(compiled) = program.wasm(name) {
        return v8::WasmModuleObject::from_compiled_module(scope, &compiled);
    }
    let module = v8::WasmModuleObject::compile(scope, bytes)?;
    program.store_wasm(name, module.get_compiled_module());
    Some(module)
}

/// Where a text stops being JSON, in lines and columns that begin with 1.
fn json_fault(text: &str) -> (usize, usize) {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Err(error) => (error.line().max(1), error.column().max(1)),
        Ok(_) => (1, 1),
    }
}

fn default_export<'s>(scope: &mut v8::PinScope<'s, '_>) -> Option<v8::Local<'s, v8::String>> {
    v8::String::new_from_one_byte(scope, b"default", v8::NewStringType::Internalized)
}

/// V8 evaluates such a module once, before those that import it.
fn evaluate<'s>(
    context: v8::Local<'s, v8::Context>,
    module: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, v8::Value>> {
    // SAFETY: V8 calls this function with the context entered, on the thread that holds its isolate's lock.
    v8::callback_scope!(unsafe scope, context);
    let value = Modules::with(scope, |scope, modules| modules.take_value(scope, module)).flatten()?;
    let value = v8::Local::new(scope, value);
    let export = default_export(scope)?;
    module.set_synthetic_module_export(scope, export, value)?;
    let resolver = v8::PromiseResolver::new(scope)?;
    let undefined = v8::undefined(scope).into();
    resolver.resolve(scope, undefined)?;
    Some(resolver.get_promise(scope).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_in_json_has_a_place() {
        assert_eq!(json_fault("{\n  \"a\": 1,\n  b: 2\n}"), (3, 3));
        assert_eq!(json_fault("[1,"), (1, 3));
        assert_eq!(json_fault(""), (1, 1));
    }
}
