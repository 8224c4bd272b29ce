//! The addresses that a network gives away.

use super::failures::{unsupported, wrong};
use super::ranges::{check_range_within, no_address};
use crate::test_driver::document::{Base, Ip, Values as _, mac_bytes};
use crate::test_driver::failure::Result;
use crate::test_driver::xml::Element;

pub(super) fn complete(ip: &mut Element, name: &str, address: Ip) -> Result<()> {
    let own = ip.clone();
    let Some(dhcp) = ip.child_mut("dhcp") else {
        return Ok(());
    };
    for range in dhcp.children.iter_mut().filter(|child| child.name == "range") {
        check_range(range, name, &own, address)?;
    }
    for host in dhcp.children.iter_mut().filter(|child| child.name == "host") {
        check_host(host, name, address, false)?;
    }
    if let Some(bootp) = dhcp.child_mut("bootp")
        && address.is_v4()
    {
        bootp.required("file")?;
        if let Some(server) = bootp.get("server") {
            let server = Ip::parse(server).ok_or_else(|| no_address(server))?;
            bootp.set("server", server);
        }
    }
    // Without addresses to give away nothing is written.
    let gives = dhcp.child("range").is_some() || dhcp.child("host").is_some();
    if !address.is_v4() {
        dhcp.remove_children("bootp");
    }
    if !gives {
        ip.remove_children("dhcp");
    }
    Ok(())
}

/// Checks a range of an `<ip>` that has this address.
pub(crate) fn check_range(
    range: &mut Element,
    name: &str,
    ip: &Element,
    address: Ip,
) -> Result<()> {
    let end = |attribute: &str| -> Result<Ip> {
        let text = range.get(attribute).ok_or_else(|| {
            wrong(format_args!(
                "Missing '{attribute}' attribute in dhcp range for network '{name}'"
            ))
        })?;
        Ip::parse(text).ok_or_else(|| no_address(text))
    };
    let (start, end) = (end("start")?, end("end")?);
    check_range_within(start, end, ip, address)?;
    range.set("start", start);
    range.set("end", end);
    complete_lease(range)
}

/// Checks a host of an `<ip>` that has this address; of one that is only looked for, parts may be
/// missing.
pub(crate) fn check_host(
    host: &mut Element,
    name: &str,
    address: Ip,
    may_lack: bool,
) -> Result<()> {
    if let Some(mac) = host.get("mac") {
        if !address.is_v4() {
            return Err(wrong(format_args!(
                "Invalid to specify MAC address '{mac}' in network '{name}' IPv6 static host definition"
            )));
        }
        let bytes = mac_bytes(mac).ok_or_else(|| {
            wrong(format_args!("Cannot parse MAC address '{mac}' in network '{name}'"))
        })?;
        if bytes[0] & 1 == 1 {
            return Err(wrong(format_args!(
                "expected unicast mac address, found multicast '{mac}' in network '{name}'"
            )));
        }
    }
    if let Some(id) = host.get("id")
        && let Some(char) = id.chars().find(|char| !char.is_ascii_hexdigit() && *char != ':')
    {
        return Err(wrong(format_args!(
            "Invalid character '{char}' in id '{id}' of network '{name}'"
        )));
    }
    if let Some(own) = host.get("name")
        && !own.starts_with(|char: char| char.is_ascii_alphanumeric())
    {
        return Err(wrong(format_args!("Cannot use host name '{own}' in network '{name}'")));
    }
    let ip = match host.get("ip") {
        None => None,
        Some(text) => Some(Ip::parse(text).ok_or_else(|| {
            wrong(format_args!(
                "Invalid IP address in static host definition for network '{name}'"
            ))
        })?),
    };
    check_named(host, name, address, ip, may_lack)?;
    if let Some(ip) = ip {
        host.set("ip", ip);
    }
    complete_lease(host)
}

fn check_named(
    host: &Element,
    name: &str,
    address: Ip,
    ip: Option<Ip>,
    may_lack: bool,
) -> Result<()> {
    let has = |attribute: &str| host.get(attribute).is_some();
    if may_lack {
        return if has("mac") || has("name") || has("ip") {
            Ok(())
        } else {
            Err(wrong(format_args!(
                "At least one of name, mac, or ip attribute must be specified for static host definition in network '{name}'"
            )))
        };
    }
    if !address.is_v4() && !has("id") && !has("name") {
        return Err(wrong(format_args!(
            "Static host definition in IPv6 network '{name}' must have id or name attribute"
        )));
    }
    if address.is_v4() && !has("mac") && !has("name") {
        return Err(wrong(format_args!(
            "Static host definition in IPv4 network '{name}' must have mac or name attribute"
        )));
    }
    match ip {
        Some(_) => Ok(()),
        None => Err(wrong(format_args!(
            "Missing IP address in static host definition for network '{name}'"
        ))),
    }
}

fn complete_lease(parent: &mut Element) -> Result<()> {
    let Some(lease) = parent.child_mut("lease") else {
        return Ok(());
    };
    let Some(expiry) = lease.number::<u64>("expiry", Base::Any)? else {
        lease.attributes.clear();
        return Ok(());
    };
    lease.one_of("unit", &["seconds", "minutes", "hours"])?;
    let unit = lease.get("unit").unwrap_or("minutes").to_owned();
    let shortest = match unit.as_str() {
        "seconds" => 120,
        "minutes" => 2,
        _ => 0,
    };
    if expiry > 0 && expiry < shortest {
        return Err(unsupported("The minimum lease time should be greater than 2 minutes"));
    }
    lease.set("expiry", expiry);
    match expiry {
        0 => lease.remove("unit"),
        _ => lease.set("unit", unit),
    }
    Ok(())
}

/// Returns whether a host has one of the names of another, or all of them that it gives.
pub(crate) fn is_same_host(wanted: &Element, other: &Element, in_all: bool) -> bool {
    let mac = |host: &Element| host.get("mac").and_then(mac_bytes);
    let same_mac = match (mac(wanted), mac(other)) {
        (Some(wanted), Some(other)) => Some(wanted == other),
        _ => None,
    };
    let same =
        |attribute: &str| wanted.get(attribute).map(|value| other.get(attribute) == Some(value));
    let mut same = [same_mac, same("name"), same("ip")].into_iter();
    if in_all {
        same.all(|same| same != Some(false))
    } else {
        same.any(|same| same == Some(true))
    }
}

pub(crate) fn is_same_range(one: &Element, other: &Element) -> bool {
    ["start", "end"].iter().all(|end| one.get(end) == other.get(end))
}
