//! Events of storage pools.

use super::object_event::object_event;
use crate::api::storage::StoragePool;
use crate::client::registration::Registration;
use crate::error::Result;
use crate::protocol::{EventInfo, Request, remote};
use crate::types::storage_pool::EventLifecycleType;

fn register(
    event: &'static EventInfo,
    event_id: i32,
    object: Option<&StoragePool>,
) -> Result<Registration> {
    let request = remote::ConnectStoragePoolEventRegisterAny {
        event_id,
        pool: object.map(StoragePool::wire),
    };
    Registration::with_callback_id(
        event,
        &request,
        &remote::ConnectStoragePoolEventDeregisterAny::INFO,
    )
}

object_event! {
    /// Definition, start, stop, undefinition, creation or deletion of a pool
    /// (`VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE`).
    #[doc(alias = "VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE")]
    Lifecycle = 0, StoragePoolEventLifecycle about StoragePool as pool from pool {
        /// Kind of change.
        change: EventLifecycleType = |msg| msg.event.into(),
    }
}

object_event! {
    /// Refresh of a pool: it was scanned for volumes (`VIR_STORAGE_POOL_EVENT_ID_REFRESH`).
    #[doc(alias = "VIR_STORAGE_POOL_EVENT_ID_REFRESH")]
    Refresh = 1, StoragePoolEventRefresh about StoragePool as pool from pool {}
}
