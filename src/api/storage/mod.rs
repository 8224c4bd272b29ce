//! Storage: pools, and the volumes in them.

mod pool;
mod volume;

pub use crate::types::{storage_pool, storage_vol};
pub use pool::StoragePool;
pub use volume::{StorageVol, StorageVolInfo};
