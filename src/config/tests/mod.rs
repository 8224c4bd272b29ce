//! The C library's results for the same input. The tables are from observing virsh 9.0.0: the
//! socket that it connects to, and the URI that it opens.

#![allow(clippy::unwrap_used, clippy::panic)]

mod file;
mod sockets;
#[cfg(any(feature = "ssh", feature = "ssh-native"))]
mod ssh;

use crate::uri::ConnectUri;

fn parse(text: &str) -> ConnectUri {
    ConnectUri::parse(text).unwrap_or_else(|error| panic!("{error}"))
}
