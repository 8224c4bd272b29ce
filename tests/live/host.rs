//! The connection and the host.
