//! Changing a network's interfaces and groups of ports.

use super::change::{Change, invalid, place, put, unsupported};
use crate::test_driver::failure::Result;
use crate::test_driver::state::network::{check_portgroup, wrong};
use crate::test_driver::xml::Element;
use crate::types::network::UpdateCommand;

pub(super) fn interface(change: &Change<'_>, root: &mut Element) -> Result<()> {
    change.check_element("interface")?;
    let name = change.name;
    if change.command == UpdateCommand::Modify {
        return Err(unsupported(
            "forward interface entries cannot be modified, only added or deleted",
        ));
    }
    let Some(dev) = change.element.get("dev") else {
        return Err(wrong("missing dev attribute in <interface> element"));
    };
    let empty = Element::default();
    let forward = root.child("forward").unwrap_or(&empty);
    let found = place(forward, "interface", |other| other.get("dev") == Some(dev));
    if change.adds() {
        if found.is_some() {
            return Err(invalid(format_args!(
                "there is an existing interface entry in network '{name}' that matches \"<interface dev='{dev}'>\""
            )));
        }
        // A network that forwards nothing has no place for it.
        if let Some(forward) = root.child_mut("forward") {
            change.add(forward, change.element.clone());
            forward.remove("dev");
        }
        return Ok(());
    }
    if change.command != UpdateCommand::Delete {
        return Err(change.unknown_command());
    }
    let at = found.ok_or_else(|| {
        invalid(format_args!(
            "couldn't find an interface entry in network '{name}' matching <interface dev='{dev}'>"
        ))
    })?;
    if let Some(forward) = root.child_mut("forward") {
        forward.children.remove(at);
        forward.remove("dev");
    }
    Ok(())
}

pub(super) fn portgroup(change: &Change<'_>, root: &mut Element) -> Result<()> {
    change.check_element("portgroup")?;
    let name = change.name;
    let mut group = change.element.clone();
    check_portgroup(&mut group)?;
    let own = group.get("name").unwrap_or_default();
    let found = place(root, "portgroup", |other| other.get("name") == Some(own));
    let default = place(root, "portgroup", |other| other.get("default").is_some());
    let deletes = change.command == UpdateCommand::Delete;
    if found.is_none() && (deletes || change.command == UpdateCommand::Modify) {
        return Err(invalid(format_args!(
            "couldn't find a portgroup entry in network '{name}' matching <portgroup name='{own}'>"
        )));
    }
    if found.is_some() && change.adds() {
        return Err(invalid(format_args!(
            "there is an existing portgroup entry in network '{name}' that matches \"<portgroup name='{own}'>\""
        )));
    }
    let is_default = group.get("default").is_some();
    if !deletes && is_default && default.is_some() && default != found {
        return Err(invalid(format_args!(
            "a different portgroup entry in network '{name}' is already set as the default. Only one default is allowed."
        )));
    }
    match (change.command, found) {
        (UpdateCommand::Modify, Some(at)) => put(root, at, group),
        (UpdateCommand::Delete, Some(at)) => drop(root.children.remove(at)),
        (UpdateCommand::AddFirst | UpdateCommand::AddLast, _) => change.add(root, group),
        _ => return Err(change.unknown_command()),
    }
    Ok(())
}
