//! What is asked about a pool.

use crate::protocol::remote;
use crate::test_driver::failure::{Failure, check_flags};
use crate::test_driver::routes::Routes;
use crate::test_driver::state::storage::CAPACITY;
use crate::types::error::ErrorCode;
use crate::types::storage_pool::State;

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::StoragePoolIsActive<'static>>(|work, request| {
        let active = work.state.pools.by_uuid(request.pool.uuid)?.is_active.into();
        Ok(remote::StoragePoolIsActiveRet { active })
    });
    routes.tell::<remote::StoragePoolIsPersistent<'static>>(|work, request| {
        let persistent = work.state.pools.by_uuid(request.pool.uuid)?.is_persistent.into();
        Ok(remote::StoragePoolIsPersistentRet { persistent })
    });
    routes.tell::<remote::StoragePoolGetInfo<'static>>(|work, request| {
        let pool = work.state.pools.by_name(request.pool.name.as_str())?;
        let state = if pool.is_active {
            State::Running
        } else {
            State::Inactive
        };
        Ok(remote::StoragePoolGetInfoRet {
            state: u8::try_from(i32::from(state)).unwrap_or_default(),
            capacity: CAPACITY,
            allocation: pool.allocation,
            available: pool.available(),
        })
    });
    routes.tell::<remote::StoragePoolGetXmlDesc<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testStoragePoolGetXMLDesc")?;
        let pool = work.state.pools.by_name(request.pool.name.as_str())?;
        let xml = pool.definition.to_xml(CAPACITY, pool.allocation, pool.available()).into();
        Ok(remote::StoragePoolGetXmlDescRet { xml })
    });
    routes.tell::<remote::StoragePoolGetAutostart<'static>>(|work, request| {
        let pool = work.state.pools.by_name(request.pool.name.as_str())?;
        let autostart = (pool.is_persistent && pool.autostart).into();
        Ok(remote::StoragePoolGetAutostartRet { autostart })
    });
    routes.act::<remote::StoragePoolSetAutostart<'static>>(|work, request| {
        let pool = work.state.pools.by_name_mut(request.pool.name.as_str())?;
        if !pool.is_persistent {
            return Err(Failure::new(ErrorCode::InvalidArg, "pool has no config file"));
        }
        pool.autostart = request.autostart != 0;
        Ok(())
    });
}
