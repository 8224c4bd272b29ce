//! Devices of the host.

use super::super::value::Place;
use super::super::{address, problem};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

pub(super) fn complete(hostdev: &mut Element) -> Result<()> {
    let kind = hostdev.get("type").unwrap_or_default().to_owned();
    let is_subsystem = hostdev.get("mode") != Some("capabilities");
    let known: &[&str] = if is_subsystem {
        &["usb", "pci", "scsi", "scsi_host", "mdev"]
    } else {
        &["storage", "misc", "net"]
    };
    if !known.contains(&kind.as_str()) {
        let place = Place { element: "hostdev", attribute: Some("type") };
        return Err(place.invalid(&kind, ""));
    }
    let kept: &[&str] = match (is_subsystem, kind.as_str()) {
        (false, _) => &["mode", "type"],
        (_, "scsi") => &["mode", "type", "managed", "sgio", "rawio"],
        (_, "scsi_host") => &["mode", "type", "managed", "model"],
        (_, "mdev") => &["mode", "type", "managed", "model", "display", "ramfb"],
        (_, "pci") => &["mode", "type", "managed", "display", "ramfb"],
        _ => &["mode", "type", "managed"],
    };
    super::common::keep_attributes(hostdev, kept);
    if is_subsystem && hostdev.get("managed").is_none() {
        hostdev.set("managed", "no");
    }
    if kind != "pci" {
        hostdev.remove_children("driver");
    }
    let Some(source) = hostdev
        .child_mut("source")
        .filter(|it| !it.children.is_empty() || kind == "scsi_host")
    else {
        return Err(problem::xml("Missing <source> element in hostdev device"));
    };
    match kind.as_str() {
        "pci" => place(source, address::pci_of_host)?,
        "usb" => place(source, |given| keep(given, &["bus", "device"]))?,
        "mdev" => place(source, |given| keep(given, &["uuid"]))?,
        "scsi" => scsi(source)?,
        _ => {}
    }
    Ok(())
}

fn scsi(source: &mut Element) -> Result<()> {
    if source.get("protocol") != Some("iscsi") {
        source.attributes.clear();
        return place(source, |given| keep(given, &["bus", "target", "unit"]));
    }
    let name = source.get("name").unwrap_or_default().to_owned();
    if !name.contains('/') {
        source.set("name", format_args!("{name}/0"));
    }
    Ok(())
}

fn place(source: &mut Element, write: impl Fn(&Element) -> Result<Element>) -> Result<()> {
    if let Some(given) = source.child_mut("address") {
        *given = write(given)?;
    }
    Ok(())
}

fn keep(given: &Element, names: &[&str]) -> Result<Element> {
    let mut element = Element::new(&given.name);
    for name in names {
        let Some(text) = given.get(name) else {
            continue;
        };
        match *name {
            "uuid" => element.set(name, text),
            _ => match super::super::value::number(text) {
                Some(number) => element.set(name, number),
                None => {
                    return Err(problem::internal(format_args!("cannot parse {name} {text}")));
                }
            },
        }
    }
    Ok(element)
}

/// Gives SCSI devices of the host an address in the guest.
pub(super) fn plug(devices: &mut [Element]) {
    let numbers = |device: &Element| {
        ["controller", "bus", "target", "unit"].map(|part| super::common::of_address(device, part))
    };
    let is_scsi_disk = |device: &Element| {
        device.name == "disk"
            && device.child("target").and_then(|target| target.get("bus")) == Some("scsi")
    };
    let is_host = |device: &Element| device.name == "hostdev" && device.get("type") == Some("scsi");
    let mut used: Vec<[u32; 4]> = devices
        .iter()
        .filter(|it| (is_scsi_disk(it) || is_host(it)) && it.child("address").is_some())
        .map(numbers)
        .collect();
    for device in devices.iter_mut().filter(|device| is_host(device)) {
        if device.child("address").is_some() {
            continue;
        }
        let mut places = (0_u32..).map(|number| [number / 7, 0, 0, number % 7]);
        let Some(free) = places.find(|place| !used.contains(place)) else {
            continue;
        };
        let [controller, bus, target, unit] = free;
        used.push(free);
        device.children.push(
            Element::new("address")
                .with("type", "drive")
                .with("controller", controller)
                .with("bus", bus)
                .with("target", target)
                .with("unit", unit),
        );
    }
}
