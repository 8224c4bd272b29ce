//! Parts that networks and their groups of ports have: VLANs, bandwidth and virtual ports.

use super::failures::{unsupported, wrong};
use crate::test_driver::document::{Base, Values as _};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

/// Completes what is at the top of a network.
pub(super) fn complete(root: &mut Element) -> Result<()> {
    complete_bandwidth(root)?;
    complete_vlan(root)?;
    root.child("port").map_or(Ok(None), |port| port.yes("isolated")).map(drop)
}

/// Checks a group of ports on its own.
pub(crate) fn check_portgroup(group: &mut Element) -> Result<()> {
    complete_portgroup(group)
}

pub(super) fn complete_portgroup(group: &mut Element) -> Result<()> {
    if group.filled("name").is_none() {
        return Err(wrong("Missing required name attribute in portgroup"));
    }
    match group.get("default") {
        Some(text) if text.eq_ignore_ascii_case("yes") => group.set("default", "yes"),
        _ => group.remove("default"),
    }
    group.yes("trustGuestRxFilters")?;
    if let Some(port) = group.child_mut("virtualport") {
        complete_virtualport(port, false)?;
    }
    complete_bandwidth(group)?;
    complete_vlan(group)
}

fn complete_bandwidth(parent: &mut Element) -> Result<()> {
    let Some(bandwidth) = parent.child_mut("bandwidth") else {
        return Ok(());
    };
    if bandwidth.number::<u32>("classID", Base::Ten)?.is_some() {
        return Err(general(
            ErrorCode::XmlDetail,
            "classID attribute not supported on <bandwidth> in this usage context",
        ));
    }
    if bandwidth.child("inbound").is_none() && bandwidth.child("outbound").is_none() {
        parent.remove_children("bandwidth");
        return Ok(());
    }
    for direction in ["inbound", "outbound"] {
        let Some(rate) = bandwidth.child_mut(direction) else {
            continue;
        };
        for attribute in ["average", "peak", "burst", "floor"] {
            if let Some(number) = rate.number::<u64>(attribute, Base::Ten)? {
                rate.set(attribute, number);
            }
        }
        check_rate(rate)?;
        // What is zero is not written.
        rate.attributes.retain(|(_, value)| value != "0");
    }
    Ok(())
}

fn check_rate(rate: &Element) -> Result<()> {
    let has = |attribute: &str| rate.get(attribute).is_some();
    if !has("average") && !has("floor") {
        let detail = "Missing mandatory average or floor attributes";
        return Err(general(ErrorCode::XmlDetail, detail));
    }
    if (has("peak") || has("burst")) && !has("average") {
        let detail = "'peak' and 'burst' require 'average' attribute";
        return Err(general(ErrorCode::ConfigUnsupported, detail));
    }
    if has("floor") {
        let detail = "floor attribute is not supported for this config";
        return Err(general(ErrorCode::ConfigUnsupported, detail));
    }
    Ok(())
}

fn complete_vlan(parent: &mut Element) -> Result<()> {
    let Some(vlan) = parent.child_mut("vlan") else {
        return Ok(());
    };
    let tags = vlan.children("tag").count();
    if tags == 0 {
        return Err(general(
            ErrorCode::XmlError,
            "missing tag id - each <vlan> must have at least one <tag id='n'/> subelement",
        ));
    }
    let mut has_native = false;
    for tag in vlan.children.iter_mut().filter(|child| child.name == "tag") {
        tag.required("id")?;
        let id = tag.number::<u32>("id", Base::Ten)?.unwrap_or_default();
        if id > 4095 {
            let detail = format!("vlan tag id {id} too large (maximum 4095)");
            return Err(general(ErrorCode::XmlError, detail));
        }
        tag.set("id", id);
        tag.one_of("nativeMode", &["tagged", "untagged"])?;
        if tag.get("nativeMode").is_some() {
            if has_native {
                let detail = "duplicate native vlan setting";
                return Err(general(ErrorCode::XmlError, detail));
            }
            has_native = true;
        }
    }
    complete_trunk(vlan, tags, has_native)
}

fn complete_trunk(vlan: &mut Element, tags: usize, has_native: bool) -> Result<()> {
    let mut is_trunk = tags > 1;
    if let Some(trunk) = vlan.filled("trunk") {
        is_trunk = trunk.eq_ignore_ascii_case("yes");
        let detail = if is_trunk {
            None
        } else if tags > 1 {
            Some(format!(
                "invalid \"trunk='{trunk}'\" in <vlan> - trunk='yes' is required for more than one vlan tag"
            ))
        } else if has_native {
            Some("invalid configuration in <vlan> - \"trunk='no'\" is not allowed with a native vlan id".to_owned())
        } else if !trunk.eq_ignore_ascii_case("no") {
            Some(format!("invalid \"trunk='{trunk}'\" in <vlan> - must be yes or no"))
        } else {
            None
        };
        if let Some(detail) = detail {
            return Err(general(ErrorCode::XmlError, detail));
        }
    }
    if is_trunk {
        vlan.set("trunk", "yes");
    } else {
        vlan.remove("trunk");
    }
    Ok(())
}

