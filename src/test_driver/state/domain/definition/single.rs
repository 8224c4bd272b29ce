//! Devices that come on their own.

use super::canonical::canonical;
use super::devices::{self, Guest};
use super::shape::Shape;
use super::{Definition, parse_xml, problem, system};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

impl Definition {
    /// Reads a device that is to be one of the domain's. An alias that is not of the kind that users
    /// give is kept if that is said.
    pub(crate) fn device(&self, text: &str, keeps_alias: bool) -> Result<Element> {
        let given = parse_xml(text)?;
        let is_known = Shape::devices().children().iter().any(|shape| shape.name == given.name);
        if !is_known || given.name == "emulator" {
            let name = &given.name;
            return Err(problem::unsupported(format_args!("unknown device type '{name}'")));
        }
        let mut device = in_order(&given)?;
        let alias = device.child("alias").cloned();
        let os = system::os_type(&self.root).to_owned();
        let arch = self.root.at(&["os", "type"]).and_then(|os| os.get("arch")).unwrap_or("i686");
        devices::complete_one(&mut device, Guest { os: &os, arch })?;
        if keeps_alias && device.child("alias").is_none() {
            device.children.extend(alias);
        }
        if device.name == "disk" {
            devices::check_disk(&device)?;
        }
        in_order(&device)
    }

    /// Checks that a device can be added.
    pub(crate) fn check_new(&self, device: &Element) -> Result<()> {
        let alias = |device: &Element| Some(device.child("alias")?.get("name")?.to_owned());
        if let Some(name) = alias(device)
            && self.devices().any(|other| alias(other).as_deref() == Some(&name))
        {
            return Err(problem::unsupported(format_args!("non unique alias detected: {name}")));
        }
        self.check_compatible(device)
    }

    /// Checks that a device goes with the others.
    pub(crate) fn check_compatible(&self, device: &Element) -> Result<()> {
        let is_usb = |controller: &Element| {
            controller.get("type") == Some("usb") && controller.get("model") != Some("none")
        };
        let has_usb = self.devices_of("controller").any(is_usb);
        if !has_usb && self.os_type() != "exe" && needs_usb(device) {
            return Err(problem::unsupported(
                "Device configuration is not compatible: Domain has no USB bus support",
            ));
        }
        if device.child("boot").is_some() && self.root.at(&["os", "boot"]).is_some() {
            return Err(problem::unsupported(
                "per-device boot elements cannot be used together with os/boot elements",
            ));
        }
        Ok(())
    }

    /// Checks that no other disk has a disk's target.
    pub(crate) fn check_disk_is_new(&self, disk: &Element) -> Result<()> {
        self.devices_of("disk").try_for_each(|other| devices::check_pair(other, disk))
    }

    /// Returns the number that a target's name stands for.
    pub(crate) fn disk_index(target: &str) -> Option<u32> {
        devices::disk_index(target)
    }

    /// Adds a device, at libvirt's place for it.
    pub(crate) fn add_device(&mut self, device: Element) {
        self.change(|root| {
            let devices = &mut root.child_or_new("devices").children;
            match device.name.as_str() {
                "disk" => devices::insert_disk(devices, device),
                _ => devices.push(device),
            }
        });
    }

    /// Removes the device with that alias.
    pub(crate) fn remove_device(&mut self, alias: &str) {
        let is_it = |device: &Element| {
            device.child("alias").and_then(|alias| alias.get("name")) == Some(alias)
        };
        self.change(|root| root.child_or_new("devices").children.retain(|device| !is_it(device)));
    }

    /// Puts a disk in the place of the one with that target.
    pub(crate) fn replace_disk(&mut self, target: &str, new: Element) {
        let is_it = |disk: &&mut Element| {
            let dev = disk.child("target").and_then(|target| target.get("dev"));
            disk.name == "disk" && dev == Some(target)
        };
        self.change(|root| {
            let devices = &mut root.child_or_new("devices").children;
            if let Some(disk) = devices.iter_mut().find(is_it) {
                *disk = new;
            }
        });
    }
}

fn needs_usb(device: &Element) -> bool {
    let bus = match device.name.as_str() {
        "disk" => device.child("target").and_then(|target| target.get("bus")),
        "hostdev" => device.get("type"),
        _ => device
            .get("bus")
            .or_else(|| device.get("type").filter(|_| device.name == "hub")),
    };
    bus == Some("usb")
}

/// Brings a device into libvirt's order.
fn in_order(device: &Element) -> Result<Element> {
    let list = Element::new("devices").with_child(device.clone());
    let list = canonical(Shape::devices(), &list)?;
    let device = list.and_then(|mut list| list.children.pop());
    Ok(device.unwrap_or_default())
}
