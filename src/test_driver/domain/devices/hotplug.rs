//! Devices that come and go while the guest runs.

use super::super::impact::Meant;
use super::super::life::tell;
use super::events::{tell_added, tell_removed};
use crate::protocol::remote::{self, NonnullDomain};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::domain::{Definition, Domain};
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::domain::{EventDefinedDetailType, EventType, ModificationImpact};
use crate::types::error::{ErrorCode, ErrorDomain};

pub(super) fn route(routes: &mut Routes) {
    routes.act::<remote::DomainAttachDevice<'static>>(|work, request| {
        attach(work, &request.dom, request.xml.as_str(), 0)
    });
    routes.act::<remote::DomainAttachDeviceFlags<'static>>(|work, request| {
        attach(work, &request.dom, request.xml.as_str(), request.flags.bits())
    });
    routes.act::<remote::DomainDetachDeviceAlias<'static>>(|work, request| {
        detach(work, &request.dom, request.alias.as_str(), request.flags.bits())
    });
    // The test driver has only the youngest of the three.
    routes.act::<remote::DomainDetachDevice<'static>>(|_, _| {
        Err(not_supported("virDomainDetachDevice"))
    });
    routes.act::<remote::DomainDetachDeviceFlags<'static>>(|_, _| {
        Err(not_supported("virDomainDetachDeviceFlags"))
    });
    routes.act::<remote::DomainUpdateDeviceFlags<'static>>(|work, request| {
        update(work, &request.dom, request.xml.as_str(), request.flags.bits())
    });
}

fn not_supported(function: &str) -> Failure {
    Failure::of(ErrorDomain::Domain, ErrorCode::NoSupport, function)
}

fn unsupported(detail: impl std::fmt::Display) -> Failure {
    Failure::new(ErrorCode::OperationUnsupported, detail)
}

/// Returns what libvirt calls a device of that element.
fn type_of(device: &Element) -> &str {
    match device.name.as_str() {
        "serial" | "parallel" | "console" | "channel" => "chr",
        name => name,
    }
}

fn target(disk: &Element) -> Option<&str> {
    disk.child("target")?.get("dev")
}

fn bus(disk: &Element) -> &str {
    disk.child("target").and_then(|target| target.get("bus")).unwrap_or_default()
}

fn alias(device: &Element) -> Option<&str> {
    device.child("alias")?.get("name")
}

fn attach(work: &mut Work<'_>, dom: &NonnullDomain<'_>, xml: &str, flags: u32) -> Result<()> {
    let domain = work.state.domains.get_mut(dom)?;
    let impact = domain.meant(flags)?;
    let rest = flags & !(ModificationImpact::LIVE | ModificationImpact::CONFIG).bits();
    let known = ModificationImpact::LIVE.bits();
    check_flags(impact.flags() | rest, known, "testDomainAttachDeviceLiveAndConfig")?;
    let dom = domain.wire();
    let Some((_, definition)) = &mut domain.live else {
        return Ok(());
    };
    let device = definition.device(xml, false)?;
    definition.check_new(&device)?;
    if let Some(alias) = plug(definition, device)? {
        tell_added(work.state, &dom, &alias);
    }
    Ok(())
}

