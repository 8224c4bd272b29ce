//! Serial ports, consoles, channels, and what else a character device of the host is behind.

use super::super::problem;
use super::common::Guest;
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

/// The number of serial ports on the ISA bus.
const ISA_PORTS: u32 = 4;

/// What a character device can be on the host.
const KINDS: [&str; 15] = [
    "null",
    "vc",
    "pty",
    "dev",
    "file",
    "pipe",
    "stdio",
    "udp",
    "tcp",
    "unix",
    "spicevmc",
    "spiceport",
    "nmdm",
    "qemu-vdagent",
    "dbus",
];

/// What is plugged into a channel's end, and the attributes of each.
const CHANNELS: [(&str, &[&str]); 3] = [
    ("guestfwd", &["type", "address", "port"]),
    ("virtio", &["type", "name"]),
    ("xen", &["type", "name"]),
];

const CONSOLES: [&str; 8] = [
    "serial", "xen", "uml", "virtio", "lxc", "openvz", "sclp", "sclplm",
];

const SERIALS: [&str; 9] = [
    "isa-serial",
    "usb-serial",
    "pci-serial",
    "spapr-vio-serial",
    "system-serial",
    "sclp-serial",
    "isa-debug",
    "sclp",
    "none",
];

pub(super) fn complete(device: &mut Element) -> Result<()> {
    let kind = device.get("type").unwrap_or_default().to_owned();
    if device.get("type").is_some_and(|kind| !KINDS.contains(&kind)) {
        return Err(problem::unsupported(format_args!(
            "unknown type presented to host for character device: {kind}"
        )));
    }
    // A socket whose path libvirt would choose.
    let has_path = device.child("source").is_some_and(|source| source.get("path").is_some());
    if matches!(kind.as_str(), "unix" | "file" | "dev" | "pipe") && !has_path {
        if kind != "unix" && device.name != "smartcard" {
            return Err(problem::internal("Missing source path attribute for char device"));
        }
        device.remove_children("source");
    }
    if device.child("log").is_some_and(|log| log.get("file").is_none()) {
        device.remove_children("log");
    }
    match device.name.as_str() {
        "smartcard" if device.get("mode") != Some("passthrough") => device.remove("type"),
        "channel" => channel(device, &kind)?,
        "serial" => target_type(device, &SERIALS, "")?,
        "console" => target_type(device, &CONSOLES, "serial")?,
        "parallel" => {
            let target = device.child_or_new("target");
            target.remove("type");
        }
        _ => {}
    }
    Ok(())
}

fn channel(channel: &mut Element, kind: &str) -> Result<()> {
    let target = channel.child_or_new("target");
    let Some(name) = target.get("type") else {
        return Err(problem::xml("target type must be specified for channel device"));
    };
    let Some((name, kept)) = CHANNELS.iter().find(|(other, _)| *other == name) else {
        return Err(unknown_target(name));
    };
    super::common::keep_attributes(target, kept);
    if *name == "guestfwd" && target.get("address").is_none() {
        return Err(problem::xml("guestfwd channel does not define a target address"));
    }
    if kind == "spicevmc" && *name != "virtio" {
        return Err(problem::unsupported("spicevmc device type only supports virtio"));
    }
    Ok(())
}

fn target_type(device: &mut Element, known: &[&str], default: &str) -> Result<()> {
    let target = device.child_or_new("target");
    match target.get("type") {
        Some(name) if !known.contains(&name) => return Err(unknown_target(name)),
        None if !default.is_empty() => target.set("type", default),
        _ => {}
    }
    Ok(())
}

fn unknown_target(name: &str) -> crate::test_driver::failure::Failure {
    problem::unsupported(format_args!(
        "unknown target type '{name}' specified for character device"
    ))
}

fn port(device: &Element) -> Option<u32> {
    device.child("target")?.get("port")?.parse().ok()
}

/// Numbers the ports that have no number.
pub(super) fn number(devices: &mut [Element]) -> Result<()> {
    number_isa(devices)?;
    for name in ["serial", "parallel"] {
        let mut last = devices.iter().filter(|device| device.name == name).filter_map(port).max();
        for device in devices.iter_mut().filter(|device| device.name == name) {
            if port(device).is_none() {
                let next = last.map_or(0, |last| last.saturating_add(1));
                device.child_or_new("target").set("port", next);
                last = Some(next);
            }
        }
    }
    Ok(())
}

