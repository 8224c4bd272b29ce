//! Typed parameters as the administration program has them: the same, by types of its own.

use crate::params::{TypedParams, ValueRef};
use crate::protocol::admin::{TypedParam, TypedParamValue};

/// A reply's parameters, borrowed.
pub(super) fn params<'a>(
    wire: &'a [TypedParam<'_>],
) -> impl Iterator<Item = (&'a str, ValueRef<'a>)> {
    wire.iter().map(|param| {
        let value = match &param.value {
            TypedParamValue::Int(value) => ValueRef::Int(*value),
            TypedParamValue::Uint(value) => ValueRef::Uint(*value),
            TypedParamValue::Llong(value) => ValueRef::Llong(*value),
            TypedParamValue::Ullong(value) => ValueRef::Ullong(*value),
            TypedParamValue::Double(value) => ValueRef::Double(*value),
            TypedParamValue::Boolean(value) => ValueRef::Boolean(*value != 0),
            TypedParamValue::String(value) => ValueRef::String(value),
        };
        (&*param.field, value)
    })
}

/// A value as requests carry it.
impl<'a> From<ValueRef<'a>> for TypedParamValue<'a> {
    fn from(value: ValueRef<'a>) -> Self {
        match value {
            ValueRef::Int(value) => Self::Int(value),
            ValueRef::Uint(value) => Self::Uint(value),
            ValueRef::Llong(value) => Self::Llong(value),
            ValueRef::Ullong(value) => Self::Ullong(value),
            ValueRef::Double(value) => Self::Double(value),
            ValueRef::Boolean(value) => Self::Boolean(value.into()),
            ValueRef::String(value) => Self::String(value.into()),
        }
    }
}

/// A list as requests carry it.
impl<'a> From<&'a TypedParams> for Vec<TypedParam<'a>> {
    fn from(params: &'a TypedParams) -> Self {
        let params = params.iter();
        params
            .map(|(name, value)| TypedParam { field: name.into(), value: value.into() })
            .collect()
    }
}
