//! What an interface is made of.

use crate::test_driver::document::{Base, Shape, Values as _, drop_empty, parse, signed};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

/// An interface's definition, as libvirt would write it.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    root: Element,
}

const IDENTITY: &[&str] = &["type", "name"];
const LINK: Shape = Shape::new("link").attributes(&["speed", "state"]);
const MAC: Shape = Shape::new("mac").attributes(&["address"]);
const VLAN: Shape = Shape::new("vlan")
    .attributes(&["tag"])
    .children(&[Shape::new("interface").attributes(&["name"])]);

const IN_BOND: Shape = Shape::new("interface")
    .attributes(IDENTITY)
    .children(&[LINK, MAC])
    .open()
    .repeated();

const BOND: Shape = Shape::new("bond")
    .attributes(&["mode"])
    .children(&[
        Shape::new("miimon").attributes(&["freq", "downdelay", "updelay", "carrier"]),
        Shape::new("arpmon").attributes(&["interval", "target", "validate"]),
        IN_BOND,
    ])
    .open();

const IN_BRIDGE: Shape = Shape::new("interface")
    .attributes(IDENTITY)
    .children(&[LINK, MAC, BOND, VLAN])
    .open()
    .repeated();

const BRIDGE: Shape =
    Shape::new("bridge").attributes(&["stp", "delay"]).children(&[IN_BRIDGE]).open();

const PROTOCOL: Shape = Shape::new("protocol")
    .attributes(&["family"])
    .children(&[
        Shape::new("autoconf").kept(),
        Shape::new("dhcp").attributes(&["peerdns"]).kept(),
        Shape::new("ip").attributes(&["address", "prefix"]).repeated(),
        Shape::new("route").attributes(&["gateway"]),
    ])
    .open()
    .repeated();

const SHAPE: Shape = Shape::new("interface")
    .attributes(IDENTITY)
    .children(&[
        Shape::new("start").attributes(&["mode"]),
        Shape::new("mtu").attributes(&["size"]),
        PROTOCOL,
        LINK,
        MAC,
        BRIDGE,
        BOND,
        VLAN,
    ])
    .open();

impl Definition {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Self::of(&parse(text, "interface", ErrorDomain::Interface)?)
    }

    pub(crate) fn of(root: &Element) -> Result<Self> {
        let mut root = root.clone();
        complete(&mut root, None)?;
        Ok(Self { root: SHAPE.arrange(&root) })
    }

    pub(crate) fn name(&self) -> &str {
        self.root.get("name").unwrap_or_default()
    }

    pub(crate) fn mac(&self) -> Option<&str> {
        self.root.child("mac")?.get("address")
    }

    pub(crate) fn to_xml(&self) -> String {
        self.root.to_string()
    }
}

fn wrong(detail: impl std::fmt::Display) -> Failure {
    Failure::of(ErrorDomain::Interface, ErrorCode::XmlError, detail)
}

/// Completes an interface, which may be a part of another of that type.
fn complete(interface: &mut Element, parent: Option<&str>) -> Result<()> {
    interface.required("type")?;
    interface.one_of("type", &["ethernet", "bridge", "bond", "vlan"])?;
    let kind = interface.get("type").unwrap_or_default().to_owned();
    let may_be_in = match parent {
        None => true,
        Some("bond") => kind == "ethernet",
        Some(_) => kind != "bridge",
    };
    if !may_be_in {
        return Err(wrong(format_args!("interface has unsupported type '{kind}'")));
    }
    if interface.get("name").is_none() {
        return Err(wrong("interface has no name"));
    }
    if parent.is_none() {
        complete_start_and_mtu(interface)?;
        for protocol in interface.children.iter_mut().filter(|child| child.name == "protocol") {
            complete_protocol(protocol)?;
        }
    }
    match kind.as_str() {
        "bridge" => interface.remove_children("link"),
        _ => complete_link(interface)?,
    }
    for other in ["bridge", "bond", "vlan"] {
        if other != kind {
            interface.remove_children(other);
        }
    }
    if kind == "ethernet" {
        if let Some(mac) = interface.child_mut("mac") {
            drop_empty(mac, &["address"]);
        }
        return Ok(());
    }
    interface.remove_children("mac");
    let part = interface
        .child_mut(&kind)
        .ok_or_else(|| wrong(format_args!("{kind} interface misses the {kind} element")))?;
    match kind.as_str() {
        "bridge" => complete_bridge(part),
        "bond" => complete_bond(part),
        _ => complete_vlan(part),
    }
}

fn complete_start_and_mtu(interface: &mut Element) -> Result<()> {
    if let Some(start) = interface.child_mut("start") {
        drop_empty(start, &["mode"]);
        if let Some(mode) = start.get("mode")
            && !["onboot", "hotplug", "none"].contains(&mode)
        {
            return Err(wrong(format_args!("unknown interface startmode {mode}")));
        }
    }
    if let Some(mtu) = interface.child_mut("mtu")
        && let Some(size) = mtu.filled("size")
    {
        let size = signed(size, Base::Ten)
            .and_then(|size| u32::try_from(size).ok())
            .ok_or_else(Failure::unsaid)?;
        if size > 100_000 {
            let detail = "value of the 'size' attribute of 'mtu' element must be at most 100000";
            return Err(wrong(detail));
        }
        mtu.set("size", size);
    }
    if let Some(mtu) = interface.child_mut("mtu") {
        mtu.attributes.retain(|(_, value)| !value.is_empty() && value != "0");
    }
    Ok(())
}

