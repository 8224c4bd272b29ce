//! What is read from elements, and what is said of values that are wrong.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};

use uuid::{Builder, Uuid};

use super::numbers::{Base, signed, unsigned};
use super::syntax;
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

/// Parses a document for a part of libvirt, whose root must have that name.
pub(crate) fn parse(text: &str, root: &str, part: ErrorDomain) -> Result<Element> {
    check_root(parse_any(text, part)?, root)
}

/// Parses the document in a file for a part of libvirt.
pub(crate) fn parse_file(text: &str, file: &str, root: &str, part: ErrorDomain) -> Result<Element> {
    let element = Element::parse_spaced(text).map_err(|error| {
        // The place is that in the file.
        let detail = syntax::describe(text, &error).replacen("at line ", &format!("{file}:"), 1);
        Failure::of(part, ErrorCode::XmlDetail, detail)
    })?;
    check_root(element, root)
}

fn check_root(element: Element, root: &str) -> Result<Element> {
    if element.name != root {
        let name = &element.name;
        return Err(wrong(format_args!("expecting root element of '{root}', not '{name}'")));
    }
    Ok(element)
}

/// Parses a document with any root.
pub(crate) fn parse_any(text: &str, part: ErrorDomain) -> Result<Element> {
    Element::parse(text).map_err(|error| described(text, &error, part))
}

/// The failure of a document that is none.
pub(super) fn described(text: &str, error: &str, part: ErrorDomain) -> Failure {
    Failure::of(part, ErrorCode::XmlDetail, syntax::describe(text, error))
}

/// Returns a UUID that nobody else has.
pub(crate) fn new_uuid() -> Uuid {
    let half = || RandomState::new().build_hasher().finish();
    let bytes = u128::from(half()) << 64 | u128::from(half());
    Builder::from_random_bytes(bytes.to_be_bytes()).into_uuid()
}

/// The failure of something that has no name.
pub(crate) fn unnamed(domain: ErrorDomain) -> Failure {
    Failure::said(domain, ErrorCode::NoName, "missing name information")
}

/// Takes attributes away that are empty, where that is the same as none.
pub(crate) fn drop_empty(element: &mut Element, attributes: &[&str]) {
    element
        .attributes
        .retain(|(name, value)| !value.is_empty() || !attributes.contains(&name.as_str()));
}

/// Parses a UUID as the C library does: 32 digits, with hyphens anywhere between them.
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    let text = text.trim();
    let digits: String = text.chars().filter(|char| *char != '-').collect();
    let is_plain = digits.len() == 32 && !text.starts_with('-') && !text.ends_with('-');
    is_plain.then(|| Uuid::try_parse(&digits).ok()).flatten()
}

fn wrong(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Xml, ErrorCode::XmlError, detail)
}

/// The values of an element's attributes and children.
pub(crate) trait Values {
    /// Returns an attribute that is not empty.
    fn filled(&self, attribute: &str) -> Option<&str>;

    /// Returns the text of a child that is not empty.
    fn content(&self, child: &str) -> Option<&str>;

    /// Returns an attribute that must be there.
    fn required(&self, attribute: &str) -> Result<&str>;

    /// Checks an attribute that is yes or no, and returns whether it is yes.
    fn yes(&self, attribute: &str) -> Result<Option<bool>>;

    /// Checks an attribute that is on or off.
    fn check_on(&self, attribute: &str) -> Result<()>;

    /// Checks that an attribute has one of these values.
    fn one_of(&self, attribute: &str, known: &[&str]) -> Result<()>;

    /// Returns an attribute that is a number without a sign.
    fn number<T: TryFrom<i128>>(&self, attribute: &str, base: Base) -> Result<Option<T>>;

    /// Returns an attribute that is a UUID.
    fn uuid(&self, attribute: &str) -> Result<Option<Uuid>>;

    /// Returns an attribute that is a number with a sign.
    fn integer(&self, attribute: &str, base: Base) -> Result<Option<i32>>;
}

impl Values for Element {
    fn filled(&self, attribute: &str) -> Option<&str> {
        self.get(attribute).filter(|value| !value.is_empty())
    }

    fn content(&self, child: &str) -> Option<&str> {
        self.child(child)
            .map(|child| child.text.as_str())
            .filter(|text| !text.is_empty())
    }

    fn required(&self, attribute: &str) -> Result<&str> {
        self.get(attribute).ok_or_else(|| {
            let name = &self.name;
            wrong(format_args!("Missing required attribute '{attribute}' in element '{name}'"))
        })
    }

    fn yes(&self, attribute: &str) -> Result<Option<bool>> {
        self.one_of(attribute, &["yes", "no"])?;
        Ok(self.get(attribute).map(|value| value == "yes"))
    }

    fn check_on(&self, attribute: &str) -> Result<()> {
        self.one_of(attribute, &["on", "off"])
    }

    fn one_of(&self, attribute: &str, known: &[&str]) -> Result<()> {
        match self.get(attribute) {
            Some(value) if !known.contains(&value) => Err(invalid(self, attribute, value, ".")),
            _ => Ok(()),
        }
    }

    fn number<T: TryFrom<i128>>(&self, attribute: &str, base: Base) -> Result<Option<T>> {
        let Some(value) = self.get(attribute) else {
            return Ok(None);
        };
        let number = unsigned(value, base).ok_or_else(|| {
            invalid(self, attribute, value, ". Expected non-negative integer value")
        })?;
        Ok(Some(number))
    }

    fn uuid(&self, attribute: &str) -> Result<Option<Uuid>> {
        let Some(value) = self.get(attribute) else {
            return Ok(None);
        };
        let id = uuid(value).ok_or_else(|| invalid(self, attribute, value, ". Expected UUID"))?;
        Ok(Some(id))
    }

    fn integer(&self, attribute: &str, base: Base) -> Result<Option<i32>> {
        let Some(value) = self.get(attribute) else {
            return Ok(None);
        };
        let number = signed(value, base).and_then(|number| i32::try_from(number).ok());
        let number =
            number.ok_or_else(|| invalid(self, attribute, value, ". Expected integer value"))?;
        Ok(Some(number))
    }
}

fn invalid(element: &Element, attribute: &str, value: &str, expected: &str) -> Failure {
    let name = &element.name;
    wrong(format_args!(
        "Invalid value for attribute '{attribute}' in element '{name}': '{value}'{expected}"
    ))
}
