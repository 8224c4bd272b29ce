//! What is asked about a device.

use crate::protocol::remote;
use crate::test_driver::failure::{Failure, check_flags};
use crate::test_driver::lists::{self, Room};
use crate::test_driver::routes::Routes;
use crate::types::node_device::XmlFlags;

const KINDS: Room = Room {
    most: remote::NODE_DEVICE_CAPS_LIST_MAX,
    limit: "REMOTE_NODE_DEVICE_CAPS_LIST_MAX",
};

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::NodeDeviceGetXmlDesc<'static>>(|work, request| {
        let known = XmlFlags::INACTIVE;
        let device = work.state.devices.get(request.name.as_str())?;
        check_flags(request.flags.bits(), known.bits(), "testNodeDeviceGetXMLDesc")?;
        if request.flags.contains(XmlFlags::INACTIVE) && !device.is_persistent {
            let name = device.definition.name();
            return Err(Failure::invalid(format_args!("node device '{name}' is not persistent")));
        }
        let is_there = device.is_active && !request.flags.contains(XmlFlags::INACTIVE);
        Ok(remote::NodeDeviceGetXmlDescRet { xml: device.definition.to_xml(is_there).into() })
    });
    routes.tell::<remote::NodeDeviceGetParent<'static>>(|work, request| {
        let parent = work.state.devices.get(request.name.as_str())?.definition.parent();
        let parent_name = parent.map(|parent| parent.to_owned().into());
        Ok(remote::NodeDeviceGetParentRet { parent_name })
    });
    routes.tell::<remote::NodeDeviceNumOfCaps<'static>>(|work, request| {
        let device = work.state.devices.get(request.name.as_str())?;
        let num = lists::count(device.definition.kinds());
        Ok(remote::NodeDeviceNumOfCapsRet { num })
    });
    routes.tell::<remote::NodeDeviceListCaps<'static>>(|work, request| {
        KINDS.check(request.maxnames, "maxnames")?;
        let device = work.state.devices.get(request.name.as_str())?;
        let names = KINDS.names(device.definition.kinds(), request.maxnames)?;
        Ok(remote::NodeDeviceListCapsRet { names })
    });
    routes.tell::<remote::NodeDeviceIsActive<'static>>(|work, request| {
        let active = work.state.devices.get(request.name.as_str())?.is_active.into();
        Ok(remote::NodeDeviceIsActiveRet { active })
    });
    routes.tell::<remote::NodeDeviceIsPersistent<'static>>(|work, request| {
        let persistent = work.state.devices.get(request.name.as_str())?.is_persistent.into();
        Ok(remote::NodeDeviceIsPersistentRet { persistent })
    });
}
