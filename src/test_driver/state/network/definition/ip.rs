//! A network's addresses and routes.

use super::dhcp;
use super::failures::{unsupported, wrong};
use super::ranges::prefix_of;
use crate::test_driver::document::{Base, Ip, Values as _, drop_empty};
use crate::test_driver::failure::{Failure, Result};
use crate::test_driver::xml::Element;
use crate::types::error::{ErrorCode, ErrorDomain};

pub(super) fn complete(root: &mut Element, name: &str) -> Result<()> {
    for ip in root.children.iter_mut().filter(|child| child.name == "ip") {
        complete_ip(ip, name)?;
    }
    let mut gateways = Vec::new();
    for route in root.children.iter_mut().filter(|child| child.name == "route") {
        gateways.push(complete_route(route, name)?);
    }
    for gateway in gateways {
        let is_reachable = root.children("ip").any(|ip| {
            address_of(ip).is_some_and(|address| {
                let prefix = prefix_of(ip, address).unwrap_or_default();
                address.is_same_family(&gateway) && address.masked(prefix) == gateway.masked(prefix)
            })
        });
        if !is_reachable {
            return Err(unsupported(format_args!(
                "unreachable static route gateway '{gateway}' specified for network '{name}'"
            )));
        }
    }
    Ok(())
}

/// Returns the address of an `<ip>` that was checked.
pub(crate) fn address_of(ip: &Element) -> Option<Ip> {
    Ip::parse(ip.get("address")?)
}

fn complete_ip(ip: &mut Element, name: &str) -> Result<()> {
    drop_empty(ip, &["family", "address", "netmask"]);
    let Some(text) = ip.get("address").map(str::to_owned) else {
        return Err(wrong(format_args!("Missing required address attribute in network '{name}'")));
    };
    let address = Ip::parse(&text)
        .ok_or_else(|| wrong(format_args!("Invalid address '{text}' in network '{name}'")))?;
    let netmask = match ip.get("netmask").map(str::to_owned) {
        None => None,
        Some(text) => {
            let netmask = Ip::parse(&text).ok_or_else(|| {
                wrong(format_args!("Invalid netmask '{text}' in network '{name}'"))
            })?;
            Some((text, netmask))
        }
    };
    let prefix = ip.number::<u32>("prefix", Base::Ten)?.unwrap_or_default();
    ip.yes("localPtr")?;
    check_family(ip, name, (&text, address), netmask.as_ref(), prefix)?;
    ip.set("address", address);
    if let Some((_, netmask)) = netmask {
        ip.set("netmask", netmask);
    }
    match prefix {
        0 => ip.remove("prefix"),
        _ => ip.set("prefix", prefix),
    }
    dhcp::complete(ip, name, address)?;
    if let Some(tftp) = ip.child_mut("tftp") {
        if !address.is_v4() {
            return Err(unsupported(format_args!(
                "Unsupported <tftp> element in an IPv6 element in network '{name}'"
            )));
        }
        drop_empty(tftp, &["root"]);
    }
    Ok(())
}

fn check_family(
    ip: &Element,
    name: &str,
    (text, address): (&str, Ip),
    netmask: Option<&(String, Ip)>,
    prefix: u32,
) -> Result<()> {
    match ip.get("family") {
        None | Some("ipv4") => {
            if !address.is_v4() {
                let family = ip.get("family").unwrap_or("no");
                return Err(unsupported(format_args!(
                    "{family} family specified for non-IPv4 address '{text}' in network '{name}'"
                )));
            }
            match netmask {
                Some((mask, netmask)) if !netmask.is_v4() => Err(unsupported(format_args!(
                    "Invalid netmask '{mask}' for address '{text}' in network '{name}' (both must be IPv4)"
                ))),
                Some(_) if prefix > 0 => Err(unsupported(format_args!(
                    "Network '{name}' IP address cannot have both a prefix and a netmask"
                ))),
                None if prefix > 32 => Err(unsupported(format_args!(
                    "Invalid IPv4 prefix '{prefix}' in network '{name}'"
                ))),
                _ => Ok(()),
            }
        }
        Some("ipv6") => {
            if address.is_v4() {
                return Err(unsupported(format_args!(
                    "Family 'ipv6' specified for non-IPv6 address '{text}' in network '{name}'"
                )));
            }
            if netmask.is_some() {
                return Err(unsupported(format_args!(
                    "netmask not allowed for IPv6 address '{text}' in network '{name}'"
                )));
            }
            if prefix > 128 {
                return Err(unsupported(format_args!(
                    "Invalid IPv6 prefix '{prefix}' in network '{name}'"
                )));
            }
            Ok(())
        }
        Some(other) => {
            Err(wrong(format_args!("Unrecognized family '{other}' in network '{name}'")))
        }
    }
}

