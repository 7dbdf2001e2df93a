//! ES modules of one realm: compiling a script's files, resolving imports among them, dynamic import and
//! `import.meta`. A worker can import its own files and nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use crate::builtin_modules;
use crate::guest_error::{GuestError, describe_message};
use crate::program_cache::CachedProgram;
use crate::realm::RealmState;
use crate::script::Script;

/// The modules that have been compiled in a realm.
#[derive(Default)]
pub(crate) struct Modules {
    by_name: HashMap<Arc<str>, v8::Global<v8::Module>>,
    /// The names by V8's identity hash of the module, which is not unique.
    names: HashMap<i32, Vec<Arc<str>>>,
}

impl Modules {
    pub(crate) fn name_of(
        &self,
        scope: &v8::PinScope<'_, '_>,
        module: v8::Local<'_, v8::Module>,
    ) -> Option<Arc<str>> {
        let candidates = self.names.get(&module.get_identity_hash().get())?;
        candidates
            .iter()
            .find(|name| self.by_name.get(*name).is_some_and(|known| v8::Local::new(scope, known) == module))
            .cloned()
    }
}

/// Where a specifier points, seen from the module `referrer`: a name among the script's files.
fn resolve_specifier(script: &Script, referrer: &str, specifier: &str) -> Result<Arc<str>, GuestError> {
    if let Some(builtin) = builtin_modules::find(specifier) {
        return Ok(Arc::from(builtin.specifier));
    }
    let name = if specifier.starts_with("./") || specifier.starts_with("../") {
        let folder = referrer.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in specifier.split('/') {
            match part {
                "." | "" => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        parts.join("/")
    } else {
        specifier.trim_start_matches('/').to_owned()
    };
    script.file(&name).map(|(name, _)| name).ok_or_else(|| {
        let known: Vec<&str> = script.file_names().take(20).collect();
        GuestError {
            message: format!(
                "module {specifier:?}, imported by {referrer:?}, is not among the worker's files ({}); add the file, \
                 or bundle the package that it comes from",
                known.join(", ")
            ),
        }
    })
}

/// The origin under which a file is compiled.
pub(crate) fn origin<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name: &str,
    is_module: bool,
) -> Option<v8::ScriptOrigin<'s>> {
    let name = v8::String::new(scope, name)?.into();
    Some(v8::ScriptOrigin::new(scope, name, 0, 0, false, -1, None, false, false, is_module, None))
}

/// Compiles one file as a module, with the code cache where there is one, and remembers it.
fn compile<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    script: &Script,
    name: &Arc<str>,
) -> Result<v8::Local<'s, v8::Module>, GuestError> {
    let known = RealmState::of(scope).and_then(|state| state.realm.modules.by_name.get(name).cloned());
    if let Some(known) = known {
        return Ok(v8::Local::new(scope, known));
    }
    if let Some(builtin) = builtin_modules::find(name) {
        let module = builtin_modules::make(scope, builtin)
            .ok_or_else(|| GuestError { message: format!("module {name:?} does not fit into the heap") })?;
        remember(scope, name, module);
        return Ok(module);
    }
    let (_, text) = script
        .file(name)
        .ok_or_else(|| GuestError { message: format!("module {name:?} is not among the worker's files") })?;
    let program = CachedProgram::of(script);
    let cached = program.code(name);
    v8::tc_scope!(let tc, scope);
    let module = (|| {
        let origin = origin(tc, name, true)?;
        let text = v8::String::new(tc, &text)?;
        match &cached {
            Some(code) => {
                let code = v8::script_compiler::CachedData::new(code);
                let mut source = v8::script_compiler::Source::new_with_cached_data(text, Some(&origin), code);
                let module = v8::script_compiler::compile_module2(
                    tc,
                    &mut source,
                    v8::script_compiler::CompileOptions::ConsumeCodeCache,
                    v8::script_compiler::NoCacheReason::NoReason,
                );
                if source.get_cached_data().is_some_and(|data| data.rejected()) {
                    program.forget_code(name);
                }
                module
            }
            None => {
                let mut source = v8::script_compiler::Source::new(text, Some(&origin));
                v8::script_compiler::compile_module(tc, &mut source)
            }
        }
    })();
    let Some(module) = module else {
        let message = tc.message();
        return Err(GuestError {
            message: match message {
                Some(message) => describe_message(tc, message),
                None => format!("{name} could not be compiled"),
            },
        });
    };
    remember(tc, name, module);
    Ok(module)
}

