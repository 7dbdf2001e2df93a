//! The native half of structuredClone: what only V8 knows of an object. The algorithm is `structured_clone.js`; it
//! runs as JavaScript, so that it can be stopped, and so that all of its memory is the guest's. V8's own serialiser
//! is no substitute for it: it writes a string once for each place that refers to it, into memory that no limit
//! covers.

use std::cell::Cell;
use std::rc::Rc;

use runtime_core::{HostCallError, Native, bytes_of, uint8_array};
use v8::{ValueDeserializerHelper as _, ValueSerializerHelper as _};

use super::{Arguments, Return, Scope};

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("cloneKind", clone_kind),
        Native::new("arrayKeys", array_keys),
        Native::new("describeView", describe_view),
        Native::new("makeView", make_view),
        Native::new("shareBuffer", share_buffer),
        Native::new("shareModule", share_module),
    ]
}

/// What structured cloning does with an object. JavaScript knows the kinds by these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
enum Kind {
    /// Copied property by property; instances of classes, the platform's ones too, are among them.
    Ordinary = 0,
    Array = 1,
    Date = 2,
    RegExp = 3,
    BooleanObject = 4,
    NumberObject = 5,
    StringObject = 6,
    BigIntObject = 7,
    Map = 8,
    Set = 9,
    ArrayBuffer = 10,
    SharedArrayBuffer = 11,
    /// A typed array or a `DataView`.
    View = 12,
    Error = 13,
    WasmModule = 14,
}

/// The kind of an object that has internal slots of its own; none for all others.
fn kind_by_slots(value: v8::Local<'_, v8::Value>) -> Option<Kind> {
    let kind = if value.is_array() {
        Kind::Array
    } else if value.is_date() {
        Kind::Date
    } else if value.is_map() {
        Kind::Map
    } else if value.is_set() {
        Kind::Set
    } else if value.is_array_buffer_view() {
        Kind::View
    } else if value.is_array_buffer() {
        Kind::ArrayBuffer
    } else if value.is_native_error() {
        Kind::Error
    } else if value.is_reg_exp() {
        Kind::RegExp
    } else if value.is_boolean_object() {
        Kind::BooleanObject
    } else if value.is_number_object() {
        Kind::NumberObject
    } else if value.is_string_object() {
        Kind::StringObject
    } else if value.is_big_int_object() {
        Kind::BigIntObject
    } else if value.is_shared_array_buffer() {
        Kind::SharedArrayBuffer
    } else if value.is_wasm_module_object() {
        Kind::WasmModule
    } else {
        return None;
    };
    Some(kind)
}

/// Whether this is plainly an object like those that `{}` and `Object.create(null)` make.
fn is_plain(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>) -> bool {
    if value.is_proxy()
        || value.is_function()
        || value.is_arguments_object()
        || value.is_module_namespace_object()
    {
        return false;
    }
    let Ok(object) = v8::Local::<v8::Object>::try_from(value) else { return false };
    let Some(prototype) = object.get_prototype(scope) else { return false };
    // Whatever a guest has done, a new object starts with the realm's own Object.prototype.
    prototype.is_null() || v8::Object::new(scope).get_prototype(scope) == Some(prototype)
}

/// Lets V8's serialiser say what an object is, without writing its properties. It knows every exotic object there is,
/// and refuses those that cannot be cloned.
#[derive(Default)]
struct Examiner {
    /// The object is one that has properties and nothing else.
    is_ordinary: Rc<Cell<bool>>,
}

impl v8::ValueSerializerImpl for Examiner {
    fn throw_data_clone_error<'s>(
        &self,
        scope: &mut v8::PinScope<'s, '_>,
        message: v8::Local<'s, v8::String>,
    ) {
        let message = message.to_rust_string_lossy(scope);
        HostCallError::dom("DataCloneError", message).throw(scope);
    }

    fn has_custom_host_object(&self, _isolate: &v8::Isolate) -> bool {
        true
    }

    fn is_host_object<'s>(
        &self,
        _scope: &mut v8::PinScope<'s, '_>,
        _object: v8::Local<'s, v8::Object>,
    ) -> Option<bool> {
        self.is_ordinary.set(true);
        Some(true)
    }

    fn write_host_object<'s>(
        &self,
        _scope: &mut v8::PinScope<'s, '_>,
        _object: v8::Local<'s, v8::Object>,
        _serializer: &dyn v8::ValueSerializerHelper,
    ) -> Option<bool> {
        Some(true)
    }

    fn get_shared_array_buffer_id<'s>(
        &self,
        _scope: &mut v8::PinScope<'s, '_>,
        _buffer: v8::Local<'s, v8::SharedArrayBuffer>,
    ) -> Option<u32> {
        Some(0)
    }

    fn get_wasm_module_transfer_id(
        &self,
        _scope: &mut v8::PinScope<'_, '_>,
        _module: v8::Local<'_, v8::WasmModuleObject>,
    ) -> Option<u32> {
        Some(0)
    }
}

