//! What is checked of a network, in libvirt's order, and what is added to it.

use uuid::Uuid;

use super::failures::{unsupported, wrong};
use super::{dns, forward, ip, parts};
use crate::test_driver::document::{
    Base, Values as _, drop_empty, mac_bytes, new_uuid, signed, unnamed, unsigned, uuid,
};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

/// The modes in which a network has a bridge of its own.
const WITH_BRIDGE: [&str; 4] = ["none", "nat", "route", "open"];

/// Checks a network's description and completes it; returns the UUID.
pub(super) fn complete(root: &mut Element) -> Result<Uuid> {
    let name = root.content("name").ok_or_else(|| unnamed(ErrorDomain::Network))?.to_owned();
    if name.contains('/') {
        let detail = "invalid char in name: /";
        return Err(Failure::of(ErrorDomain::Xml, ErrorCode::XmlDetail, detail));
    }
    let uuid = complete_uuid(root)?;
    if root.content("title").is_some_and(|title| title.contains('\n')) {
        return Err(wrong("Network title can't contain newlines"));
    }
    check_root_attributes(root, &name)?;
    complete_domain(root, &name)?;
    parts::complete(root)?;
    let bridge = Bridge::of(root, &name)?;
    complete_mac_and_mtu(root, &name)?;
    if let Some(dns) = root.child_mut("dns") {
        dns::complete(dns, &name)?;
    }
    if let Some(port) = root.child_mut("virtualport") {
        parts::complete_virtualport(port, true)?;
    }
    for group in root.children.iter_mut().filter(|child| child.name == "portgroup") {
        parts::complete_portgroup(group)?;
    }
    ip::complete(root, &name)?;
    let mode = forward::complete(root, &name)?;
    check_mode(root, &name, &mode, &bridge)?;
    bridge.complete(root, &mode);
    if !root.children.iter().any(|child| child.name == "metadata") {
        root.children.push(Element::new("metadata"));
    }
    Ok(uuid)
}

fn complete_uuid(root: &mut Element) -> Result<Uuid> {
    let uuid = match root.content("uuid") {
        Some(text) => uuid(text).ok_or_else(|| {
            let detail = "malformed uuid element";
            Failure::of(ErrorDomain::Network, ErrorCode::InternalError, detail)
        })?,
        None => new_uuid(),
    };
    root.child_or_new("uuid").text = uuid.to_string();
    Ok(uuid)
}

fn check_root_attributes(root: &mut Element, name: &str) -> Result<()> {
    match root.filled("ipv6") {
        None | Some("yes" | "no") => {}
        Some(other) => {
            return Err(wrong(format_args!("Invalid ipv6 setting '{other}' in network '{name}'")));
        }
    }
    if root.get("ipv6") != Some("yes") {
        root.remove("ipv6");
    }
    root.yes("trustGuestRxFilters").map(drop)
}

fn complete_domain(root: &mut Element, name: &str) -> Result<()> {
    let Some(domain) = root.child("domain") else {
        return Ok(());
    };
    let is_local = domain.yes("localOnly")? == Some(true);
    if domain.yes("register")? == Some(true) && !is_local {
        return Err(unsupported(format_args!(
            "attribute 'register=yes' in <domain> element requires 'localOnly=yes' in network {name}"
        )));
    }
    if domain.get("name").is_none() {
        root.remove_children("domain");
    }
    Ok(())
}

/// What a description says of the bridge.
struct Bridge {
    is_described: bool,
    has_stp: bool,
    delay: u64,
}

impl Bridge {
    fn of(root: &mut Element, name: &str) -> Result<Self> {
        let is_described = root.child("bridge").is_some();
        let bridge = root.child_or_new("bridge");
        drop_empty(bridge, &["name", "zone", "stp", "delay", "macTableManager"]);
        let delay = match bridge.get("delay") {
            None => 0,
            Some(text) => unsigned(text, Base::Ten)
                .ok_or_else(|| wrong(format_args!("Invalid delay value in network '{name}'")))?,
        };
        if let Some(manager) = bridge.get("macTableManager")
            && !["kernel", "libvirt"].contains(&manager)
        {
            let detail = format!("Invalid macTableManager setting '{manager}' in network '{name}'");
            return Err(wrong(detail));
        }
        let has_stp = bridge.get("stp").is_some();
        Ok(Self { is_described, has_stp, delay })
    }