fn remember(scope: &mut v8::PinScope<'_, '_>, name: &Arc<str>, module: v8::Local<'_, v8::Module>) {
    let global = v8::Global::new(scope, module);
    if let Some(state) = RealmState::of(scope) {
        let modules = &mut state.realm.modules;
        modules.by_name.insert(Arc::clone(name), global);
        modules.names.entry(module.get_identity_hash().get()).or_default().push(Arc::clone(name));
    }
}

/// Compiles a module and everything that it imports statically, and links them.
pub(crate) fn load<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    script: &Script,
    name: &Arc<str>,
) -> Result<v8::Local<'s, v8::Module>, GuestError> {
    let main = compile(scope, script, name)?;
    let mut unvisited = vec![(Arc::clone(name), main)];
    let mut visited = vec![Arc::clone(name)];
    while let Some((referrer, module)) = unvisited.pop() {
        let requests = module.get_module_requests();
        for index in 0..requests.length() {
            let Some(request) = requests.get(scope, index) else { continue };
            let Ok(request) = v8::Local::<v8::ModuleRequest>::try_from(request) else { continue };
            let specifier = request.get_specifier().to_rust_string_lossy(scope);
            let imported = resolve_specifier(script, &referrer, &specifier)?;
            if !visited.contains(&imported) {
                visited.push(Arc::clone(&imported));
                let module = compile(scope, script, &imported)?;
                unvisited.push((imported, module));
            }
        }
    }
    v8::tc_scope!(let tc, scope);
    if main.instantiate_module(tc, resolve_import) != Some(true) {
        let message = tc.message();
        return Err(GuestError {
            message: match message {
                Some(message) => describe_message(tc, message),
                None => format!("{name} could not be linked"),
            },
        });
    }
    Ok(main)
}

/// Stores the code caches of the realm's modules that have none yet.
pub(crate) fn store_code(scope: &mut v8::PinScope<'_, '_>) {
    let Some(state) = RealmState::of(scope) else { return };
    let program = CachedProgram::of(state.realm.script());
    let uncached: Vec<(Arc<str>, v8::Global<v8::Module>)> = state
        .realm
        .modules
        .by_name
        .iter()
        .filter(|(name, _)| builtin_modules::find(name).is_none() && program.code(name).is_none())
        .map(|(name, module)| (Arc::clone(name), module.clone()))
        .collect();
    for (name, module) in uncached {
        let module = v8::Local::new(scope, module);
        if let Some(code) = module.get_unbound_module_script(scope).create_code_cache() {
            program.store_code(&name, &code);
        }
    }
}

/// V8 asks for an imported module while it links. All of them have been compiled by then.
fn resolve_import<'s>(
    context: v8::Local<'s, v8::Context>,
    specifier: v8::Local<'s, v8::String>,
    _attributes: v8::Local<'s, v8::FixedArray>,
    referrer: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, v8::Module>> {
    // SAFETY: V8 calls this function with the context entered, on the thread that holds its isolate's lock.
    v8::callback_scope!(unsafe scope, context);
    let specifier = specifier.to_rust_string_lossy(scope);
    let known = RealmState::of(scope)
        .map(|state| (state.realm.script().clone(), std::mem::take(&mut state.realm.modules)));
    let (script, modules) = known?;
    let found = modules
        .name_of(scope, referrer)
        .and_then(|referrer| resolve_specifier(&script, &referrer, &specifier).ok())
        .and_then(|name| modules.by_name.get(&name).map(|module| v8::Local::new(scope, module)));
    if let Some(state) = RealmState::of(scope) {
        state.realm.modules = modules;
    }
    if found.is_none() {
        throw_type_error(scope, &format!("module {specifier:?} could not be resolved"));
    }
    found
}

