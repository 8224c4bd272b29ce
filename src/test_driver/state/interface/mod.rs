//! What a host has of network interfaces.

mod definition;
mod interfaces;

pub(crate) use self::definition::Definition;
pub(crate) use self::interfaces::{Interface, Interfaces};
