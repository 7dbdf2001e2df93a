//! The serde half that makes a `HostValue` from a host type.

use std::fmt;

use serde::ser::{self, Serialize};

use super::HostValue;

/// A host type and a `HostValue` do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerError(String);

impl fmt::Display for SerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SerError {}

impl ser::Error for SerError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::de::Error for SerError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

pub(super) struct Serializer;

/// The largest integer that a JavaScript number holds without loss.
const SAFE: u64 = (1 << 53) - 1;

type Built = Result<HostValue, SerError>;

impl ser::Serializer for Serializer {
    type Ok = HostValue;
    type Error = SerError;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = Tagged<List>;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Tagged<Entries>;

    fn serialize_bool(self, value: bool) -> Built {
        Ok(HostValue::Bool(value))
    }
    fn serialize_i8(self, value: i8) -> Built {
        self.serialize_i64(value.into())
    }
    fn serialize_i16(self, value: i16) -> Built {
        self.serialize_i64(value.into())
    }
    fn serialize_i32(self, value: i32) -> Built {
        self.serialize_i64(value.into())
    }
    fn serialize_i64(self, value: i64) -> Built {
        Ok(if value.unsigned_abs() <= SAFE {
            HostValue::Number(value as f64)
        } else {
            HostValue::BigInt(value)
        })
    }
    fn serialize_u8(self, value: u8) -> Built {
        self.serialize_u64(value.into())
    }
    fn serialize_u16(self, value: u16) -> Built {
        self.serialize_u64(value.into())
    }
    fn serialize_u32(self, value: u32) -> Built {
        self.serialize_u64(value.into())
    }
    fn serialize_u64(self, value: u64) -> Built {
        if value <= SAFE {
            return Ok(HostValue::Number(value as f64));
        }
        let big = i64::try_from(value).map_err(|_| {
            ser::Error::custom("the integer does not fit 64 bits with a sign; pass it as a string")
        })?;
        Ok(HostValue::BigInt(big))
    }
    fn serialize_f32(self, value: f32) -> Built {
        Ok(HostValue::Number(value.into()))
    }
    fn serialize_f64(self, value: f64) -> Built {
        Ok(HostValue::Number(value))
    }
    fn serialize_char(self, value: char) -> Built {
        Ok(HostValue::String(value.to_string()))
    }
    fn serialize_str(self, value: &str) -> Built {
        Ok(HostValue::String(value.to_owned()))
    }
    fn serialize_bytes(self, value: &[u8]) -> Built {
        Ok(HostValue::Bytes(bytes::Bytes::copy_from_slice(value)))
    }
    fn serialize_none(self) -> Built {
        Ok(HostValue::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Built {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Built {
        Ok(HostValue::Undefined)
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Built {
        Ok(HostValue::Undefined)
    }
    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Built {
        Ok(HostValue::String(variant.to_owned()))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Built {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Built {
        Ok(HostValue::Object(vec![(variant.to_owned(), value.serialize(Serializer)?)]))
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<List, SerError> {
        Ok(List(Vec::with_capacity(length.unwrap_or(0))))
    }
    fn serialize_tuple(self, length: usize) -> Result<List, SerError> {
        self.serialize_seq(Some(length))
    }
    fn serialize_tuple_struct(self, _name: &'static str, length: usize) -> Result<List, SerError> {
        self.serialize_seq(Some(length))
    }
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Tagged<List>, SerError> {
        Ok(Tagged(variant, self.serialize_seq(Some(length))?))
    }
    fn serialize_map(self, length: Option<usize>) -> Result<Entries, SerError> {
        Ok(Entries { properties: Vec::with_capacity(length.unwrap_or(0)), key: None })
    }
    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Entries, SerError> {
        self.serialize_map(Some(length))
    }
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Tagged<Entries>, SerError> {
        Ok(Tagged(variant, self.serialize_map(Some(length))?))
    }
}

pub(super) struct List(Vec<HostValue>);

impl List {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerError> {
        self.0.push(value.serialize(Serializer)?);
        Ok(())
    }
}

impl ser::SerializeSeq for List {
    type Ok = HostValue;
    type Error = SerError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerError> {
        self.push(value)
    }
    fn end(self) -> Built {
        Ok(HostValue::Array(self.0))
    }
}

impl ser::SerializeTuple for List {
    type Ok = HostValue;
    type Error = SerError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerError> {
        self.push(value)
    }
    fn end(self) -> Built {
        Ok(HostValue::Array(self.0))
    }
}

impl ser::SerializeTupleStruct for List {
    type Ok = HostValue;
    type Error = SerError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerError> {
        self.push(value)
    }
    fn end(self) -> Built {
        Ok(HostValue::Array(self.0))
    }
}

/// A variant's name and its content.
pub(super) struct Tagged<T>(&'static str, T);

impl ser::SerializeTupleVariant for Tagged<List> {
    type Ok = HostValue;
    type Error = SerError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerError> {
        self.1.push(value)
    }
    fn end(self) -> Built {
        Ok(HostValue::Object(vec![(self.0.to_owned(), HostValue::Array(self.1.0))]))
    }
}

pub(super) struct Entries {
    properties: Vec<(String, HostValue)>,
    key: Option<String>,
}

impl ser::SerializeMap for Entries {
    type Ok = HostValue;
    type Error = SerError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), SerError> {
        self.key = Some(match key.serialize(Serializer)? {
            HostValue::String(key) => key,
            HostValue::Number(number) => number.to_string(),
            other => {
                return Err(ser::Error::custom(format!(
                    "a map's key must be a string or a number to become a property, found {other:?}"
                )));
            }
        });
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerError> {
        let key = self.key.take().ok_or_else(|| SerError("a map's value came without its key".to_owned()))?;
        self.properties.push((key, value.serialize(Serializer)?));
        Ok(())
    }
    fn end(self) -> Built {
        Ok(HostValue::Object(self.properties))
    }
}

impl ser::SerializeStruct for Entries {
    type Ok = HostValue;
    type Error = SerError;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), SerError> {
        self.properties.push((key.to_owned(), value.serialize(Serializer)?));
        Ok(())
    }
    fn end(self) -> Built {
        Ok(HostValue::Object(self.properties))
    }
}

impl ser::SerializeStructVariant for Tagged<Entries> {
    type Ok = HostValue;
    type Error = SerError;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), SerError> {
        ser::SerializeStruct::serialize_field(&mut self.1, key, value)
    }
    fn end(self) -> Built {
        Ok(HostValue::Object(vec![(self.0.to_owned(), HostValue::Object(self.1.properties))]))
    }
}
