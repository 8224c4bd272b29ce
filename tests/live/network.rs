//! Virtual networks: a file for each topic, as in the API, and the example.

mod leases;
mod lifecycle;
mod metadata;
mod ports;
mod program;
mod update;

use libvirt_client::Connect;
use libvirt_client::network::{DefineFlags, Network};
use rig::{Daemon, Need};

use crate::common::qemu;

/// The shared daemon, and a connection to it, where networks with DHCP and NAT can be started.
async fn daemon() -> Option<(&'static Daemon, Connect)> {
    let found = qemu().await;
    found.filter(|_| rig::available(&[Need::Network, Need::Root]).unwrap())
}

/// A network with NAT and DHCP, `192.168.N.0/24`, that is defined and active.
async fn nat(conn: &Connect, name: &str, n: u8) -> Network {
    let xml = rig::network::nat_xml(name, n);
    let network = conn.network_define_xml(&xml, DefineFlags::VALIDATE).await.unwrap();
    network.create().await.unwrap();
    network
}

/// Stops a network and forgets it.
async fn discard(network: &Network) {
    network.destroy().await.unwrap();
    network.undefine().await.unwrap();
}
