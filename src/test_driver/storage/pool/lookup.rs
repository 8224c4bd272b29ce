//! Finding pools.

use crate::protocol::remote;
use crate::test_driver::routes::Routes;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::StoragePoolLookupByUuid>(|work, request| {
        let pool = work.state.pools.by_uuid(request.uuid)?.wire();
        Ok(remote::StoragePoolLookupByUuidRet { pool })
    });
    routes.tell::<remote::StoragePoolLookupByName<'static>>(|work, request| {
        let pool = work.state.pools.by_name(request.name.as_str())?.wire();
        Ok(remote::StoragePoolLookupByNameRet { pool })
    });
    routes.tell::<remote::StoragePoolLookupByVolume<'static>>(|work, request| {
        let pool = work.state.pools.by_name(request.vol.pool.as_str())?.wire();
        Ok(remote::StoragePoolLookupByVolumeRet { pool })
    });
}