/// The parameters of virtual ports, and the types that take them.
const PARAMETERS: &[(&str, &[&str])] = &[
    ("managerid", &["802.1Qbg"]),
    ("typeid", &["802.1Qbg"]),
    ("typeidversion", &["802.1Qbg"]),
    ("instanceid", &["802.1Qbg"]),
    ("profileid", &["802.1Qbh", "openvswitch"]),
    ("interfaceid", &["openvswitch", "midonet"]),
];

pub(super) fn complete_virtualport(port: &mut Element, needs_type: bool) -> Result<()> {
    port.one_of("type", &["802.1Qbg", "802.1Qbh", "openvswitch", "midonet"])?;
    let kind = port.get("type").map(str::to_owned);
    if kind.is_none() && needs_type {
        return Err(general(ErrorCode::XmlError, "missing required virtualport type"));
    }
    let Some(parameters) = port.child_mut("parameters") else {
        return Ok(());
    };
    for (name, most) in [
        ("managerid", 0xff),
        ("typeid", 0xff_ffff),
        ("typeidversion", 0xff),
    ] {
        complete_parameter(parameters, name, most)?;
    }
    for name in ["instanceid", "interfaceid"] {
        if let Some(id) = parameters.uuid(name)? {
            parameters.set(name, id);
        }
        if name == "instanceid" && parameters.get("profileid").is_some_and(|id| id.len() >= 40) {
            return Err(general(ErrorCode::XmlError, "profileid parameter too long"));
        }
    }
    parameters
        .attributes
        .retain(|(name, value)| name != "profileid" || !value.is_empty());
    let Some(kind) = kind else {
        return Ok(());
    };
    for (name, types) in PARAMETERS {
        // Midonet's are not checked, and left out.
        if parameters.get(name).is_some() && !types.contains(&kind.as_str()) {
            if kind == "midonet" {
                parameters.remove(name);
                continue;
            }
            let detail = format!("extra {name} unsupported in <virtualport type='{kind}'>");
            return Err(Failure::of(ErrorDomain::Net, ErrorCode::XmlError, detail));
        }
    }
    Ok(())
}

fn complete_parameter(parameters: &mut Element, name: &str, most: u32) -> Result<()> {
    let Some(number) = parameters.number::<u32>(name, Base::Ten)? else {
        return Ok(());
    };
    if number > most {
        let of = if name == "typeid" { "for" } else { "of" };
        let detail = format!("value {of} {name} out of range");
        return Err(general(ErrorCode::XmlError, detail));
    }
    parameters.set(name, number);
    Ok(())
}

/// A failure of what is not only for networks.
fn general(code: ErrorCode, detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::None, code, detail)
}

/// Checks an attribute of a PCI address.
pub(super) fn check_pci(address: &mut Element) -> Result<String> {
    let mut parts = [0_u32; 4];
    for (part, name) in parts.iter_mut().zip(["domain", "bus", "slot", "function"]) {
        *part = address.number(name, Base::Any)?.unwrap_or_default();
    }
    address.check_on("multifunction")?;
    let [domain, bus, slot, function] = parts;
    let is_empty = [domain, bus, slot].iter().all(|part| *part == 0);
    let detail = if is_empty {
        None
    } else if bus > 0xff {
        Some(format!("Invalid PCI address bus='0x{bus:x}', must be <= 0xFF"))
    } else if slot > 0x1f {
        Some(format!("Invalid PCI address slot='0x{slot:x}', must be <= 0x1F"))
    } else if function > 7 {
        Some(format!("Invalid PCI address function=0x{function:x}, must be <= 7"))
    } else {
        None
    };
    if let Some(detail) = detail {
        return Err(general(ErrorCode::XmlError, detail));
    }
    address.set("domain", format_args!("0x{domain:04x}"));
    address.set("bus", format_args!("0x{bus:02x}"));
    address.set("slot", format_args!("0x{slot:02x}"));
    address.set("function", format_args!("0x{function}"));
    Ok(format!("{domain:04x}:{bus:02x}:{slot:02x}.{function:x}"))
}

/// Checks a driver of devices that are handed through.
pub(super) fn check_driver(driver: &Element) -> Result<()> {
    driver.one_of("name", &["kvm", "vfio", "xen"])
}

/// Refuses a mode of forwarding that there is not.
pub(super) fn unknown_mode(mode: &str) -> Failure {
    unsupported(format_args!("unknown forwarding type '{mode}'"))
}
