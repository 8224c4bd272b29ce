//! Lists of interfaces.

use crate::protocol::remote;
use crate::test_driver::failure::check_flags;
use crate::test_driver::lists::{self, Room};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::interface::Interface;
use crate::test_driver::work::Work;
use crate::types::connect::ListAllInterfacesFlags as Filter;

const ROOM: Room = Room {
    most: remote::INTERFACE_LIST_MAX,
    limit: "REMOTE_INTERFACE_LIST_MAX",
};

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectNumOfInterfaces>(|work, _| {
        let num = lists::count(which(work, true));
        Ok(remote::ConnectNumOfInterfacesRet { num })
    });
    routes.tell::<remote::ConnectListInterfaces>(|work, request| {
        let names = ROOM.names(names(work, true), request.maxnames)?;
        Ok(remote::ConnectListInterfacesRet { names })
    });
    routes.tell::<remote::ConnectNumOfDefinedInterfaces>(|work, _| {
        let num = lists::count(which(work, false));
        Ok(remote::ConnectNumOfDefinedInterfacesRet { num })
    });
    routes.tell::<remote::ConnectListDefinedInterfaces>(|work, request| {
        let names = ROOM.names(names(work, false), request.maxnames)?;
        Ok(remote::ConnectListDefinedInterfacesRet { names })
    });
    routes.tell::<remote::ConnectListAllInterfaces>(|work, request| {
        let filter = request.flags.bits();
        let known = Filter::ACTIVE | Filter::INACTIVE;
        check_flags(filter, known.bits(), "testConnectListAllInterfaces")?;
        let chosen = work.state.interfaces.all.values().filter(|interface| {
            let is_active = interface.is_active;
            let group = [
                (Filter::ACTIVE.bits(), is_active),
                (Filter::INACTIVE.bits(), !is_active),
            ];
            lists::passes(filter, &group)
        });
        let (ifaces, ret) = lists::all(chosen.map(Interface::wire).collect(), request.need_results);
        Ok(remote::ConnectListAllInterfacesRet { ifaces, ret })
    });
}

fn which<'a>(work: &'a Work<'_>, is_active: bool) -> impl Iterator<Item = &'a Interface> {
    work.state
        .interfaces
        .all
        .values()
        .filter(move |interface| interface.is_active == is_active)
}

fn names<'a>(work: &'a Work<'_>, is_active: bool) -> impl Iterator<Item = &'a str> {
    which(work, is_active).map(|interface| interface.definition.name())
}
