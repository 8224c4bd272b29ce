//! Writing documents as libvirt does.

use std::fmt::{self, Write as _};

use quick_xml::escape::escape;

use crate::test_driver::document::write_as_libxml2;
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

fn write(out: &mut String, element: &Element, indent: usize) -> fmt::Result {
    if element.name == "metadata" {
        write!(out, "{:indent$}", "")?;
        write_as_libxml2(element, out, indent);
        return out.write_char('\n');
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
