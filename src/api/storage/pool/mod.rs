//! Storage pools.

// rustdoc shows the blocks of methods in the order of their modules; blank lines keep it.
mod identity;

mod description;

mod lifecycle;

mod sources;
mod volumes;

pub use description::StoragePoolInfo;
pub use identity::StoragePool;