    /// Adds what every bridge has, in a mode that has one.
    fn complete(&self, root: &mut Element, mode: &str) {
        let is_own = WITH_BRIDGE.contains(&mode);
        let bridge = root.child_or_new("bridge");
        if is_own {
            let stp = if bridge.get("stp") == Some("off") {
                "off"
            } else {
                "on"
            };
            bridge.set("stp", stp);
            bridge.set("delay", self.delay);
        } else {
            bridge.remove("stp");
            bridge.remove("delay");
            if bridge.get("name").is_none() && bridge.get("macTableManager").is_none() {
                root.remove_children("bridge");
            }
        }
    }
}

fn complete_mac_and_mtu(root: &mut Element, name: &str) -> Result<()> {
    if let Some(mac) = root.child_mut("mac") {
        drop_empty(mac, &["address"]);
        if let Some(address) = mac.get("address").map(str::to_owned) {
            let bytes = mac_bytes(&address).ok_or_else(|| {
                wrong(format_args!("Invalid bridge mac address '{address}' in network '{name}'"))
            })?;
            if bytes[0] & 1 == 1 {
                return Err(wrong(format_args!(
                    "Invalid multicast bridge mac address '{address}' in network '{name}'"
                )));
            }
            mac.set("address", bytes.map(|byte| format!("{byte:02x}")).join(":"));
        }
    }
    if let Some(mtu) = root.child_mut("mtu") {
        drop_empty(mtu, &["size"]);
        if let Some(size) = mtu.get("size").map(str::to_owned) {
            let number =
                signed(&size, Base::Ten).and_then(|size| u32::try_from(size).ok()).ok_or_else(
                    || wrong(format_args!("Invalid mtu size '{size}' in network '{name}'")),
                )?;
            match number {
                0 => mtu.remove("size"),
                _ => mtu.set("size", number),
            }
        }
    }
    Ok(())
}

/// Checks what goes with a mode of forwarding.
fn check_mode(root: &Element, name: &str, mode: &str, own: &Bridge) -> Result<()> {
    let bridge = root.child("bridge");
    let of_bridge = |attribute: &str| bridge.and_then(|bridge| bridge.get(attribute));
    let forward = root.child("forward");
    let devices = forward.map_or(0, forward::devices);
    match mode {
        "none" => {}
        "nat" | "route" => {
            if root.child("ip").is_none() {
                return Err(wrong(format_args!(
                    "{mode} forwarding requested, but no IP address provided for network '{name}'"
                )));
            }
            if devices > 1 {
                return Err(wrong(format_args!(
                    "multiple forwarding interfaces specified for network '{name}', only one is supported"
                )));
            }
        }
        "open" => {
            if devices > 0 {
                return Err(wrong(format_args!(
                    "forward dev not allowed for network '{name}' with forward mode='{mode}'"
                )));
            }
        }
        _ => {
            if mode != "bridge" {
                let refused = [
                    ("name", "name"),
                    ("zone", "zone"),
                    ("macTableManager", "macTableManager setting"),
                ];
                for (attribute, what) in refused {
                    if of_bridge(attribute).is_some() {
                        return Err(wrong(format_args!(
                            "bridge {what} not allowed in {mode} mode (network '{name}')"
                        )));
                    }
                }
            }
            if own.delay != 0 || own.has_stp || of_bridge("zone").is_some() {
                return Err(wrong(format_args!(
                    "bridge delay/stp/zone options only allowed in open, route, nat, and isolated mode, not in {mode} (network '{name}')"
                )));
            }
            let has_pf = forward.is_some_and(|forward| forward.child("pf").is_some());
            if own.is_described && of_bridge("name").is_some() && (devices > 0 || has_pf) {
                return Err(wrong(format_args!(
                    "A network with forward mode='{mode}' can specify a bridge name or a forward dev, but not both (network '{name}')"
                )));
            }
        }
    }
    let has_mtu = root.child("mtu").is_some_and(|mtu| mtu.get("size").is_some());
    if has_mtu && !WITH_BRIDGE.contains(&mode) {
        return Err(wrong(format_args!(
            "mtu size only allowed in open, route, nat, and isolated mode, not in {mode} (network '{name}')"
        )));
    }
    Ok(())
}
