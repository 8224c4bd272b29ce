//! Storage volumes.

// rustdoc shows the blocks of methods in the order of their modules; blank lines keep it.
mod identity;

mod description;

mod change;

mod content;

pub use description::StorageVolInfo;
pub use identity::StorageVol;