fn number_isa(devices: &mut [Element]) -> Result<()> {
    let is_isa = |device: &Element| {
        let target = device.child("target").and_then(|target| target.get("type"));
        device.name == "serial" && target == Some("isa-serial")
    };
    let mut used = Vec::new();
    for device in devices.iter().filter(|device| is_isa(device)) {
        if let Some(port) = port(device) {
            if used.contains(&port) {
                return Err(problem::internal(format_args!(
                    "target port '{port}' already allocated"
                )));
            }
            used.push(port);
        }
    }
    let count = devices.iter().filter(|device| is_isa(device)).count();
    if count > ISA_PORTS as usize || used.iter().any(|port| *port >= ISA_PORTS) {
        return Err(problem::internal(format_args!(
            "Maximum supported number of ISA serial ports is '{ISA_PORTS}'"
        )));
    }
    for device in devices.iter_mut().filter(|device| is_isa(device)) {
        if port(device).is_none()
            && let Some(free) = (0..ISA_PORTS).find(|port| !used.contains(port))
        {
            device.child_or_new("target").set("port", free);
            used.push(free);
        }
    }
    Ok(())
}

/// Gives the first serial port and the first console, which are one and the same, each other.
pub(super) fn pair(devices: &mut Vec<Element>, guest: Guest<'_>) -> Result<()> {
    let consoles = |devices: &[Element]| -> Vec<usize> {
        let all = devices.iter().enumerate();
        all.filter(|(_, device)| device.name == "console").map(|(at, _)| at).collect()
    };
    let is_serial = |device: &Element| {
        device.child("target").and_then(|target| target.get("type")) == Some("serial")
    };
    let found = consoles(devices);
    let mut serial_ones = found.iter().filter_map(|at| devices.get(*at)).map(is_serial);
    let is_first_serial = serial_ones.next().unwrap_or_default();
    if serial_ones.any(|it| it) {
        return Err(problem::unsupported("Only the first console can be a serial port"));
    }
    if guest.is_hvm() {
        let serial = devices.iter().position(|device| device.name == "serial");
        match (found.first(), serial) {
            (Some(first), None) if is_first_serial => {
                if let Some(mut port) = devices.get(*first).cloned() {
                    "serial".clone_into(&mut port.name);
                    let target = port.child_or_new("target");
                    target.attributes.clear();
                    target.set("port", 0);
                    devices.push(port);
                }
            }
            (first, Some(serial)) => {
                let serial = devices.get(serial).cloned().unwrap_or_default();
                let stub = console_of(&serial);
                if let Some(first) = first.filter(|_| is_first_serial) {
                    if let Some(console) = devices.get_mut(*first) {
                        *console = stub;
                    }
                } else if has_console(&serial) {
                    devices.insert(first.copied().unwrap_or(devices.len()), stub);
                }
            }
            _ => {}
        }
    }
    number_consoles(devices, guest);
    Ok(())
}

/// Returns whether a serial port has a console although none is named.
fn has_console(serial: &Element) -> bool {
    let target = serial.child("target").and_then(|target| target.get("type"));
    !matches!(target, Some("usb-serial" | "pci-serial" | "isa-debug"))
}

/// Returns the console that is the same as a serial port.
fn console_of(serial: &Element) -> Element {
    let mut console = serial.clone();
    "console".clone_into(&mut console.name);
    let port = port(serial).unwrap_or_default();
    let target = console.child_or_new("target");
    *target = Element::new("target").with("type", "serial").with("port", port);
    console
}

fn number_consoles(devices: &mut [Element], guest: Guest<'_>) {
    let serial = devices.iter().find(|device| device.name == "serial").and_then(port);
    let consoles = devices.iter_mut().filter(|device| device.name == "console");
    for (number, console) in consoles.enumerate() {
        let target = console.child_or_new("target");
        let is_alias = guest.is_hvm() && number == 0 && target.get("type") == Some("serial");
        match serial.filter(|_| is_alias) {
            Some(port) => target.set("port", port),
            None => target.set("port", number),
        }
    }
}

/// Plugs smartcards that are plugged nowhere into the first reader.
pub(super) fn plug_smartcards(devices: &mut [Element]) {
    let is_card = |device: &Element| device.name == "smartcard";
    let slots = devices
        .iter()
        .filter(|device| is_card(device) && super::common::of_address(device, "controller") == 0)
        .filter(|device| device.child("address").is_some());
    let mut next = slots
        .map(|card| super::common::of_address(card, "slot").saturating_add(1))
        .max()
        .unwrap_or_default();
    for card in devices.iter_mut().filter(|device| is_card(device)) {
        if card.child("address").is_none() {
            let address = Element::new("address").with("type", "ccid");
            card.children.push(address.with("controller", 0).with("slot", next));
            next = next.saturating_add(1);
        }
    }
}
