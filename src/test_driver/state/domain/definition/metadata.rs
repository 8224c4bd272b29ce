//! Title, description, and what users keep with a domain.

use super::Definition;
use crate::test_driver::document::{Metadata, parse_in_namespace};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;
use crate::types::error::ErrorDomain;

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
        Metadata::of(&self.root).get(uri)
    }

    /// Keeps an element under a namespace, which it gets by that prefix, instead of the one that
    /// was there; without one, nothing is kept there any more.
    pub(crate) fn set_metadata(
        &mut self,
        uri: &str,
        key: Option<&str>,
        text: Option<&str>,
    ) -> Result<()> {
        let key = key.unwrap_or_default();
        let new = text
            .map(|text| parse_in_namespace(text, uri, key, ErrorDomain::Domain))
            .transpose()?;
        self.change(|root| {
            let mut metadata = Metadata::of(root);
            metadata.set(uri, new);
            root.remove_children("metadata");
            root.children.extend(metadata.into_element());
        });
        Ok(())
    }
}
