//! Controllers, which are added where devices need them.

use super::super::problem;
use super::common::{address_type, of_address};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

/// The most controllers of a kind that are added for devices.
const IMPLICIT_MAX: u32 = 4096;

fn index(controller: &Element) -> Option<u32> {
    controller.get("index")?.parse().ok()
}

fn is_of(kind: &str) -> impl Fn(&Element) -> bool {
    move |device| device.name == "controller" && device.get("type") == Some(kind)
}

/// Puts controllers into libvirt's order, by index among those of a kind, and numbers the others.
pub(super) fn sort(devices: &mut Element) {
    let given: Vec<Element> =
        devices.children.extract_if(.., |device| device.name == "controller").collect();
    let start = devices.children.iter().take_while(|device| device.name == "disk").count();
    for controller in given {
        insert(&mut devices.children, start, controller);
    }
    let kinds: Vec<Option<String>> = devices
        .children
        .iter()
        .map(|device| {
            let is_open = device.name == "controller" && index(device).is_none();
            is_open.then(|| device.get("type").unwrap_or_default().to_owned())
        })
        .collect();
    for (at, kind) in kinds.into_iter().enumerate() {
        if let Some(kind) = kind {
            let number = companion(&devices.children, at)
                .unwrap_or_else(|| unused(&devices.children, &kind));
            if let Some(device) = devices.children.get_mut(at) {
                device.set("index", number);
            }
        }
    }
}

/// Returns the index of the USB 2 controller that another belongs to, which stands before it.
fn companion(devices: &[Element], at: usize) -> Option<u32> {
    let model = |device: &Element| device.get("model").map(str::to_owned);
    let is_usb2 = |device: &Element| model(device).is_some_and(|model| model.starts_with("ich9-"));
    let this = devices.get(at).filter(|device| is_of("usb")(device) && is_usb2(device))?;
    let previous = devices.get(..at)?.iter().rev().find(|device| is_of("usb")(device))?;
    let number = index(previous).filter(|_| is_usb2(previous))?;
    let is_taken = devices.iter().any(|device| {
        is_of("usb")(device) && index(device) == Some(number) && model(device) == model(this)
    });
    (!is_taken).then_some(number)
}

fn unused(devices: &[Element], kind: &str) -> u32 {
    let used: Vec<u32> =
        devices.iter().filter(|device| is_of(kind)(device)).filter_map(index).collect();
    (0..=used.len() as u32)
        .find(|number| !used.contains(number))
        .unwrap_or_default()
}

/// Inserts a controller behind the `start` first devices.
fn insert(devices: &mut Vec<Element>, start: usize, controller: Element) {
    let kind = controller.get("type").unwrap_or_default().to_owned();
    let has_master = |device: &Element| device.child("master").is_some();
    let mut at = None;
    for (place, other) in devices.iter().enumerate().rev().filter(|(_, it)| is_of(&kind)(it)) {
        let Some(number) = index(&controller) else {
            at = Some(place + 1);
            break;
        };
        let is_after = index(other).is_some_and(|other| other > number);
        let is_companion =
            !has_master(&controller) && has_master(other) && index(other) == Some(number);
        if is_after || is_companion {
            at = Some(place);
        } else if at.is_none() {
            at = Some(place + 1);
        }
    }
    let last = devices.iter().rposition(|device| device.name == "controller");
    devices.insert(at.unwrap_or_else(|| last.map_or(start, |last| last + 1)), controller);
}

pub(super) fn complete(controller: &mut Element) -> Result<()> {
    let kind = controller.get("type").unwrap_or_default().to_owned();
    let model = controller.get("model").unwrap_or_default().to_owned();
    if !matches!(kind.as_str(), "usb" | "virtio-serial") {
        controller.remove("ports");
    }
    if kind != "virtio-serial" {
        controller.remove("vectors");
    }
    if kind != "xenbus" {
        controller.remove("maxGrantFrames");
        controller.remove("maxEventChannels");
    }
    if kind != "pci" {
        for child in ["model", "target", "pcihole64"] {
            controller.remove_children(child);
        }
    } else if !matches!(model.as_str(), "pci-root" | "pcie-root") {
        controller.remove_children("pcihole64");
    }
    let startport = match model.as_str() {
        "ich9-uhci1" => Some(0),
        "ich9-uhci2" => Some(2),
        "ich9-uhci3" => Some(4),
        _ => None,
    };
    if let Some(port) = startport
        && controller.child("master").is_none()
    {
        controller.children.push(Element::new("master").with("startport", port));
    }
    let has_iothread = controller.child("driver").is_some_and(|it| it.get("iothread").is_some());
    if has_iothread && !model.starts_with("virtio-scsi") && !model.starts_with("virtio-") {
        return Err(problem::xml(
            "'iothread' attribute only supported for virtio scsi controllers",
        ));
    }
    Ok(())
}

/// Adds the controllers that other devices need.
pub(super) fn add_implicit(devices: &mut Element) -> Result<()> {
    check(devices)?;
    for (kind, bus) in [
        ("scsi", "scsi"),
        ("fdc", "fdc"),
        ("ide", "ide"),
        ("sata", "sata"),
    ] {
        let disks = devices.children("disk").filter(|disk| {
            disk.child("target").and_then(|target| target.get("bus")) == Some(bus)
                && address_type(disk) == Some("drive")
        });
        let last = disks.map(|disk| of_address(disk, "controller")).max();
        add_up_to(devices, kind, last);
    }
    for name in ["channel", "console"] {
        let wanted: Vec<u32> = devices
            .children(name)
            .filter(|it| it.child("target").and_then(|it| it.get("type")) == Some("virtio"))
            .map(|device| match address_type(device) {
                Some("virtio-serial") => of_address(device, "controller"),
                _ => 0,
            })
            .collect();
        for number in wanted {
            add(devices, "virtio-serial", number);
        }
    }
    let cards: Vec<u32> = devices
        .children("smartcard")
        .map(|card| of_address(card, "controller"))
        .collect();
    for number in cards {
        add(devices, "ccid", number);
    }
    let hosts = devices.children("hostdev").filter(|it| it.get("type") == Some("scsi"));
    let last = hosts.map(|host| of_address(host, "controller")).max();
    add_up_to(devices, "scsi", last);
    Ok(())
}

fn add_up_to(devices: &mut Element, kind: &str, last: Option<u32>) {
    for number in 0..last.map_or(0, |last| last.min(IMPLICIT_MAX) + 1) {
        add(devices, kind, number);
    }
}

fn add(devices: &mut Element, kind: &str, number: u32) {
    let is_there = |device: &Element| is_of(kind)(device) && index(device) == Some(number);
    if devices.children.iter().any(is_there) {
        return;
    }
    let start = devices.children.iter().take_while(|device| device.name == "disk").count();
    let controller = Element::new("controller").with("type", kind).with("index", number);
    insert(&mut devices.children, start, controller);
}

/// Checks that controllers of a kind have indexes of their own; those of USB come in groups.
fn check(devices: &Element) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for controller in devices.children("controller") {
        let kind = controller.get("type").unwrap_or_default();
        let number = index(controller).unwrap_or_default();
        if kind != "usb" && !seen.insert((kind, number)) {
            return Err(problem::xml(format_args!(
                "Multiple '{kind}' controllers with index '{number}'"
            )));
        }
    }
    Ok(())
}
