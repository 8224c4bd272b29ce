//! Storage pools.

mod adapter;
mod conflicts;
mod definition;
mod pools;
pub(crate) mod source;

pub(crate) use self::definition::Definition;
pub(crate) use self::pools::{CAPACITY, Pool, Pools};
