//! Virtual networks, their DHCP leases and their ports.
//!
//! ```no_run
//! # async fn example(conn: &libvirt_client::Connect, xml: &str) -> libvirt_client::Result<()> {
//! use libvirt_client::network::DefineFlags;
//!
//! let network = conn.network_define_xml(xml, DefineFlags::VALIDATE).await?;
//! network.create().await?;
//! for lease in network.dhcp_leases(None).await? {
//!     println!("{:?} has {}/{}", lease.mac, lease.addr, lease.prefix);
//! }
//! # Ok(())
//! # }
//! ```

// rustdoc shows the blocks of methods in the order of their modules; blank lines keep it.
mod identity;

mod lifecycle;

mod description;

mod update;

mod lease;

mod port;

pub use crate::types::network::*;
pub use identity::Network;
pub use lease::DhcpLease;
pub use port::{NetworkPort, PortParameters};
