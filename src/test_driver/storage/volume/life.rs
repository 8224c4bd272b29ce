//! Creating and deleting volumes.

use super::naming::{named, wire};
use crate::protocol::remote::{self, NonnullStorageVol};
use crate::test_driver::failure::{Failure, Result, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::storage::Volume;
use crate::test_driver::work::Work;
use crate::types::error::ErrorCode;
use crate::types::storage_vol::CreateFlags;

pub(super) fn route(routes: &mut Routes) {
    routes.make::<remote::StorageVolCreateXml<'static>>(|work, request| {
        let known = CreateFlags::VALIDATE.bits();
        check_flags(request.flags.bits(), known, "testStorageVolCreateXML")?;
        let vol = create(work, request.pool.name.as_str(), request.xml.as_str(), None)?;
        Ok(remote::StorageVolCreateXmlRet { vol })
    });
    routes.make::<remote::StorageVolCreateXmlFrom<'static>>(|work, request| {
        let known = CreateFlags::VALIDATE.bits();
        check_flags(request.flags.bits(), known, "testStorageVolCreateXMLFrom")?;
        let original = Some(request.clonevol.name.as_str());
        let vol = create(work, request.pool.name.as_str(), request.xml.as_str(), original)?;
        Ok(remote::StorageVolCreateXmlFromRet { vol })
    });
    routes.act::<remote::StorageVolDelete<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testStorageVolDelete")?;
        let pool = work.state.pools.active_mut(request.vol.pool.as_str())?;
        let name = request.vol.name.as_str();
        named(pool, name)?;
        pool.remove_volume(name);
        Ok(())
    });
}

/// Creates a volume, from another of the pool if one is named.
fn create(
    work: &mut Work<'_>,
    pool: &str,
    xml: &str,
    original: Option<&str>,
) -> Result<NonnullStorageVol<'static>> {
    let pool = work.state.pools.active_mut(pool)?;
    let volume = Volume::parse(xml, pool.kind(), pool.target())?;
    let name = volume.name();
    if pool.volumes().contains_key(name) {
        return Err(Failure::new(ErrorCode::OperationFailed, "storage vol already exists"));
    }
    if let Some(original) = original {
        named(pool, original)?;
    }
    if pool.lacks_room_for(volume.allocation()) {
        let detail = format!("Not enough free space in pool for volume '{name}'");
        return Err(Failure::internal(detail));
    }
    let vol = wire(pool, &volume);
    pool.add_volume(volume);
    Ok(vol)
}
