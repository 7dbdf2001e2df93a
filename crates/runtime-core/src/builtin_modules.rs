//! The modules that the guest's world gives to every script. They go before a script's files, and are made when a script
//! first imports them. What they export is the world's business.

use crate::extension::{BuiltinModule, Hook};
use crate::modules::Modules;
use crate::process::V8;
use crate::realm::RealmState;

/// The module of this name.
pub(crate) fn find(specifier: &str) -> Option<&'static BuiltinModule> {
    V8::running()?.extension().modules.iter().find(|module| module.specifier == specifier)
}

/// Makes a module for the context that is entered. None if V8 cannot.
pub(crate) fn make<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    module: &BuiltinModule,
) -> Option<v8::Local<'s, v8::Module>> {
    let name = v8::String::new(scope, module.specifier)?;
    let exports: Option<Vec<_>> = module.exports.iter().map(|export| internalised(scope, export)).collect();
    Some(v8::Module::create_synthetic_module(scope, name, &exports?, evaluate))
}

fn internalised<'s>(scope: &mut v8::PinScope<'s, '_>, text: &str) -> Option<v8::Local<'s, v8::String>> {
    v8::String::new_from_utf8(scope, text.as_bytes(), v8::NewStringType::Internalized)
}

/// V8 evaluates such a module once, before those that import it.
fn evaluate<'s>(
    context: v8::Local<'s, v8::Context>,
    module: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, v8::Value>> {
    // SAFETY: V8 calls this function with the context entered, on the thread that holds its isolate's lock.
    v8::callback_scope!(unsafe scope, context);
    let key = Modules::with(scope, |scope, modules| modules.key_of(scope, module)).flatten()?;
    let builtin = find(&key.name)?;
    let specifier = v8::String::new(scope, builtin.specifier)?.into();
    let given = RealmState::call_hook(scope, Hook::BuiltinModule, &[specifier])?;
    let given = v8::Local::<v8::Object>::try_from(given).ok()?;
    for export in builtin.exports {
        let export = internalised(scope, export)?;
        let value = given.get(scope, export.into())?;
        module.set_synthetic_module_export(scope, export, value)?;
    }
    let resolver = v8::PromiseResolver::new(scope)?;
    let undefined = v8::undefined(scope).into();
    resolver.resolve(scope, undefined)?;
    Some(resolver.get_promise(scope).into())
}
