//! Storage: pools, and the volumes in them.

mod pool;
mod transfer;
mod volume;

pub use crate::types::{storage_pool, storage_vol};
pub use pool::{StoragePool, StoragePoolInfo};
pub use transfer::{Transfer, TransferProgress};
pub use volume::{StorageVol, StorageVolInfo};
