//! The pool of a volume.

use super::{StoragePool, StorageVol};
use crate::error::Result;
use crate::protocol::remote;

/// # Pool
impl StorageVol {
    /// Looks up the volume's pool (`virStoragePoolLookupByVolume`).
    #[doc(alias = "virStoragePoolLookupByVolume")]
    pub async fn storage_pool_lookup_by_volume(&self) -> Result<StoragePool> {
        let reply = self.call(remote::StoragePoolLookupByVolume { vol: self.wire() }).await?;
        Ok(StoragePool::from_wire(self.connect(), &reply.decode()?.pool))
    }
}
