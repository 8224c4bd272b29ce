//! What a host has of devices.

#![allow(clippy::similar_names, reason = "the names of adapters are called so")]

mod definition;
mod devices;
mod shapes;

pub(crate) use self::definition::{Definition, internal};
pub(crate) use self::devices::{Device, Devices, no_such, wire};
pub(crate) use self::shapes::{KINDS, number_of};
