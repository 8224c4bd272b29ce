//! Parameters that stand in a definition as they are: where each does.

use super::parameters::{Type, check, param};
use crate::protocol::remote::{TypedParam, TypedParamValue};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

/// Where a value stands in the element of its group.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// It is the text of a child.
    Text(&'static str),
    /// It is an attribute of a child.
    Attribute(&'static str, &'static str),
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tunable {
    pub(super) field: &'static str,
    pub(super) is: Type,
    pub(super) place: Place,
    /// The unit that the child's attribute names, if any.
    pub(super) unit: Option<&'static str>,
    /// The number that stands for none.
    pub(super) none: u64,
}

pub(super) const fn ullong(field: &'static str) -> Tunable {
    Tunable {
        field,
        is: Type::Ullong,
        place: Place::Text(field),
        unit: None,
        none: 0,
    }
}

/// The limit that is none.
pub(super) const UNLIMITED_KIB: u64 = 9_007_199_254_740_991;

pub(super) const fn limit(field: &'static str) -> Tunable {
    Tunable { unit: Some("KiB"), none: UNLIMITED_KIB, ..ullong(field) }
}

pub(super) const fn bandwidth(
    field: &'static str,
    direction: &'static str,
    attribute: &'static str,
) -> Tunable {
    let place = Place::Attribute(direction, attribute);
    Tunable { field, is: Type::Uint, place, unit: None, none: 0 }
}

/// Reads parameters off the element of their group.
pub(super) fn read(
    group: Option<&Element>,
    tunables: &[Tunable],
    max: i32,
) -> Vec<TypedParam<'static>> {
    let max = usize::try_from(max).unwrap_or_default();
    let text = |tunable: &Tunable| {
        let group = group?;
        match tunable.place {
            Place::Text(child) => group.text_of(child),
            Place::Attribute(child, attribute) => group.child(child)?.get(attribute),
        }
    };
    let value = |tunable: &Tunable| {
        let text = text(tunable);
        let number = || text.and_then(|text| text.parse().ok()).unwrap_or(tunable.none);
        match tunable.is {
            Type::Int => TypedParamValue::Int(i32::try_from(number()).unwrap_or(i32::MAX)),
            Type::Boolean => TypedParamValue::Boolean(i32::from(text == Some("yes"))),
            Type::Uint => TypedParamValue::Uint(u32::try_from(number()).unwrap_or(u32::MAX)),
            Type::Ullong => TypedParamValue::Ullong(number()),
            Type::String => TypedParamValue::String(text.unwrap_or_default().to_owned().into()),
        }
    };
    tunables
        .iter()
        .take(max)
        .map(|tunable| param(tunable.field, value(tunable)))
        .collect()
}

/// Returns the numbers and texts that are given, after checking names and types.
pub(super) fn given(
    params: &[TypedParam<'_>],
    tunables: &[Tunable],
) -> Result<Vec<(Tunable, String)>> {
    let find = |field: &str| tunables.iter().find(|tunable| tunable.field == field);
    check(params, |field| find(field).map(|tunable| tunable.is))?;
    let text = |value: &TypedParamValue<'_>| match value {
        TypedParamValue::Uint(number) => Some(number.to_string()),
        TypedParamValue::Ullong(number) => Some(number.to_string()),
        TypedParamValue::String(text) => Some(text.as_str().to_owned()),
        _ => None,
    };
    let values = params
        .iter()
        .filter_map(|param| Some((*find(param.field.as_str())?, text(&param.value)?)));
    Ok(values.collect())
}

/// Writes values into the element of their group; one that stands for none goes.
pub(super) fn write(group: &mut Element, values: &[(Tunable, String)]) {
    for (tunable, text) in values {
        let is_none = text.is_empty() || *text == tunable.none.to_string();
        match tunable.place {
            Place::Text(child) if is_none => group.remove_children(child),
            Place::Text(child) => {
                let element = group.child_or_new(child);
                if let Some(unit) = tunable.unit {
                    element.set("unit", unit);
                }
                element.text.clone_from(text);
            }
            Place::Attribute(child, attribute) if is_none => {
                group.child_or_new(child).remove(attribute);
            }
            Place::Attribute(child, attribute) => group.child_or_new(child).set(attribute, text),
        }
    }
}
