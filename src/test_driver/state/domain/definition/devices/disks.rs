//! Disks.

use super::super::{address, problem};
use super::common::{address_type, of_address};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

/// What the name of a disk's target begins with, and the bus that it is on if none is named.
const PREFIXES: [(&str, &str); 6] = [
    ("fd", "fdc"),
    ("hd", "ide"),
    ("vd", "virtio"),
    ("sd", "scsi"),
    ("xvd", "xen"),
    ("ubd", "uml"),
];

pub(super) fn target(disk: &Element) -> Option<&str> {
    disk.child("target")?.get("dev")
}

fn bus(disk: &Element) -> Option<&str> {
    disk.child("target")?.get("bus")
}

/// Returns the number that a target's name stands for: `sda` is 0, `sdaa` 26.
pub(crate) fn index(target: &str) -> Option<u32> {
    let letters = PREFIXES.iter().find_map(|(prefix, _)| target.strip_prefix(prefix))?;
    let letters = letters.trim_end_matches(|char: char| char.is_ascii_digit());
    if letters.is_empty() {
        return None;
    }
    letters
        .chars()
        .try_fold(0_u32, |index, letter| {
            let digit =
                letter.is_ascii_lowercase().then(|| u32::from(letter) - u32::from('a') + 1)?;
            index.checked_mul(26)?.checked_add(digit)
        })?
        .checked_sub(1)
}

/// Puts disks into libvirt's order: by target among those of one bus, as it was given.
pub(super) fn sort(devices: &mut Vec<Element>) {
    let mut sorted: Vec<Element> = Vec::new();
    for disk in devices.extract_if(.., |device| device.name == "disk") {
        insert(&mut sorted, disk);
    }
    devices.splice(..0, sorted);
}

/// Inserts a disk among others.
pub(crate) fn insert(disks: &mut Vec<Element>, disk: Element) {
    let place = |disk: &Element| target(disk).and_then(index);
    let mut at = None;
    for (number, other) in disks.iter().enumerate().rev() {
        if other.name != "disk" || bus(other) != bus(&disk) {
            continue;
        }
        if target(other).is_some() && target(&disk).is_some() && place(other) > place(&disk) {
            at = Some(number);
        } else if at.is_none() {
            at = Some(number + 1);
        }
    }
    let end = disks.iter().rposition(|other| other.name == "disk").map_or(0, |last| last + 1);
    disks.insert(at.unwrap_or(end), disk);
}

pub(super) fn complete(disk: &mut Element) -> Result<()> {
    if disk.child("source").is_none() {
        disk.set("type", "file");
    }
    let device = disk.get("device").unwrap_or_default().to_owned();
    if device == "cdrom" && disk.child("readonly").is_none() {
        disk.children.push(Element::new("readonly"));
    }
    let is_readonly = disk.child("readonly").is_some();
    if is_readonly && disk.get("snapshot") == Some("no") {
        disk.remove("snapshot");
    }
    if disk.get("type") == Some("vhostuser") && disk.get("snapshot").is_none() {
        disk.set("snapshot", "no");
    }
    if disk.get("type") == Some("volume")
        && let Some(source) = disk.child("source")
        && (source.get("pool").is_none() || source.get("volume").is_none())
    {
        return Err(problem::xml(
            "'pool' and 'volume' must be specified together for 'pool' type source",
        ));
    }
    source(disk)?;
    place(disk, &device)?;
    if let Some(geometry) = disk.child("geometry")
        && ["cyls", "heads", "secs"]
            .iter()
            .any(|it| matches!(geometry.get(it), None | Some("0")))
    {
        disk.remove_children("geometry");
    }
    Ok(())
}

fn source(disk: &mut Element) -> Result<()> {
    let is_nvme = disk.get("type") == Some("nvme");
    if let Some(source) = disk.child_mut("source").filter(|_| is_nvme)
        && let Some(given) = source.child_mut("address")
    {
        *given = address::pci_of_host(given)?;
    }
    let is_network = disk.get("type") == Some("network");
    let Some(source) = disk.child_mut("source").filter(|_| is_network) else {
        return Ok(());
    };
    let protocol = source.get("protocol").unwrap_or_default().to_owned();
    let Some(name) = source.get("name").map(str::to_owned) else {
        return match protocol.as_str() {
            "nbd" => Ok(()),
            _ => Err(problem::xml("missing name for disk source")),
        };
    };
    match protocol.as_str() {
        "iscsi" if !name.contains('/') => source.set("name", format_args!("{name}/0")),
        "rbd" if name.find('/').is_none_or(|at| at == 0) => {
            let detail = format!(
                "failed to split path '{name}' into 'pool/image' or 'pool/namespace/image' components"
            );
            return Err(Failure::of(ErrorDomain::Storage, ErrorCode::XmlError, detail));
        }
        _ => {}
    }
    if !matches!(protocol.as_str(), "http" | "https") {
        source.remove("query");
    }
    default_ports(source, &protocol);
    Ok(())
}

/// Gives hosts the port that their protocol has.
fn default_ports(source: &mut Element, protocol: &str) {
    let port = match protocol {
        "http" => 80,
        "https" => 443,
        "ftp" => 21,
        "ftps" => 990,
        "tftp" => 69,
        "sheepdog" => 7000,
        "nbd" => 10809,
        "iscsi" => 3260,
        "gluster" => 24007,
        "ssh" => 22,
        "vxhs" => 9999,
        "nfs" => 2049,
        _ => return,
    };
    for host in source.children.iter_mut().filter(|child| child.name == "host") {
        let is_tcp = matches!(host.get("transport"), None | Some("tcp"));
        if is_tcp && host.get("port").is_none() {
            host.set("port", port);
        }
    }
}

