//! Modules of one realm: compiling a script's files, linking what they import of each other, dynamic import and
//! `import.meta`. What an import means is `specifier`'s business, and what a file that is no code gives `data_modules`'.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::builtin_modules;
use crate::data_modules;
use crate::guest_error::{GuestError, describe_message, named, place};
use crate::program_cache::CachedProgram;
use crate::realm::RealmState;
use crate::script::Script;
use crate::specifier::{self, Form, ModuleKey};

/// The modules that have been compiled in a realm.
#[derive(Default)]
pub(crate) struct Modules {
    by_key: HashMap<ModuleKey, v8::Global<v8::Module>>,
    /// The keys by V8's identity hash of the module, which is not unique.
    keys: HashMap<i32, Vec<ModuleKey>>,
    /// What modules that are no code are going to export.
    values: HashMap<ModuleKey, v8::Global<v8::Value>>,
}

impl Modules {
    /// Does something with the modules of the realm that runs. None if there is none.
    pub(crate) fn with<'s, 'i, R>(
        scope: &mut v8::PinScope<'s, 'i>,
        what: impl FnOnce(&mut v8::PinScope<'s, 'i>, &mut Modules) -> R,
    ) -> Option<R> {
        let mut modules = std::mem::take(&mut *RealmState::of(scope)?.realm.modules);
        let result = what(scope, &mut modules);
        *RealmState::of(scope)?.realm.modules = modules;
        Some(result)
    }

    fn insert(&mut self, key: &ModuleKey, module: v8::Local<'_, v8::Module>, global: v8::Global<v8::Module>) {
        self.by_key.insert(key.clone(), global);
        self.keys.entry(module.get_identity_hash().get()).or_default().push(key.clone());
    }

    pub(crate) fn key_of(
        &self,
        scope: &v8::PinScope<'_, '_>,
        module: v8::Local<'_, v8::Module>,
    ) -> Option<ModuleKey> {
        let candidates = self.keys.get(&module.get_identity_hash().get())?;
        candidates
            .iter()
            .find(|key| self.by_key.get(*key).is_some_and(|known| v8::Local::new(scope, known) == module))
            .cloned()
    }

    /// What a module is to export, once.
    pub(crate) fn take_value(
        &mut self,
        scope: &v8::PinScope<'_, '_>,
        module: v8::Local<'_, v8::Module>,
    ) -> Option<v8::Global<v8::Value>> {
        let key = self.key_of(scope, module)?;
        self.values.remove(&key)
    }
}

/// A module cannot be loaded.
pub(crate) struct LoadError<'s> {
    pub(crate) message: String,
    /// What V8 threw, if it did.
    thrown: Option<v8::Local<'s, v8::Value>>,
    /// The turn was told to stop.
    is_terminated: bool,
}

impl<'s> LoadError<'s> {
    pub(crate) fn plain(message: String) -> Self {
        Self { message, thrown: None, is_terminated: false }
    }

    /// What a `TryCatch` has caught.
    pub(crate) fn caught(
        tc: &mut v8::PinnedRef<'_, v8::TryCatch<'_, 's, v8::HandleScope<'_>>>,
        otherwise: impl FnOnce() -> String,
    ) -> Self {
        let thrown = tc.exception();
        let is_terminated = tc.has_terminated();
        let message = match tc.message() {
            Some(message) => {
                let text = describe_message(tc, message);
                named(tc, thrown, text)
            }
            None => otherwise(),
        };
        Self { message, thrown, is_terminated }
    }

    /// Says what the error is about, where V8 could not know.
    pub(crate) fn blame(&mut self, scope: &mut v8::PinScope<'_, '_>, place: &str) {
        let first_line = self.message.lines().next().unwrap_or_default();
        self.message = format!("{first_line}\n    at {place}");
        let Some(error) = self.thrown.and_then(|thrown| v8::Local::<v8::Object>::try_from(thrown).ok())
        else {
            return;
        };
        // The error is one that V8 has just made, so this is a property of its own.
        let _ = (|| {
            let key = v8::String::new(scope, "message")?.into();
            let said = error.get(scope, key)?.to_rust_string_lossy(scope);
            let said = v8::String::new(scope, &format!("{place}: {said}"))?.into();
            error.set(scope, key, said)
        })();
    }
}

impl From<LoadError<'_>> for GuestError {
    fn from(error: LoadError<'_>) -> Self {
        GuestError { message: error.message }
    }
}

impl From<GuestError> for LoadError<'_> {
    fn from(error: GuestError) -> Self {
        LoadError::plain(error.message)
    }
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

