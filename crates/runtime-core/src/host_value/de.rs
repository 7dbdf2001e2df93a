//! The serde half that makes a host type from a `HostValue`.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::HostValue;
use super::ser::SerError;

impl<'de> IntoDeserializer<'de, SerError> for HostValue {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for HostValue {
    type Error = SerError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerError> {
        match self {
            HostValue::Undefined | HostValue::Null => visitor.visit_unit(),
            HostValue::Bool(value) => visitor.visit_bool(value),
            // A whole number is offered as an integer, so that integer types take it.
            HostValue::Number(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
                visitor.visit_i64(value as i64)
            }
            HostValue::Number(value) => visitor.visit_f64(value),
            HostValue::BigInt(value) => visitor.visit_i64(value),
            HostValue::String(value) => visitor.visit_string(value),
            HostValue::Bytes(bytes) => visitor.visit_byte_buf(bytes.to_vec()),
            HostValue::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter());
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            HostValue::Object(properties) | HostValue::Record(properties) => {
                let mut properties = MapDeserializer::new(properties.into_iter());
                let value = visitor.visit_map(&mut properties)?;
                properties.end()?;
                Ok(value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerError> {
        match self {
            HostValue::Undefined | HostValue::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, SerError> {
        visitor.visit_newtype_struct(self)
    }

    /// Bytes are also given to types that ask for a sequence of numbers, such as `Vec<u8>`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerError> {
        match self {
            HostValue::Bytes(bytes) => {
                visitor.visit_seq(SeqDeserializer::<_, SerError>::new(bytes.into_iter()))
            }
            value => value.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SerError> {
        match self {
            HostValue::String(variant) => visitor.visit_enum(variant.into_deserializer()),
            HostValue::Object(properties) | HostValue::Record(properties) => visitor.visit_enum(
                de::value::MapAccessDeserializer::new(MapDeserializer::new(properties.into_iter())),
            ),
            other => Err(de::Error::custom(format!("expected the name of a variant, found {other:?}"))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        tuple tuple_struct map struct identifier ignored_any
    }
}

/// The arguments of a call, which become a tuple.
pub(super) struct Arguments(pub(super) Vec<HostValue>);

impl<'de> de::Deserializer<'de> for Arguments {
    type Error = SerError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerError> {
        HostValue::Array(self.0).deserialize_any(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(mut self, length: usize, visitor: V) -> Result<V::Value, SerError> {
        if self.0.len() < length {
            self.0.resize(length, HostValue::Undefined);
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, SerError> {
        self.deserialize_tuple(length, visitor)
    }

    /// No arguments at all: the empty tuple.
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SerError> {
        if self.0.is_empty() { visitor.visit_unit() } else { self.deserialize_any(visitor) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, SerError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, SerError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option seq map struct
        enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_are_missing_are_undefined_and_too_many_are_refused() {
        let number = || HostValue::Number(1.0);
        assert_eq!(HostValue::deserialize_arguments::<()>(vec![]), Ok(()));
        assert!(HostValue::deserialize_arguments::<()>(vec![number()]).is_err());
        assert_eq!(HostValue::deserialize_arguments::<(f64, Option<f64>)>(vec![number()]), Ok((1.0, None)));
        assert!(HostValue::deserialize_arguments::<(f64,)>(vec![]).is_err());
        assert!(HostValue::deserialize_arguments::<(f64,)>(vec![number(), number()]).is_err());
    }
}
