//! Values that cross between guest and host as copies: what a host operation answers with, and the arguments of a
//! binding. Also a serde format, so that host functions take and give their own types.

mod de;
mod ser;

use bytes::Bytes;

use crate::memory;

pub use ser::SerError as HostValueError;

/// A value of the guest's, or for it, without any tie to an isolate.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum HostValue {
    /// `undefined`.
    #[default]
    Undefined,
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A big integer that fits 64 bits.
    BigInt(i64),
    /// A string.
    String(String),
    /// Bytes; a `Uint8Array` for the guest.
    Bytes(Bytes),
    /// An array.
    Array(Vec<HostValue>),
    /// An object with its own enumerable properties, in order.
    Object(Vec<(String, HostValue)>),
    /// The same without a prototype, for JavaScript of the host's. A promise that is resolved with it looks for `then` in
    /// vain, where a guest may have put one on the prototype of all other objects.
    Record(Vec<(String, HostValue)>),
}

impl HostValue {
    /// Makes a value from anything that serde can serialise.
    ///
    /// # Errors
    /// If the type's own serialisation fails, or it has maps whose keys are not strings or numbers.
    pub fn from_serialize<T: serde::Serialize>(value: &T) -> Result<Self, HostValueError> {
        value.serialize(ser::Serializer)
    }

    /// Makes a host type from this value.
    ///
    /// # Errors
    /// If the value has not the shape that the type asks for; the message says what was expected.
    pub fn deserialize_into<T: serde::de::DeserializeOwned>(self) -> Result<T, HostValueError> {
        T::deserialize(self)
    }

    /// Makes a tuple of host types from a call's arguments. Arguments that are missing count as `undefined`, as they
    /// do in JavaScript.
    ///
    /// # Errors
    /// As [`HostValue::deserialize_into`]; and if there are more arguments than the tuple has places.
    pub fn deserialize_arguments<T: serde::de::DeserializeOwned>(
        arguments: Vec<HostValue>,
    ) -> Result<T, HostValueError> {
        T::deserialize(de::Arguments(arguments))
    }

    /// Copies the value into the current context.
    pub fn into_v8<'s>(self, scope: &mut v8::PinScope<'s, '_>) -> Option<v8::Local<'s, v8::Value>> {
        Some(match self {
            HostValue::Undefined => v8::undefined(scope).into(),
            HostValue::Null => v8::null(scope).into(),
            HostValue::Bool(value) => v8::Boolean::new(scope, value).into(),
            HostValue::Number(value) => v8::Number::new(scope, value).into(),
            HostValue::BigInt(value) => v8::BigInt::new_from_i64(scope, value).into(),
            HostValue::String(value) => v8::String::new(scope, &value)?.into(),
            HostValue::Bytes(bytes) => uint8_array(scope, Vec::from(bytes))?.into(),
            HostValue::Array(items) => {
                let mut elements = Vec::with_capacity(items.len());
                for item in items {
                    elements.push(item.into_v8(scope)?);
                }
                v8::Array::new_with_elements(scope, &elements).into()
            }
            HostValue::Object(properties) => {
                let object = v8::Object::new(scope);
                for (name, value) in properties {
                    let name = v8::String::new(scope, &name)?;
                    let value = value.into_v8(scope)?;
                    object.create_data_property(scope, name.into(), value)?;
                }
                object.into()
            }
            HostValue::Record(properties) => {
                let mut names: Vec<v8::Local<'_, v8::Name>> = Vec::with_capacity(properties.len());
                let mut values = Vec::with_capacity(properties.len());
                for (name, value) in properties {
                    names.push(v8::String::new(scope, &name)?.into());
                    values.push(value.into_v8(scope)?);
                }
                let null = v8::null(scope).into();
                v8::Object::with_prototype_and_properties(scope, null, &names, &values).into()
            }
        })
    }

    /// Copies a guest's value. Functions and symbols become `undefined`; objects give their own enumerable string
    /// properties. Reading them may run the guest's getters and proxies.
    ///
    /// Returns none, with an exception pending, if the guest threw meanwhile, or if the copy would be nested deeper
    /// than 64 levels, have more than a million values, or take more than 64 MiB of text and bytes: a few objects
    /// that refer to each other can stand for any number of values.
    pub fn from_v8(scope: &mut v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> Option<Self> {
        Copying { depth: 64, values: 1_000_000, bytes: 64 << 20 }.value(scope, value)
    }
}

/// What is left of the bounds on a copy of a guest's value.
struct Copying {
    depth: u32,
    values: u32,
    bytes: usize,
}

impl Copying {
    fn value(
        &mut self,
        scope: &mut v8::PinScope<'_, '_>,
        value: v8::Local<'_, v8::Value>,
    ) -> Option<HostValue> {
        match self.values.checked_sub(1) {
            Some(left) => self.values = left,
            None => return too_large(scope, "it has too many values"),
        }
        if value.is_undefined() || value.is_function() || value.is_symbol() {
            return Some(HostValue::Undefined);
        }
        if value.is_null() {
            return Some(HostValue::Null);
        }
        if value.is_boolean() {
            return Some(HostValue::Bool(value.is_true()));
        }
        if let Ok(number) = v8::Local::<v8::Number>::try_from(value) {
            return Some(HostValue::Number(number.value()));
        }
        if let Ok(text) = v8::Local::<v8::String>::try_from(value) {
            return self.text(scope, text).map(HostValue::String);
        }
        if let Ok(big) = v8::Local::<v8::BigInt>::try_from(value) {
            return Some(HostValue::BigInt(big.i64_value().0));
        }
        if value.is_array_buffer_view() || value.is_array_buffer() {
            let length = match v8::Local::<v8::ArrayBufferView>::try_from(value) {
                Ok(view) => view.byte_length(),
                Err(_) => {
                    v8::Local::<v8::ArrayBuffer>::try_from(value).map_or(0, |buffer| buffer.byte_length())
                }
            };
            self.charge(scope, length)?;
            return bytes_of(value).map(HostValue::Bytes);
        }
        match self.depth.checked_sub(1) {
            Some(left) => self.depth = left,
            None => return too_large(scope, "it is nested too deeply"),
        }
        let copied = match v8::Local::<v8::Array>::try_from(value) {
            Ok(array) => self.array(scope, array),
            Err(_) => self.object(scope, value),
        };
        self.depth += 1;
        copied
    }

