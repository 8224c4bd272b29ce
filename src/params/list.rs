use std::sync::Arc;

use super::{FromParam, Value, ValueRef};

/// An ordered list of named values (`virTypedParameter`). A name may occur more than once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TypedParams {
    items: Vec<(Arc<str>, Value)>,
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
        self.items.push((name.into(), value.into()));
    }

    pub(crate) fn push_shared(&mut self, name: Arc<str>, value: Value) {
        self.items.push((name, value));
    }

    pub(crate) fn reserve(&mut self, count: usize) {
        self.items.reserve_exact(count);
    }

    /// Returns the name at `index`, for a list that probably has the same name in the same place.
    pub(crate) fn shared_name(&self, index: usize) -> Option<&Arc<str>> {
        self.items.get(index).map(|(name, _)| name)
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
        self.items.iter().find(|(key, _)| **key == *name).map(|(_, value)| value)
    }

    /// Iterates over the values of that name, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.items.iter().filter(move |(key, _)| **key == *name).map(|(_, value)| value)
    }

    /// Returns the number of parameters.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Iterates over all parameters, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, ValueRef<'_>)> {
        self.items.iter().map(|(name, value)| (&**name, value.as_ref()))
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
        for (name, value) in items {
            self.push(name.as_ref(), value);
        }
    }
}