/// Says which bus a disk is on, and its address there.
fn place(disk: &mut Element, device: &str) -> Result<()> {
    let Some(name) = target(disk).map(str::to_owned) else {
        return Ok(());
    };
    let name = name.strip_prefix("ioemu:").unwrap_or(&name).to_owned();
    let target = disk.child_or_new("target");
    target.set("dev", &name);
    if target.get("bus").is_none() {
        let by_name = PREFIXES[1..].iter().find(|(prefix, _)| name.starts_with(prefix));
        let bus = match device {
            "floppy" => "fdc",
            _ => by_name.map_or("ide", |(_, bus)| *bus),
        };
        target.set("bus", bus);
    }
    if !matches!(device, "floppy" | "cdrom") {
        // Checked before it is left out.
        if target.get("tray").is_some() {
            return Err(problem::unsupported("tray is only valid for cdrom and floppy"));
        }
    }
    if disk.child("address").is_some() {
        return Ok(());
    }
    let Some(index) = index(&name) else {
        return Err(problem::xml(format_args!(
            "Unknown disk name '{name}' and no address specified"
        )));
    };
    let (controller, bus, unit) = match bus(disk).unwrap_or_default() {
        "scsi" => (index / 7, 0, index % 7),
        "ide" => (index / 4, index % 4 / 2, index % 2),
        "sata" => (index / 6, 0, index % 6),
        "fdc" => (index / 2, 0, index % 2),
        _ => return Ok(()),
    };
    let address = Element::new("address")
        .with("type", "drive")
        .with("controller", controller)
        .with("bus", bus)
        .with("target", 0)
        .with("unit", unit);
    disk.children.push(address);
    Ok(())
}

/// Checks the disks by themselves and against each other.
pub(super) fn check(devices: &Element) -> Result<()> {
    let disks: Vec<&Element> = devices.children("disk").collect();
    for (at, disk) in disks.iter().enumerate() {
        for other in disks.iter().skip(at + 1) {
            check_pair(disk, other)?;
        }
    }
    for (at, disk) in disks.iter().enumerate() {
        for other in disks.iter().skip(at + 1) {
            check_addresses(disk, other)?;
        }
    }
    disks.iter().try_for_each(|disk| check_one(disk))
}

/// Checks that two disks are told apart.
pub(crate) fn check_pair(disk: &Element, other: &Element) -> Result<()> {
    if target(disk).is_some() && target(disk) == target(other) {
        let path = |disk: &Element| path(disk).unwrap_or("<null>").to_owned();
        return Err(problem::xml(format_args!(
            "target '{}' duplicated for disk sources '{}' and '{}'",
            target(disk).unwrap_or_default(),
            path(disk),
            path(other)
        )));
    }
    Ok(())
}

fn check_addresses(disk: &Element, other: &Element) -> Result<()> {
    let place = |disk: &Element| {
        (address_type(disk) == Some("drive")).then(|| {
            let part = |name| of_address(disk, name);
            let numbers = [
                part("controller"),
                part("bus"),
                part("target"),
                part("unit"),
            ];
            (bus(disk).unwrap_or_default().to_owned(), numbers)
        })
    };
    match place(disk) {
        Some((_, [controller, on, target, unit])) if place(disk) == place(other) => {
            Err(problem::unsupported(format_args!(
                "Found duplicate drive address for disk with target name '{}' controller='{controller}' bus='{on}' target='{target}' unit='{unit}'",
                self::target(disk).unwrap_or_default()
            )))
        }
        _ => Ok(()),
    }
}

/// Returns where a disk's content is.
pub(crate) fn path(disk: &Element) -> Option<&str> {
    let source = disk.child("source")?;
    ["file", "dev", "dir", "name"]
        .iter()
        .find_map(|attribute| source.get(attribute))
}

pub(crate) fn check_one(disk: &Element) -> Result<()> {
    let device = disk.get("device").unwrap_or_default();
    let Some(name) = target(disk) else {
        let detail = path(disk);
        return Err(problem::missing(ErrorCode::NoTarget, "missing target information", detail));
    };
    if device != "lun" {
        for attribute in ["rawio", "sgio"] {
            if disk.get(attribute).is_some() {
                return Err(problem::unsupported(format_args!(
                    "{attribute} can be used only with device='lun'"
                )));
            }
        }
    }
    let bus = bus(disk).unwrap_or_default();
    if disk.get("sgio") == Some("unfiltered") {
        return Err(problem::unsupported("unfiltered sgio is no longer supported"));
    }
    if (device == "floppy") != (bus == "fdc") {
        let what = if device == "floppy" {
            "floppy disk"
        } else {
            "disk"
        };
        return Err(problem::internal(format_args!("Invalid bus type '{bus}' for {what}")));
    }
    let is_hard = matches!(device, "disk" | "lun");
    if is_hard && !PREFIXES[1..].iter().any(|(prefix, _)| name.starts_with(prefix)) {
        return Err(problem::internal(format_args!("Invalid harddisk device name: {name}")));
    }
    if device == "floppy" && !name.starts_with("fd") {
        return Err(problem::internal(format_args!("Invalid floppy device name: {name}")));
    }
    if device == "disk" && disk.child("source").is_none_or(|it| it.attributes.is_empty()) {
        return Err(problem::missing(
            ErrorCode::NoSource,
            "missing source information",
            Some(name),
        ));
    }
    Ok(())
}