/// Gives the kind of an object; throws a `DataCloneError` for what cannot be cloned, symbols included.
fn clone_kind<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let value = arguments.get(0);
    if let Some(kind) = kind_by_slots(value) {
        result.set_int32(kind as i32);
        return;
    }
    if is_plain(scope, value) || is_ordinary(scope, value) {
        result.set_int32(Kind::Ordinary as i32);
    }
}

/// Whether an object is one that has properties and nothing else; throws a `DataCloneError` if it is not.
fn is_ordinary(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>) -> bool {
    let examiner = Examiner::default();
    let is_ordinary = Rc::clone(&examiner.is_ordinary);
    let context = scope.get_current_context();
    let is_writable =
        v8::ValueSerializer::new(scope, Box::new(examiner)).write_value(context, value).is_some();
    if is_writable && !is_ordinary.get() {
        // V8 can send these to another thread, which is no use here: a shared `WebAssembly.Memory`, for one.
        HostCallError::dom("DataCloneError", "the object could not be cloned.").throw(scope);
    }
    is_writable && is_ordinary.get()
}

/// Gives the names of an array's own enumerable properties, in order, indices as numbers.
fn array_keys<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let Ok(array) = v8::Local::<v8::Array>::try_from(arguments.get(0)) else { return };
    if let Some(keys) = array.get_own_property_names(scope, v8::GetPropertyNamesArgs::default()) {
        result.set(keys.into());
    }
}

/// Gives what V8 writes of a view: its type, place and length, and whether it follows its buffer's length, which
/// nothing else tells. The buffer stands in it as a number. Throws a `DataCloneError` if the view is out of the
/// buffer's bounds.
fn describe_view<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let Ok(view) = v8::Local::<v8::ArrayBufferView>::try_from(arguments.get(0)) else { return };
    let serializer = v8::ValueSerializer::new(scope, Box::new(Examiner::default()));
    let buffer = view.buffer(scope).map(v8::Local::<v8::Value>::from);
    // One that is shared is asked for by its number in any case.
    if let Some(Ok(buffer)) = buffer.filter(|buffer| buffer.is_array_buffer()).map(v8::Local::try_from) {
        serializer.transfer_array_buffer(0, buffer);
    }
    serializer.write_header();
    let context = scope.get_current_context();
    if serializer.write_value(context, view.into()).is_some()
        && let Some(description) = uint8_array(scope, serializer.release())
    {
        result.set(description.into());
    }
}

/// Gives V8 the buffer that a description speaks of.
struct Rebuilder {
    shared: Option<v8::Global<v8::SharedArrayBuffer>>,
}

impl v8::ValueDeserializerImpl for Rebuilder {
    fn get_shared_array_buffer_from_id<'s>(
        &self,
        scope: &mut v8::PinScope<'s, '_>,
        _id: u32,
    ) -> Option<v8::Local<'s, v8::SharedArrayBuffer>> {
        self.shared.as_ref().map(|buffer| v8::Local::new(scope, buffer))
    }
}

/// Makes the view of a description on another buffer; throws if that is too short.
fn make_view<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let Some(description) = bytes_of(arguments.get(0)) else { return };
    let buffer = arguments.get(1);
    let shared = v8::Local::<v8::SharedArrayBuffer>::try_from(buffer).ok();
    let rebuilder = Rebuilder { shared: shared.map(|buffer| v8::Global::new(scope, buffer)) };
    let deserializer = v8::ValueDeserializer::new(scope, Box::new(rebuilder), &description);
    if let Ok(buffer) = v8::Local::<v8::ArrayBuffer>::try_from(buffer) {
        deserializer.transfer_array_buffer(0, buffer);
    }
    let context = scope.get_current_context();
    if deserializer.read_header(context) == Some(true)
        && let Some(view) = deserializer.read_value(context)
    {
        result.set(view);
    }
}

/// Gives a new `SharedArrayBuffer` over the same memory.
fn share_buffer<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    if let Ok(buffer) = v8::Local::<v8::SharedArrayBuffer>::try_from(arguments.get(0)) {
        let store = buffer.get_backing_store();
        result.set(v8::SharedArrayBuffer::with_backing_store(scope, &store).into());
    }
}

/// Gives a new `WebAssembly.Module` with the same code.
fn share_module<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    if let Ok(module) = v8::Local::<v8::WasmModuleObject>::try_from(arguments.get(0)) {
        let compiled = module.get_compiled_module();
        if let Some(module) = v8::WasmModuleObject::from_compiled_module(scope, &compiled) {
            result.set(module.into());
        }
    }
}
