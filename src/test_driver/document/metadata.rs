//! Metadata: elements of programs' own namespaces.

use super::libxml2::{is_declaration, write_as_libxml2};
use super::values::described;
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::{Element, Kind};
use crate::types::error::{ErrorCode, ErrorDomain};

/// The `<metadata>` of an object, if it has one: at most one element of each namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Metadata(Option<Element>);

impl Metadata {
    /// Takes what a document's root has of metadata. What is in no namespace is none.
    pub(crate) fn of(root: &Element) -> Self {
        let is_element = |child: &Element| child.kind == Kind::Element;
        let given = root.child("metadata");
        let Some(given) = given.filter(|given| given.children.iter().any(is_element)) else {
            return Self::default();
        };
        let mut element = Element::new("metadata");
        for (name, value) in root.attributes.iter().chain(&given.attributes) {
            if is_declaration(name) && given.children.iter().any(|child| uses(child, name)) {
                element.set(name, value);
            }
        }
        for child in given.children.iter().filter(|child| is_element(child)) {
            match namespace(&element, child) {
                Some(uri) if find(&element, &uri).is_none() => element.children.push(child.clone()),
                _ => {}
            }
        }
        Self(Some(element))
    }

    pub(crate) fn into_element(self) -> Option<Element> {
        self.0
    }

    /// Returns the element of a namespace, without its prefix.
    pub(crate) fn get(&self, uri: &str) -> Option<String> {
        let element = self.0.as_ref()?;
        let mut child = element.children.get(find(element, uri)?)?.clone();
        take_out(&mut child, uri, &mut element.attributes.clone());
        let is_its = |(name, value): &(String, String)| is_declaration(name) && value == uri;
        if let Some(at) = child.attributes.iter().position(is_its) {
            child.attributes.remove(at);
        }
        let mut out = String::new();
        write_as_libxml2(&child, &mut out, 0);
        Some(out)
    }

    /// Puts an element into the place of the one of that namespace, or takes that away.
    pub(crate) fn set(&mut self, uri: &str, new: Option<Element>) {
        let mut element = self.0.take().unwrap_or_else(|| Element::new("metadata"));
        while let Some(at) = find(&element, uri) {
            element.children.remove(at);
        }
        element.children.extend(new);
        self.0 = (!element.children.is_empty()).then_some(element);
    }

    /// Returns how it is written, indented by that much.
    pub(crate) fn to_xml(&self, indent: usize) -> String {
        let Some(element) = &self.0 else {
            return String::new();
        };
        let mut out = format!("{:indent$}", "");
        write_as_libxml2(element, &mut out, indent);
        out.push('\n');
        out
    }
}

/// Parses what a user keeps, and puts what is in no namespace into that one.
pub(crate) fn parse_in_namespace(
    text: &str,
    uri: &str,
    key: &str,
    part: ErrorDomain,
) -> Result<Element> {
    let mut element = Element::parse_whole(text).map_err(|error| described(text, &error, part))?;
    let wrong = |detail| Failure::of(ErrorDomain::Xml, ErrorCode::InternalError, detail);
    let is_name = key.starts_with(|char: char| char.is_alphabetic() || char == '_')
        && key.chars().all(|char| char.is_alphanumeric() || "_-.".contains(char));
    if !is_name {
        return Err(wrong("failed to validate prefix for a new XML namespace"));
    }
    let declaration = format!("xmlns:{key}");
    if element.get(&declaration).is_some() {
        return Err(wrong("failed to create a new XML namespace"));
    }
    with_prefix(&mut element, key, true);
    element.set(&declaration, uri);
    Ok(element)
}

/// Returns the namespace of a child.
fn namespace(metadata: &Element, child: &Element) -> Option<String> {
    let declaration = declaration_of(&child.name);
    let uri = child.get(&declaration).or_else(|| metadata.get(&declaration))?;
    (!uri.is_empty()).then(|| uri.to_owned())
}

fn find(metadata: &Element, uri: &str) -> Option<usize> {
    metadata
        .children
        .iter()
        .position(|child| namespace(metadata, child).as_deref() == Some(uri))
}

/// Returns the name of the attribute that declares an element's namespace.
fn declaration_of(name: &str) -> String {
    match name.split_once(':') {
        Some((prefix, _)) => format!("xmlns:{prefix}"),
        None => "xmlns".to_owned(),
    }
}

fn uses(element: &Element, declaration: &str) -> bool {
    element.kind == Kind::Element
        && (declaration_of(&element.name) == declaration
            || element.children.iter().any(|child| uses(child, declaration)))
}

/// Takes an element and what is in it out of a namespace. The scope has the declarations around it,
/// of which the last one counts.
fn take_out(element: &mut Element, uri: &str, scope: &mut Vec<(String, String)>) {
    let around = scope.len();
    scope.extend(element.attributes.iter().filter(|(name, _)| is_declaration(name)).cloned());
    let declaration = declaration_of(&element.name);
    let own = scope.iter().rev().find(|(name, _)| *name == declaration);
    if own.is_some_and(|(_, own)| own == uri)
        && let Some((_, local)) = element.name.split_once(':')
    {
        element.name = local.to_owned();
    }
    for child in &mut element.children {
        take_out(child, uri, scope);
    }
    scope.truncate(around);
}

/// Gives a prefix to all elements that have no namespace.
fn with_prefix(element: &mut Element, prefix: &str, has_none: bool) {
    let has_none = has_none && element.get("xmlns").is_none();
    if has_none && element.kind == Kind::Element && !element.name.contains(':') {
        element.name = format!("{prefix}:{}", element.name);
    }
    for child in &mut element.children {
        with_prefix(child, prefix, has_none);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_namespace_has_one_element() {
        let text = "<n><metadata><x/><a:x xmlns:a='u'><a:y b=\"'\"/></a:x><b:x xmlns:b='u'/></metadata></n>";
        let mut metadata = Metadata::of(&Element::parse(text).unwrap());
        let first = "<x>\n  <y b=\"'\"/>\n</x>";
        assert_eq!(metadata.get("u").as_deref(), Some(first));
        let new = parse_in_namespace("<z>t &amp; t</z>", "v", "k", ErrorDomain::Network);
        metadata.set("v", Some(new.unwrap()));
        assert_eq!(metadata.get("v").as_deref(), Some("<z>t &amp; t</z>"));
        metadata.set("u", None);
        assert_eq!(
            metadata.to_xml(2),
            "  <metadata>\n    <k:z xmlns:k=\"v\">t &amp; t</k:z>\n  </metadata>\n"
        );
        metadata.set("v", None);
        assert_eq!(metadata, Metadata::default());
    }
}
