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

/// Returns how many units of so many nanoseconds a duration takes; one that was begun counts, since
/// zero would often mean something else.
pub(crate) fn units_of(nanos: u128, duration: Duration) -> u64 {
    duration.as_nanos().div_ceil(nanos).try_into().unwrap_or(u64::MAX)
}

/// A number of nanoseconds, `ULLONG`.
pub(crate) struct Nanos;

impl Unit<Duration> for Nanos {
    #[inline]
    fn read(value: ValueRef<'_>) -> Option<Duration> {
        u64::from_param(value).map(Duration::from_nanos)
    }

    fn write(value: &Duration) -> Value {
        Value::Ullong(units_of(1, *value))
    }
}

/// A number of microseconds, `ULLONG`.
pub(crate) struct Micros;

impl Unit<Duration> for Micros {
    fn read(value: ValueRef<'_>) -> Option<Duration> {
        u64::from_param(value).map(Duration::from_micros)
    }

    fn write(value: &Duration) -> Value {
        Value::Ullong(units_of(1_000, *value))
    }
}

/// A number of milliseconds, `ULLONG`.
pub(crate) struct Millis;

impl Unit<Duration> for Millis {
    fn read(value: ValueRef<'_>) -> Option<Duration> {
        u64::from_param(value).map(Duration::from_millis)
    }

    fn write(value: &Duration) -> Value {
        Value::Ullong(units_of(1_000_000, *value))
    }
}

/// A number of milliseconds, `UINT`.
pub(crate) struct ShortMillis;

impl Unit<Duration> for ShortMillis {
    fn read(value: ValueRef<'_>) -> Option<Duration> {
        u32::from_param(value).map(|millis| Duration::from_millis(millis.into()))
    }

    fn write(value: &Duration) -> Value {
        Value::Uint(units_of(1_000_000, *value).try_into().unwrap_or(u32::MAX))
    }
}

/// A number of seconds, `ULLONG`.
pub(crate) struct Seconds;

impl Unit<Duration> for Seconds {
    fn read(value: ValueRef<'_>) -> Option<Duration> {
        u64::from_param(value).map(Duration::from_secs)
    }

    fn write(value: &Duration) -> Value {
        Value::Ullong(units_of(1_000_000_000, *value))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_becomes_none_unless_it_is() {
        let written = |duration: Duration| {
            (Nanos::write(&duration), Micros::write(&duration), Seconds::write(&duration))
        };
        let number = Value::Ullong;
        assert_eq!(written(Duration::ZERO), (number(0), number(0), number(0)));
        let one = Duration::from_nanos(1);
        assert_eq!(written(one), (number(1), number(1), number(1)));
        assert_eq!(Millis::write(&Duration::from_micros(2001)), number(3));
        assert_eq!(ShortMillis::write(&Duration::from_millis(2)), Value::Uint(2));
        assert_eq!(ShortMillis::write(&Duration::MAX), Value::Uint(u32::MAX));
        assert_eq!(Nanos::write(&Duration::MAX), number(u64::MAX));
        assert_eq!(Seconds::write(&Duration::MAX), number(u64::MAX));
    }
}