/// Adds a device; returns the alias that it has.
fn plug(definition: &mut Definition, mut device: Element) -> Result<Option<String>> {
    match device.name.as_str() {
        "interface" => {
            if alias(&device).is_none() {
                let name = next_alias(definition, "net");
                device.children.push(Element::new("alias").with("name", name));
            }
            let kind = device.get("type").unwrap_or_default();
            if !matches!(kind, "ethernet" | "bridge") {
                return Err(unsupported(format_args!(
                    "hotplug of interface type of {kind} is not implemented yet"
                )));
            }
        }
        "hostdev" => {
            let failure = |detail: String| Failure::new(ErrorCode::ConfigUnsupported, detail);
            if device.get("mode") != Some("subsystem") {
                let mode = device.get("mode").unwrap_or_default();
                let detail = format!("hotplug is not supported for hostdev mode '{mode}'");
                return Err(failure(detail));
            }
            if device.get("type") != Some("pci") {
                // The daemon looks the type's number up in another list.
                let kind = match device.get("type").unwrap_or_default() {
                    "usb" => "default",
                    "scsi" => "vfio",
                    "scsi_host" => "xen",
                    _ => "(null)",
                };
                let detail = format!("hotplug is not supported for hostdev subsys type '{kind}'");
                return Err(failure(detail));
            }
        }
        "disk" => {
            if change_medium(definition, &device) {
                return Ok(None);
            }
            check_disk(definition, &device)?;
            if alias(&device).is_none() {
                let name = format!("{}-disk{}", bus(&device), disk_number(&device));
                device.children.push(Element::new("alias").with("name", name));
            }
        }
        _ => {
            return Err(unsupported(format_args!(
                "live attach of device '{}' is not supported",
                type_of(&device)
            )));
        }
    }
    let alias = alias(&device).map(str::to_owned);
    definition.add_device(device);
    Ok(alias)
}

/// Returns the number of a disk among those of its bus.
fn disk_number(disk: &Element) -> u32 {
    target(disk).and_then(Definition::disk_index).unwrap_or_default()
}

fn next_alias(definition: &Definition, prefix: &str) -> String {
    let numbers = definition
        .devices_of("interface")
        .filter_map(|it| alias(it)?.strip_prefix(prefix)?.parse::<u32>().ok());
    format!("{prefix}{}", numbers.max().map_or(0, |last| last.saturating_add(1)))
}

/// Puts another medium into a drive that is there; returns whether there is one.
fn change_medium(definition: &mut Definition, new: &Element) -> bool {
    let is_drive = matches!(new.get("device"), Some("cdrom" | "floppy"));
    let is_there = definition.devices_of("disk").any(|disk| target(disk) == target(new));
    if is_drive && is_there {
        definition.change(|root| {
            let devices = root.child_mut("devices").into_iter().flat_map(|it| &mut it.children);
            for disk in devices.filter(|it| it.name == "disk" && target(it) == target(new)) {
                disk.remove_children("source");
                disk.children.extend(new.child("source").cloned());
                disk.set("type", new.get("type").unwrap_or("file"));
            }
        });
    }
    is_drive && is_there
}

fn check_disk(definition: &Definition, disk: &Element) -> Result<()> {
    let device = disk.get("device").unwrap_or_default();
    if device == "floppy" {
        return Err(unsupported("floppy device hotplug isn't supported"));
    }
    definition.check_disk_is_new(disk)?;
    match (bus(disk), device) {
        ("usb", "lun") => Err(Failure::new(
            ErrorCode::ConfigUnsupported,
            "disk device='lun' is not supported for usb bus",
        )),
        ("virtio", "cdrom") => Err(unsupported("cdrom device with virtio bus isn't supported")),
        ("usb" | "virtio", _) => Ok(()),
        (bus, _) => Err(unsupported(format_args!("disk bus '{bus}' cannot be hotplugged."))),
    }
}

fn detach(work: &mut Work<'_>, dom: &NonnullDomain<'_>, name: &str, flags: u32) -> Result<()> {
    let domain = work.state.domains.get_mut(dom)?;
    let impact = domain.meant(flags)?;
    let rest = flags & !(ModificationImpact::LIVE | ModificationImpact::CONFIG).bits();
    let known = ModificationImpact::LIVE.bits();
    check_flags(impact.flags() | rest, known, "testDomainDetachDeviceAliasLiveAndConfig")?;
    let dom = domain.wire();
    let Some((_, definition)) = &mut domain.live else {
        return Ok(());
    };
    let Some(device) = definition.devices().find(|device| alias(device) == Some(name)) else {
        let detail = format!("no device found with alias {name}");
        return Err(Failure::of(ErrorDomain::Domain, ErrorCode::InternalError, detail));
    };
    check_unplug(device)?;
    definition.remove_device(name);
    tell_removed(work.state, &dom, name);
    Ok(())
}

