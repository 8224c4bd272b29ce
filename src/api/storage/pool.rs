//! Storage pools: identity and lookup.

use std::ffi::OsStr;

use uuid::Uuid;

use super::StorageVol;
use crate::api::handle::handle;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::ListAllStoragePoolsFlags;

handle! {
    /// A handle to a storage pool (`virStoragePool`). Cheap to clone; it holds nothing on the
    /// daemon's side.
    pub StoragePool of remote::NonnullStoragePool, known by uuid {
        /// Returns the pool's name (`virStoragePoolGetName`). Local.
        name: text;
        /// Returns the pool's UUID (`virStoragePoolGetUUID`). Local.
        uuid: Uuid;
    }
}

impl Connect {
    /// Looks up a pool by name (`virStoragePoolLookupByName`).
    pub async fn lookup_storage_pool_by_name(&self, name: &str) -> Result<StoragePool> {
        let reply = self.call(remote::StoragePoolLookupByName { name: name.into() }).await?;
        Ok(StoragePool::from_wire(self, &reply.decode()?.pool))
    }

    /// Looks up a pool by UUID (`virStoragePoolLookupByUUID`, `virStoragePoolLookupByUUIDString`).
    pub async fn lookup_storage_pool_by_uuid(&self, uuid: Uuid) -> Result<StoragePool> {
        let reply = self.call(remote::StoragePoolLookupByUuid { uuid }).await?;
        Ok(StoragePool::from_wire(self, &reply.decode()?.pool))
    }

    /// Lists the pools that match the filter (`virConnectListAllStoragePools`).
    pub async fn list_all_storage_pools(
        &self,
        flags: ListAllStoragePoolsFlags,
    ) -> Result<Vec<StoragePool>> {
        let reply =
            self.call(remote::ConnectListAllStoragePools { need_results: 1, flags }).await?;
        Ok(StoragePool::list_from_wire(self, &reply.decode()?.pools))
    }
}

impl StoragePool {
    /// Looks up a volume of the pool by name (`virStorageVolLookupByName`); see
    /// [`StorageVol::os_name`].
    pub async fn lookup_volume_by_name(&self, name: impl AsRef<OsStr>) -> Result<StorageVol> {
        let reply = self
            .call(remote::StorageVolLookupByName { pool: self.wire(), name: name.as_ref().into() })
            .await?;
        Ok(StorageVol::from_wire(self.connect(), &reply.decode()?.vol))
    }

    /// Lists all volumes of the pool (`virStoragePoolListAllVolumes`).
    pub async fn list_all_volumes(&self) -> Result<Vec<StorageVol>> {
        let reply = self
            .call(remote::StoragePoolListAllVolumes {
                pool: self.wire(),
                need_results: 1,
                flags: 0,
            })
            .await?;
        Ok(StorageVol::list_from_wire(self.connect(), &reply.decode()?.vols))
    }
}