/// The module of one file, which is remembered.
fn module<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    script: &Script,
    key: &ModuleKey,
) -> Result<v8::Local<'s, v8::Module>, LoadError<'s>> {
    let known = RealmState::of(scope).and_then(|state| state.realm.modules.by_key.get(key).cloned());
    if let Some(known) = known {
        return Ok(v8::Local::new(scope, known));
    }
    let (module, value) = match (key.form, script.file(&key.name)) {
        (Form::Builtin, _) => (builtin(scope, &key.name)?, None),
        (Form::Code, Some((_, file))) => (compile(scope, script, &key.name, file.text())?, None),
        (_, Some((_, file))) => {
            data_modules::make(scope, script, key, file).map(|(module, value)| (module, Some(value)))?
        }
        (_, None) => {
            return Err(LoadError::plain(format!("module {:?} is not among the worker's files", key.name)));
        }
    };
    let global = v8::Global::new(scope, module);
    let value = value.map(|value| v8::Global::new(scope, value));
    if let Some(state) = RealmState::of(scope) {
        let modules = &mut state.realm.modules;
        modules.insert(key, module, global);
        if let Some(value) = value {
            modules.values.insert(key.clone(), value);
        }
    }
    Ok(module)
}

fn builtin<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name: &str,
) -> Result<v8::Local<'s, v8::Module>, LoadError<'s>> {
    builtin_modules::find(name)
        .and_then(|builtin| builtin_modules::make(scope, builtin))
        .ok_or_else(|| LoadError::plain(format!("module {name:?} does not fit into the heap")))
}

/// Compiles one file as a module, with the code cache where there is one.
fn compile<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    script: &Script,
    name: &Arc<str>,
    text: &str,
) -> Result<v8::Local<'s, v8::Module>, LoadError<'s>> {
    let program = CachedProgram::of(script);
    let cached = program.code(name);
    v8::tc_scope!(let tc, scope);
    let module = (|| {
        let origin = origin(tc, name, true)?;
        let text = v8::String::new(tc, text)?;
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
    module.ok_or_else(|| LoadError::caught(tc, || format!("{name} could not be compiled")))
}

/// Compiles the script's main module and everything that it imports statically, and links them.
pub(crate) fn load_main<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    script: &Script,
) -> Result<v8::Local<'s, v8::Module>, GuestError> {
    let key = ModuleKey { name: script.main_name(), form: Form::Code };
    load(scope, script, &key).map_err(GuestError::from)
}

/// Compiles a module and everything that it imports statically, and links them.
fn load<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    script: &Script,
    key: &ModuleKey,
) -> Result<v8::Local<'s, v8::Module>, LoadError<'s>> {
    let first = module(scope, script, key)?;
    let mut unvisited = vec![(key.clone(), first)];
    let mut visited = HashSet::from([key.clone()]);
    while let Some((referrer, importing)) = unvisited.pop() {
        // What is no code imports nothing.
        if referrer.form != Form::Code {
            continue;
        }
        let requests = importing.get_module_requests();
        for index in 0..requests.length() {
            let Some(request) = requests.get(scope, index) else { continue };
            let Ok(request) = v8::Local::<v8::ModuleRequest>::try_from(request) else { continue };
            let imported = requested(scope, script, &referrer.name, request)
                .map_err(|error| at_request(scope, error, &referrer.name, importing, request))?;
            if visited.insert(imported.clone()) {
                let module = module(scope, script, &imported)?;
                unvisited.push((imported, module));
            }
        }
    }
    v8::tc_scope!(let tc, scope);
    if first.instantiate_module(tc, resolve_import) != Some(true) {
        return Err(LoadError::caught(tc, || format!("{} could not be linked", key.name)));
    }
    Ok(first)
}

fn requested(
    scope: &mut v8::PinScope<'_, '_>,
    script: &Script,
    referrer: &str,
    request: v8::Local<'_, v8::ModuleRequest>,
) -> Result<ModuleKey, GuestError> {
    let specifier = request.get_specifier().to_rust_string_lossy(scope);
    let wanted = wanted_type(scope, request.get_import_attributes(), STATIC_ATTRIBUTE)?;
    specifier::resolve(script, referrer, &specifier, wanted.as_deref())
}

/// Adds the place of the import to what is wrong with it.
fn at_request<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    error: GuestError,
    referrer: &str,
    importing: v8::Local<'_, v8::Module>,
    request: v8::Local<'_, v8::ModuleRequest>,
) -> LoadError<'s> {
    let at = importing.source_offset_to_location(request.get_source_offset());
    let (line, column) = (at.get_line_number() + 1, at.get_column_number() + 1);
    let line_and_column = usize::try_from(line).ok().zip(usize::try_from(column).ok());
    let (line, column) = line_and_column.unwrap_or((1, 1));
    LoadError::plain(format!("{}\n    at {}", error.message, place(scope, Some(referrer), line, column)))
}

/// How many elements V8 has for an attribute of a static import: its key, its value and where it stands.
const STATIC_ATTRIBUTE: usize = 3;
/// As [`STATIC_ATTRIBUTE`], of a dynamic one.
const DYNAMIC_ATTRIBUTE: usize = 2;

