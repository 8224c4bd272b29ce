//! What others read of a definition and change in it.

use std::str::FromStr;

use super::Definition;
use crate::test_driver::xml::Element;

impl Definition {
    fn number<T: FromStr>(&self, child: &str) -> Option<T> {
        self.root.text_of(child)?.parse().ok()
    }

    /// Returns the most memory that it can have.
    pub(crate) fn memory_kib(&self) -> u64 {
        self.number("memory").unwrap_or_default()
    }

    pub(crate) fn set_memory_kib(&mut self, amount: u64) {
        self.root.child_or_new("memory").text = amount.to_string();
        if self.current_memory_kib() > amount {
            self.set_current_memory_kib(amount);
        }
    }

    /// Returns the memory that it has at first.
    pub(crate) fn current_memory_kib(&self) -> u64 {
        self.number("currentMemory").unwrap_or_else(|| self.memory_kib())
    }

    pub(crate) fn set_current_memory_kib(&mut self, amount: u64) {
        self.root.child_or_new("currentMemory").text = amount.to_string();
    }

    /// Returns the number of processors that it can have.
    pub(crate) fn max_vcpus(&self) -> u32 {
        self.number("vcpu").unwrap_or(1)
    }

    pub(crate) fn set_max_vcpus(&mut self, count: u32) {
        let current = self.vcpus().min(count);
        self.root.child_or_new("vcpu").text = count.to_string();
        self.set_vcpus(current);
    }

    /// Returns the number of processors that it has.
    pub(crate) fn vcpus(&self) -> u32 {
        let current = self.root.child("vcpu").and_then(|vcpu| vcpu.get("current"));
        current.and_then(|text| text.parse().ok()).unwrap_or_else(|| self.max_vcpus())
    }

    pub(crate) fn set_vcpus(&mut self, count: u32) {
        let max = self.max_vcpus();
        let vcpu = self.root.child_or_new("vcpu");
        vcpu.remove("current");
        if count < max {
            vcpu.set("current", count);
        }
    }

    /// Returns what is done when the guest has ended in a way: `destroy`, `restart`, …
    pub(crate) fn action(&self, on: &str) -> &str {
        self.root.text_of(on).unwrap_or(if on == "on_reboot" {
            "restart"
        } else {
            "destroy"
        })
    }

    pub(crate) fn set_action(&mut self, on: &str, action: &str) {
        self.change(|root| action.clone_into(&mut root.child_or_new(on).text));
    }

    /// Returns what kind of guest it is: `hvm`, `xen`, `exe`, …
    pub(crate) fn os_type(&self) -> &str {
        super::system::os_type(&self.root)
    }

    pub(crate) fn rename(&mut self, name: &str) {
        name.clone_into(&mut self.root.child_or_new("name").text);
    }

    /// Returns the document, which is in libvirt's order.
    pub(crate) fn root(&self) -> &Element {
        &self.root
    }

    /// Changes the document, and brings it into libvirt's order again.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Element)) {
        change(&mut self.root);
        // What the tables have let through once, they let through again.
        if let Ok(root) = Self::in_order(&self.root) {
            self.root = root;
        }
    }

    /// Returns its devices in their order; those of one kind are those of that name.
    pub(crate) fn devices(&self) -> impl Iterator<Item = &Element> {
        self.root.child("devices").into_iter().flat_map(|devices| &devices.children)
    }

    pub(crate) fn devices_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.devices().filter(move |device| device.name == name)
    }

    /// Returns the names by which the guest knows its disks.
    pub(crate) fn disk_targets(&self) -> Vec<String> {
        let targets = self.devices_of("disk").filter_map(|disk| disk.child("target")?.get("dev"));
        targets.map(str::to_owned).collect()
    }

    /// Returns whether the guest has a device that gives memory back.
    pub(crate) fn has_memory_balloon(&self) -> bool {
        self.devices_of("memballoon")
            .any(|balloon| balloon.get("model") != Some("none"))
    }

    /// Sets the state that the guest agent's channel has.
    pub(crate) fn set_agent(&mut self, is_connected: bool) {
        let state = if is_connected {
            "connected"
        } else {
            "disconnected"
        };
        self.change(|root| {
            for device in &mut root.child_or_new("devices").children {
                if device.name == "channel"
                    && let Some(target) = device.child_mut("target")
                    && target.get("name") == Some("org.qemu.guest_agent.0")
                {
                    target.set("state", state);
                }
            }
        });
    }

    /// Returns the disk with that target or that source.
    pub(crate) fn disk(&self, name: &str) -> Option<&Element> {
        let target = |disk: &Element| {
            disk.child("target").and_then(|target| target.get("dev")) == Some(name)
        };
        let by_target = self.devices_of("disk").find(|disk| target(disk));
        by_target.or_else(|| {
            let mut disks = self.devices_of("disk");
            disks.find(|disk| super::devices::path(disk) == Some(name))
        })
    }
}
