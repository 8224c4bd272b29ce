//! The list.

use std::collections::HashMap;
use std::fmt;
use std::slice;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{FromParam, Value, ValueRef};

/// An ordered list of named values (`virTypedParameter`). A name may occur more than once.
#[doc(alias = "virTypedParameter")]
#[derive(Clone, Default)]
pub struct TypedParams {
    /// Of each value, and maybe of more.
    names: Names,
    values: Vec<Value>,
}

/// The names of a list, which others with the same names at its beginning share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(Option<Arc<Vec<Arc<str>>>>);

impl Names {
    fn get(&self, index: usize) -> Option<&str> {
        self.0.as_ref()?.get(index).map(|name| &**name)
    }

    fn as_slice(&self) -> &[Arc<str>] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    #[cfg(test)]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.0
            .as_ref()
            .zip(other.0.as_ref())
            .is_some_and(|(one, other)| Arc::ptr_eq(one, other))
    }

    /// Becomes the names of `list`, unless that is empty.
    pub(crate) fn follow(&mut self, list: Option<&TypedParams>) {
        if let Some(list) = list.filter(|list| !list.is_empty()) {
            self.clone_from(&list.names);
        }
    }

    /// Has the name at `index` follow those before it, of which there are as many.
    fn set(&mut self, index: usize, name: &[u8]) {
        let shared = self.0.get_or_insert_default();
        let name = String::from_utf8_lossy(name).into();
        if let Some(own) = Arc::get_mut(shared) {
            own.truncate(index);
            own.push(name);
        } else {
            let before = shared.iter().take(index).cloned();
            *shared = Arc::new(before.chain([name]).collect());
        }
    }
}

impl TypedParams {
    /// Makes an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one parameter, and returns the list.
    ///
    /// The value's Rust type is its libvirt type (`i32` is `INT`, `u64` is `ULLONG`, …), and daemons
    /// insist on the documented one.
    ///
    /// ```
    /// use libvirt_client::params::TypedParams;
    ///
    /// let params = TypedParams::new().with("cpu_shares", 2048_u64).with("vcpu_quota", -1_i64);
    /// assert_eq!(params.get::<u64>("cpu_shares"), Some(2048));
    /// ```
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.push(name, value);
        self
    }

    /// Appends one parameter (`virTypedParamsAddInt` and its like); see [`with`](Self::with).
    #[doc(alias = "virTypedParamsAddBoolean")]
    #[doc(alias = "virTypedParamsAddDouble")]
    #[doc(alias = "virTypedParamsAddInt")]
    #[doc(alias = "virTypedParamsAddLLong")]
    #[doc(alias = "virTypedParamsAddString")]
    #[doc(alias = "virTypedParamsAddUInt")]
    #[doc(alias = "virTypedParamsAddULLong")]
    pub fn push(&mut self, name: &str, value: impl Into<Value>) {
        self.push_named(name.as_bytes(), value.into());
    }

    /// Makes an empty list with room for so many, which are expected to have these names.
    pub(crate) fn like(names: &Names, count: usize) -> Self {
        Self { names: names.clone(), values: Vec::with_capacity(count) }
    }

    /// Appends one parameter to a list that is expected to have these names.
    pub(crate) fn push_like(&mut self, names: &Names, name: &[u8], value: Value) {
        if self.is_empty() {
            self.names = names.clone();
        }
        self.push_named(name, value);
    }

    #[inline]
    pub(crate) fn push_named(&mut self, name: &[u8], value: Value) {
        let index = self.values.len();
        if self.names.get(index).is_none_or(|expected| expected.as_bytes() != name) {
            self.names.set(index, name);
        }
        self.values.push(value);
    }

    /// Returns the names, for lists that probably have the same.
    #[cfg(test)]
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Returns the first value of that name as a `T` (`virTypedParamsGetInt` and its like); `None`
    /// when there is none or it has another type.
    #[doc(alias = "virTypedParamsGetBoolean")]
    #[doc(alias = "virTypedParamsGetDouble")]
    #[doc(alias = "virTypedParamsGetInt")]
    #[doc(alias = "virTypedParamsGetLLong")]
    #[doc(alias = "virTypedParamsGetString")]
    #[doc(alias = "virTypedParamsGetUInt")]
    #[doc(alias = "virTypedParamsGetULLong")]
    pub fn get<T: FromParam>(&self, name: &str) -> Option<T> {
        self.value(name).and_then(|value| T::from_param(value.as_ref()))
    }

    /// Returns the first value of that name (`virTypedParamsGet`).
    #[doc(alias = "virTypedParamsGet")]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.entries().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Iterates over the values of that name, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.entries().filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Returns the number of parameters.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Iterates over all parameters, in order.
    pub fn iter(&self) -> TypedParamsIter<'_> {
        TypedParamsIter {
            names: self.names.as_slice().iter(),
            values: self.values.iter(),
        }
    }

    fn entries(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.names.as_slice().iter().map(|name| &**name).zip(&self.values)
    }
}

impl<'a> IntoIterator for &'a TypedParams {
    type Item = (&'a str, ValueRef<'a>);
    type IntoIter = TypedParamsIter<'a>;

    fn into_iter(self) -> TypedParamsIter<'a> {
        self.iter()
    }
}

/// The names and values of a list, in order; from [`TypedParams::iter`].
#[derive(Debug, Clone)]
pub struct TypedParamsIter<'a> {
    names: slice::Iter<'a, Arc<str>>,
    values: slice::Iter<'a, Value>,
}

impl<'a> Iterator for TypedParamsIter<'a> {
    type Item = (&'a str, ValueRef<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let value = self.values.next()?;
        Some((self.names.next()?, value.as_ref()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.values.size_hint()
    }
}

impl ExactSizeIterator for TypedParamsIter<'_> {}

impl fmt::Debug for TypedParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries()).finish()
    }
}

/// Serializes as a map from names to values; of a name that occurs more than once to a sequence.
impl Serialize for TypedParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Values<'a> {
            One(&'a Value),
            Several(&'a [&'a Value]),
        }

        let mut places = HashMap::new();
        let mut map: Vec<(&str, Vec<&Value>)> = Vec::new();
        for (name, value) in self.entries() {
            let place = *places.entry(name).or_insert(map.len());
            match map.get_mut(place) {
                Some((_, values)) => values.push(value),
                None => map.push((name, vec![value])),
            }
        }
        serializer.collect_map(map.iter().map(|(name, values)| match values[..] {
            [value] => (name, Values::One(value)),
            ref values => (name, Values::Several(values)),
        }))
    }
}

impl PartialEq for TypedParams {
    fn eq(&self, other: &Self) -> bool {
        self.entries().eq(other.entries())
    }
}

impl<N: AsRef<str>, V: Into<Value>> FromIterator<(N, V)> for TypedParams {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(items: I) -> Self {
        let mut params = Self::new();
        params.extend(items);
        params
    }
}

impl<N: AsRef<str>, V: Into<Value>> Extend<(N, V)> for TypedParams {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, items: I) {
        let items = items.into_iter();
        self.values.reserve(items.size_hint().0);
        for (name, value) in items {
            self.push(name.as_ref(), value);
        }
    }
}
