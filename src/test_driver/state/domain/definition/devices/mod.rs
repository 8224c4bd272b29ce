//! What libvirt makes of devices.

mod characters;
mod common;
mod controllers;
mod disks;
mod graphics;
mod hostdevs;
mod interfaces;
mod small;
mod videos;

pub(super) use self::common::Guest;
pub(super) use self::disks::{
    check_one as check_disk, check_pair, index as disk_index, insert as insert_disk, path,
};
use super::problem;
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

/// Devices of which a guest has one, and what errors call them.
const SINGLE: [(&str, &str); 6] = [
    ("memballoon", "a single memory balloon device"),
    ("nvram", "a single nvram device"),
    ("redirfilter", "one set of redirection filter rule"),
    ("iommu", "a single IOMMU device"),
    ("vsock", "a single vsock device"),
    ("pstore", "a single pstore device"),
];

/// Completes a device on its own.
pub(super) fn complete_one(device: &mut Element, guest: Guest<'_>) -> Result<()> {
    alias(device);
    match device.name.as_str() {
        "disk" => disks::complete(device),
        "controller" => controllers::complete(device),
        "interface" => interfaces::complete(device),
        "serial" | "parallel" | "console" | "channel" | "redirdev" | "smartcard" => {
            characters::complete(device)
        }
        "graphics" => graphics::complete(device),
        "video" => {
            videos::complete(device, guest);
            Ok(())
        }
        "hostdev" => hostdevs::complete(device),
        _ => small::complete(device, guest),
    }
}

/// Completes all devices of a domain, and adds those that others need.
pub(super) fn complete(devices: &mut Element, guest: Guest<'_>) -> Result<()> {
    disks::sort(&mut devices.children);
    controllers::sort(devices);
    videos::sort(&mut devices.children);
    for device in &mut devices.children {
        complete_one(device, guest)?;
    }
    characters::number(&mut devices.children)?;
    characters::pair(&mut devices.children, guest)?;
    characters::plug_smartcards(&mut devices.children);
    hostdevs::plug(&mut devices.children);
    controllers::add_implicit(devices)?;
    videos::add_implicit(devices, guest);
    interfaces::name_targets(&mut devices.children)?;
    check(devices)?;
    // Of this one nothing is written where nothing is to be said.
    devices
        .children
        .retain(|it| it.name != "panic" || !it.attributes.is_empty() || !it.children.is_empty());
    Ok(())
}

/// Keeps an alias that the user may give.
fn alias(device: &mut Element) {
    let is_users = |alias: &Element| alias.get("name").is_some_and(|name| name.starts_with("ua-"));
    device.children.retain(|child| child.name != "alias" || is_users(child));
}

fn check(devices: &Element) -> Result<()> {
    for (name, what) in SINGLE {
        if devices.children(name).nth(1).is_some() {
            let detail = format!("only {what} is supported");
            return Err(match name {
                "memballoon" | "nvram" | "redirfilter" => problem::internal(detail),
                _ => problem::xml(detail),
            });
        }
    }
    disks::check(devices)?;
    small::check(devices)
}
