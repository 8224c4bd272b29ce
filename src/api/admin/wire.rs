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

/// Parameters as arguments. Those that can be set are all numbers of one type.
pub(super) fn params_to_wire(params: &TypedParams) -> Vec<TypedParam<'_>> {
    let numbers = params.iter().filter_map(|(name, value)| match value {
        ValueRef::Uint(number) => Some((name, number)),
        _ => None,
    });
    numbers
        .map(|(name, number)| TypedParam {
            field: name.into(),
            value: TypedParamValue::Uint(number),
        })
        .collect()
}