/// The `type` that an import asks for. There are no other attributes.
fn wanted_type(
    scope: &mut v8::PinScope<'_, '_>,
    attributes: v8::Local<'_, v8::FixedArray>,
    elements: usize,
) -> Result<Option<String>, GuestError> {
    let mut wanted = None;
    for index in (0..attributes.length()).step_by(elements) {
        let text = |index| {
            let element = attributes.get(scope, index)?;
            let element = v8::Local::<v8::String>::try_from(element).ok()?;
            Some(element.to_rust_string_lossy(scope))
        };
        let (Some(key), Some(value)) = (text(index), text(index + 1)) else { continue };
        if key != "type" {
            return Err(GuestError {
                message: format!("the import attribute {key:?} is not known: the only one is \"type\""),
            });
        }
        wanted = Some(value);
    }
    Ok(wanted)
}

/// Stores the code caches of the realm's modules that have none yet.
pub(crate) fn store_code(scope: &mut v8::PinScope<'_, '_>) {
    let Some(state) = RealmState::of(scope) else { return };
    let program = CachedProgram::of(state.realm.script());
    let uncached: Vec<(Arc<str>, v8::Global<v8::Module>)> = state
        .realm
        .modules
        .by_key
        .iter()
        .filter(|(key, _)| key.form == Form::Code && program.code(&key.name).is_none())
        .map(|(key, module)| (Arc::clone(&key.name), module.clone()))
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
    attributes: v8::Local<'s, v8::FixedArray>,
    referrer: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, v8::Module>> {
    // SAFETY: V8 calls this function with the context entered, on the thread that holds its isolate's lock.
    v8::callback_scope!(unsafe scope, context);
    let specifier = specifier.to_rust_string_lossy(scope);
    let wanted = wanted_type(scope, attributes, STATIC_ATTRIBUTE).unwrap_or_default();
    let script = RealmState::of(scope)?.realm.script().clone();
    let found = Modules::with(scope, |scope, modules| {
        let referrer = modules.key_of(scope, referrer)?;
        let key = specifier::resolve(&script, &referrer.name, &specifier, wanted.as_deref()).ok()?;
        modules.by_key.get(&key).cloned()
    })
    .flatten();
    if found.is_none() {
        throw_type_error(scope, &format!("module {specifier:?} could not be resolved"));
    }
    found.map(|module| v8::Local::new(scope, module))
}

/// `import(specifier)` of one of the script's own files.
pub(crate) fn import_dynamically<'s, 'i>(
    scope: &mut v8::PinScope<'s, 'i>,
    _host_defined_options: v8::Local<'s, v8::Data>,
    resource_name: v8::Local<'s, v8::Value>,
    specifier: v8::Local<'s, v8::String>,
    attributes: v8::Local<'s, v8::FixedArray>,
) -> Option<v8::Local<'s, v8::Promise>> {
    let specifier = specifier.to_rust_string_lossy(scope);
    let referrer = resource_name.to_rust_string_lossy(scope);
    let script = RealmState::of(scope)?.realm.script().clone();
    let key = wanted_type(scope, attributes, DYNAMIC_ATTRIBUTE)
        .and_then(|wanted| specifier::resolve(&script, &referrer, &specifier, wanted.as_deref()));
    let loaded = match key {
        Ok(key) => load(scope, &script, &key),
        Err(error) => Err(error.into()),
    };
    let module = match loaded {
        Ok(module) => module,
        Err(error) if error.is_terminated => {
            // The turn is still to stop, though the signal has been caught.
            scope.terminate_execution();
            return None;
        }
        Err(error) => {
            let resolver = v8::PromiseResolver::new(scope)?;
            let thrown = match error.thrown {
                Some(thrown) => thrown,
                None => {
                    let message = v8::String::new(scope, &error.message)?;
                    v8::Exception::type_error(scope, message)
                }
            };
            resolver.reject(scope, thrown);
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

/// `import.meta`: the file's name as a URL, and whether it is the one that the script starts with.
pub(crate) extern "C" fn initialise_import_meta(
    context: v8::Local<'_, v8::Context>,
    module: v8::Local<'_, v8::Module>,
    meta: v8::Local<'_, v8::Object>,
) {
    // SAFETY: V8 calls this function with the context entered, on the thread that holds its isolate's lock.
    v8::callback_scope!(unsafe scope, context);
    let key = Modules::with(scope, |scope, modules| modules.key_of(scope, module)).flatten();
    let (Some(key), Some(state)) = (key, RealmState::of(scope)) else { return };
    let is_main = state.realm.script().main() == &*key.name;
    let url = specifier::url_of(&key.name);
    let (Some(url_key), Some(main_key), Some(url)) =
        (v8::String::new(scope, "url"), v8::String::new(scope, "main"), v8::String::new(scope, &url))
    else {
        return;
    };
    let is_main = v8::Boolean::new(scope, is_main);
    meta.create_data_property(scope, url_key.into(), url.into());
    meta.create_data_property(scope, main_key.into(), is_main.into());
}

fn throw_type_error(scope: &mut v8::PinScope<'_, '_>, message: &str) {
    if let Some(message) = v8::String::new(scope, message) {
        let error = v8::Exception::type_error(scope, message);
        scope.throw_exception(error);
    }
}
