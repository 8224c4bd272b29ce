//! The XML of a guest that is to be installed.

use std::path::Path;

/// A guest with one disk.
pub(crate) struct Guest<'a> {
    /// `kvm`, or `qemu` for software emulation.
    pub(crate) kind: &'a str,
    pub(crate) name: &'a str,
    /// An image of the format qcow2 if its name ends so, or else raw.
    pub(crate) disk: &'a str,
    /// What stands in `<os>` beside the machine's type.
    pub(crate) boot: &'a str,
    /// What becomes of the guest when it reboots.
    pub(crate) on_reboot: &'a str,
    /// Devices beside the disk, as XML.
    pub(crate) devices: &'a str,
}

impl Guest<'_> {
    pub(crate) fn xml(&self) -> String {
        let Self { boot, on_reboot, devices, .. } = self;
        let [kind, name, disk] = [self.kind, self.name, self.disk].map(escape);
        let is_qcow2 = Path::new(self.disk).extension().is_some_and(|kind| kind == "qcow2");
        let format = if is_qcow2 { "qcow2" } else { "raw" };
        // The guide's example has no <features>: without ACPI a guest does not notice that it is
        // asked to shut down. Its memory of 500000 is KiB, as all of libvirt's without a unit.
        format!(
            "<domain type='{kind}'>
  <name>{name}</name>
  <memory unit='MiB'>1024</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    {boot}
  </os>
  <features><acpi/></features>
  <on_reboot>{on_reboot}</on_reboot>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='{format}'/>
      <source file='{disk}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    {devices}
    <serial type='pty'/>
  </devices>
</domain>
"
        )
    }
}

/// Makes text fit between tags and single quotes.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}
