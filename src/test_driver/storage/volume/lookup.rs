//! Finding volumes.

use super::naming::{named, no_such, wire};
use crate::protocol::remote;
use crate::test_driver::routes::Routes;
use crate::test_driver::state::storage::Volume;
use crate::test_driver::work::Work;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::StorageVolLookupByName<'static>>(|work, request| {
        let pool = work.state.pools.active(request.pool.name.as_str())?;
        let vol = wire(pool, named(pool, request.name.as_str())?);
        Ok(remote::StorageVolLookupByNameRet { vol })
    });
    routes.tell::<remote::StorageVolLookupByKey<'static>>(|work, request| {
        let key = request.key.as_str();
        let vol = found(work, |volume| volume.key() == key);
        let vol = vol.ok_or_else(|| no_such("key", key))?;
        Ok(remote::StorageVolLookupByKeyRet { vol })
    });
    routes.tell::<remote::StorageVolLookupByPath<'static>>(|work, request| {
        let path = request.path.as_str();
        let vol = found(work, |volume| volume.path() == path);
        let vol = vol.ok_or_else(|| no_such("path", path))?;
        Ok(remote::StorageVolLookupByPathRet { vol })
    });
}

/// Returns a volume of any active pool.
fn found(
    work: &Work<'_>,
    is_it: impl Fn(&Volume) -> bool,
) -> Option<remote::NonnullStorageVol<'static>> {
    let pools = work.state.pools.all().filter(|pool| pool.is_active());
    pools
        .flat_map(|pool| pool.volumes().values().map(move |volume| (pool, volume)))
        .find(|(_, volume)| is_it(volume))
        .map(|(pool, volume)| wire(pool, volume))
}
