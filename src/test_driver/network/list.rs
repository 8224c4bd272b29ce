//! Lists of networks.

use crate::protocol::remote;
use crate::test_driver::failure::{Result, check_flags};
use crate::test_driver::lists::{self, Room};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::network::Network;
use crate::test_driver::work::Work;
use crate::types::connect::ListAllNetworksFlags as Filter;

const ROOM: Room = Room {
    most: remote::NETWORK_LIST_MAX,
    limit: "REMOTE_NETWORK_LIST_MAX",
};

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectNumOfNetworks>(|work, _| {
        let num = lists::count(which(work, true));
        Ok(remote::ConnectNumOfNetworksRet { num })
    });
    routes.tell::<remote::ConnectListNetworks>(|work, request| {
        let names = ROOM.names(names(work, true), request.maxnames)?;
        Ok(remote::ConnectListNetworksRet { names })
    });
    routes.tell::<remote::ConnectNumOfDefinedNetworks>(|work, _| {
        let num = lists::count(which(work, false));
        Ok(remote::ConnectNumOfDefinedNetworksRet { num })
    });
    routes.tell::<remote::ConnectListDefinedNetworks>(|work, request| {
        let names = ROOM.names(names(work, false), request.maxnames)?;
        Ok(remote::ConnectListDefinedNetworksRet { names })
    });
    routes.tell::<remote::ConnectListAllNetworks>(list_all);
}

fn which<'a>(work: &'a Work<'_>, is_active: bool) -> impl Iterator<Item = &'a Network> {
    work.state
        .networks
        .all
        .values()
        .filter(move |network| network.is_active == is_active)
}

fn names<'a>(work: &'a Work<'_>, is_active: bool) -> impl Iterator<Item = &'a str> {
    which(work, is_active).map(|network| network.definition.name())
}

fn list_all(
    work: &mut Work<'_>,
    request: remote::ConnectListAllNetworks,
) -> Result<remote::ConnectListAllNetworksRet<'static>> {
    let filter = request.flags.bits();
    let known = (Filter::INACTIVE | Filter::ACTIVE | Filter::PERSISTENT | Filter::TRANSIENT)
        | (Filter::AUTOSTART | Filter::NO_AUTOSTART);
    check_flags(filter, known.bits(), "testConnectListAllNetworks")?;
    let chosen = work.state.networks.all.values().filter(|network| network.matches(filter));
    let (nets, ret) = lists::all(chosen.map(Network::wire).collect(), request.need_results);
    Ok(remote::ConnectListAllNetworksRet { nets, ret })
}

impl Network {
    fn matches(&self, filter: u32) -> bool {
        [
            [
                (Filter::ACTIVE, self.is_active),
                (Filter::INACTIVE, !self.is_active),
            ],
            [
                (Filter::PERSISTENT, self.is_persistent),
                (Filter::TRANSIENT, !self.is_persistent),
            ],
            [
                (Filter::AUTOSTART, self.autostart),
                (Filter::NO_AUTOSTART, !self.autostart),
            ],
        ]
        .iter()
        .all(|group| lists::passes(filter, &group.map(|(flag, is_in)| (flag.bits(), is_in))))
    }
}
