//! Lists of devices, and finding one.

use crate::protocol::remote;
use crate::test_driver::failure::{Result, check_flags};
use crate::test_driver::lists::{self, Room};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::node_device::{Device, KINDS, number_of, wire};
use crate::test_driver::work::Work;
use crate::types::connect::ListAllNodeDeviceFlags as Filter;
use crate::xdr::WireStr;

const NAMES: Room = Room {
    most: remote::NODE_DEVICE_LIST_MAX,
    limit: "REMOTE_NODE_DEVICE_LIST_MAX",
};

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::NodeNumOfDevices<'static>>(|work, request| {
        check_flags(request.flags, 0, "testNodeNumOfDevices")?;
        let kind = request.cap.as_ref().map(WireStr::as_str);
        let num = lists::count(of_kind(work, kind));
        Ok(remote::NodeNumOfDevicesRet { num })
    });
    routes.tell::<remote::NodeListDevices<'static>>(|work, request| {
        NAMES.check(request.maxnames, "maxnames")?;
        check_flags(request.flags, 0, "testNodeListDevices")?;
        let kind = request.cap.as_ref().map(WireStr::as_str);
        let names = of_kind(work, kind).map(|device| device.definition.name());
        let names = NAMES.names(names, request.maxnames)?;
        Ok(remote::NodeListDevicesRet { names })
    });
    routes.tell::<remote::NodeDeviceLookupByName<'static>>(|work, request| {
        let name = request.name.as_str();
        work.state.devices.get(name)?;
        Ok(remote::NodeDeviceLookupByNameRet { dev: wire(name) })
    });
    routes.tell::<remote::ConnectListAllNodeDevices>(list_all);
}

fn of_kind<'a>(work: &'a Work<'_>, kind: Option<&'a str>) -> impl Iterator<Item = &'a Device> {
    work.state.devices.all.values().filter(move |device| {
        kind.is_none_or(|kind| number_of(kind).is_some() && device.definition.is_a(kind))
    })
}

fn list_all(
    work: &mut Work<'_>,
    request: remote::ConnectListAllNodeDevices,
) -> Result<remote::ConnectListAllNodeDevicesRet<'static>> {
    let filter = request.flags.bits();
    let states = Filter::ACTIVE | Filter::INACTIVE | Filter::PERSISTENT | Filter::TRANSIENT;
    let known = (0..KINDS.len()).fold(states.bits(), |known, number| known | 1 << number);
    check_flags(filter, known, "testConnectListAllNodeDevices")?;
    let chosen = work.state.devices.all.values().filter(|device| device.matches(filter));
    let devices = chosen.map(|device| wire(device.definition.name())).collect();
    let (devices, ret) = lists::all(devices, request.need_results);
    Ok(remote::ConnectListAllNodeDevicesRet { devices, ret })
}

impl Device {
    fn matches(&self, filter: u32) -> bool {
        let kinds = KINDS.iter().enumerate();
        let by_kind: Vec<_> =
            kinds.map(|(number, kind)| (1 << number, self.definition.is_a(kind))).collect();
        [
            [
                (Filter::ACTIVE, self.is_active),
                (Filter::INACTIVE, !self.is_active),
            ],
            [
                (Filter::PERSISTENT, self.is_persistent),
                (Filter::TRANSIENT, !self.is_persistent),
            ],
        ]
        .iter()
        .all(|group| lists::passes(filter, &group.map(|(flag, is_in)| (flag.bits(), is_in))))
            && lists::passes(filter, &by_kind)
    }
}
