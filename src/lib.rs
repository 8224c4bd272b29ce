//! Pure-Rust async client of libvirt's RPC protocol.

pub mod protocol;
pub mod types;
pub mod xdr;
