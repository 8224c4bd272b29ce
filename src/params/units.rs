//! Conversions between values of parameters and Rust types.

use std::time::Duration;

use super::{FromParam, Value, ValueRef};

/// A conversion between a parameter's value and a `T`.
pub(crate) trait Unit<T> {
    /// Converts to a `T`; `None` when the value has another type or is out of range.
    fn read(value: ValueRef<'_>) -> Option<T>;

    /// Converts to the value that daemons expect.
    fn write(value: &T) -> Value;
}

/// A number of nanoseconds, `ULLONG`.
pub(crate) struct Nanos;

impl Unit<Duration> for Nanos {
    #[inline]
    fn read(value: ValueRef<'_>) -> Option<Duration> {
        u64::from_param(value).map(Duration::from_nanos)
    }

    fn write(value: &Duration) -> Value {
        Value::Ullong(value.as_nanos().try_into().unwrap_or(u64::MAX))
    }
}

/// A number of microseconds, `ULLONG`.
pub(crate) struct Micros;

impl Unit<Duration> for Micros {
    fn read(value: ValueRef<'_>) -> Option<Duration> {
        u64::from_param(value).map(Duration::from_micros)
    }

    fn write(value: &Duration) -> Value {
        Value::Ullong(value.as_micros().try_into().unwrap_or(u64::MAX))
    }
}

/// A number of milliseconds, `ULLONG`.
pub(crate) struct Millis;

impl Unit<Duration> for Millis {
    fn read(value: ValueRef<'_>) -> Option<Duration> {
        u64::from_param(value).map(Duration::from_millis)
    }

    fn write(value: &Duration) -> Value {
        Value::Ullong(value.as_millis().try_into().unwrap_or(u64::MAX))
    }
}

/// A number of milliseconds, `UINT`.
pub(crate) struct ShortMillis;

impl Unit<Duration> for ShortMillis {
    fn read(value: ValueRef<'_>) -> Option<Duration> {
        u32::from_param(value).map(|millis| Duration::from_millis(millis.into()))
    }

    fn write(value: &Duration) -> Value {
        Value::Uint(value.as_millis().try_into().unwrap_or(u32::MAX))
    }
}

/// A number of seconds, `ULLONG`.
pub(crate) struct Seconds;

impl Unit<Duration> for Seconds {
    fn read(value: ValueRef<'_>) -> Option<Duration> {
        u64::from_param(value).map(Duration::from_secs)
    }

    fn write(value: &Duration) -> Value {
        Value::Ullong(value.as_secs())
    }
}

/// The number of an enumeration's value, `INT`.
pub(crate) struct Number;

impl<T: From<i32> + Into<i32> + Copy> Unit<T> for Number {
    fn read(value: ValueRef<'_>) -> Option<T> {
        i32::from_param(value).map(T::from)
    }

    fn write(value: &T) -> Value {
        Value::Int((*value).into())
    }
}

/// A number that is never negative, and yet `INT`.
pub(crate) struct Int;

impl<T: TryFrom<u32> + Into<u32> + Copy> Unit<T> for Int {
    fn read(value: ValueRef<'_>) -> Option<T> {
        u32::from_param(value)?.try_into().ok()
    }

    fn write(value: &T) -> Value {
        Value::Int((*value).into().try_into().unwrap_or(i32::MAX))
    }
}
