//! The typed API: handles to libvirt's objects, and their methods.
//!
//! Each file is one topic of one object. A method is one procedure unless its documentation says
//! otherwise; it encodes its arguments, makes the call, and converts the reply to proper types.

mod handle;
mod name;
mod typed_params;
pub(crate) mod wire;

// rustdoc shows the blocks of methods in the order of their modules; blank lines keep it.
pub mod connect;

pub mod domain;

pub mod network;

pub mod storage;

pub mod node_device;

pub mod interface;

pub mod secret;

pub mod nwfilter;

#[cfg(feature = "qemu")]
pub mod qemu;

#[cfg(feature = "lxc")]
mod lxc;

#[cfg(feature = "admin")]
pub mod admin;
