//! Network interfaces.

use super::super::{address, problem, random};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

/// What the test driver calls interfaces of the host.
const TARGET: &str = "testnet";
/// The most interfaces that it finds a name for.
const TARGETS: u32 = 1024;
/// What libvirt's own names begin with.
const GENERATED: [&str; 3] = ["vnet", "macvtap", "macvlan"];

pub(super) fn complete(interface: &mut Element) -> Result<()> {
    let kind = interface.get("type").unwrap_or_default().to_owned();
    require_source(interface, &kind)?;
    mac(interface)?;
    if kind != "hostdev" {
        interface.remove("managed");
    }
    if interface.get("managed") == Some("no") {
        interface.remove("managed");
    }
    if let Some(source) = interface.child_mut("source")
        && kind == "hostdev"
    {
        source_of_host(source)?;
    }
    if let Some(link) = interface.child("link")
        && let Some(state) = link.get("state")
        && !matches!(state, "up" | "down")
    {
        return Err(problem::unsupported(format_args!("unknown interface link state '{state}'")));
    }
    if let Some(mtu) = interface.child("mtu") {
        match mtu.get("size").unwrap_or("0").parse::<u32>() {
            Ok(0) => interface.remove_children("mtu"),
            Ok(_) => {}
            Err(_) => return Err(problem::xml("malformed mtu size")),
        }
    }
    driver(interface, &kind);
    if interface.child("virtualport").is_some()
        && !matches!(kind.as_str(), "network" | "bridge" | "direct" | "hostdev")
    {
        return Err(problem::unsupported(format_args!(
            "<virtualport> element unsupported for <interface type='{kind}'>"
        )));
    }
    if !matches!(kind.as_str(), "network" | "bridge" | "ethernet") {
        interface.remove_children("filterref");
    }
    if let Some(filter) = interface.child_mut("filterref") {
        filter.children.sort_by(|one, other| one.get("name").cmp(&other.get("name")));
    }
    target(interface);
    families(interface);
    if let Some(source) = interface.child_mut("source") {
        families(source);
    }
    Ok(())
}

/// Refuses an interface that does not say what it is connected to.
fn require_source(interface: &mut Element, kind: &str) -> Result<()> {
    let needs_one = [
        "network", "vds", "internal", "bridge", "direct", "vdpa", "client", "server", "mcast",
        "udp",
    ];
    let source = interface.child("source");
    if needs_one.contains(&kind) && source.is_none() {
        return Err(problem::xml(format_args!(
            "interface type='{kind}' requires a 'source' element"
        )));
    }
    if let Some(source) = source
        && kind == "udp"
        && source.child("local").is_none()
    {
        return Err(problem::xml("'<local>' element missing for 'udp' socket interface"));
    }
    if let Some(source) = interface.child_mut("source")
        && kind != "udp"
    {
        source.remove_children("local");
    }
    Ok(())
}

fn source_of_host(source: &mut Element) -> Result<()> {
    if let Some(given) = source.child_mut("address")
        && given.get("type") == Some("pci")
    {
        *given = address::pci_of_host(given)?;
    }
    Ok(())
}

fn mac(interface: &mut Element) -> Result<()> {
    let mac = interface.child_or_new("mac");
    let Some(text) = mac.get("address").map(str::to_owned) else {
        mac.set("address", random::mac());
        return Ok(());
    };
    let parts: Vec<Option<u8>> = text
        .split(':')
        .map(|part| (part.len() < 3).then(|| u8::from_str_radix(part, 16).ok()).flatten())
        .collect();
    let parts: Option<Vec<u8>> = parts.into_iter().collect();
    let Some(parts) = parts.filter(|parts| parts.len() == 6) else {
        return Err(problem::xml(format_args!("unable to parse mac address '{text}'")));
    };
    if parts.first().is_some_and(|first| first & 1 == 1) {
        return Err(problem::xml(format_args!(
            "expected unicast mac address, found multicast '{text}'"
        )));
    }
    if parts.iter().all(|part| *part == 0) {
        mac.set("address", random::mac());
        return Ok(());
    }
    let parts: Vec<String> = parts.iter().map(|part| format!("{part:02x}")).collect();
    mac.set("address", parts.join(":"));
    Ok(())
}

/// Leaves out what only the driver of a virtio card has.
fn driver(interface: &mut Element, kind: &str) {
    let model = interface.child("model").and_then(|model| model.get("type")).unwrap_or_default();
    let is_virtio = model.starts_with("virtio");
    if let Some(driver) = interface.child_mut("driver")
        && driver.get("queues") == Some("1")
    {
        driver.remove("queues");
    }
    if kind != "hostdev" && !is_virtio {
        interface.remove_children("driver");
        if let Some(backend) = interface.child_mut("backend") {
            backend.remove("vhost");
        }
    }
}

/// Says of which family addresses are.
fn families(element: &mut Element) {
    for ip in element.children.iter_mut().filter(|child| child.name == "ip") {
        if ip.get("family").is_none() {
            let is_v6 = ip.get("address").is_some_and(|address| address.contains(':'));
            ip.set("family", if is_v6 { "ipv6" } else { "ipv4" });
        }
    }
}

/// Forgets a target's name that libvirt made up.
fn target(interface: &mut Element) {
    let Some(target) = interface.child_mut("target") else {
        return;
    };
    let name = target.get("dev").unwrap_or_default();
    let is_generated = name.is_empty() || GENERATED.iter().any(|prefix| name.starts_with(prefix));
    if is_generated && (target.get("managed") != Some("no") || name.is_empty()) {
        target.remove("dev");
    }
}

/// Names the interfaces of the host that have no name.
pub(super) fn name_targets(devices: &mut [Element]) -> Result<()> {
    let mut used: Vec<String> = devices
        .iter()
        .filter(|device| device.name == "interface")
        .filter_map(|device| Some(device.child("target")?.get("dev")?.to_owned()))
        .collect();
    for interface in devices.iter_mut().filter(|device| device.name == "interface") {
        let target = interface.child_or_new("target");
        if target.get("dev").is_some() {
            continue;
        }
        let mut names = (0..TARGETS).map(|number| format!("{TARGET}{number}"));
        let Some(name) = names.find(|name| !used.contains(name)) else {
            return Err(crate::test_driver::failure::Failure::internal(format_args!(
                "Exceeded max iface limit {TARGETS}"
            )));
        };
        target.set("dev", &name);
        used.push(name);
    }
    Ok(())
}
