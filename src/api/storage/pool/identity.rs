//! The handle to a storage pool, and how it is found or made.

use std::path::Path;

use uuid::Uuid;

use crate::api::handle::handle;
use crate::client::Connect;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::connect::ListAllStoragePoolsFlags;
use crate::types::storage_pool::{CreateFlags, DefineFlags};

handle! {
    /// A handle to a storage pool (`virStoragePool`). Cheap to clone; it holds nothing on the
    /// daemon's side.
    ///
    /// ```no_run
    /// # async fn example(conn: libvirt_client::Connect) -> libvirt_client::Result<()> {
    /// use libvirt_client::storage::{storage_pool, storage_vol};
    ///
    /// let xml = "<pool type='dir'><name>images</name><target><path>/srv/images</path></target></pool>";
    /// let pool = conn.storage_pool_define_xml(xml, storage_pool::DefineFlags::VALIDATE).await?;
    /// // `WITH_BUILD` makes the directory.
    /// pool.create(storage_pool::CreateFlags::WITH_BUILD).await?;
    /// let xml = "<volume><name>disk.qcow2</name><capacity unit='GiB'>10</capacity>
    ///     <target><format type='qcow2'/></target></volume>";
    /// let disk = pool.storage_vol_create_xml(xml, storage_vol::CreateFlags::empty()).await?;
    /// println!("{}", disk.path().await?.display());
    /// println!("{} bytes are free", pool.info().await?.available_bytes);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Contents
    ///
    /// - [Identity](#identity), [State and description](#state-and-description), [Life
    ///   cycle](#life-cycle), [Volumes](#volumes)
    #[doc(alias = "virStoragePool")]
    pub StoragePool of remote::NonnullStoragePool, known by uuid,
    #[doc(alias = "virStoragePoolGetConnect")] connect {
        /// Returns the pool's name (`virStoragePoolGetName`). Local.
        #[doc(alias = "virStoragePoolGetName")]
        name: text;
        /// Returns the pool's UUID (`virStoragePoolGetUUID`, `virStoragePoolGetUUIDString`). Local.
        #[doc(alias = "virStoragePoolGetUUID")]
        #[doc(alias = "virStoragePoolGetUUIDString")]
        #[doc(alias = "UUIDString")]
        uuid: Uuid;
    }
}

/// # Storage pools
impl Connect {
    /// Looks up a pool by name (`virStoragePoolLookupByName`).
    #[doc(alias = "virStoragePoolLookupByName")]
    pub async fn storage_pool_lookup_by_name(&self, name: &str) -> Result<StoragePool> {
        let reply = self.call(remote::StoragePoolLookupByName { name: name.into() }).await?;
        Ok(StoragePool::from_wire(self, &reply.decode()?.pool))
    }

    /// Looks up a pool by UUID (`virStoragePoolLookupByUUID`, `virStoragePoolLookupByUUIDString`).
    #[doc(alias = "virStoragePoolLookupByUUID")]
    #[doc(alias = "virStoragePoolLookupByUUIDString")]
    #[doc(alias = "storagePoolLookupByUUIDString")]
    pub async fn storage_pool_lookup_by_uuid(&self, uuid: Uuid) -> Result<StoragePool> {
        let reply = self.call(remote::StoragePoolLookupByUuid { uuid }).await?;
        Ok(StoragePool::from_wire(self, &reply.decode()?.pool))
    }

    /// Looks up an active pool by its target, such as its directory on the daemon's host
    /// (`virStoragePoolLookupByTargetPath`). Pools that are not active are not found.
    #[doc(alias = "virStoragePoolLookupByTargetPath")]
    pub async fn storage_pool_lookup_by_target_path(
        &self,
        path: impl AsRef<Path>,
    ) -> Result<StoragePool> {
        let reply = self
            .call(remote::StoragePoolLookupByTargetPath { path: path.as_ref().into() })
            .await?;
        Ok(StoragePool::from_wire(self, &reply.decode()?.pool))
    }

    /// Lists the pools that match the filter (`virConnectListAllStoragePools`).
    #[doc(alias = "virConnectListAllStoragePools")]
    pub async fn list_all_storage_pools(
        &self,
        flags: ListAllStoragePoolsFlags,
    ) -> Result<Vec<StoragePool>> {
        let reply =
            self.call(remote::ConnectListAllStoragePools { need_results: 1, flags }).await?;
        Ok(StoragePool::list_from_wire(self, &reply.decode()?.pools))
    }

    /// Creates and starts a transient pool, which is gone when it ends (`virStoragePoolCreateXML`).
    /// [Takes long](crate#calls-that-take-long).
    ///
    /// If there is a pool of that name and UUID that is defined and not active, that one is started
    /// with the new description, and keeps its definition.
    #[doc(alias = "virStoragePoolCreateXML")]
    pub async fn storage_pool_create_xml(
        &self,
        xml: &str,
        flags: CreateFlags,
    ) -> Result<StoragePool> {
        let reply = self.call(remote::StoragePoolCreateXml { xml: xml.into(), flags }).await?;
        Ok(StoragePool::from_wire(self, &reply.decode()?.pool))
    }

    /// Defines a pool, or changes its definition, without starting it (`virStoragePoolDefineXML`).
    ///
    /// Without a `<uuid>` the daemon makes one up, and the definition of an existing pool cannot be
    /// changed: its name with another UUID is
    /// [`OperationFailed`](crate::types::error::ErrorCode::OperationFailed).
    #[doc(alias = "virStoragePoolDefineXML")]
    pub async fn storage_pool_define_xml(
        &self,
        xml: &str,
        flags: DefineFlags,
    ) -> Result<StoragePool> {
        let reply = self.call(remote::StoragePoolDefineXml { xml: xml.into(), flags }).await?;
        Ok(StoragePool::from_wire(self, &reply.decode()?.pool))
    }
}
