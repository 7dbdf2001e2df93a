//! The text of `error.stack` where a script has source maps: as V8's own, with the places of the sources. V8 asks for it
//! when the stack is first read, so an error whose stack nobody reads costs nothing.
//!
//! One thing differs from V8's own text: its first line has the message that the error was made with, and this one the
//! message that it has when the stack is first read, since V8 does not tell the other.
//!
//! Everything here runs as the guest's code does: it may run the guest's own, it may throw, and it may be told to stop.

use crate::realm::RealmState;
use crate::script::Script;

/// What V8 calls for the `stack` of an error. In an isolate that several scripts share it is called for all of them.
pub(crate) fn prepare<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    error: v8::Local<'s, v8::Value>,
    sites: v8::Local<'s, v8::Array>,
) -> v8::Local<'s, v8::Value> {
    v8::tc_scope!(let tc, scope);
    if let Some(prepare) = own_prepare(tc) {
        let (receiver, prepare) = prepare;
        if let Some(stack) = prepare.call(tc, receiver.into(), &[error, sites.into()]) {
            return stack;
        }
    } else if let Some(stack) = formatted(tc, error, sites) {
        return stack.into();
    }
    if tc.has_terminated() {
        // The turn is still to stop, though the signal has been caught: V8 wants a value from this function.
        tc.terminate_execution();
    }
    v8::undefined(tc).into()
}

/// The guest's `Error.prepareStackTrace`, which V8 leaves to us, with its receiver.
fn own_prepare<'s>(
    scope: &mut v8::PinScope<'s, '_>,
) -> Option<(v8::Local<'s, v8::Object>, v8::Local<'s, v8::Function>)> {
    let message = v8::String::empty(scope);
    let error = v8::Local::<v8::Object>::try_from(v8::Exception::error(scope, message)).ok()?;
    let constructor = property(scope, error, "constructor")?;
    let constructor = v8::Local::<v8::Object>::try_from(constructor).ok()?;
    let prepare = property(scope, constructor, "prepareStackTrace")?;
    Some((constructor, v8::Local::<v8::Function>::try_from(prepare).ok()?))
}

fn formatted<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    error: v8::Local<'s, v8::Value>,
    sites: v8::Local<'s, v8::Array>,
) -> Option<v8::Local<'s, v8::String>> {
    let script = RealmState::of(scope).map(|state| state.realm.script().clone());
    let mut text = heading(scope, error)?;
    for index in 0..sites.length() {
        v8::scope!(let scope, scope);
        let site = sites.get_index(scope, index)?;
        let site = v8::Local::<v8::Object>::try_from(site).ok()?;
        text.push_str("\n    at ");
        text.push_str(&frame(scope, site, script.as_ref())?);
    }
    v8::String::new(scope, &text)
}

/// The first line: what `Error.prototype.toString` gives, or what that throws.
fn heading(scope: &mut v8::PinScope<'_, '_>, error: v8::Local<'_, v8::Value>) -> Option<String> {
    let error = v8::Local::<v8::Object>::try_from(error).ok()?;
    v8::tc_scope!(let tc, scope);
    if let Some(heading) = name_and_message(tc, error) {
        return Some(heading);
    }
    if tc.has_terminated() {
        tc.terminate_execution();
        return None;
    }
    let thrown = tc.exception();
    tc.reset();
    let told = thrown
        .and_then(|thrown| v8::Local::<v8::Object>::try_from(thrown).ok())
        .and_then(|thrown| name_and_message(tc, thrown));
    if tc.has_terminated() {
        tc.terminate_execution();
        return None;
    }
    Some(told.map_or_else(|| "<error>".to_owned(), |told| format!("<error: {told}>")))
}

fn name_and_message(scope: &mut v8::PinScope<'_, '_>, error: v8::Local<'_, v8::Object>) -> Option<String> {
    let mut part = |name, otherwise: &str| {
        let value = property(scope, error, name)?;
        if value.is_undefined() {
            return Some(otherwise.to_owned());
        }
        value.to_string(scope).map(|text| text.to_rust_string_lossy(scope))
    };
    let (name, message) = (part("name", "Error")?, part("message", "")?);
    Some(match (&*name, &*message) {
        (name, "") => name.to_owned(),
        ("", message) => message.to_owned(),
        (name, message) => format!("{name}: {message}"),
    })
}

/// One line, as V8 has it but for the place.
fn frame(
    scope: &mut v8::PinScope<'_, '_>,
    site: v8::Local<'_, v8::Object>,
    script: Option<&Script>,
) -> Option<String> {
    let mut text = called(scope, site, "toString")?.to_rust_string_lossy(scope);
    let file = called(scope, site, "getScriptNameOrSourceURL")?;
    let (Some(script), true) = (script, file.is_string()) else { return Some(text) };
    let file = file.to_rust_string_lossy(scope);
    let line = called(scope, site, "getLineNumber")?.uint32_value(scope)?;
    let column = called(scope, site, "getColumnNumber")?.uint32_value(scope)?;
    let closing = if text.ends_with(')') { ")" } else { "" };
    let place = format!("{file}:{line}:{column}{closing}");
    if text.ends_with(&place)
        && let Some(original) = script.original(&file, line, column)
    {
        text.truncate(text.len() - place.len());
        text.push_str(&format!("{}:{}:{}{closing}", original.source, original.line, original.column));
    }
    Some(text)
}

fn property<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    object: v8::Local<'_, v8::Object>,
    name: &str,
) -> Option<v8::Local<'s, v8::Value>> {
    let name = v8::String::new(scope, name)?;
    object.get(scope, name.into())
}

fn called<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    object: v8::Local<'_, v8::Object>,
    method: &str,
) -> Option<v8::Local<'s, v8::Value>> {
    let method = property(scope, object, method)?;
    let method = v8::Local::<v8::Function>::try_from(method).ok()?;
    method.call(scope, object.into(), &[])
}
