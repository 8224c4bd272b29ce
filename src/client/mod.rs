//! Connections: opening, the driver task, and calls.

mod call;
#[cfg(test)]
mod dialer;
mod options;
pub(crate) mod registration;
mod registry;
mod running;
#[cfg(test)]
pub(crate) mod simulated;
mod stream;
pub(crate) mod subscription;
mod task;

// rustdoc shows the blocks of methods in the order of their modules; blank lines keep it.
mod opening;

mod connection;

mod raw;

mod reconnect;

pub(crate) use call::asked_once;
pub use connection::Connect;
pub use opening::ConnectBuilder;
pub use raw::Raw;
pub use reconnect::{Backoff, ConnectionStatus, Reconnect};
pub use running::Reply;
pub(crate) use running::timer;
pub use stream::{Stream, StreamReader, StreamWriter};

pub use crate::rpc::streams::Chunk;
