//! The devices of the test guest, as XML.

use std::path::Path;

use super::disk::Disk;

/// A network card, by its connection.
#[derive(Clone, Debug)]
pub(super) enum Interface {
    User,
    Network(String),
}

pub(super) fn disks(disks: &[Disk]) -> impl Iterator<Item = String> {
    disks.iter().zip('a'..='z').map(|(disk, letter)| {
        format!(
            "<disk type='file' device='disk'><driver name='qemu' type='{}'/>\
             <source file='{}'/><target dev='vd{letter}' bus='virtio'/></disk>",
            disk.format,
            escape(&disk.path.to_string_lossy())
        )
    })
}

pub(super) fn pci(root_ports: u32) -> impl Iterator<Item = String> {
    let ports = (0..root_ports).map(|_| "<controller type='pci' model='pcie-root-port'/>");
    ["<controller type='pci' model='pcie-root'/>"]
        .into_iter()
        .chain(ports)
        .map(String::from)
}

pub(super) fn interface(interface: &Interface) -> String {
    let (kind, source) = match interface {
        Interface::User => ("user", String::new()),
        Interface::Network(name) => ("network", format!("<source network='{}'/>", escape(name))),
    };
    format!("<interface type='{kind}'>{source}<model type='virtio'/></interface>")
}

pub(super) fn serial_console(log: Option<&Path>) -> [String; 2] {
    let log = log.map_or_else(String::new, |path| {
        format!("<log file='{}' append='off'/>", escape(&path.to_string_lossy()))
    });
    [
        format!("<serial type='pty'>{log}</serial>"),
        String::from("<console type='pty'/>"),
    ]
}

pub(super) fn agent_channel() -> String {
    String::from(
        "<channel type='unix'>\
         <target type='virtio' name='org.qemu.guest_agent.0'/></channel>",
    )
}

pub(super) fn balloon_and_keyboard() -> [String; 2] {
    [
        String::from("<memballoon model='virtio'><stats period='1'/></memballoon>"),
        String::from("<input type='keyboard' bus='ps2'/>"),
    ]
}

pub(super) fn display(video: bool, graphics: bool) -> Vec<String> {
    let vnc = graphics.then_some("<graphics type='vnc'><listen type='socket'/></graphics>");
    let model = if video { "vga" } else { "none" };
    vnc.map(String::from)
        .into_iter()
        .chain([format!("<video><model type='{model}'/></video>")])
        .collect()
}

/// Escapes text for use between tags and single quotes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}
