//! State, sizes and description of storage pools.

use serde::Serialize;

use super::StoragePool;
use crate::api::wire::truth;
use crate::error::Result;
use crate::protocol::remote;
use crate::types::storage_pool::{State, XmlFlags};

/// State and sizes of a pool (`virStoragePoolInfo`). The sizes are as the daemon saw them last, e.g.
/// at a [refresh](StoragePool::refresh), and 0 for a pool that has not been active.
#[doc(alias = "virStoragePoolInfo")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StoragePoolInfo {
    /// State of the pool.
    pub state: State,
    /// Size of the pool, in bytes. That of a directory is the size of its file system.
    pub capacity_bytes: u64,
    /// Storage in use, in bytes.
    pub allocation_bytes: u64,
    /// Storage that is free, in bytes.
    pub available_bytes: u64,
}

/// # State and description
impl StoragePool {
    /// Returns the pool's state and sizes (`virStoragePoolGetInfo`).
    #[doc(alias = "virStoragePoolGetInfo")]
    pub async fn info(&self) -> Result<StoragePoolInfo> {
        let reply = self.call(remote::StoragePoolGetInfo { pool: self.wire() }).await?;
        let info = reply.decode()?;
        Ok(StoragePoolInfo {
            state: i32::from(info.state).into(),
            capacity_bytes: info.capacity,
            allocation_bytes: info.allocation,
            available_bytes: info.available,
        })
    }

    /// Returns the pool's XML (`virStoragePoolGetXMLDesc`): that of the active pool, or with
    /// [`INACTIVE`](XmlFlags::INACTIVE) what it will be the next time.
    #[doc(alias = "virStoragePoolGetXMLDesc")]
    pub async fn xml_desc(&self, flags: XmlFlags) -> Result<String> {
        let reply = self.call(remote::StoragePoolGetXmlDesc { pool: self.wire(), flags }).await?;
        Ok(reply.decode()?.xml.into_owned())
    }

    /// Returns the autostart flag: whether the pool starts with its daemon
    /// (`virStoragePoolGetAutostart`).
    #[doc(alias = "virStoragePoolGetAutostart")]
    pub async fn autostart(&self) -> Result<bool> {
        let reply = self.call(remote::StoragePoolGetAutostart { pool: self.wire() }).await?;
        Ok(truth(reply.decode()?.autostart))
    }

    /// Sets the autostart flag: whether the pool starts with its daemon
    /// (`virStoragePoolSetAutostart`). Fails for a transient pool.
    #[doc(alias = "virStoragePoolSetAutostart")]
    pub async fn set_autostart(&self, autostart: bool) -> Result<()> {
        self.run(remote::StoragePoolSetAutostart { pool: self.wire(), autostart: autostart.into() })
            .await
    }

    /// Returns whether the pool is active (`virStoragePoolIsActive`).
    #[doc(alias = "virStoragePoolIsActive")]
    pub async fn is_active(&self) -> Result<bool> {
        let reply = self.call(remote::StoragePoolIsActive { pool: self.wire() }).await?;
        Ok(truth(reply.decode()?.active))
    }

    /// Returns whether the pool is persistent: whether it stays defined after it ends
    /// (`virStoragePoolIsPersistent`).
    #[doc(alias = "virStoragePoolIsPersistent")]
    pub async fn is_persistent(&self) -> Result<bool> {
        let reply = self.call(remote::StoragePoolIsPersistent { pool: self.wire() }).await?;
        Ok(truth(reply.decode()?.persistent))
    }
}
