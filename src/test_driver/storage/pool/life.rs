//! Defining, building, starting and ending pools.

use crate::protocol::remote::{self, NonnullStoragePool};
use crate::test_driver::failure::{Result, check_flags};
use crate::test_driver::node_device;
use crate::test_driver::routes::Routes;
use crate::test_driver::state::storage::{Definition, Pool};
use crate::test_driver::storage::events::{tell_lifecycle, tell_refresh};
use crate::test_driver::work::Work;
use crate::types::storage_pool::{DefineFlags, EventLifecycleType};

pub(super) fn route(routes: &mut Routes) {
    routes.make::<remote::StoragePoolCreateXml<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testStoragePoolCreateXML")?;
        let pool = create_xml(work, request.xml.as_str())?;
        Ok(remote::StoragePoolCreateXmlRet { pool })
    });
    routes.make::<remote::StoragePoolDefineXml<'static>>(|work, request| {
        let known = DefineFlags::VALIDATE.bits();
        check_flags(request.flags.bits(), known, "testStoragePoolDefineXML")?;
        let definition = Definition::parse(request.xml.as_str())?;
        let pool = work.state.pools.assign(definition, false)?.wire();
        tell_lifecycle(work.state, &pool, EventLifecycleType::Defined);
        Ok(remote::StoragePoolDefineXmlRet { pool })
    });
    routes.act::<remote::StoragePoolUndefine<'static>>(|work, request| {
        let uuid = inactive(work, &request.pool)?.definition.uuid();
        work.state.pools.all.remove(&uuid);
        tell(work, &request.pool, EventLifecycleType::Undefined);
        Ok(())
    });
    routes.act::<remote::StoragePoolBuild<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testStoragePoolBuild")?;
        inactive(work, &request.pool)?;
        tell(work, &request.pool, EventLifecycleType::Created);
        Ok(())
    });
    routes.act::<remote::StoragePoolCreate<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testStoragePoolCreate")?;
        inactive(work, &request.pool)?.is_active = true;
        tell(work, &request.pool, EventLifecycleType::Started);
        Ok(())
    });
    routes.act::<remote::StoragePoolDelete<'static>>(|work, request| {
        check_flags(request.flags.bits(), 0, "testStoragePoolDelete")?;
        inactive(work, &request.pool)?;
        tell(work, &request.pool, EventLifecycleType::Deleted);
        Ok(())
    });
    routes.act::<remote::StoragePoolDestroy<'static>>(|work, request| {
        destroy(work, request.pool.name.as_str())
    });
    routes.act::<remote::StoragePoolRefresh<'static>>(|work, request| {
        check_flags(request.flags, 0, "testStoragePoolRefresh")?;
        work.state.pools.active(request.pool.name.as_str())?;
        tell_refresh(work.state, &named(&request.pool));
        Ok(())
    });
}

fn inactive<'a>(work: &'a mut Work<'_>, pool: &NonnullStoragePool<'_>) -> Result<&'a mut Pool> {
    work.state.pools.inactive_mut(pool.name.as_str())
}

/// Tells of a pool as the client named it.
fn tell(work: &mut Work<'_>, pool: &NonnullStoragePool<'_>, change: EventLifecycleType) {
    tell_lifecycle(work.state, &named(pool), change);
}

fn named(pool: &NonnullStoragePool<'_>) -> NonnullStoragePool<'static> {
    NonnullStoragePool { name: pool.name.as_str().to_owned().into(), uuid: pool.uuid }
}

fn create_xml(work: &mut Work<'_>, xml: &str) -> Result<NonnullStoragePool<'static>> {
    let definition = Definition::parse(xml)?;
    let pool = work.state.pools.assign(definition, true)?;
    let (wire, vport) = (pool.wire(), vport(&pool.definition));
    if let Some((wwnn, wwpn)) = vport
        && let Err(failure) = node_device::create_vport(work.state, &wwnn, &wwpn)
    {
        work.state.pools.all.remove(&wire.uuid);
        return Err(failure);
    }
    work.state.pools.by_name_mut(wire.name.as_str())?.is_active = true;
    tell_lifecycle(work.state, &wire, EventLifecycleType::Started);
    Ok(wire)
}

/// Returns the names of the virtual adapter that a pool makes for itself.
fn vport(definition: &Definition) -> Option<(String, String)> {
    let adapter = definition.source()?.child("adapter")?;
    let is_virtual = adapter.get("type") == Some("fc_host");
    let name = |attribute: &str| adapter.get(attribute).map(str::to_owned);
    is_virtual.then(|| Some((name("wwnn")?, name("wwpn")?))).flatten()
}

fn destroy(work: &mut Work<'_>, name: &str) -> Result<()> {
    let pool = work.state.pools.active_mut(name)?;
    pool.is_active = false;
    let (wire, is_persistent) = (pool.wire(), pool.is_persistent);
    if vport(&pool.definition).is_some() {
        node_device::destroy_vport(work.state)?;
    }
    if !is_persistent {
        work.state.pools.all.remove(&wire.uuid);
    }
    tell_lifecycle(work.state, &wire, EventLifecycleType::Stopped);
    Ok(())
}
