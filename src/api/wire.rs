//! Conversions between wire types and the API's that more than one object needs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ProtocolError, Result};
use crate::params::{TypedParams, ValueRef};
use crate::protocol::remote::{TypedParam, TypedParamValue};

/// Longest name of a typed parameter, in bytes.
const PARAM_NAME_MAX: usize = 79;

pub(crate) fn value_ref<'a>(value: &'a TypedParamValue<'_>) -> ValueRef<'a> {
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

/// A reply's parameters, borrowed.
pub(crate) fn params<'a>(
    wire: &'a [TypedParam<'_>],
) -> impl Iterator<Item = (&'a str, ValueRef<'a>)> {
    wire.iter().map(|param| (&*param.field, value_ref(&param.value)))
}

/// A list of the user's own out of a reply.
pub(crate) fn params_from_wire(wire: &[TypedParam<'_>]) -> TypedParams {
    params_like(wire, None)
}

/// The same; names that `model` has in the same place are shared with it instead of copied.
pub(crate) fn params_like(wire: &[TypedParam<'_>], model: Option<&TypedParams>) -> TypedParams {
    let mut params = TypedParams::new();
    params.reserve(wire.len());
    for (index, param) in wire.iter().enumerate() {
        let shared = model.and_then(|model| model.shared_name(index));
        let name = match shared {
            Some(name) if **name == *param.field => Arc::clone(name),
            _ => Arc::from(&*param.field),
        };
        params.push_shared(name, value_ref(&param.value).to_owned());
    }
    params
}

/// A list of the user's as arguments of `procedure`, which takes at most `max`.
pub(crate) fn params_to_wire<'a>(
    procedure: &'static str,
    params: &'a TypedParams,
    max: usize,
) -> Result<Vec<TypedParam<'a>>> {
    let invalid = |reason: String| Error::InvalidArgument { procedure, reason };
    if params.len() > max {
        return Err(invalid(format!("{} parameters; it takes at most {max}", params.len())));
    }
    let convert = |(name, value): (&'a str, ValueRef<'a>)| {
        if name.len() > PARAM_NAME_MAX {
            return Err(invalid(format!(
                "the parameter name {name:?} is longer than {PARAM_NAME_MAX} bytes"
            )));
        }
        let value = match value {
            ValueRef::Int(value) => TypedParamValue::Int(value),
            ValueRef::Uint(value) => TypedParamValue::Uint(value),
            ValueRef::Llong(value) => TypedParamValue::Llong(value),
            ValueRef::Ullong(value) => TypedParamValue::Ullong(value),
            ValueRef::Double(value) => TypedParamValue::Double(value),
            ValueRef::Boolean(value) => TypedParamValue::Boolean(value.into()),
            ValueRef::String(value) => TypedParamValue::String(value.into()),
        };
        Ok(TypedParam { field: name.into(), value })
    };
    params.iter().map(convert).collect()
}

/// A well-formed reply that contradicts itself.
pub(crate) fn senseless(procedure: &'static str, reason: impl Into<String>) -> Error {
    ProtocolError::Senseless { procedure, reason: reason.into() }.into()
}

/// A count out of a reply, which carries it as a signed integer.
pub(crate) fn count(procedure: &'static str, number: i32) -> Result<u32> {
    u32::try_from(number).map_err(|_| senseless(procedure, format!("{number} is no count")))
}

/// A duration as an argument that counts seconds.
pub(crate) fn whole_seconds(procedure: &'static str, duration: Duration) -> Result<u64> {
    if duration.subsec_nanos() != 0 {
        return Err(Error::InvalidArgument {
            procedure,
            reason: format!("{duration:?} is not a whole number of seconds"),
        });
    }
    Ok(duration.as_secs())
}

/// A duration as an argument that counts milliseconds.
pub(crate) fn whole_millis(procedure: &'static str, duration: Duration) -> Result<u32> {
    let millis = u32::try_from(duration.as_millis()).ok();
    millis
        .filter(|&millis| duration == Duration::from_millis(millis.into()))
        .ok_or_else(|| Error::InvalidArgument {
            procedure,
            reason: format!(
                "{duration:?} is not a whole number of milliseconds up to {}",
                u32::MAX
            ),
        })
}

/// A statistic, which is −1 where the hypervisor does not count.
pub(crate) fn counter(number: i64) -> Option<u64> {
    number.try_into().ok()
}

/// A duration as an argument that counts seconds in a signed number.
pub(crate) fn signed_seconds(procedure: &'static str, duration: Duration) -> Result<i32> {
    i32::try_from(whole_seconds(procedure, duration)?).map_err(|_| Error::InvalidArgument {
        procedure,
        reason: format!("{duration:?} is more than {} seconds", i32::MAX),
    })
}

/// C's booleans are integers; any but zero is true.
pub(crate) fn truth(value: i32) -> bool {
    value != 0
}

/// A path for the daemon, which has another working directory than this process.
pub(crate) fn absolute_path(procedure: &'static str, path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| Error::InvalidArgument {
        procedure,
        reason: format!("the path {}: {error}", path.display()),
    })
}
