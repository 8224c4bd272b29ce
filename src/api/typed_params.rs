//! Typed parameters on the wire; each program has types of its own for them, which look the same.

/// Defines the conversions between the `TypedParam` and `TypedParamValue` that are in scope and the
/// library's.
macro_rules! typed_params {
    () => {
        /// Borrows a value.
        pub(in crate::api) fn value_ref<'a>(value: &'a TypedParamValue<'_>) -> ValueRef<'a> {
            match value {
                TypedParamValue::Int(value) => ValueRef::Int(*value),
                TypedParamValue::Uint(value) => ValueRef::Uint(*value),
                TypedParamValue::Llong(value) => ValueRef::Llong(*value),
                TypedParamValue::Ullong(value) => ValueRef::Ullong(*value),
                TypedParamValue::Double(value) => ValueRef::Double(*value),
                TypedParamValue::Boolean(value) => ValueRef::Boolean(*value != 0),
                TypedParamValue::String(value) => ValueRef::String(value),
            }
        }

        /// Borrows a reply's parameters.
        pub(in crate::api) fn params<'a>(
            wire: &'a [TypedParam<'_>],
        ) -> impl Iterator<Item = (&'a str, ValueRef<'a>)> {
            wire.iter().map(|param| (&*param.field, value_ref(&param.value)))
        }

        /// Converts a value to a request's.
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

        /// Converts a list to a request's.
        impl<'a> From<&'a TypedParams> for Vec<TypedParam<'a>> {
            fn from(params: &'a TypedParams) -> Self {
                let params = params.iter();
                params
                    .map(|(name, value)| TypedParam { field: name.into(), value: value.into() })
                    .collect()
            }
        }
    };
}

pub(crate) use typed_params;
