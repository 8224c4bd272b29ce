//! Typed parameters as a serde data format: names are paths.

use std::collections::HashMap;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::{Deserializer, forward_to_deserialize_any};

use super::{FromParam as _, ParamError, TypedParams, ValueRef};

impl TypedParams {
    /// Deserializes the list into a Rust type.
    ///
    /// The dots in names make nested structures, and numbers between them sequences: `block.0.name`
    /// and `block.1.name` become a `Vec` of structures with a `name`. Only the target can tell
    /// sequences from maps, since beside the numbers there are names, and some may be left out: what
    /// takes anything, such as `serde_json::Value`, gets maps with the keys `0`, `1`, …, and with the
    /// empty key for the value of a name that others begin with, too.
    ///
    /// An enumeration is read by the name or the number of its variant. Of names with very many dots
    /// the rest counts as one.
    ///
    /// ```
    /// use libvirt_client::params::TypedParams;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Stats {
    ///     block: Vec<Block>,
    /// }
    /// #[derive(serde::Deserialize)]
    /// struct Block {
    ///     name: String,
    ///     rd: Read,
    /// }
    /// #[derive(serde::Deserialize)]
    /// struct Read {
    ///     bytes: u64,
    /// }
    ///
    /// let params = TypedParams::new()
    ///     .with("block.count", 1_u32)
    ///     .with("block.0.name", "vda")
    ///     .with("block.0.rd.bytes", 512_u64);
    /// let stats: Stats = params.deserialize()?;
    /// assert_eq!((stats.block[0].name.as_str(), stats.block[0].rd.bytes), ("vda", 512));
    /// # Ok::<(), libvirt_client::params::ParamError>(())
    /// ```
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, ParamError> {
        from_params(self)
    }
}

fn from_params<T: DeserializeOwned>(params: &TypedParams) -> Result<T, ParamError> {
    let mut root = Node::default();
    for (name, value) in params {
        root.insert(name, value);
    }
    T::deserialize(&root)
}

/// The depth of the tree, which is walked recursively: libvirt's own names have up to seven parts.
const DEPTH: usize = 12;

/// So many children are looked through one by one.
const FEW: usize = 16;

/// A node of the tree that the names form.
#[derive(Default)]
struct Node<'a> {
    /// Values of the name that ends here; more than one where it is repeated.
    values: Vec<ValueRef<'a>>,
    children: Vec<(&'a str, Node<'a>)>,
    /// The places of the children, once there are more than a few.
    #[allow(clippy::box_collection, reason = "hardly any node has them")]
    places: Option<Box<HashMap<&'a str, usize>>>,
}

impl<'a> Node<'a> {
    fn insert(&mut self, path: &'a str, value: ValueRef<'a>) {
        let mut node = self;
        for key in path.splitn(DEPTH, '.') {
            let place = node.place(key);
            let Some((_, child)) = node.children.get_mut(place) else {
                return;
            };
            node = child;
        }
        push(&mut node.values, value);
    }

    /// Returns the place of the child of that name, and adds it if it is new.
    fn place(&mut self, key: &'a str) -> usize {
        let count = self.children.len();
        // Parameters of one object come together, so the last child is nearly always the right one.
        let near = self.children.iter().rev().take(FEW).position(|(name, _)| *name == key);
        if let Some(back) = near {
            return count - 1 - back;
        }
        if count > FEW {
            let places = self.places.get_or_insert_with(|| {
                let names = self.children.iter().enumerate();
                Box::new(names.map(|(place, (name, _))| (*name, place)).collect())
            });
            let place = *places.entry(key).or_insert(count);
            if place < count {
                return place;
            }
        }
        push(&mut self.children, (key, Node::default()));
        count
    }

    /// Returns the numbered children, in the order of their numbers.
    fn numbered(&self) -> Vec<&Node<'a>> {
        let mut items: Vec<_> = self
            .children
            .iter()
            .filter_map(|(name, node)| Some((name.parse::<u32>().ok()?, node)))
            .collect();
        items.sort_by_key(|(number, _)| *number);
        items.into_iter().map(|(_, node)| node).collect()
    }

    fn value(&self) -> Result<Scalar<'a>, ParamError> {
        self.values.first().copied().map(Scalar).ok_or_else(|| {
            let names: Vec<_> = self.children.iter().map(|(name, _)| *name).collect();
            ParamError::custom(format_args!("a group of parameters ({})", names.join(", ")))
        })
    }
}

