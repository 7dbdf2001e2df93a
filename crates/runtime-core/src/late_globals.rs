//! Globals that V8 adds to a context after it has made it from the snapshot, so that the snapshot's code cannot have
//! replaced them. The guest's world gets to see them when the guest first asks for one; a context whose guest never
//! does has a place for each, and pays for no more.

use crate::extension::Extension;
use crate::guest_error::GuestError;

/// Puts, for each late global of the extension that is there, a property that looks like it: the first use calls
/// `hook(name, ...values)` with the values of all of them as V8 made them, and the property becomes what it gives.
pub(crate) fn defer(
    scope: &mut v8::PinScope<'_, '_>,
    context: v8::Local<'_, v8::Context>,
    extension: &Extension,
    hook: v8::Local<'_, v8::Function>,
) -> Result<(), GuestError> {
    let failed = || GuestError { message: "a late global could not be deferred".to_owned() };
    let global = context.global(scope);
    let mut names = Vec::with_capacity(extension.late_globals.len());
    let mut elements: Vec<v8::Local<'_, v8::Value>> = vec![v8::Local::new(scope, hook).into()];
    for name in extension.late_globals {
        let name = v8::String::new_from_one_byte(scope, name.as_bytes(), v8::NewStringType::Internalized)
            .ok_or_else(failed)?;
        let value = global.get(scope, name.into()).ok_or_else(failed)?;
        names.push((name, value.is_undefined()));
        elements.push(value);
    }
    let data = v8::Array::new_with_elements(scope, &elements).into();
    for (name, is_missing) in names {
        if is_missing {
            continue;
        }
        global
            .set_lazy_data_property_with_data(
                scope,
                name.into(),
                on_first_use,
                data,
                v8::PropertyAttribute::DONT_ENUM,
                v8::SideEffectType::HasSideEffect,
                v8::SideEffectType::HasSideEffect,
            )
            .ok_or_else(failed)?;
    }
    Ok(())
}

/// V8 asks for the property's value, once. If the hook throws (the guest's stack may be full), so does the use of the
/// global, and the next one asks again.
fn on_first_use<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name: v8::Local<'s, v8::Name>,
    arguments: v8::PropertyCallbackArguments<'s>,
    mut result: v8::ReturnValue<'_, v8::Value>,
) {
    let Ok(data) = v8::Local::<v8::Array>::try_from(arguments.data()) else { return };
    let mut values: Vec<v8::Local<'s, v8::Value>> =
        (0..data.length()).filter_map(|index| data.get_index(scope, index)).collect();
    let Some(hook) = values.first().and_then(|hook| v8::Local::<v8::Function>::try_from(*hook).ok()) else {
        return;
    };
    values[0] = name.into();
    let receiver = v8::undefined(scope).into();
    if let Some(value) = hook.call(scope, receiver, &values) {
        result.set(value);
    }
}
