//! What is asked about a volume.

use super::naming::named;
use crate::protocol::remote;
use crate::test_driver::failure::check_flags;
use crate::test_driver::routes::Routes;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::StorageVolGetInfo<'static>>(|work, request| {
        let pool = work.state.pools.active(request.vol.pool.as_str())?;
        let volume = named(pool, request.vol.name.as_str())?;
        Ok(remote::StorageVolGetInfoRet {
            r#type: i8::try_from(i32::from(pool.kind().volumes)).unwrap_or_default(),
            capacity: volume.capacity(),
            allocation: volume.allocation(),
        })
    });
    routes.tell::<remote::StorageVolGetXmlDesc<'static>>(|work, request| {
        check_flags(request.flags, 0, "testStorageVolGetXMLDesc")?;
        let pool = work.state.pools.active(request.vol.pool.as_str())?;
        let xml = named(pool, request.vol.name.as_str())?.to_xml().into();
        Ok(remote::StorageVolGetXmlDescRet { xml })
    });
    routes.tell::<remote::StorageVolGetPath<'static>>(|work, request| {
        let pool = work.state.pools.active(request.vol.pool.as_str())?;
        let name = named(pool, request.vol.name.as_str())?.path().to_owned().into();
        Ok(remote::StorageVolGetPathRet { name })
    });
}
