//! Lists of pools.

use crate::protocol::remote;
use crate::test_driver::failure::{Result, check_flags};
use crate::test_driver::lists::{self, Room};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::storage::{Pool, kinds};
use crate::test_driver::work::Work;
use crate::types::connect::ListAllStoragePoolsFlags as Filter;

const ROOM: Room = Room {
    most: remote::STORAGE_POOL_LIST_MAX,
    limit: "REMOTE_STORAGE_POOL_LIST_MAX",
};

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectNumOfStoragePools>(|work, _| {
        let num = lists::count(which(work, true));
        Ok(remote::ConnectNumOfStoragePoolsRet { num })
    });
    routes.tell::<remote::ConnectListStoragePools>(|work, request| {
        let names = ROOM.names(which(work, true).map(Pool::name), request.maxnames)?;
        Ok(remote::ConnectListStoragePoolsRet { names })
    });
    routes.tell::<remote::ConnectNumOfDefinedStoragePools>(|work, _| {
        let num = lists::count(which(work, false));
        Ok(remote::ConnectNumOfDefinedStoragePoolsRet { num })
    });
    routes.tell::<remote::ConnectListDefinedStoragePools>(|work, request| {
        let names = ROOM.names(which(work, false).map(Pool::name), request.maxnames)?;
        Ok(remote::ConnectListDefinedStoragePoolsRet { names })
    });
    routes.tell::<remote::ConnectListAllStoragePools>(list_all);
}

fn which<'a>(work: &'a Work<'_>, is_active: bool) -> impl Iterator<Item = &'a Pool> {
    work.state.pools.all().filter(move |pool| pool.is_active == is_active)
}

fn list_all(
    work: &mut Work<'_>,
    request: remote::ConnectListAllStoragePools,
) -> Result<remote::ConnectListAllStoragePoolsRet<'static>> {
    let filter = request.flags.bits();
    let states = (Filter::INACTIVE | Filter::ACTIVE | Filter::PERSISTENT | Filter::TRANSIENT)
        | (Filter::AUTOSTART | Filter::NO_AUTOSTART);
    let known = kinds::filters().fold(states.bits(), |known, (_, flag)| known | flag);
    check_flags(filter, known, "testConnectListAllStoragePools")?;
    let chosen = work.state.pools.all().filter(|pool| pool.matches(filter));
    let (pools, ret) = lists::all(chosen.map(Pool::wire).collect(), request.need_results);
    Ok(remote::ConnectListAllStoragePoolsRet { pools, ret })
}

impl Pool {
    fn matches(&self, filter: u32) -> bool {
        let by_kind: Vec<_> = kinds::filters()
            .map(|(kind, flag)| (flag, kind.name == self.kind().name))
            .collect();
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
            && lists::passes(filter, &by_kind)
    }
}
