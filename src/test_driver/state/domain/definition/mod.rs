//! What a domain is made of: the document that libvirt makes of what a user wrote.
//!
//! What is a matter of order and form is in tables; a file for each topic has what is not.

mod access;
mod address;
mod canonical;
mod cpu;
mod devices;
mod extras;
mod identity;
mod iothreads;
mod memory;
mod metadata;
mod output;
mod problem;
mod processors;
mod random;
mod scaled;
mod set;
mod shape;
mod single;
mod system;
mod value;
mod writer;

#[cfg(test)]
mod fuzz;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use uuid::Uuid;

use self::canonical::canonical;
use self::devices::Guest;
pub(crate) use self::extras::Extras;
pub(crate) use self::identity::DOMAIN_TYPES;
pub(crate) use self::set::Set;
use self::shape::Shape;
pub(crate) use self::system::check_action;
use crate::test_driver::document::{self, Metadata};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::domain::XmlFlags;
use crate::types::error::{ErrorCode, ErrorDomain};

/// A domain's definition, as libvirt would write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    root: Element,
    uuid: Uuid,
    /// The I/O threads that have the number that was next, which need not be listed.
    counted_threads: BTreeSet<u32>,
}

static NONE: LazyLock<Definition> = LazyLock::new(|| Definition {
    root: Element::new("domain"),
    uuid: Uuid::nil(),
    counted_threads: BTreeSet::new(),
});

impl Definition {
    /// The definition of nothing.
    pub(crate) fn none() -> &'static Self {
        &NONE
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let root = parse_xml(text)?;
        if root.name != "domain" {
            let detail = format!("expecting root element of 'domain', not '{}'", root.name);
            return Err(Failure::of(ErrorDomain::Xml, ErrorCode::XmlError, detail));
        }
        Self::of(&root)
    }

    /// Makes a definition of a document's root.
    pub(crate) fn of(given: &Element) -> Result<Self> {
        let uuid = identity::check(given)?;
        // Ordered and checked by the tables, completed, and ordered again with what was added.
        let mut root = Self::in_order(given)?;
        root.child_or_new("uuid").text = uuid.to_string();
        if given.child("genid").is_some() {
            let genid = root.text_of("genid").and_then(identity::parse_uuid);
            let genid = genid.unwrap_or_else(random::uuid);
            root.child_or_new("genid").text = genid.to_string();
        }
        Extras::of(given)?;
        processors::complete(&mut root)?;
        cpu::complete(&mut root)?;
        let os = system::os_type(&root).to_owned();
        let arch = root.at(&["os", "type"]).and_then(|os| os.get("arch"));
        let arch = arch.unwrap_or("i686").to_owned();
        let guest = Guest { os: &os, arch: &arch };
        devices::complete(root.child_or_new("devices"), guest)?;
        memory::complete(&mut root)?;
        system::complete(&mut root)?;
        identity::check_name(&root)?;
        let mut root = Self::in_order(&root)?;
        if let Some(place) = root.children.iter().position(|child| child.name == "metadata") {
            let kept = Metadata::of(given).into_element();
            root.children.splice(place..=place, kept);
        }
        let counted_threads = processors::counted_threads(given, &root);
        Ok(Self { root, uuid, counted_threads })
    }

    /// Returns what libvirt keeps for the next start when it starts a domain: what it reads again of
    /// what it has written.
    pub(crate) fn reread(&self) -> Self {
        let written = self.to_xml_with(None, XmlFlags::SECURE);
        Self::parse(&written).unwrap_or_else(|_| self.clone())
    }

    fn in_order(root: &Element) -> Result<Element> {
        Ok(canonical(Shape::domain(), root)?.unwrap_or_default())
    }

    pub(crate) fn name(&self) -> &str {
        self.text_of("name").unwrap_or_default()
    }

    pub(crate) fn uuid(&self) -> Uuid {
        self.uuid
    }

    fn text_of(&self, child: &str) -> Option<&str> {
        self.root.child(child).map(|child| child.text.as_str())
    }
}

/// Reads a document.
fn parse_xml(text: &str) -> Result<Element> {
    document::parse_any(text, ErrorDomain::Domain)
}
