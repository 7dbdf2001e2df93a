//! Globals that are made when a guest first uses them: those of the platform's units, and those that V8 adds to a context
//! after it has made it from the snapshot, so that the snapshot's code cannot have replaced them. A context whose
//! guest never uses one has a place for each, and pays for no more.

use v8::MapFnTo as _;

use crate::extension::{Extension, Hook, Unit};
use crate::guest_error::GuestError;
use crate::realm::RealmState;

/// Puts, for each late global of the extension that is there, a property that looks like it: the first use calls
/// [`Hook::LateGlobal`] with the values of all of them as V8 made them, and the property becomes what it gives.
pub(crate) fn defer(
    scope: &mut v8::PinScope<'_, '_>,
    context: v8::Local<'_, v8::Context>,
    extension: &Extension,
    entry: v8::Local<'_, v8::Function>,
) -> Result<(), GuestError> {
    let global = context.global(scope);
    let mut names = Vec::with_capacity(extension.late_globals.len());
    let mut elements: Vec<v8::Local<'_, v8::Value>> = vec![v8::Local::new(scope, entry).into()];
    for name in extension.late_globals {
        let name = name_of(scope, name)?;
        let value = global.get(scope, name.into()).ok_or_else(failed)?;
        names.push((name, value.is_undefined()));
        elements.push(value);
    }
    let data = v8::Array::new_with_elements(scope, &elements).into();
    for (name, is_missing) in names {
        if !is_missing {
            define(scope, global, name, v8::PropertyAttribute::DONT_ENUM, late, data)?;
        }
    }
    Ok(())
}

/// Puts a property for each global of the units: the first use calls [`Hook::UnitGlobal`] of the realm that runs, and the
/// property becomes what it gives.
///
/// The property may go into the snapshot. It has no data: V8 keeps what such a property needs with the isolate, so that a
/// function there would be one context's, and seen by all others.
pub(crate) fn define_units(
    scope: &mut v8::PinScope<'_, '_>,
    context: v8::Local<'_, v8::Context>,
    units: &[Unit],
) -> Result<(), GuestError> {
    let global = context.global(scope);
    for lazy in units.iter().flat_map(|unit| unit.globals) {
        let name = name_of(scope, lazy.name)?;
        let attributes = match lazy.is_operation {
            true => v8::PropertyAttribute::NONE,
            false => v8::PropertyAttribute::DONT_ENUM,
        };
        let data = v8::undefined(scope).into();
        define(scope, global, name, attributes, of_unit, data)?;
    }
    Ok(())
}

fn name_of<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name: &str,
) -> Result<v8::Local<'s, v8::String>, GuestError> {
    v8::String::new_from_one_byte(scope, name.as_bytes(), v8::NewStringType::Internalized).ok_or_else(failed)
}

fn define(
    scope: &mut v8::PinScope<'_, '_>,
    global: v8::Local<'_, v8::Object>,
    name: v8::Local<'_, v8::String>,
    attributes: v8::PropertyAttribute,
    getter: impl v8::MapFnTo<v8::AccessorNameGetterCallback>,
    data: v8::Local<'_, v8::Value>,
) -> Result<(), GuestError> {
    global
        .set_lazy_data_property_with_data(
            scope,
            name.into(),
            getter,
            data,
            attributes,
            v8::SideEffectType::HasSideEffect,
            v8::SideEffectType::HasSideEffect,
        )
        .ok_or_else(failed)?;
    Ok(())
}

/// What a snapshot must know to hold the properties of units.
pub(crate) fn external_reference() -> v8::ExternalReference {
    let getter: v8::AccessorNameGetterCallback = of_unit.map_fn_to();
    v8::ExternalReference { pointer: getter as *mut std::ffi::c_void }
}

/// V8 asks for the value of a unit's global, once. If the hook throws (the guest's stack may be full), so does the use of
/// the global, and the next one asks again.
fn of_unit<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name: v8::Local<'s, v8::Name>,
    _arguments: v8::PropertyCallbackArguments<'s>,
    mut result: v8::ReturnValue<'_, v8::Value>,
) {
    if let Some(value) = RealmState::call_hook(scope, Hook::UnitGlobal, &[name.into()]) {
        result.set(value);
    }
}

/// As [`of_unit`], for a late global. The property is made for one context, whose entry and values its data are.
fn late<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name: v8::Local<'s, v8::Name>,
    arguments: v8::PropertyCallbackArguments<'s>,
    mut result: v8::ReturnValue<'_, v8::Value>,
) {
    let Ok(data) = v8::Local::<v8::Array>::try_from(arguments.data()) else { return };
    let Some(entry) =
        data.get_index(scope, 0).and_then(|entry| v8::Local::<v8::Function>::try_from(entry).ok())
    else {
        return;
    };
    let mut arguments: Vec<v8::Local<'s, v8::Value>> =
        vec![v8::Integer::new(scope, Hook::LateGlobal as i32).into(), name.into()];
    arguments.extend((1..data.length()).filter_map(|index| data.get_index(scope, index)));
    let receiver = v8::undefined(scope).into();
    if let Some(value) = entry.call(scope, receiver, &arguments) {
        result.set(value);
    }
}

fn failed() -> GuestError {
    GuestError { message: "a global that is made at its first use could not be defined".to_owned() }
}
