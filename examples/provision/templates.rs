//! Domain XML for a guest's installation, and for its normal operation.

use std::path::Path;

use uuid::Uuid;

/// The guest, in both phases.
pub(crate) struct Machine<'a> {
    pub(crate) name: &'a str,
    /// `kvm`, or `qemu` for software emulation.
    pub(crate) kind: &'a str,
    pub(crate) memory_mib: u32,
    pub(crate) vcpus: u32,
    pub(crate) disk: &'a Path,
    /// Format of the disk image: `raw`, `qcow2`, …
    pub(crate) disk_format: &'a str,
}

/// Source of the operating system.
pub(crate) enum Medium<'a> {
    /// An image of a CD-ROM.
    Cdrom { iso: &'a Path },
    /// A network with a PXE server.
    Network { name: &'a str },
    /// A kernel that is loaded without firmware.
    Kernel {
        kernel: &'a Path,
        initrd: &'a Path,
        arguments: &'a str,
    },
}

impl Machine<'_> {
    /// Returns the XML of the guest with its installation medium, which it boots from.
    pub(crate) fn to_be_installed(&self, medium: &Medium<'_>) -> String {
        match medium {
            Medium::Cdrom { iso } => {
                let template = include_str!("install-from-cdrom.xml");
                self.fill(template, &[("iso", &iso.to_string_lossy())])
            }
            Medium::Network { name } => {
                let template = include_str!("install-from-network.xml");
                self.fill(template, &[("network", name)])
            }
            Medium::Kernel { kernel, initrd, arguments } => {
                let template = include_str!("install-from-kernel.xml");
                let values = [
                    ("kernel", &*kernel.to_string_lossy()),
                    ("initrd", &*initrd.to_string_lossy()),
                    ("cmdline", arguments),
                ];
                self.fill(template, &values)
            }
        }
    }

    /// Returns the XML of the same guest, as identified by `uuid`, which boots from its disk.
    pub(crate) fn installed(&self, uuid: Uuid) -> String {
        let template = include_str!("installed.xml");
        self.fill(template, &[("uuid", &uuid.to_string())])
    }

    /// Fills values into a template.
    fn fill(&self, template: &str, more: &[(&str, &str)]) -> String {
        let own = [
            ("name", self.name),
            ("type", self.kind),
            ("memory", &self.memory_mib.to_string()),
            ("vcpus", &self.vcpus.to_string()),
            ("disk", &self.disk.to_string_lossy()),
            ("format", self.disk_format),
        ];
        let mut xml = template.to_owned();
        for (name, value) in own.iter().chain(more) {
            xml = xml.replace(&format!("{{{name}}}"), &escape(value));
        }
        xml
    }
}

/// Escapes text for use between tags and single quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}
