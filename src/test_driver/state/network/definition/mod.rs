//! What a network is made of.

mod dhcp;
mod dns;
mod failures;
mod forward;
mod ip;
mod parts;
mod ranges;
mod root;
mod shapes;

use uuid::Uuid;

use crate::test_driver::document::{Ip, Metadata, parse};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;
use crate::types::error::ErrorDomain;

pub(crate) use dhcp::{check_host, check_range, is_same_host, is_same_range};
pub(crate) use dns::{check_dns_host, check_srv, check_txt};
pub(crate) use failures::wrong;
pub(crate) use ip::address_of;
pub(crate) use parts::check_portgroup;

/// A network's definition, as libvirt would write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    root: Element,
    uuid: Uuid,
    metadata: Metadata,
}

impl Definition {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Self::of(&parse(text, "network", ErrorDomain::Network)?)
    }

    pub(crate) fn of(root: &Element) -> Result<Self> {
        let metadata = Metadata::of(root);
        let mut root = root.clone();
        let uuid = root::complete(&mut root)?;
        Ok(Self { root: shapes::NETWORK.arrange(&root), uuid, metadata })
    }

    pub(crate) fn name(&self) -> &str {
        self.root.child("name").map(|name| name.text.as_str()).unwrap_or_default()
    }

    pub(crate) fn uuid(&self) -> Uuid {
        self.uuid
    }

    pub(crate) fn bridge(&self) -> Option<&str> {
        self.root.child("bridge")?.get("name")
    }

    /// Returns the first address that it gives away, or else its own, and the prefix of both.
    pub(crate) fn first_address(&self) -> Option<(Ip, u32)> {
        let ip = self.root.child("ip")?;
        let own = address_of(ip)?;
        let range = ip.at(&["dhcp", "range"]).and_then(|range| Ip::parse(range.get("start")?));
        Some((range.unwrap_or(own), ranges::prefix_of(ip, own).unwrap_or(u32::MAX)))
    }

    /// Returns a title or a description.
    pub(crate) fn text(&self, child: &str) -> Option<&str> {
        self.root.child(child).map(|child| child.text.as_str())
    }

    /// Sets a title or a description, or takes it away.
    pub(crate) fn set_text(&mut self, child: &str, text: Option<&str>) {
        self.root.remove_children(child);
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.root.children.push(Element::new(child).with_text(text));
        }
        self.root = shapes::NETWORK.arrange(&self.root);
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(crate) fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    /// Changes the definition, and checks what has become of it.
    pub(crate) fn changed(&self, change: impl FnOnce(&mut Element) -> Result<()>) -> Result<Self> {
        let mut root = self.root.clone();
        change(&mut root)?;
        let changed = Self::of(&root)?;
        Ok(Self { metadata: self.metadata.clone(), ..changed })
    }

    pub(crate) fn to_xml(&self) -> String {
        const PLACE: &str = "  <metadata/>\n";
        self.root.to_string().replacen(PLACE, &self.metadata.to_xml(2), 1)
    }
}