fn check_unplug(device: &Element) -> Result<()> {
    let kind = device.get("type").unwrap_or_default();
    match device.name.as_str() {
        "interface" if !matches!(kind, "ethernet" | "bridge") => Err(unsupported(format_args!(
            "live detach of interface type {kind} is not implemented yet"
        ))),
        "hostdev" if device.get("mode") != Some("subsystem") => {
            let mode = device.get("mode").unwrap_or_default();
            let detail = format!("hot unplug is not supported for hostdev mode '{mode}'");
            Err(Failure::new(ErrorCode::ConfigUnsupported, detail))
        }
        "disk" => check_unplug_disk(device),
        "interface" | "hostdev" => Ok(()),
        _ => Err(unsupported(format_args!(
            "live detach of device '{}' is not supported",
            type_of(device)
        ))),
    }
}

fn check_unplug_disk(disk: &Element) -> Result<()> {
    match (disk.get("device").unwrap_or_default(), bus(disk)) {
        ("disk" | "lun", "virtio" | "usb" | "scsi") | ("cdrom", "usb" | "scsi") => Ok(()),
        ("disk" | "lun", _) => Err(unsupported("This type of disk cannot be hot unplugged")),
        (device, _) => {
            Err(unsupported(format_args!("disk device type '{device}' cannot be detached")))
        }
    }
}

fn update(work: &mut Work<'_>, dom: &NonnullDomain<'_>, xml: &str, flags: u32) -> Result<()> {
    let known = ModificationImpact::LIVE | ModificationImpact::CONFIG;
    check_flags(flags, known.bits(), "testDomainUpdateDeviceFlags")?;
    let domain = work.state.domains.get_mut(dom)?;
    let impact = domain.meant(flags)?;
    let (live, config) = updated(domain, impact, xml)?;
    if let (Some(new), Some((_, definition))) = (live, &mut domain.live) {
        *definition = new;
    }
    let is_config = config.is_some();
    if let Some(new) = config {
        domain.config = Some(new);
    }
    if is_config {
        let detail = EventDefinedDetailType::Updated;
        tell(work.state, dom.uuid, EventType::Defined, detail);
    }
    Ok(())
}

type Updated = (Option<Definition>, Option<Definition>);

/// Returns the definitions with another device.
fn updated(domain: &Domain, impact: Meant, xml: &str) -> Result<Updated> {
    let is_config_only = impact.config && !impact.live;
    let live = match &domain.live {
        Some((_, definition)) if impact.live => {
            Some((definition, definition.device(xml, !is_config_only)?))
        }
        _ => None,
    };
    let config = match &domain.config {
        Some(definition) if impact.config => {
            Some((definition, definition.device(xml, !is_config_only)?))
        }
        _ => None,
    };
    let replaced = |pair: Option<(&Definition, Element)>| {
        pair.map(|(definition, device)| with(definition, device)).transpose()
    };
    let config = replaced(config)?;
    Ok((replaced(live)?, config))
}

fn with(definition: &Definition, device: Element) -> Result<Definition> {
    if device.name != "disk" {
        return Err(unsupported(format_args!(
            "persistent update of device '{}' is not supported",
            type_of(&device)
        )));
    }
    let name = target(&device).unwrap_or_default();
    let old = definition.disk(name).and_then(target).map(str::to_owned);
    let Some(old) = old else {
        let detail = format!("target {name} doesn't exist.");
        return Err(Failure::new(ErrorCode::InvalidArg, detail));
    };
    definition.check_compatible(&device)?;
    let mut new = definition.clone();
    new.replace_disk(&old, device);
    Ok(new)
}
