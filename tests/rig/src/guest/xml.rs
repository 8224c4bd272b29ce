//! Domain XML of the test guest.

use std::path::PathBuf;

use super::devices::{self, Interface, escape};
use super::disk::Disk;
use super::image;
use crate::error::Result;

const KERNEL_ARGUMENTS: &str = "console=ttyS0 quiet panic=1 no_timer_check nokaslr mitigations=off";

/// A builder of test guests; [`xml`](Guest::xml) returns the domain XML.
///
/// A guest runs under software emulation, so that it works on every host, and boots to a shell on
/// its serial console. By default it has 128 MiB of memory, one CPU, no disk and no network.
#[derive(Clone, Debug)]
#[must_use]
pub struct Guest {
    name: String,
    uuid: Option<String>,
    memory_mib: u64,
    current_mib: Option<u64>,
    vcpus: u32,
    current_vcpus: u32,
    iothreads: u32,
    root_ports: u32,
    disks: Vec<Disk>,
    interfaces: Vec<Interface>,
    agent: bool,
    video: bool,
    graphics: bool,
    serial_log: Option<PathBuf>,
    devices: Vec<String>,
}

impl Guest {
    /// Describes a guest of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            uuid: None,
            memory_mib: 128,
            current_mib: None,
            vcpus: 1,
            current_vcpus: 1,
            iothreads: 0,
            root_ports: 0,
            disks: Vec::new(),
            interfaces: Vec::new(),
            agent: false,
            video: false,
            graphics: false,
            serial_log: None,
            devices: Vec::new(),
        }
    }

    /// Sets the UUID; by default the daemon generates one.
    pub fn uuid(mut self, uuid: impl Into<String>) -> Self {
        self.uuid = Some(uuid.into());
        self
    }

    /// Sets the maximum memory, which it boots with. It needs 96 MiB.
    pub fn memory_mib(mut self, mib: u64) -> Self {
        self.memory_mib = mib;
        self
    }

    /// Sets the memory that it has after booting; the balloon takes the rest.
    pub fn current_mib(mut self, mib: u64) -> Self {
        self.current_mib = Some(mib);
        self
    }

    /// Sets the maximum number of CPUs, and the number that it boots with.
    pub fn vcpus(mut self, max: u32, current: u32) -> Self {
        self.vcpus = max;
        self.current_vcpus = current;
        self
    }

    /// Sets the number of I/O threads.
    pub fn iothreads(mut self, count: u32) -> Self {
        self.iothreads = count;
        self
    }

    /// Adds empty PCI Express slots: each device that is attached to the running guest takes one.
    pub fn root_ports(mut self, count: u32) -> Self {
        self.root_ports = count;
        self
    }

    /// Adds a disk; the first is `vda`, the next `vdb`, and so on.
    pub fn disk(mut self, disk: Disk) -> Self {
        self.disks.push(disk);
        self
    }

    /// Adds a network card that needs no privileges: QEMU emulates the network.
    pub fn user_nic(mut self) -> Self {
        self.interfaces.push(Interface::User);
        self
    }

    /// Adds a network card in one of the daemon's virtual networks.
    pub fn network(mut self, name: impl Into<String>) -> Self {
        self.interfaces.push(Interface::Network(name.into()));
        self
    }

    /// Adds the channel of the guest agent, with which the guest runs the agent.
    pub fn agent(mut self, agent: bool) -> Self {
        self.agent = agent;
        self
    }

    /// Adds a VGA adapter, for screenshots.
    pub fn video(mut self) -> Self {
        self.video = true;
        self
    }

    /// Adds a VNC server on a socket, and a VGA adapter.
    pub fn graphics(mut self) -> Self {
        self.graphics = true;
        self.video()
    }

    /// Logs the serial console to a file; see [`wait_ready`](super::wait_ready).
    pub fn serial_log(mut self, path: impl Into<PathBuf>) -> Self {
        self.serial_log = Some(path.into());
        self
    }

    /// Adds any other device, as XML.
    pub fn device(mut self, xml: impl Into<String>) -> Self {
        self.devices.push(xml.into());
        self
    }

    /// Returns the domain XML. Builds the guest image if it is not in the cache yet.
    pub fn xml(&self) -> Result<String> {
        Ok(self.xml_with(&image::kernel()?.to_string_lossy(), &image::initrd()?.to_string_lossy()))
    }

    fn xml_with(&self, kernel: &str, initrd: &str) -> String {
        let iothreads = (self.iothreads > 0).then(|| self.iothreads.to_string());
        format!(
            "<domain type='qemu'>
  <name>{name}</name>{uuid}
  <memory unit='MiB'>{memory}</memory>
  <currentMemory unit='MiB'>{current}</currentMemory>
  <vcpu current='{current_vcpus}'>{vcpus}</vcpu>{iothreads}
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initrd}</initrd>
    <cmdline>{KERNEL_ARGUMENTS}</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode='custom' match='exact' check='none'><model>qemu64</model></cpu>
  <devices>
    {devices}
  </devices>
</domain>
",
            name = escape(&self.name),
            uuid = optional("uuid", self.uuid.as_deref()),
            iothreads = optional("iothreads", iothreads.as_deref()),
            memory = self.memory_mib,
            current = self.current_mib.unwrap_or(self.memory_mib),
            vcpus = self.vcpus,
            current_vcpus = self.current_vcpus,
            kernel = escape(kernel),
            initrd = escape(initrd),
            devices = self.devices_xml(),
        )
    }

    fn devices_xml(&self) -> String {
        let mut xml = Vec::new();
        xml.extend(devices::disks(&self.disks));
        xml.extend(devices::pci(self.root_ports));
        xml.extend(self.interfaces.iter().map(devices::interface));
        xml.extend(devices::serial_console(self.serial_log.as_deref()));
        if self.agent {
            xml.push(devices::agent_channel());
        }
        xml.extend(devices::balloon_and_keyboard());
        xml.extend(devices::display(self.video, self.graphics));
        xml.extend(self.devices.iter().cloned());
        xml.join("\n    ")
    }
}

