//! Title, description, and what users keep with a domain.

use super::namespaces::namespace;
use super::writer;
use super::{Definition, parse_xml};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

impl Definition {
    pub(crate) fn title(&self) -> Option<&str> {
        self.text_of("title").filter(|text| !text.is_empty())
    }

    pub(crate) fn description(&self) -> Option<&str> {
        self.text_of("description").filter(|text| !text.is_empty())
    }

    pub(crate) fn set_title(&mut self, text: Option<&str>) {
        self.set_text("title", text);
    }

    pub(crate) fn set_description(&mut self, text: Option<&str>) {
        self.set_text("description", text);
    }

    fn set_text(&mut self, name: &str, text: Option<&str>) {
        self.change(|root| {
            root.remove_children(name);
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                root.children.push(Element::new(name).with_text(text));
            }
        });
    }

    /// Returns the element that somebody keeps under a namespace, without the namespace.
    pub(crate) fn metadata(&self, uri: &str) -> Option<String> {
        let kept = self.root.child("metadata")?;
        let mut element = kept.children.iter().find(|it| namespace(kept, it) == Some(uri))?.clone();
        strip(&mut element);
        Some(writer::metadata_to_text(&element).trim_end().to_owned())
    }

    /// Keeps an element under a namespace, which it gets by that prefix, instead of the one that
    /// was there; without one, nothing is kept there any more.
    pub(crate) fn set_metadata(
        &mut self,
        uri: &str,
        key: Option<&str>,
        text: Option<&str>,
    ) -> Result<()> {
        let new = match text {
            Some(text) => {
                let mut element = parse_xml(text)?;
                let key = key.unwrap_or_default();
                qualify(&mut element, key);
                element.attributes.insert(0, (format!("xmlns:{key}"), uri.to_owned()));
                Some(element)
            }
            None => None,
        };
        self.change(|root| {
            let kept = root.child_or_new("metadata");
            let is_old: Vec<bool> =
                kept.children.iter().map(|it| namespace(kept, it) == Some(uri)).collect();
            let mut is_old = is_old.into_iter();
            kept.children.retain(|_| !is_old.next().unwrap_or_default());
            kept.children.extend(new);
        });
        Ok(())
    }
}

/// Puts an element and what is in it into the namespace with that prefix.
fn qualify(element: &mut Element, prefix: &str) {
    element.name = format!("{prefix}:{}", local(&element.name));
    element.children.iter_mut().for_each(|child| qualify(child, prefix));
}

/// Takes an element out of all namespaces.
fn strip(element: &mut Element) {
    element.name = local(&element.name).to_owned();
    element
        .attributes
        .retain(|(name, _)| name != "xmlns" && !name.starts_with("xmlns:"));
    element.children.iter_mut().for_each(strip);
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}
