//! What a host has of storage: pools, and the volumes in them.

#![allow(clippy::similar_names, reason = "the names of adapters are called so")]

mod description;
pub(crate) mod kinds;
mod permissions;
mod pool;

pub(crate) use self::description::Volume;
pub(crate) use self::kinds::Kind;
pub(crate) use self::pool::{CAPACITY, Definition, Pool, Pools, source};