    fn array(
        &mut self,
        scope: &mut v8::PinScope<'_, '_>,
        array: v8::Local<'_, v8::Array>,
    ) -> Option<HostValue> {
        let mut items = Vec::with_capacity(array.length().min(1024) as usize);
        for index in 0..array.length() {
            v8::scope!(let scope, scope);
            let item = array.get_index(scope, index)?;
            items.push(self.value(scope, item)?);
        }
        Some(HostValue::Array(items))
    }

    fn object(
        &mut self,
        scope: &mut v8::PinScope<'_, '_>,
        value: v8::Local<'_, v8::Value>,
    ) -> Option<HostValue> {
        let object = value.to_object(scope)?;
        let names = object.get_own_property_names(scope, v8::GetPropertyNamesArgs::default())?;
        let mut properties = Vec::with_capacity(names.length().min(1024) as usize);
        for index in 0..names.length() {
            v8::scope!(let scope, scope);
            let name = names.get_index(scope, index)?;
            if name.is_symbol() {
                continue;
            }
            let property = object.get(scope, name)?;
            if property.is_function() || property.is_symbol() {
                continue;
            }
            let name = name.to_string(scope)?;
            let name = self.text(scope, name)?;
            properties.push((name, self.value(scope, property)?));
        }
        Some(HostValue::Object(properties))
    }

    fn text(&mut self, scope: &mut v8::PinScope<'_, '_>, text: v8::Local<'_, v8::String>) -> Option<String> {
        self.charge(scope, text.length())?;
        Some(text.to_rust_string_lossy(scope))
    }

    fn charge(&mut self, scope: &mut v8::PinScope<'_, '_>, bytes: usize) -> Option<()> {
        match self.bytes.checked_sub(bytes) {
            Some(left) => {
                self.bytes = left;
                Some(())
            }
            None => too_large(scope, "it has too much text or too many bytes"),
        }
    }
}

/// Throws what a guest gets for a value that is too large to be copied.
fn too_large<T>(scope: &mut v8::PinScope<'_, '_>, why: &str) -> Option<T> {
    let message = v8::String::new(scope, &format!("the value cannot be copied to the host: {why}"))?;
    let error = v8::Exception::range_error(scope, message);
    scope.throw_exception(error);
    None
}

/// A fresh `Uint8Array` over these bytes, in a buffer that the isolate's budget pays for. None, with a `RangeError`
/// thrown, if that has no room.
pub fn uint8_array<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    bytes: Vec<u8>,
) -> Option<v8::Local<'s, v8::Uint8Array>> {
    let length = bytes.len();
    let buffer = array_buffer(scope, bytes)?;
    v8::Uint8Array::new(scope, buffer, 0, length)
}

/// A fresh `ArrayBuffer` that takes these bytes over; see [`uint8_array`].
pub fn array_buffer<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    bytes: Vec<u8>,
) -> Option<v8::Local<'s, v8::ArrayBuffer>> {
    let Some(bytes) = memory::charge(scope, bytes) else {
        let message = v8::String::new(scope, "Array buffer allocation failed")?;
        let error = v8::Exception::range_error(scope, message);
        scope.throw_exception(error);
        return None;
    };
    let store = v8::ArrayBuffer::new_backing_store_from_bytes(Box::new(bytes)).make_shared();
    Some(v8::ArrayBuffer::with_backing_store(scope, &store))
}

/// The bytes of a buffer or a view on one, copied.
pub fn bytes_of(value: v8::Local<'_, v8::Value>) -> Option<Bytes> {
    if let Ok(view) = v8::Local::<v8::ArrayBufferView>::try_from(value) {
        let mut bytes = vec![0; view.byte_length()];
        let copied = view.copy_contents(&mut bytes);
        bytes.truncate(copied);
        return Some(Bytes::from(bytes));
    }
    let buffer = v8::Local::<v8::ArrayBuffer>::try_from(value).ok()?;
    let length = buffer.byte_length();
    let mut bytes = vec![0; length];
    if let Some(memory) = buffer.data() {
        // SAFETY: the buffer's memory is `length` long and JavaScript does not run while this function does.
        unsafe { std::ptr::copy_nonoverlapping(memory.as_ptr().cast::<u8>(), bytes.as_mut_ptr(), length) };
    }
    Some(Bytes::from(bytes))
}
