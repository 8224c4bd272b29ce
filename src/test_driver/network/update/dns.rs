//! Changing what a network's name server answers.

use super::change::{Change, invalid, place, put, unsupported};
use crate::test_driver::failure::Result;
use crate::test_driver::state::network::{check_dns_host, check_srv, check_txt};
use crate::test_driver::xml::Element;
use crate::types::network::UpdateCommand;

/// Returns the places of all children with a name and a property.
fn places(parent: &Element, name: &str, is_it: impl Fn(&Element) -> bool) -> Vec<usize> {
    let all = parent.children.iter().enumerate();
    all.filter(|(_, child)| child.name == name && is_it(child))
        .map(|(at, _)| at)
        .collect()
}

pub(super) fn host(change: &Change<'_>, root: &mut Element) -> Result<()> {
    change.check_element("host")?;
    let name = change.name;
    let mut host = change.element.clone();
    check_dns_host(&mut host, name, !change.adds())?;
    let dns = root.child_or_new("dns");
    let deletes = change.command == UpdateCommand::Delete;
    let has_ip = |other: &Element| host.get("ip").is_some() && host.get("ip") == other.get("ip");
    let shares_name = |other: &Element| {
        let mut names = host.children("hostname").map(|name| &name.text);
        names.any(|name| other.children("hostname").any(|other| other.text == *name))
    };
    let found = places(dns, "host", |other| has_ip(other) || (deletes && shares_name(other)));
    if change.adds() {
        if !found.is_empty() {
            return Err(invalid(format_args!(
                "there is already at least one DNS HOST record with a matching field in network {name}"
            )));
        }
        change.add(dns, host);
        return Ok(());
    }
    if !deletes && change.command != UpdateCommand::Modify {
        return Err(change.unknown_command());
    }
    let at = single(
        &found,
        || "multiple matching DNS HOST records were found".to_owned(),
        "HOST",
        name,
    )?;
    if deletes {
        drop(dns.children.remove(at));
    } else {
        put(dns, at, host);
    }
    Ok(())
}

pub(super) fn srv(change: &Change<'_>, root: &mut Element) -> Result<()> {
    if change.command == UpdateCommand::Modify {
        return Err(unsupported("DNS SRV records cannot be modified, only added or deleted"));
    }
    change.check_element("srv")?;
    let name = change.name;
    let mut srv = change.element.clone();
    check_srv(&mut srv, name, !change.adds())?;
    let dns = root.child_or_new("dns");
    let found = places(dns, "srv", |other| {
        ["domain", "service", "protocol", "target"]
            .iter()
            .all(|field| srv.get(field).is_none_or(|value| other.get(field) == Some(value)))
    });
    if change.adds() {
        if !found.is_empty() {
            return Err(invalid(format_args!(
                "there is already at least one DNS SRV record matching all specified fields in network {name}"
            )));
        }
        change.add(dns, srv);
        return Ok(());
    }
    if change.command != UpdateCommand::Delete {
        return Err(change.unknown_command());
    }
    let several = || "multiple DNS SRV records matching all specified fields were found".to_owned();
    let at = single(&found, several, "SRV", name)?;
    dns.children.remove(at);
    Ok(())
}

/// Returns the only place that was found.
fn single(
    found: &[usize],
    several: impl FnOnce() -> String,
    what: &str,
    name: &str,
) -> Result<usize> {
    match found {
        [at] => Ok(*at),
        [] => Err(invalid(format_args!(
            "couldn't locate a matching DNS {what} record in network {name}"
        ))),
        _ => Err(invalid(format_args!("{} in network {name}", several()))),
    }
}

pub(super) fn txt(change: &Change<'_>, root: &mut Element) -> Result<()> {
    change.check_element("txt")?;
    let name = change.name;
    let mut txt = change.element.clone();
    check_txt(&mut txt, name, !change.adds())?;
    let dns = root.child_or_new("dns");
    let own = txt.get("name").unwrap_or_default();
    let found = place(dns, "txt", |other| other.get("name") == Some(own));
    if change.adds() {
        if found.is_some() {
            return Err(invalid(format_args!(
                "there is already a DNS TXT record with name '{own}' in network {name}"
            )));
        }
        change.add(dns, txt);
        return Ok(());
    }
    if !matches!(change.command, UpdateCommand::Delete | UpdateCommand::Modify) {
        return Err(change.unknown_command());
    }
    let at = found.ok_or_else(|| {
        invalid(format_args!("couldn't locate a matching DNS TXT record in network {name}"))
    })?;
    if change.command == UpdateCommand::Delete {
        dns.children.remove(at);
        return Ok(());
    }
    if txt.get("value").is_none() {
        return Err(invalid(format_args!(
            "missing value of modifying DNS TXT record in network {name}"
        )));
    }
    put(dns, at, txt);
    Ok(())
}
