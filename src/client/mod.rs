//! Connections: opening, the driver task, and calls.

mod call;
mod connection;
mod opening;
mod options;
mod raw;
mod reconnect;
pub(crate) mod registration;
mod registry;
mod running;
mod stream;
pub(crate) mod subscription;

pub use connection::Connect;
pub use opening::ConnectBuilder;
pub use raw::Raw;
pub use reconnect::{Backoff, ConnectionStatus, Reconnect};
pub use running::Reply;
pub use stream::{Stream, StreamReader, StreamWriter};

pub use crate::rpc::streams::Chunk;
