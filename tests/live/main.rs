//! Everything against real daemons and real guests; see `tests/rig` for where they come from.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

#[cfg(feature = "admin")]
mod admin;
mod auth;
#[cfg(feature = "qemu")]
mod busy;
mod common;
mod connect;
mod descriptors;
mod domain;
mod driver;
mod errors;
mod events;
mod exporter;
mod guide;
mod guide_chapters;
mod loss;
mod migration;
mod network;
mod node_device;
mod nwfilter;
mod programs;
mod readme;
#[cfg(feature = "sasl")]
mod sasl;
mod secret;
mod shell;
#[cfg(feature = "ssh")]
mod ssh;
mod storage;
mod streams;
mod tcp;
mod terminal;
#[cfg(feature = "tls")]
mod tls;
mod top;
mod waiting;
mod watch;
