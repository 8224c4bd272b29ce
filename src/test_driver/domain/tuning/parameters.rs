//! Typed parameters: flags, names and types.

use crate::protocol::remote::{TypedParam, TypedParamValue};
use crate::test_driver::failure::{Failure, Result};
use crate::types::domain::ModificationImpact;
use crate::types::error::{ErrorCode, ErrorDomain};
use crate::types::typed_param;

/// The types that parameters have here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Int,
    Uint,
    Ullong,
    Boolean,
    String,
}

/// The flag that allows strings among the parameters.
pub(super) const STRINGS: u32 = typed_param::Flags::STRING_OKAY.bits();

/// The flags that say which definition is meant.
pub(crate) const IMPACT: u32 = ModificationImpact::LIVE.union(ModificationImpact::CONFIG).bits();

pub(crate) fn param(field: &str, value: TypedParamValue<'static>) -> TypedParam<'static> {
    TypedParam { field: field.to_owned().into(), value }
}

pub(super) fn string(field: &str, text: impl Into<String>) -> TypedParam<'static> {
    param(field, TypedParamValue::String(text.into().into()))
}

/// Returns of the parameters what a client has room for, and takes.
pub(super) fn limited(
    mut params: Vec<TypedParam<'static>>,
    room: i32,
    flags: u32,
) -> Vec<TypedParam<'static>> {
    params.truncate(usize::try_from(room).unwrap_or_default());
    let is_string = |param: &TypedParam<'_>| matches!(param.value, TypedParamValue::String(_));
    params.retain(|param| flags & STRINGS != 0 || !is_string(param));
    params
}

/// Checks the names and types of parameters, of which each may be given once.
pub(crate) fn check(params: &[TypedParam<'_>], known: impl Fn(&str) -> Option<Type>) -> Result<()> {
    let fail = |code, detail| Err(Failure::of(ErrorDomain::None, code, detail));
    // Of several mistakes, libvirt tells of that whose name is first.
    let mut sorted: Vec<_> = params.iter().collect();
    sorted.sort_by(|one, other| one.field.as_str().cmp(other.field.as_str()));
    let mut last = None;
    for TypedParam { field, value } in sorted {
        let field = field.as_str();
        let Some(expected) = known(field) else {
            let detail = format!("parameter '{field}' not supported");
            return fail(ErrorCode::ArgumentUnsupported, detail);
        };
        if last == Some(field) {
            let detail = format!("parameter '{field}' occurs multiple times");
            return fail(ErrorCode::InvalidArg, detail);
        }
        last = Some(field);
        let (given, expected) = (name_of(value), expected.name());
        if given != expected {
            // The newest libvirt has the two the wrong way round.
            let detail =
                format!("invalid type '{expected}' for parameter '{field}', expected '{given}'");
            return fail(ErrorCode::InvalidArg, detail);
        }
    }
    Ok(())
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Ullong => "ullong",
            Self::Boolean => "boolean",
            Self::String => "string",
        }
    }
}

fn name_of(value: &TypedParamValue<'_>) -> &'static str {
    match value {
        TypedParamValue::Int(_) => "int",
        TypedParamValue::Uint(_) => "uint",
        TypedParamValue::Llong(_) => "llong",
        TypedParamValue::Ullong(_) => "ullong",
        TypedParamValue::Double(_) => "double",
        TypedParamValue::Boolean(_) => "boolean",
        TypedParamValue::String(_) => "string",
    }
}