fn complete_protocol(protocol: &mut Element) -> Result<()> {
    match protocol.get("family") {
        None => return Err(wrong("protocol misses the family attribute")),
        Some("ipv4") => protocol.remove_children("autoconf"),
        Some("ipv6") => {}
        Some(other) => {
            return Err(wrong(format_args!("unsupported protocol family '{other}'")));
        }
    }
    if let Some(route) = protocol.child_mut("route") {
        drop_empty(route, &["gateway"]);
    }
    if let Some(dhcp) = protocol.child("dhcp") {
        dhcp.yes("peerdns")?;
    }
    for ip in protocol.children.iter_mut().filter(|child| child.name == "ip") {
        if ip.get("address").is_none() {
            ip.attributes.clear();
            continue;
        }
        match ip.integer("prefix", Base::Any)? {
            None | Some(0) => ip.remove("prefix"),
            Some(prefix) => ip.set("prefix", prefix),
        }
    }
    Ok(())
}

fn complete_link(interface: &mut Element) -> Result<()> {
    let Some(link) = interface.child_mut("link") else {
        return Ok(());
    };
    let states = [
        "",
        "unknown",
        "notpresent",
        "down",
        "lowerlayerdown",
        "testing",
        "dormant",
        "up",
    ];
    link.one_of("state", &states)?;
    match link.number::<u32>("speed", Base::Ten)? {
        None | Some(0) => link.remove("speed"),
        Some(speed) => link.set("speed", speed),
    }
    drop_empty(link, &["state"]);
    Ok(())
}

fn complete_bridge(bridge: &mut Element) -> Result<()> {
    match bridge.get("stp") {
        None | Some("on" | "off") => {}
        Some(_) => {
            // Libvirt complains, goes on without the interfaces, and forgets that it did.
            bridge.attributes.clear();
            bridge.children.clear();
            return Ok(());
        }
    }
    complete_parts(bridge, "bridge")
}

fn complete_parts(parent: &mut Element, kind: &str) -> Result<()> {
    for part in parent.children.iter_mut().filter(|child| child.name == "interface") {
        complete(part, Some(kind))?;
    }
    Ok(())
}

fn complete_bond(bond: &mut Element) -> Result<()> {
    const MODES: [&str; 7] = [
        "balance-rr",
        "active-backup",
        "balance-xor",
        "broadcast",
        "802.3ad",
        "balance-tlb",
        "balance-alb",
    ];
    drop_empty(bond, &["mode"]);
    if let Some(mode) = bond.get("mode")
        && !MODES.contains(&mode)
    {
        return Err(wrong(format_args!("unknown bonding mode {mode}")));
    }
    complete_parts(bond, "bond")?;
    if let Some(miimon) = bond.child_mut("miimon") {
        for (attribute, is_needed, said) in [
            ("freq", true, "freq missing or invalid"),
            ("downdelay", false, "downdelay invalid"),
            ("updelay", false, "updelay invalid"),
        ] {
            let said = format!("bond interface miimon {said}");
            complete_number(miimon, attribute, is_needed, &said)?;
        }
        check_word(miimon, "carrier", &["ioctl", "netif"], "unknown mii bonding carrier")?;
        bond.remove_children("arpmon");
    } else if let Some(arpmon) = bond.child_mut("arpmon") {
        let said = "bond interface arpmon interval missing or invalid";
        complete_number(arpmon, "interval", true, said)?;
        if arpmon.filled("target").is_none() {
            return Err(wrong("bond interface arpmon target missing"));
        }
        let known = ["active", "backup", "all"];
        check_word(arpmon, "validate", &known, "unknown arp bonding validate")?;
    }
    Ok(())
}

fn complete_number(
    element: &mut Element,
    attribute: &str,
    is_needed: bool,
    said: &str,
) -> Result<()> {
    let number = match element.filled(attribute) {
        None if is_needed => return Err(wrong(said)),
        None => {
            element.remove(attribute);
            return Ok(());
        }
        Some(text) => signed(text, Base::Ten).and_then(|number| i32::try_from(number).ok()),
    };
    let number = number.ok_or_else(|| wrong(said))?;
    if is_needed || number > 0 {
        element.set(attribute, number);
    } else {
        element.remove(attribute);
    }
    Ok(())
}

fn check_word(element: &mut Element, attribute: &str, known: &[&str], said: &str) -> Result<()> {
    drop_empty(element, &[attribute]);
    match element.get(attribute) {
        Some(word) if !known.contains(&word) => Err(wrong(format_args!("{said} {word}"))),
        _ => Ok(()),
    }
}

fn complete_vlan(vlan: &mut Element) -> Result<()> {
    if vlan.filled("tag").is_none() {
        return Err(wrong("vlan interface misses the tag attribute"));
    }
    match vlan.child("interface").and_then(|interface| interface.filled("name")) {
        None => Err(wrong("vlan interface misses name attribute")),
        Some(_) => Ok(()),
    }
}
