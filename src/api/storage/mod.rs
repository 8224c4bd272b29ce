//! Storage: pools, and the volumes in them.

// rustdoc shows the blocks of methods in the order of their modules; blank lines keep it.
mod pool;

mod volume;

mod transfer;

mod parent;

pub use crate::types::{storage_pool, storage_vol};
pub use pool::{StoragePool, StoragePoolInfo};
pub use transfer::{Transfer, TransferProgress};
pub use volume::{StorageVol, StorageVolInfo};
