//! Administration of the daemons themselves: clients, limits, logging.
//!
//! It has connections of its own, with URIs such as `libvirtd:///system` and
//! `virtqemud:///session`. Daemons allow it only to the user that they run as, on their own host.
//!
//! ```no_run
//! # async fn example() -> libvirt_client::Result<()> {
//! use libvirt_client::admin::AdminConnect;
//!
//! let daemon = AdminConnect::open("virtqemud:///system").await?;
//! for server in daemon.list_servers().await? {
//!     for client in server.list_clients().await? {
//!         println!("{}: {:?}", client.id(), client.info().await?);
//!     }
//! }
//! # Ok(())
//! # }
//! ```

// rustdoc shows the blocks of methods in the order of their modules; blank lines keep it.
mod connect;

mod server;

mod client;

mod wire;

pub use client::{Client, ClientInfo};
pub use connect::AdminConnect;
pub use server::{ClientCounts, ClientLimits, Server, ThreadPool, ThreadPoolLimits};

pub use crate::types::admin::*;
