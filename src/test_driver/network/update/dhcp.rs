//! Changing whom a network gives which addresses.

use super::change::{Change, invalid, place, put, unsupported};
use crate::test_driver::document::Ip;
use crate::test_driver::failure::Result;
use crate::test_driver::state::network::{
    address_of, check_host, check_range, is_same_host, is_same_range,
};
use crate::test_driver::xml::Element;
use crate::types::network::UpdateCommand;

pub(super) fn host(change: &Change<'_>, root: &mut Element) -> Result<()> {
    let ip = parent(change, root);
    change.check_element("host")?;
    let at = ip?;
    let name = change.name;
    let (address, dhcp) = dhcp_of(root, at);
    let mut host = change.element.clone();
    let deletes = change.command == UpdateCommand::Delete;
    check_host(&mut host, name, address, deletes)?;
    let is_other_family =
        || host.get("ip").and_then(Ip::parse).is_none_or(|ip| !ip.is_same_family(&address));
    if !deletes && is_other_family() {
        return Err(invalid(
            "the address family of a host entry IP must match the address family of the dhcp element's parent",
        ));
    }
    let any = place(&dhcp, "host", |other| is_same_host(&host, other, false));
    let said = |attribute: &str| host.get(attribute);
    let (mac, own, ip) = (
        said("mac").unwrap_or("unknown"),
        said("name").unwrap_or("(null)"),
        said("ip").unwrap_or("unknown"),
    );
    match change.command {
        UpdateCommand::Modify => {
            let found = any.ok_or_else(|| {
                invalid(format_args!(
                    "couldn't locate an existing dhcp host entry with \"mac='{mac}'\" \"name='{own}'\" \"ip='{ip}'\" in network '{name}'"
                ))
            })?;
            with_dhcp(root, at, |dhcp| put(dhcp, found, host));
        }
        UpdateCommand::AddFirst | UpdateCommand::AddLast => {
            check_single(root, at, address)?;
            if any.is_some() {
                return Err(invalid(format_args!(
                    "there is an existing dhcp host entry in network '{name}' that matches \"<host mac='{mac}' name='{own}' ip='{ip}'/>\""
                )));
            }
            with_dhcp(root, at, |dhcp| change.add(dhcp, host));
        }
        UpdateCommand::Delete => {
            let found = place(&dhcp, "host", |other| is_same_host(&host, other, true));
            let found = found.ok_or_else(|| {
                invalid(format_args!(
                    "couldn't locate a matching dhcp host entry in network '{name}'"
                ))
            })?;
            with_dhcp(root, at, |dhcp| drop(dhcp.children.remove(found)));
        }
        _ => return Err(change.unknown_command()),
    }
    Ok(())
}

pub(super) fn range(change: &Change<'_>, root: &mut Element) -> Result<()> {
    let ip = parent(change, root);
    change.check_element("range")?;
    let at = ip?;
    if change.command == UpdateCommand::Modify {
        return Err(unsupported("dhcp ranges cannot be modified, only added or deleted"));
    }
    let name = change.name;
    let (address, dhcp) = dhcp_of(root, at);
    let mut range = change.element.clone();
    let own = root.children.get(at).cloned().unwrap_or_default();
    check_range(&mut range, name, &own, address)?;
    let found = place(&dhcp, "range", |other| is_same_range(&range, other));
    if change.adds() {
        check_single(root, at, address)?;
        if found.is_some() {
            let end = |attribute: &str| range.get(attribute).unwrap_or_default();
            return Err(invalid(format_args!(
                "there is an existing dhcp range entry in network '{name}' that matches \"<range start='{}' end='{}'/>\"",
                end("start"),
                end("end")
            )));
        }
        with_dhcp(root, at, |dhcp| change.add(dhcp, range));
        return Ok(());
    }
    if change.command != UpdateCommand::Delete {
        return Err(change.unknown_command());
    }
    let found = found.ok_or_else(|| {
        invalid(format_args!("couldn't locate a matching dhcp range entry in network '{name}'"))
    })?;
    with_dhcp(root, at, |dhcp| drop(dhcp.children.remove(found)));
    Ok(())
}

/// Returns the place of the `<ip>` that is meant.
fn parent(change: &Change<'_>, root: &Element) -> Result<usize> {
    let name = change.name;
    let places = |is_it: &dyn Fn(&Element) -> bool| place(root, "ip", is_it);
    if let Ok(wanted) = usize::try_from(change.parent) {
        let all = root.children.iter().enumerate().filter(|(_, child)| child.name == "ip");
        return all.map(|(at, _)| at).nth(wanted).ok_or_else(|| {
            invalid(format_args!(
                "couldn't update dhcp host entry - no <ip> element found at index {wanted} in network '{name}'"
            ))
        });
    }
    let is_v4 = |ip: &Element| address_of(ip).is_some_and(|address| address.is_v4());
    places(&|ip| ip.child("dhcp").is_some())
        .or_else(|| places(&is_v4))
        .or_else(|| places(&|_| true))
        .ok_or_else(|| {
            invalid(format_args!(
                "couldn't update dhcp host entry - no <ip> element found in network '{name}'"
            ))
        })
}

/// Returns an `<ip>`'s address, and what it has of `<dhcp>`.
fn dhcp_of(root: &Element, at: usize) -> (Ip, Element) {
    let ip = root.children.get(at);
    let address = ip.and_then(address_of).unwrap_or(Ip::UNSPECIFIED);
    let dhcp = ip.and_then(|ip| ip.child("dhcp")).cloned().unwrap_or_default();
    (address, dhcp)
}

fn with_dhcp(root: &mut Element, at: usize, change: impl FnOnce(&mut Element)) {
    if let Some(ip) = root.children.get_mut(at) {
        change(ip.child_or_new("dhcp"));
    }
}

/// Checks that no other `<ip>` of the family gives addresses away.
fn check_single(root: &Element, at: usize, address: Ip) -> Result<()> {
    let gives = root.children.iter().enumerate().any(|(other, ip)| {
        let is_same = || address_of(ip).is_some_and(|other| other.is_same_family(&address));
        other != at && ip.name == "ip" && is_same() && ip.child("dhcp").is_some()
    });
    let family = if address.is_v4() { "IPv4" } else { "IPv6" };
    if gives {
        Err(invalid(format_args!(
            "dhcp is supported only for a single {family} address on each network"
        )))
    } else {
        Ok(())
    }
}
