//! Serialization of Rust types to typed parameters: nested structures become dotted names.

use std::fmt::Display;

use serde::ser::{
    Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple,
    SerializeTupleStruct, Serializer,
};

use super::{ParamError, TypedParams, Value};

impl TypedParams {
    /// Serializes a Rust type into a list; the reverse of [`deserialize`](Self::deserialize).
    pub fn serialize<T: Serialize>(value: &T) -> Result<Self, ParamError> {
        to_params(value)
    }
}

fn to_params<T: Serialize>(value: &T) -> Result<TypedParams, ParamError> {
    let mut flattener = Flattener { params: TypedParams::new(), path: String::new() };
    value.serialize(&mut flattener)?;
    Ok(flattener.params)
}

struct Flattener {
    params: TypedParams,
    /// The name so far.
    path: String,
}

impl Flattener {
    fn emit(&mut self, value: impl Into<Value>) -> Result<(), ParamError> {
        if self.path.is_empty() {
            return Err(ParamError::new("a single value has no name; parameters need a structure"));
        }
        self.params.push(&self.path, value);
        Ok(())
    }

    fn nested(
        &mut self,
        name: impl Display,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), ParamError> {
        let outer = self.path.len();
        if outer > 0 {
            self.path.push('.');
        }
        self.path.push_str(&name.to_string());
        let result = value.serialize(&mut *self);
        self.path.truncate(outer);
        result
    }
}

macro_rules! emit {
    ($($method:ident: $from:ty as $to:ty),*) => { $(
        fn $method(self, value: $from) -> Result<(), ParamError> {
            self.emit(<$to>::from(value))
        }
    )* };
}

impl<'f> Serializer for &'f mut Flattener {
    type Ok = ();
    type Error = ParamError;
    type SerializeSeq = Numbered<'f>;
    type SerializeTuple = Numbered<'f>;
    type SerializeTupleStruct = Numbered<'f>;
    type SerializeTupleVariant = Impossible<(), ParamError>;
    type SerializeMap = Named<'f>;
    type SerializeStruct = Named<'f>;
    type SerializeStructVariant = Impossible<(), ParamError>;

    emit! {
        serialize_bool: bool as bool,
        serialize_i8: i8 as i32,
        serialize_i16: i16 as i32,
        serialize_i32: i32 as i32,
        serialize_i64: i64 as i64,
        serialize_u8: u8 as u32,
        serialize_u16: u16 as u32,
        serialize_u32: u32 as u32,
        serialize_u64: u64 as u64,
        serialize_f32: f32 as f64,
        serialize_f64: f64 as f64,
        serialize_char: char as String,
        serialize_str: &str as String
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), ParamError> {
        Err(ParamError::custom("typed parameters have no type for bytes"))
    }

    fn serialize_none(self) -> Result<(), ParamError> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), ParamError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), ParamError> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), ParamError> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), ParamError> {
        self.emit(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), ParamError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Result<(), ParamError> {
        Err(no_variant(name, variant))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Numbered<'f>, ParamError> {
        Ok(Numbered { flattener: self, next: 0 })
    }

    fn serialize_tuple(self, _: usize) -> Result<Numbered<'f>, ParamError> {
        Ok(Numbered { flattener: self, next: 0 })
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Numbered<'f>, ParamError> {
        Ok(Numbered { flattener: self, next: 0 })
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, ParamError> {
        Err(no_variant(name, variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Named<'f>, ParamError> {
        Ok(Named { flattener: self, key: String::new() })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Named<'f>, ParamError> {
        Ok(Named { flattener: self, key: String::new() })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, ParamError> {
        Err(no_variant(name, variant))
    }
}

fn no_variant(name: &str, variant: &str) -> ParamError {
    ParamError::new(format!("{name}::{variant} holds values, which parameters cannot express"))
}

/// Serializer of elements, which are named by their position.
struct Numbered<'f> {
    flattener: &'f mut Flattener,
    next: usize,
}

impl Numbered<'_> {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ParamError> {
        let number = self.next;
        self.next += 1;
        self.flattener.nested(number, value)
    }
}

macro_rules! numbered {
    ($($name:ident: $method:ident),*) => { $(
        impl $name for Numbered<'_> {
            type Ok = ();
            type Error = ParamError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ParamError> {
                self.push(value)
            }

            fn end(self) -> Result<(), ParamError> {
                Ok(())
            }
        }
    )* };
}

numbered!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field
);

/// Serializer of fields and entries.
struct Named<'f> {
    flattener: &'f mut Flattener,
    key: String,
}

impl SerializeStruct for Named<'_> {
    type Ok = ();
    type Error = ParamError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ParamError> {
        self.flattener.nested(name, value)
    }

    fn end(self) -> Result<(), ParamError> {
        Ok(())
    }
}

impl SerializeMap for Named<'_> {
    type Ok = ();
    type Error = ParamError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ParamError> {
        // A key is the text of a parameter with that value.
        let mut probe = Flattener { params: TypedParams::new(), path: "key".to_owned() };
        key.serialize(&mut probe)?;
        self.key = match probe.params.value("key") {
            Some(Value::String(key)) => key.clone(),
            Some(Value::Int(key)) => key.to_string(),
            Some(Value::Uint(key)) => key.to_string(),
            Some(Value::Llong(key)) => key.to_string(),
            Some(Value::Ullong(key)) => key.to_string(),
            _ => return Err(ParamError::new("a map's keys must be text or integers")),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ParamError> {
        let key = std::mem::take(&mut self.key);
        self.flattener.nested(key, value)
    }

    fn end(self) -> Result<(), ParamError> {
        Ok(())
    }
}
