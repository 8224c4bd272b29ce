//! A daemon within the process, which behaves as libvirt's test driver does.
//!
//! It is a server on any byte stream, and the client knows nothing of it: what goes between the two
//! are the same bytes as over a socket.

mod connect;
mod document;
mod domain;
pub(crate) mod doors;
mod events;
mod failure;
mod faults;
mod generated;
mod host;
mod interface;
mod lists;
mod network;
mod node;
mod node_device;
mod outgoing;
mod registration;
mod routes;
mod server;
mod state;
mod storage;
mod work;
mod xml;

use tokio::io::DuplexStream;

use doors::Door;
pub(crate) use host::Host;
pub(crate) use server::serve;

/// The bytes that either side may be ahead of the other.
const AHEAD: usize = 256 * 1024;

/// Returns a client's end of a connection to a host of this process. Must be called in a runtime.
pub(crate) fn connect(door: Door) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(AHEAD);
    tokio::spawn(serve(theirs, door));
    ours
}
