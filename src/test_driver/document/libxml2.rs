//! Writing what users keep, which libvirt leaves to libxml2.

use std::fmt::Write as _;

use crate::test_driver::xml::{Element, Kind};

/// Returns whether an attribute names a namespace.
pub(super) fn is_declaration(attribute: &str) -> bool {
    attribute == "xmlns" || attribute.starts_with("xmlns:")
}

/// Writes an element at a depth of so many spaces, which do not stand in front of it: double quotes,
/// declarations first, and no space added where there is text.
pub(crate) fn write_as_libxml2(element: &Element, out: &mut String, indent: usize) {
    write(element, out, indent, true);
}

fn write(node: &Element, out: &mut String, indent: usize, is_pretty: bool) {
    match node.kind {
        Kind::Element => write_element(node, out, indent, is_pretty),
        Kind::Text => out.push_str(&escaped(&node.text, false)),
        Kind::CData => {
            let _ = write!(out, "<![CDATA[{}]]>", node.text);
        }
        Kind::Comment => {
            let _ = write!(out, "<!--{}-->", node.text);
        }
        Kind::Instruction => {
            let _ = write!(out, "<?{}?>", node.text);
        }
    }
}

fn write_element(element: &Element, out: &mut String, indent: usize, is_pretty: bool) {
    out.push('<');
    out.push_str(&element.name);
    let declarations = element.attributes.iter().filter(|(name, _)| is_declaration(name));
    let others = element.attributes.iter().filter(|(name, _)| !is_declaration(name));
    for (name, value) in declarations.chain(others) {
        let _ = write!(out, " {name}=\"{}\"", escaped(value, true));
    }
    if element.children.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    let is_pretty = is_pretty && !element.children.iter().any(|child| child.kind.is_text());
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
