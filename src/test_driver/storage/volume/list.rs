//! Lists of volumes.

use super::naming::wire;
use crate::protocol::remote;
use crate::test_driver::failure::{Failure, check_flags};
use crate::test_driver::lists::{self, Room};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::storage::Volume;

const NAMES: Room = Room {
    most: remote::STORAGE_VOL_LIST_MAX,
    limit: "REMOTE_STORAGE_VOL_LIST_MAX",
};

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::StoragePoolNumOfVolumes<'static>>(|work, request| {
        let pool = work.state.pools.active(request.pool.name.as_str())?;
        let num = lists::count(pool.volumes().values());
        Ok(remote::StoragePoolNumOfVolumesRet { num })
    });
    routes.tell::<remote::StoragePoolListVolumes<'static>>(|work, request| {
        NAMES.check(request.maxnames, "maxnames")?;
        let pool = work.state.pools.active(request.pool.name.as_str())?;
        let names = NAMES.names(pool.volumes().values().map(Volume::name), request.maxnames)?;
        Ok(remote::StoragePoolListVolumesRet { names })
    });
    routes.tell::<remote::StoragePoolListAllVolumes<'static>>(|work, request| {
        check_flags(request.flags, 0, "testStoragePoolListAllVolumes")?;
        let pool = work.state.pools.by_uuid(request.pool.uuid)?;
        if !pool.is_active() {
            return Err(Failure::invalid("storage pool is not active"));
        }
        let vols = pool.volumes().values().map(|volume| wire(pool, volume)).collect();
        let (vols, ret) = lists::all(vols, request.need_results);
        Ok(remote::StoragePoolListAllVolumesRet { vols, ret })
    });
}
