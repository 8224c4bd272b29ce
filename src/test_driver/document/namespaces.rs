//! Metadata: elements of programs' own namespaces, which libxml2 writes in its own way.

use std::fmt::Write as _;

use crate::test_driver::xml::Element;

/// The `<metadata>` of an object: at most one element of each namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// Set where it was described, even if nothing of that is left.
    is_there: bool,
    children: Vec<Element>,
    /// Namespaces that the element itself declares.
    declarations: Vec<(String, String)>,
}

impl Metadata {
    /// Takes what a document's root has of metadata. Elements without a namespace are none.
    pub(crate) fn of(root: &Element) -> Self {
        let Some(element) = root.child("metadata") else {
            return Self::default();
        };
        let is_there = !element.children.is_empty();
        let mut metadata = Self { is_there, ..Self::default() };
        for (name, value) in root.attributes.iter().chain(&element.attributes) {
            if is_declaration(name) && element.children.iter().any(|child| uses(child, name)) {
                metadata.declarations.retain(|(other, _)| other != name);
                metadata.declarations.push((name.clone(), value.clone()));
            }
        }
        for child in &element.children {
            match metadata.namespace(child) {
                Some(uri) if metadata.find(&uri).is_none() => metadata.children.push(child.clone()),
                _ => {}
            }
        }
        metadata
    }

    /// Returns the namespace of a child.
    fn namespace(&self, child: &Element) -> Option<String> {
        let declaration = declaration_of(&child.name);
        let declared = self.declarations.iter().find(|(name, _)| *name == declaration);
        let uri = child.get(&declaration).or(declared.map(|(_, uri)| uri.as_str()))?;
        (!uri.is_empty()).then(|| uri.to_owned())
    }

    fn find(&self, uri: &str) -> Option<usize> {
        self.children
            .iter()
            .position(|child| self.namespace(child).as_deref() == Some(uri))
    }

    /// Returns the element of a namespace, without its prefix.
    pub(crate) fn get(&self, uri: &str) -> Option<String> {
        let mut child = self.children.get(self.find(uri)?)?.clone();
        let declaration = declaration_of(&child.name);
        if let Some((prefix, _)) = child.name.split_once(':') {
            let prefix = format!("{prefix}:");
            without_prefix(&mut child, &prefix);
        }
        child.remove(&declaration);
        let mut out = String::new();
        write(&child, &mut out, 0, true);
        Some(out)
    }

    /// Puts an element into the place of the one of that namespace, or takes that away.
    pub(crate) fn set(&mut self, uri: &str, key: &str, element: Option<Element>) {
        while let Some(at) = self.find(uri) {
            self.children.remove(at);
        }
        if let Some(mut element) = element {
            with_prefix(&mut element, key, true);
            let declaration = (format!("xmlns:{key}"), uri.to_owned());
            element.attributes.insert(0, declaration);
            self.children.push(element);
        }
        self.is_there = !self.children.is_empty();
    }

    /// Returns how it is written, indented by that much.
    pub(crate) fn to_xml(&self, indent: usize) -> String {
        if !self.is_there {
            return String::new();
        }
        let element = Element {
            name: "metadata".to_owned(),
            attributes: self.declarations.clone(),
            text: String::new(),
            children: self.children.clone(),
        };
        let mut out = format!("{:indent$}", "");
        write(&element, &mut out, indent, true);
        out.push('\n');
        out
    }
}

fn is_declaration(attribute: &str) -> bool {
    attribute == "xmlns" || attribute.starts_with("xmlns:")
}

/// Returns the name of the attribute that declares an element's namespace.
fn declaration_of(name: &str) -> String {
    match name.split_once(':') {
        Some((prefix, _)) => format!("xmlns:{prefix}"),
        None => "xmlns".to_owned(),
    }
}

fn uses(element: &Element, declaration: &str) -> bool {
    declaration_of(&element.name) == declaration
        || element.children.iter().any(|child| uses(child, declaration))
}

fn without_prefix(element: &mut Element, prefix: &str) {
    if let Some(name) = element.name.strip_prefix(prefix) {
        element.name = name.to_owned();
    }
    for child in &mut element.children {
        without_prefix(child, prefix);
    }
}

/// Gives a prefix to all elements that have no namespace.
fn with_prefix(element: &mut Element, prefix: &str, has_none: bool) {
    let has_none = has_none && element.get("xmlns").is_none();
    if has_none && !element.name.contains(':') {
        element.name = format!("{prefix}:{}", element.name);
    }
    for child in &mut element.children {
        with_prefix(child, prefix, has_none);
    }
}

/// Writes an element as libxml2 does: double quotes, declarations first, and no space added where
/// there is text.
fn write(element: &Element, out: &mut String, indent: usize, is_pretty: bool) {
    out.push('<');
    out.push_str(&element.name);
    let declarations = element.attributes.iter().filter(|(name, _)| is_declaration(name));
    let others = element.attributes.iter().filter(|(name, _)| !is_declaration(name));
    for (name, value) in declarations.chain(others) {
        let _ = write!(out, " {name}=\"{}\"", escaped(value, true));
    }
    let is_blank = element.text.trim().is_empty() && !element.children.is_empty();
    let text = if is_blank { "" } else { element.text.as_str() };
    if text.is_empty() && element.children.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    out.push_str(&escaped(text, false));
    let is_pretty = is_pretty && text.is_empty();
    for child in &element.children {
        if is_pretty {
            let _ = write!(out, "\n{:1$}", "", indent + 2);
        }
        write(child, out, indent + 2, is_pretty);
    }
    if is_pretty {
        let _ = write!(out, "\n{:indent$}", "");
    }
    let _ = write!(out, "</{}>", element.name);
}

fn escaped(text: &str, is_attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '"' if is_attribute => out.push_str("&quot;"),
            '\n' if is_attribute => out.push_str("&#10;"),
            '\t' if is_attribute => out.push_str("&#9;"),
            _ => out.push(char),
        }
    }
    out
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
        metadata.set("v", "k", Some(Element::new("z").with_text("t & t")));
        assert_eq!(metadata.get("v").as_deref(), Some("<z>t &amp; t</z>"));
        metadata.set("u", "", None);
        assert_eq!(
            metadata.to_xml(2),
            "  <metadata>\n    <k:z xmlns:k=\"v\">t &amp; t</k:z>\n  </metadata>\n"
        );
    }
}
