//! The values, and what they can be read as.

use serde::Serialize;

/// The value of one parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// `VIR_TYPED_PARAM_INT`
    Int(i32),
    /// `VIR_TYPED_PARAM_UINT`
    Uint(u32),
    /// `VIR_TYPED_PARAM_LLONG`
    Llong(i64),
    /// `VIR_TYPED_PARAM_ULLONG`
    Ullong(u64),
    /// `VIR_TYPED_PARAM_DOUBLE`
    Double(f64),
    /// `VIR_TYPED_PARAM_BOOLEAN`
    Boolean(bool),
    /// `VIR_TYPED_PARAM_STRING`
    String(String),
}

/// A [`Value`] whose text is borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// `VIR_TYPED_PARAM_INT`
    Int(i32),
    /// `VIR_TYPED_PARAM_UINT`
    Uint(u32),
    /// `VIR_TYPED_PARAM_LLONG`
    Llong(i64),
    /// `VIR_TYPED_PARAM_ULLONG`
    Ullong(u64),
    /// `VIR_TYPED_PARAM_DOUBLE`
    Double(f64),
    /// `VIR_TYPED_PARAM_BOOLEAN`
    Boolean(bool),
    /// `VIR_TYPED_PARAM_STRING`
    String(&'a str),
}

impl Value {
    /// Borrows the value.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Int(value) => ValueRef::Int(*value),
            Self::Uint(value) => ValueRef::Uint(*value),
            Self::Llong(value) => ValueRef::Llong(*value),
            Self::Ullong(value) => ValueRef::Ullong(*value),
            Self::Double(value) => ValueRef::Double(*value),
            Self::Boolean(value) => ValueRef::Boolean(*value),
            Self::String(value) => ValueRef::String(value),
        }
    }
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        value.to_owned()
    }
}

impl ValueRef<'_> {
    /// Copies the value.
    pub fn to_owned(self) -> Value {
        match self {
            Self::Int(value) => Value::Int(value),
            Self::Uint(value) => Value::Uint(value),
            Self::Llong(value) => Value::Llong(value),
            Self::Ullong(value) => Value::Ullong(value),
            Self::Double(value) => Value::Double(value),
            Self::Boolean(value) => Value::Boolean(value),
            Self::String(value) => Value::String(value.to_owned()),
        }
    }

    /// Returns the value as an integer wide enough for all of libvirt's.
    fn as_integer(self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(value.into()),
            Self::Uint(value) => Some(value.into()),
            Self::Llong(value) => Some(value.into()),
            Self::Ullong(value) => Some(value.into()),
            Self::Boolean(value) => Some(value.into()),
            Self::Double(_) | Self::String(_) => None,
        }
    }
}

/// A type that a parameter's value can be read as.
///
/// Integers convert into one another where the value fits: which integer type a daemon uses for a
/// parameter has changed between releases.
pub trait FromParam: Sized {
    /// Converts the value; `None` when it has another type or does not fit.
    fn from_param(value: ValueRef<'_>) -> Option<Self>;
}

macro_rules! from_integer {
    ($($ty:ty: $exact:ident),*) => { $(
        impl FromParam for $ty {
            #[inline]
            fn from_param(value: ValueRef<'_>) -> Option<Self> {
                match value {
                    ValueRef::$exact(value) => Some(value),
                    other => other.as_integer().and_then(|value| value.try_into().ok()),
                }
            }
        }

        impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                Self::$exact(value)
            }
        }

        impl From<$ty> for ValueRef<'_> {
            #[inline]
            fn from(value: $ty) -> Self {
                Self::$exact(value)
            }
        }
    )* };
}

from_integer!(i32: Int, u32: Uint, i64: Llong, u64: Ullong);

impl FromParam for f64 {
    fn from_param(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Double(value) => Some(value),
            ValueRef::Int(value) => Some(value.into()),
            ValueRef::Uint(value) => Some(value.into()),
            _ => None,
        }
    }
}

impl FromParam for bool {
    fn from_param(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Boolean(value) => Some(value),
            other => match other.as_integer() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
        }
    }
}

impl FromParam for String {
    fn from_param(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::String(value) => Some(value.to_owned()),
            _ => None,
        }
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}
