//! What a domain is made of.

use std::sync::LazyLock;

use uuid::Uuid;

use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

/// A domain's definition, as libvirt would write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    root: Element,
    uuid: Uuid,
}

static NONE: LazyLock<Definition> =
    LazyLock::new(|| Definition { root: Element::new("domain"), uuid: Uuid::nil() });

impl Definition {
    /// The definition of nothing.
    pub(super) fn none() -> &'static Self {
        &NONE
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let root = Element::parse(text)
            .map_err(|error| Failure::of(ErrorDomain::Xml, ErrorCode::XmlDetail, error))?;
        Self::of(&root)
    }

    pub(super) fn of(root: &Element) -> Result<Self> {
        let mut root = root.clone();
        let uuid = match root.text_of("uuid") {
            Some(text) => Uuid::parse_str(text).map_err(|_| malformed_uuid())?,
            None => Uuid::from_bytes(*b"0123456789abcdef"),
        };
        root.child_or_new("uuid").text = uuid.to_string();
        Ok(Self { root, uuid })
    }

    pub(super) fn element(&self) -> &Element {
        &self.root
    }

    /// Returns the names by which the guest knows its disks.
    pub(super) fn disk_targets(&self) -> Vec<String> {
        let devices = self.root.child("devices").into_iter().flat_map(|it| it.children("disk"));
        let targets = devices.filter_map(|disk| disk.child("target")?.get("dev"));
        targets.map(str::to_owned).collect()
    }

    pub(super) fn name(&self) -> &str {
        self.root.text_of("name").unwrap_or_default()
    }

    pub(super) fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// Returns the most memory that it can have.
    pub(super) fn memory_kib(&self) -> u64 {
        self.number("memory").unwrap_or_default()
    }

    /// Returns the memory that it has at first.
    pub(super) fn current_memory_kib(&self) -> u64 {
        self.number("currentMemory").unwrap_or_else(|| self.memory_kib())
    }

    /// Returns the number of processors that it can have.
    pub(super) fn max_vcpus(&self) -> u32 {
        self.number("vcpu").unwrap_or(1)
    }

    /// Returns the number of processors that it has.
    pub(super) fn vcpus(&self) -> u32 {
        let current = self.root.child("vcpu").and_then(|vcpu| vcpu.get("current"));
        current.and_then(|text| text.parse().ok()).unwrap_or_else(|| self.max_vcpus())
    }

    fn number<T: std::str::FromStr>(&self, child: &str) -> Option<T> {
        self.root.text_of(child)?.parse().ok()
    }

    /// Returns what is done when the guest has ended in a way: `destroy`, `restart`, …
    pub(super) fn action(&self, on: &str) -> &str {
        self.root.text_of(on).unwrap_or(if on == "on_reboot" {
            "restart"
        } else {
            "destroy"
        })
    }

    pub(super) fn rename(&mut self, name: &str) {
        self.root.child_or_new("name").text = name.to_owned();
    }

    pub(super) fn set_memory_kib(&mut self, memory_kib: u64) {
        self.set_number("memory", memory_kib);
    }

    pub(super) fn set_current_memory_kib(&mut self, memory_kib: u64) {
        self.set_number("currentMemory", memory_kib);
    }

    fn set_number(&mut self, child: &str, number: u64) {
        self.root.child_or_new(child).text = number.to_string();
    }

    /// Returns whether the guest has a device that gives memory back.
    pub(super) fn has_memory_balloon(&self) -> bool {
        let balloon = self.root.at(&["devices", "memballoon"]);
        balloon.is_some_and(|balloon| balloon.get("model") != Some("none"))
    }

    pub(super) fn set_max_vcpus(&mut self, count: u32) {
        let current = self.vcpus();
        self.set_number("vcpu", count.into());
        self.set_vcpus(current.min(count));
    }

    pub(super) fn set_vcpus(&mut self, count: u32) {
        let is_all = count == self.max_vcpus();
        let vcpu = self.root.child_or_new("vcpu");
        if is_all {
            vcpu.remove("current");
        } else {
            vcpu.set("current", count);
        }
    }

    pub(super) fn set_action(&mut self, on: &str, action: &str) {
        self.root.child_or_new(on).text = action.to_owned();
    }

    /// Sets the state that the guest agent's channel has.
    pub(super) fn set_agent(&mut self, is_connected: bool) {
        let state = if is_connected {
            "connected"
        } else {
            "disconnected"
        };
        let devices = self.root.child_mut("devices").into_iter().flat_map(|it| &mut it.children);
        for channel in devices.filter(|device| device.name == "channel") {
            if let Some(target) = channel.child_mut("target")
                && target.get("name") == Some("org.qemu.guest_agent.0")
            {
                target.set("state", state);
            }
        }
    }

    /// Returns the document, of the domain with that ID if it runs.
    pub(super) fn to_xml(&self, id: Option<i32>) -> String {
        let mut root = self.root.clone();
        if let Some(id) = id {
            root.set("id", id);
        }
        root.to_string()
    }
}

fn malformed_uuid() -> Failure {
    Failure::of(ErrorDomain::Domain, ErrorCode::InternalError, "malformed uuid element")
}
