//! The elements of a domain's XML, one after the other.

use quick_xml::escape::unescape;
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use crate::shared::Result;

pub(crate) struct Element {
    /// Names of the element and of those that it is in: `domain/devices/disk`.
    pub(crate) path: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

pub(crate) fn elements(xml: &str) -> Result<Vec<Element>> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut found: Vec<Element> = Vec::new();
    // The places of the open elements.
    let mut open: Vec<usize> = Vec::new();
    loop {
        let text = match reader.read_event()? {
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                let path = match open.last() {
                    Some(&parent) => format!("{}/{name}", found[parent].path),
                    None => name,
                };
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute?;
                    let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
                    Ok((attribute.key.as_ref().to_owned(), value.into_owned()))
                });
                let attributes = attributes.collect::<quick_xml::Result<_>>()?;
                open.push(found.len());
                found.push(Element { path, attributes, text: String::new() });
                continue;
            }
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::Text(text) => text.xml10_content().into_owned(),
            Event::GeneralRef(name) => unescape(&format!("&{};", &*name))?.into_owned(),
            Event::Eof => return Ok(found),
            _ => continue,
        };
        if let Some(&element) = open.last() {
            found[element].text.push_str(&text);
        }
    }
}

/// Prints all devices of a kind with what their elements have in them.
pub(crate) fn print_devices(xml: &str, kind: &str) -> Result<()> {
    let device = format!("domain/devices/{kind}");
    for element in elements(xml)? {
        let Some(within) = element.path.strip_prefix(&device) else {
            continue;
        };
        match within.strip_prefix('/') {
            None => print!("{kind}"),
            Some(child) => print!("  {child}"),
        }
        for (name, value) in &element.attributes {
            print!(" {name}={value}");
        }
        println!();
    }
    Ok(())
}
