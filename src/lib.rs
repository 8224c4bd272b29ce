//! Pure-Rust async client of libvirt's RPC protocol.

mod api;
mod client;
mod error;
pub mod events;
pub mod params;
pub mod protocol;
mod rpc;
mod transport;
pub mod types;
pub mod uri;
pub mod xdr;

#[cfg(feature = "qemu")]
pub use api::qemu;
pub use api::{connect, domain, network, node_device, secret, storage};
pub use client::{Chunk, Connect, ConnectBuilder, Raw, Reply, Stream, StreamReader, StreamWriter};
pub use error::{CloseReason, Error, Optional, ProtocolError, RemoteError, Result};
