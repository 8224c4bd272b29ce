//! Elements as libvirt writes them, by the tables.

use super::address;
use super::scaled;
use super::shape::{Attribute, Shape, Text};
use super::value::{Kind, Place};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

/// Returns an element as it is written, with its attributes and children in their order, without
/// what is not known; `None` if it is not written at all.
pub(super) fn canonical(shape: &'static Shape, given: &Element) -> Result<Option<Element>> {
    if shape.is_kept {
        return Ok(
            (!given.children.is_empty() || !given.attributes.is_empty()).then(|| given.clone())
        );
    }
    if shape.is_address {
        return address::canonical(given);
    }
    let mut element = Element::new(&given.name);
    for attribute in &shape.attributes {
        if let Some(value) = attribute_of(given, attribute)? {
            element.attributes.push((attribute.name.to_owned(), value));
        }
    }
    element.text = match &shape.text {
        Some(text) => text_of(given, text)?,
        None => String::new(),
    };
    add_children(shape, given, &mut element)?;
    let is_number = shape.text.as_ref().is_some_and(|text| !matches!(text.kind, Kind::Text));
    let is_empty = element.text.is_empty()
        && element.children.is_empty()
        && (is_number || element.attributes.is_empty());
    let is_written = !is_empty || shape.is_written_empty || shape.is_made;
    Ok(is_written.then_some(element))
}

fn add_children(shape: &'static Shape, given: &Element, element: &mut Element) -> Result<()> {
    for shape in shape.children() {
        if let Some(condition) = &shape.condition
            && !condition.holds(|attribute| element.get(attribute))
        {
            continue;
        }
        let limit = if shape.is_repeated { usize::MAX } else { 1 };
        let first = element.children.len();
        for child in given.children(shape.name).take(limit) {
            element.children.extend(canonical(shape, child)?);
        }
        if shape.is_made && element.children.len() == first {
            element.children.extend(canonical(shape, &Element::new(shape.name))?);
        }
        sort(shape, &mut element.children[first..]);
    }
    Ok(())
}

/// Sorts elements by the attribute that they are sorted by, if they are.
fn sort(shape: &Shape, elements: &mut [Element]) {
    let order = |element: &Element| {
        let orders = shape.attributes.iter().filter_map(|attribute| {
            attribute.kind.order(element.get(attribute.name).unwrap_or_default())
        });
        orders.min()
    };
    elements.sort_by_key(order);
}

fn attribute_of(given: &Element, attribute: &Attribute) -> Result<Option<String>> {
    let place = Place { element: &given.name, attribute: Some(attribute.name) };
    let default = || attribute.default.map(str::to_owned);
    match given.get(attribute.name) {
        _ if attribute.is_constant => Ok(default()),
        Some(text) => attribute.kind.canonical(text, place),
        None if attribute.is_required => Err(place.missing()),
        None => Ok(default()),
    }
}

fn text_of(given: &Element, text: &Text) -> Result<String> {
    let content = given.text.as_str();
    if content.trim().is_empty() {
        return Ok(text.default.to_owned());
    }
    match text.kind {
        Kind::Text => Ok(content.to_owned()),
        Kind::Scaled { unit, assumed } => {
            let bytes = scaled::bytes(
                content,
                given.get("unit"),
                assumed,
                &format!("./{}[1]", given.name),
            )?;
            Ok(bytes.div_ceil(unit).to_string())
        }
        _ => {
            let place = Place { element: &given.name, attribute: None };
            Ok(text.kind.canonical(content, place)?.unwrap_or_default())
        }
    }
}