/// Appends to a list that mostly has one item.
fn push<T>(list: &mut Vec<T>, item: T) {
    if list.is_empty() {
        list.reserve_exact(1);
    }
    list.push(item);
}

/// Reads what is one value from a name's own, whatever other names begin with it.
macro_rules! one_value {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
            self.value()?.deserialize_any(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for &Node<'_> {
    type Error = ParamError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        if self.children.is_empty() {
            return self.value()?.deserialize_any(visitor);
        }
        let own = self.value().ok();
        visitor.visit_map(Entries { children: self.children.iter(), own, next: None })
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        self.value()?.deserialize_bool(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        // Something that is absent has no node.
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        if self.children.is_empty() {
            visitor.visit_seq(Values(self.values.iter()))
        } else {
            visitor.visit_seq(Items(self.numbered().into_iter()))
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_map(Entries { children: self.children.iter(), own: None, next: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        visitor.visit_enum(self.value()?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_unit()
    }

    one_value! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf
    }

    forward_to_deserialize_any! {
        unit unit_struct tuple_struct identifier
    }
}

/// A value on its own.
#[derive(Clone, Copy)]
struct Scalar<'a>(ValueRef<'a>);

impl<'de> Deserializer<'de> for Scalar<'_> {
    type Error = ParamError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        match self.0 {
            ValueRef::Int(value) => visitor.visit_i32(value),
            ValueRef::Uint(value) => visitor.visit_u32(value),
            ValueRef::Llong(value) => visitor.visit_i64(value),
            ValueRef::Ullong(value) => visitor.visit_u64(value),
            ValueRef::Double(value) => visitor.visit_f64(value),
            ValueRef::Boolean(value) => visitor.visit_bool(value),
            ValueRef::String(value) => visitor.visit_str(value),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        // Old daemons have no boolean parameters and send 0 or 1.
        match bool::from_param(self.0) {
            Some(truth) => visitor.visit_bool(truth),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        visitor.visit_enum(self)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        // Variants have numbers without a sign.
        match u64::from_param(self.0) {
            Some(number) => visitor.visit_u64(number),
            None => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct ignored_any
    }
}

/// An enumeration's variant by its name or number.
impl<'de> EnumAccess<'de> for Scalar<'_> {
    type Error = ParamError;
    type Variant = UnitOnly;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, UnitOnly), ParamError> {
        seed.deserialize(self).map(|variant| (variant, UnitOnly))
    }
}

struct UnitOnly;

impl<'de> VariantAccess<'de> for UnitOnly {
    type Error = ParamError;

    fn unit_variant(self) -> Result<(), ParamError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, ParamError> {
        Err(ParamError::invalid_type(Unexpected::UnitVariant, &"a variant with a value"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, ParamError> {
        Err(ParamError::invalid_type(Unexpected::UnitVariant, &"a variant with values"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ParamError> {
        Err(ParamError::invalid_type(Unexpected::UnitVariant, &"a variant with fields"))
    }
}

struct Values<'n, 'a>(std::slice::Iter<'n, ValueRef<'a>>);

impl<'de> SeqAccess<'de> for Values<'_, '_> {
    type Error = ParamError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ParamError> {
        self.0.next().map(|value| seed.deserialize(Scalar(*value))).transpose()
    }
}

struct Items<'n, 'a>(std::vec::IntoIter<&'n Node<'a>>);

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = ParamError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ParamError> {
        self.0.next().map(|node| seed.deserialize(node)).transpose()
    }
}

struct Entries<'n, 'a> {
    children: std::slice::Iter<'n, (&'a str, Node<'a>)>,
    /// The value of the name that the others begin with, if it is among the entries.
    own: Option<Scalar<'a>>,
    next: Option<(&'a str, Entry<'n, 'a>)>,
}

enum Entry<'n, 'a> {
    Node(&'n Node<'a>),
    Own(Scalar<'a>),
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = ParamError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ParamError> {
        let child = self.children.next().map(|(name, node)| (*name, Entry::Node(node)));
        self.next = child.or_else(|| self.own.take().map(|own| ("", Entry::Own(own))));
        let Some((name, _)) = self.next else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, ParamError> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, ParamError> {
        let Some((name, entry)) = self.next.take() else {
            return Err(ParamError::custom("a value was asked for before its name"));
        };
        let value = match entry {
            Entry::Node(node) => seed.deserialize(node),
            Entry::Own(own) => seed.deserialize(own),
        };
        value.map_err(|error| ParamError::custom(format_args!("{name}: {error}")))
    }
}
