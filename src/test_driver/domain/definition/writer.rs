//! Writing documents as libvirt does.

use std::fmt::{self, Write as _};

use quick_xml::escape::escape;

use crate::test_driver::xml::Element;

/// The elements that have an end of their own although they are empty.
const OPEN: [&str; 6] = ["devices", "redirdev", "kvm", "xen", "hyperv", "keywrap"];

/// Returns an element as libvirt writes it at a depth of so many spaces.
pub(super) fn to_text(element: &Element, indent: usize) -> String {
    let mut out = String::new();
    // A string takes everything.
    let _infallible = write(&mut out, element, indent);
    out
}

/// Returns what users keep as libxml2 writes it.
pub(super) fn metadata_to_text(element: &Element) -> String {
    let mut out = String::new();
    let _infallible = write_as_libxml2(&mut out, element, 0);
    out
}

fn write(out: &mut String, element: &Element, indent: usize) -> fmt::Result {
    if element.name == "metadata" {
        return write_as_libxml2(out, element, indent);
    }
    write!(out, "{:indent$}<{}", "", element.name)?;
    for (name, value) in &element.attributes {
        write!(out, " {name}='{}'", escape(value.as_str()))?;
    }
    let is_open = OPEN.contains(&element.name.as_str())
        || (element.name == "nvram" && element.attributes.is_empty());
    if element.children.is_empty() && element.text.is_empty() {
        return if is_open {
            writeln!(out, ">\n{:indent$}</{}>", "", element.name)
        } else {
            out.write_str("/>\n")
        };
    }
    write!(out, ">{}", escape(element.text.as_str()))?;
    if !element.children.is_empty() {
        out.push('\n');
        for child in &element.children {
            write(out, child, indent + 2)?;
        }
        write!(out, "{:indent$}", "")?;
    }
    writeln!(out, "</{}>", element.name)
}

/// Writes what users keep in a domain's metadata, which libvirt has libxml2 write.
fn write_as_libxml2(out: &mut String, element: &Element, indent: usize) -> fmt::Result {
    write!(out, "{:indent$}<{}", "", element.name)?;
    let is_namespace = |name: &str| name == "xmlns" || name.starts_with("xmlns:");
    let (namespaces, others): (Vec<_>, Vec<_>) =
        element.attributes.iter().partition(|(name, _)| is_namespace(name));
    for (name, value) in namespaces.into_iter().chain(others) {
        let value = escaped_text(value).replace('"', "&quot;").replace('\n', "&#10;");
        write!(out, " {name}=\"{value}\"")?;
    }
    if element.children.is_empty() && element.text.is_empty() {
        return out.write_str("/>\n");
    }
    out.push('>');
    if element.children.is_empty() {
        out.push_str(&escaped_text(&element.text));
    } else {
        out.push_str(&escaped_text(element.text.trim()));
        out.push('\n');
        for child in &element.children {
            write_as_libxml2(out, child, indent + 2)?;
        }
        write!(out, "{:indent$}", "")?;
    }
    writeln!(out, "</{}>", element.name)
}

fn escaped_text(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\r', "&#13;")
}
