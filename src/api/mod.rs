//! The typed API: handles to libvirt's objects, and their methods.
//!
//! Each file is one topic of one object. A method is one procedure unless its documentation says
//! otherwise; it encodes its arguments, makes the call, and converts the reply to proper types.

#[cfg(feature = "admin")]
pub mod admin;
pub mod connect;
pub mod domain;
mod handle;
pub mod interface;
#[cfg(feature = "lxc")]
mod lxc;
mod name;
pub mod network;
pub mod node_device;
pub mod nwfilter;
#[cfg(feature = "qemu")]
pub mod qemu;
pub mod secret;
pub mod storage;
mod typed_params;
pub(crate) mod wire;