/// Completes a route; returns its gateway.
fn complete_route(route: &mut Element, name: &str) -> Result<Ip> {
    let prefix = route.number::<u32>("prefix", Base::Ten)?;
    let metric = route.number::<u32>("metric", Base::Ten)?;
    if metric == Some(0) {
        let detail =
            "Invalid value for attribute 'metric' in element 'route': Zero is not permitted";
        return Err(Failure::of(ErrorDomain::Xml, ErrorCode::XmlError, detail));
    }
    let text = |attribute: &str| {
        route.get(attribute).map(str::to_owned).ok_or_else(|| {
            wrong(format_args!(
                "{name}: Missing required {attribute} attribute in route definition"
            ))
        })
    };
    if route.get("address").is_none() {
        return complete_default_route(route, &text("gateway")?, name);
    }
    let (address_text, gateway_text) = (text("address")?, text("gateway")?);
    let address = Ip::parse(&address_text).ok_or_else(|| {
        wrong(format_args!("{name}: Bad network address '{address_text}' in route definition"))
    })?;
    let gateway = Ip::parse(&gateway_text).ok_or_else(|| {
        wrong(format_args!("{name}: Bad gateway address '{gateway_text}' in route definition"))
    })?;
    let (is_v4, said) = match route.get("family") {
        None => (true, "No family"),
        Some("ipv4") => (true, "IPv4 family"),
        Some("ipv6") => (false, "ipv6"),
        Some(other) => {
            return Err(wrong(format_args!(
                "{name}: Unrecognized family '{other}' in route definition"
            )));
        }
    };
    let netmask_text = route.get("netmask").map(str::to_owned);
    let mut netmask = None;
    if is_v4 {
        for (what, ip) in [("address", address), ("gateway", gateway)] {
            if !ip.is_v4() {
                return Err(wrong(format_args!(
                    "{name}: {said} specified for non-IPv4 {what} '{address_text}' in route definition"
                )));
            }
        }
        if let Some(text) = &netmask_text {
            let mask = Ip::parse(text).ok_or_else(|| {
                wrong(format_args!("{name}: Bad netmask address '{text}' in route definition"))
            })?;
            if !mask.is_v4() {
                return Err(wrong(format_args!(
                    "{name}: Invalid netmask '{text}' for address '{address_text}' (both must be IPv4)"
                )));
            }
            if prefix.is_some() {
                return Err(wrong(format_args!(
                    "{name}: Route definition cannot have both a prefix and a netmask"
                )));
            }
            netmask = Some(mask);
        }
    } else {
        if address.is_v4() {
            return Err(wrong(format_args!(
                "{name}: ipv6 family specified for non-IPv6 address '{address_text}' in route definition"
            )));
        }
        if netmask_text.is_some() {
            return Err(wrong(format_args!(
                "{name}: Specifying netmask invalid for IPv6 address '{address_text}' in route definition"
            )));
        }
        if gateway.is_v4() {
            return Err(wrong(format_args!(
                "{name}: ipv6 specified for non-IPv6 gateway address '{gateway_text}' in route definition"
            )));
        }
    }
    let (bits, most) = (prefix.unwrap_or_default(), address.width());
    if bits > most {
        return Err(wrong(format_args!(
            "{name}: Invalid prefix {bits} specified in route definition, must be 0 - {most}"
        )));
    }
    let masked = netmask.map_or_else(|| address.masked(bits), |mask| address.masked_by(&mask));
    if masked != address {
        return Err(wrong(format_args!(
            "{name}: Address '{address_text}' in route definition is not a network address"
        )));
    }
    route.set("address", address);
    route.set("gateway", gateway);
    if let Some(netmask) = netmask {
        route.set("netmask", netmask);
    }
    for (attribute, number) in [("prefix", prefix), ("metric", metric)] {
        if let Some(number) = number {
            route.set(attribute, number);
        }
    }
    Ok(gateway)
}

/// Completes a route to everywhere.
fn complete_default_route(route: &mut Element, gateway: &str, name: &str) -> Result<Ip> {
    let ip = Ip::parse(gateway).ok_or_else(|| {
        wrong(format_args!("{name}: Bad gateway address '{gateway}' in route definition"))
    })?;
    route.set("gateway", ip);
    Ok(ip)
}
