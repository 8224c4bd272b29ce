//! What clients are told of storage pools.

use crate::protocol::remote::{self, NonnullStoragePool};
use crate::test_driver::events::{Class, Form};
use crate::test_driver::outgoing::event;
use crate::test_driver::registration::Registrar;
use crate::test_driver::routes::Routes;
use crate::test_driver::state::State;
use crate::types::storage_pool::{EventId, EventLifecycleType};

const POOLS: Registrar = Registrar { class: Class::StoragePool, name: "storage pool", kinds: 2 };

pub(super) fn route(routes: &mut Routes) {
    routes.tell::<remote::ConnectStoragePoolEventRegisterAny<'static>>(|work, request| {
        let object = request.pool.map(|pool| pool.uuid.to_string());
        let callback_id = POOLS.register(work, request.event_id, object)?;
        Ok(remote::ConnectStoragePoolEventRegisterAnyRet { callback_id })
    });
    routes.act::<remote::ConnectStoragePoolEventDeregisterAny>(|work, request| {
        POOLS.deregister(work, request.callback_id)
    });
    routes.may_read::<remote::ConnectStoragePoolEventDeregisterAny>();
}

/// Tells of a change in a pool's life.
pub(super) fn tell_lifecycle(
    state: &mut State,
    pool: &NonnullStoragePool<'static>,
    change: EventLifecycleType,
) {
    let kind = POOLS.kind(EventId::Lifecycle.into());
    state.events.tell(kind, &pool.uuid.to_string(), |form| {
        let Form::Callback(callback_id) = form else {
            return None;
        };
        Some(event::<remote::StoragePoolEventLifecycle>(
            &remote::StoragePoolEventLifecycleMsg {
                callback_id,
                pool: pool.clone(),
                event: change.into(),
                detail: 0,
            },
        ))
    });
}

pub(super) fn tell_refresh(state: &mut State, pool: &NonnullStoragePool<'static>) {
    let kind = POOLS.kind(EventId::Refresh.into());
    state.events.tell(kind, &pool.uuid.to_string(), |form| {
        let Form::Callback(callback_id) = form else {
            return None;
        };
        let msg = remote::StoragePoolEventRefreshMsg { callback_id, pool: pool.clone() };
        Some(event::<remote::StoragePoolEventRefresh>(&msg))
    });
}
