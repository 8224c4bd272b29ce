//! Where a network's packets go.

use super::failures::{ill_formed, unsupported, wrong};
use super::parts::{check_driver, check_pci, unknown_mode};
use crate::test_driver::document::{Base, Ip, Values as _, drop_empty, signed};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

const MODES: [&str; 9] = [
    "none",
    "nat",
    "route",
    "open",
    "bridge",
    "private",
    "vepa",
    "passthrough",
    "hostdev",
];

/// Completes what is said of forwarding; returns the mode.
pub(super) fn complete(root: &mut Element, name: &str) -> Result<String> {
    let Some(forward) = root.child_mut("forward") else {
        return Ok("none".to_owned());
    };
    drop_empty(forward, &["mode", "dev"]);
    let mode = forward.get("mode").unwrap_or("nat").to_owned();
    if !MODES.contains(&mode.as_str()) {
        return Err(unknown_mode(&mode));
    }
    let is_managed = forward
        .get("managed")
        .is_some_and(|managed| managed.eq_ignore_ascii_case("yes"));
    if let Some(driver) = forward.child("driver") {
        check_driver(driver)?;
    }
    complete_nat(forward, name, &mode)?;
    complete_devices(forward, name)?;
    forward.set("mode", &mode);
    match mode.as_str() {
        "hostdev" => forward.set("managed", if is_managed { "yes" } else { "no" }),
        _ => forward.remove("managed"),
    }
    if mode == "none" {
        root.remove_children("forward");
    }
    Ok(mode)
}

/// Returns the number of interfaces and devices that are forwarded to.
pub(super) fn devices(forward: &Element) -> usize {
    forward.children("interface").chain(forward.children("address")).count()
}

fn complete_nat(forward: &mut Element, name: &str, mode: &str) -> Result<()> {
    if forward.children("nat").count() > 1 {
        return Err(wrong(format_args!(
            "Only one <nat> element is allowed in <forward> of network {name}"
        )));
    }
    let Some(nat) = forward.child_mut("nat") else {
        return Ok(());
    };
    if mode != "nat" {
        return Err(wrong(format_args!(
            "The <nat> element can only be used when <forward> 'mode' is 'nat' in network {name}"
        )));
    }
    nat.yes("ipv6")?;
    complete_nat_address(nat, name)?;
    complete_nat_port(nat, name)
}

fn check_single(nat: &Element, child: &str, name: &str) -> Result<()> {
    match nat.children(child).count() {
        0 | 1 => Ok(()),
        _ => Err(wrong(format_args!(
            "Only one <{child}> element is allowed in <nat> in <forward> in network {name}"
        ))),
    }
}

fn complete_nat_address(nat: &mut Element, name: &str) -> Result<()> {
    check_single(nat, "address", name)?;
    let Some(address) = nat.child_mut("address") else {
        return Ok(());
    };
    for attribute in ["start", "end"] {
        if address.get(attribute).is_none() {
            return Err(wrong(format_args!(
                "missing '{attribute}' attribute in <address> element in <nat> in <forward> in network {name}"
            )));
        }
    }
    let mut ends = Vec::new();
    for attribute in ["start", "end"] {
        let text = address.get(attribute).unwrap_or_default().to_owned();
        let ip = Ip::parse(&text).filter(Ip::is_v4).ok_or_else(|| {
            wrong(format_args!(
                "Bad ipv4 {attribute} address '{text}' in <nat> in <forward> in network '{name}'"
            ))
        })?;
        address.set(attribute, ip);
        ends.push(ip);
    }
    if let [start, end] = ends[..] {
        super::ranges::check_order(start, end)?;
    }
    Ok(())
}

fn complete_nat_port(nat: &mut Element, name: &str) -> Result<()> {
    check_single(nat, "port", name)?;
    let Some(port) = nat.child_mut("port") else {
        return Ok(());
    };
    let mut least = 0;
    for attribute in ["start", "end"] {
        let number = port.get(attribute).and_then(|text| signed(text, Base::Ten));
        let number = number.filter(|number| (least..=65535).contains(number)).ok_or_else(|| {
            ill_formed(format_args!(
                "Missing or invalid '{attribute}' attribute in <port> in <nat> in <forward> in network {name}"
            ))
        })?;
        port.set(attribute, number);
        least = number;
    }
    // Without an end there is no range, and zero is none.
    if least == 0 {
        nat.remove_children("port");
    }
    Ok(())
}

fn complete_devices(forward: &mut Element, name: &str) -> Result<()> {
    let has = |child: &str| forward.child(child).is_some();
    let dev = forward.get("dev").map(str::to_owned);
    if dev.is_some() && (has("address") || has("pf")) {
        return Err(wrong(format_args!(
            "the <forward> 'dev' attribute cannot be used when <address> or <pf> sub-elements are present in network {name}"
        )));
    }
    if dev.is_some() || has("interface") {
        return complete_interfaces(forward, name, dev);
    }
    if has("address") {
        forward.remove_children("pf");
        return complete_addresses(forward, name);
    }
    match forward.children("pf").count() {
        0 => Ok(()),
        1 if forward.child("pf").is_some_and(|pf| pf.get("dev").is_some()) => Ok(()),
        1 => Err(wrong(format_args!(
            "Missing required dev attribute in <pf> element of network '{name}'"
        ))),
        _ => Err(wrong(format_args!(
            "Only one <pf> element is allowed in <forward> of network {name}"
        ))),
    }
}

fn complete_interfaces(forward: &mut Element, name: &str, dev: Option<String>) -> Result<()> {
    let mut seen: Vec<String> = dev.clone().into_iter().collect();
    for (at, interface) in forward.children("interface").enumerate() {
        let Some(other) = interface.get("dev") else {
            return Err(wrong(format_args!(
                "Missing required dev attribute in <forward> <interface> element of network {name}"
            )));
        };
        match &dev {
            Some(dev) if at == 0 => {
                if dev != other {
                    return Err(wrong(format_args!(
                        "<forward dev='{dev}'> must match first <interface dev='{other}'/> in network {name}"
                    )));
                }
            }
            _ if seen.iter().any(|dev| dev == other) => {
                return Err(wrong(format_args!(
                    "interface '{other}' can only be listed once in network {name}"
                )));
            }
            _ => seen.push(other.to_owned()),
        }
    }
    for child in ["interface", "address", "pf"] {
        forward.remove_children(child);
    }
    forward.set("dev", seen.first().map(String::as_str).unwrap_or_default());
    let interfaces = seen.iter().map(|dev| Element::new("interface").with("dev", dev));
    forward.children.extend(interfaces);
    Ok(())
}

fn complete_addresses(forward: &mut Element, name: &str) -> Result<()> {
    let mut seen: Vec<String> = Vec::new();
    for address in forward.children.iter_mut().filter(|child| child.name == "address") {
        match address.get("type") {
            Some("pci") => {}
            None => {
                return Err(wrong(format_args!("missing address type in network {name}")));
            }
            Some(kind @ ("none" | "netdev")) => {
                return Err(wrong(format_args!(
                    "unsupported address type '{kind}' in network {name}"
                )));
            }
            Some(kind) => {
                return Err(unsupported(format_args!(
                    "unknown address type '{kind}' in network {name}"
                )));
            }
        }
        let device = check_pci(address)?;
        if seen.contains(&device) {
            return Err(wrong(format_args!(
                "PCI device '{device}' can only be listed once in network {name}"
            )));
        }
        seen.push(device);
    }
    Ok(())
}