/// Returns an element, or nothing.
fn optional(name: &str, content: Option<&str>) -> String {
    content.map_or_else(String::new, |content| format!("\n  <{name}>{}</{name}>", escape(content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_appear_only_when_asked_for() {
        let plain = Guest::new("g<1").xml_with("/k", "/i");
        assert!(plain.contains("<name>g&lt;1</name>"));
        for absent in [
            "<disk",
            "<interface",
            "<channel",
            "<graphics",
            "iothreads",
            "<log",
        ] {
            assert!(!plain.contains(absent), "{absent} in {plain}");
        }
        let full = Guest::new("g2")
            .memory_mib(256)
            .current_mib(128)
            .vcpus(4, 1)
            .iothreads(2)
            .root_ports(3)
            .disk(Disk { path: "/d/a".into(), format: "qcow2" })
            .disk(Disk { path: "/d/b".into(), format: "raw" })
            .user_nic()
            .network("default")
            .agent(true)
            .graphics()
            .serial_log("/l")
            .xml_with("/k", "/i");
        for part in [
            "<memory unit='MiB'>256<",
            "<currentMemory unit='MiB'>128<",
            "<vcpu current='1'>4<",
            "<iothreads>2<",
            "type='qcow2'/><source file='/d/a'/><target dev='vda'",
            "type='raw'/><source file='/d/b'/><target dev='vdb'",
            "<interface type='user'>",
            "<source network='default'/>",
            "org.qemu.guest_agent.0",
            "<graphics type='vnc'>",
            "model type='vga'",
            "<log file='/l' append='off'/>",
        ] {
            assert!(full.contains(part), "{part} not in {full}");
        }
        assert_eq!(full.matches("pcie-root-port").count(), 3);
    }
}
