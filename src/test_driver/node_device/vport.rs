//! Virtual adapters of Fibre Channel, which are the devices that can be created.

use super::events::tell_lifecycle;
use crate::protocol::remote;
use crate::test_driver::document::{Values as _, parse};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::State;
use crate::test_driver::state::node_device::{Definition, Device, internal, no_such, wire};
use crate::test_driver::work::Work;
use crate::test_driver::xml::Element;
use crate::types::error::ErrorDomain;
use crate::types::node_device::{CreateXmlFlags, EventLifecycleType};

pub(super) fn route(routes: &mut Routes) {
    routes.make::<remote::NodeDeviceCreateXml<'static>>(|work, request| {
        let known = CreateXmlFlags::VALIDATE;
        check_flags(request.flags.bits(), known.bits(), "testNodeDeviceCreateXML")?;
        create(work, request.xml_desc.as_str())?;
        Ok(remote::NodeDeviceCreateXmlRet { dev: wire(NEW) })
    });
    routes.act::<remote::NodeDeviceDestroy<'static>>(|work, request| {
        destroy(work.state, request.name.as_str())
    });
}

/// The device that a new one is a copy of, and how each new one is called.
const MODEL: &str = "scsi_host11";
const NEW: &str = "scsi_host12";

fn create(work: &mut Work<'_>, xml: &str) -> Result<()> {
    let root = parse(xml, "device", ErrorDomain::Nodedev)?;
    let definition = Definition::new(&root)?;
    if !definition.is_fc_host() {
        return Err(internal("Device is not a fibre channel HBA"));
    }
    check_parent(work.state, &root)?;
    let name = |which: &str| definition.fc_name(which).unwrap_or_default().to_owned();
    let (wwnn, wwpn) = (name("wwnn"), name("wwpn"));
    create_vport(work.state, &wwnn, &wwpn)
}

/// Checks that the device that is to have another can have one.
fn check_parent(state: &State, root: &Element) -> Result<()> {
    let parent = root.child("parent");
    let said = |attribute: &str| parent.and_then(|parent| parent.filled(attribute));
    let mut all = state.devices.all.values();
    let found = if let Some(name) = root.content("parent") {
        all.find(|device| device.definition.name() == name)
    } else if let (Some(wwnn), Some(wwpn)) = (said("wwnn"), said("wwpn")) {
        all.find(|device| {
            let is = |which: &str, name: &str| device.definition.fc_name(which) == Some(name);
            device.definition.has_vports() && is("wwnn", wwnn) && is("wwpn", wwpn)
        })
    } else if let Some(fabric) = said("fabric_wwn") {
        all.find(|device| {
            device.definition.has_vports()
                && device.definition.fc_name("fabric_wwn") == Some(fabric)
        })
    } else {
        return if all.any(|device| device.definition.has_vports()) {
            Ok(())
        } else {
            Err(internal("Could not find any vport capable device"))
        };
    };
    let found: &Device =
        found.ok_or_else(|| internal("Could not find parent device for 'new device'"))?;
    if found.definition.has_vports() {
        Ok(())
    } else {
        let name = found.definition.name();
        Err(internal(format_args!(
            "Parent device {name} is not capable of vport operations"
        )))
    }
}

/// Creates a virtual adapter with those names.
pub(crate) fn create_vport(state: &mut State, wwnn: &str, wwpn: &str) -> Result<()> {
    let model = state.devices.all.get(MODEL).ok_or_else(Failure::unsaid)?;
    let mut definition = model.definition.clone();
    definition.rename(NEW);
    definition.set_fc_names(wwnn, wwpn);
    state.devices.add(definition, false);
    tell_lifecycle(state, NEW, EventLifecycleType::Created);
    Ok(())
}

/// Removes the virtual adapter that a pool has made.
pub(crate) fn destroy_vport(state: &mut State) -> Result<()> {
    state.devices.all.remove(NEW).ok_or_else(|| no_such(NEW))?;
    tell_lifecycle(state, NEW, EventLifecycleType::Deleted);
    Ok(())
}

/// Removes a virtual adapter. Of what is none, or has no parent, the daemon says that it is done.
fn destroy(state: &mut State, name: &str) -> Result<()> {
    let device = state.devices.get(name)?;
    let parent = device.definition.parent();
    let has_parent = parent.is_some_and(|parent| state.devices.all.contains_key(parent));
    if !device.definition.is_fc_host() || !has_parent {
        return Ok(());
    }
    state.devices.all.remove(name);
    tell_lifecycle(state, name, EventLifecycleType::Deleted);
    Ok(())
}
