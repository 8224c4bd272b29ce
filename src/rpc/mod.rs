//! The RPC protocol without I/O: bytes and instants go in, messages and deadlines come out.

pub(crate) mod admission;
pub(crate) mod alarms;
pub(crate) mod backpressure;
pub(crate) mod calls;
pub(crate) mod engine;
pub(crate) mod events;
pub(crate) mod frame;
pub(crate) mod header;
pub(crate) mod keepalive;
pub(crate) mod outbox;
pub(crate) mod read_buffer;
pub(crate) mod streams;