/// `import(specifier)` of one of the script's own files.
pub(crate) fn import_dynamically<'s, 'i>(
    scope: &mut v8::PinScope<'s, 'i>,
    _host_defined_options: v8::Local<'s, v8::Data>,
    resource_name: v8::Local<'s, v8::Value>,
    specifier: v8::Local<'s, v8::String>,
    _attributes: v8::Local<'s, v8::FixedArray>,
) -> Option<v8::Local<'s, v8::Promise>> {
    let specifier = specifier.to_rust_string_lossy(scope);
    let referrer = resource_name.to_rust_string_lossy(scope);
    let script = RealmState::of(scope)?.realm.script().clone();
    let loaded =
        resolve_specifier(&script, &referrer, &specifier).and_then(|name| load(scope, &script, &name));
    let module = match loaded {
        Ok(module) => module,
        Err(error) => {
            let resolver = v8::PromiseResolver::new(scope)?;
            let message = v8::String::new(scope, &error.message)?;
            let error = v8::Exception::type_error(scope, message);
            resolver.reject(scope, error);
            return Some(resolver.get_promise(scope));
        }
    };
    let evaluated = module.evaluate(scope)?;
    let evaluated = v8::Local::<v8::Promise>::try_from(evaluated).ok()?;
    let namespace = module.get_module_namespace();
    let answer = v8::Function::builder(
        |_scope: &mut v8::PinScope<'_, '_>,
         arguments: v8::FunctionCallbackArguments<'_>,
         mut result: v8::ReturnValue<'_>| result.set(arguments.data()),
    )
    .data(namespace)
    .build(scope)?;
    evaluated.then(scope, answer)
}

/// `import.meta`: the file's name as a URL.
pub(crate) extern "C" fn initialise_import_meta(
    context: v8::Local<'_, v8::Context>,
    module: v8::Local<'_, v8::Module>,
    meta: v8::Local<'_, v8::Object>,
) {
    // SAFETY: V8 calls this function with the context entered, on the thread that holds its isolate's lock.
    v8::callback_scope!(unsafe scope, context);
    let Some(state) = RealmState::of(scope) else { return };
    let modules = std::mem::take(&mut state.realm.modules);
    let name = modules.name_of(scope, module);
    if let Some(state) = RealmState::of(scope) {
        state.realm.modules = modules;
    }
    let Some(name) = name else { return };
    if let (Some(key), Some(url)) =
        (v8::String::new(scope, "url"), v8::String::new(scope, &format!("file:///{name}")))
    {
        meta.create_data_property(scope, key.into(), url.into());
    }
}

fn throw_type_error(scope: &mut v8::PinScope<'_, '_>, message: &str) {
    if let Some(message) = v8::String::new(scope, message) {
        let error = v8::Exception::type_error(scope, message);
        scope.throw_exception(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_resolve_against_the_importing_file() {
        let files = ["index.js", "lib/a.js", "lib/deep/b.js"].map(|name| (name.to_owned(), String::new()));
        let script = Script::from_files("index.js", files).expect("the main file is there");
        let resolved = |referrer: &str, specifier: &str| {
            resolve_specifier(&script, referrer, specifier).map(|name| name.to_string()).ok()
        };
        assert_eq!(resolved("index.js", "./lib/a.js").as_deref(), Some("lib/a.js"));
        assert_eq!(resolved("lib/a.js", "./deep/b.js").as_deref(), Some("lib/deep/b.js"));
        assert_eq!(resolved("lib/deep/b.js", "../a.js").as_deref(), Some("lib/a.js"));
        assert_eq!(resolved("lib/deep/b.js", "../../index.js").as_deref(), Some("index.js"));
        assert_eq!(resolved("lib/a.js", "index.js").as_deref(), Some("index.js"));
        assert_eq!(resolved("index.js", "./missing.js"), None);
        assert_eq!(resolved("index.js", "node:fs"), None);
    }
}
