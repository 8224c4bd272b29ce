//! What a network's DHCP server has given out.

use std::net::IpAddr;
use std::time::SystemTime;

use serde::Serialize;

use super::{IpAddrType, Network};
use crate::api::wire::unix_time;
use crate::client::Reply;
use crate::error::Result;
use crate::protocol::remote;

/// An address that a network's DHCP server has given to a client (`virNetworkDHCPLease`).
#[doc(alias = "virNetworkDHCPLease")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DhcpLease {
    /// The network's device on the host, i.e. its bridge.
    pub interface: String,
    /// Time at which the lease ends; `None` if never.
    pub expires_at: Option<SystemTime>,
    /// Address family.
    pub kind: IpAddrType,
    /// MAC address of the client, if the server knows it.
    pub mac: Option<String>,
    /// Number of the client's association (IAID), for IPv6 alone.
    pub iaid: Option<String>,
    /// The address as text.
    pub addr: String,
    /// Prefix length of the network that the address belongs to.
    pub prefix: u32,
    /// Host name that the client sent, or that the network's configuration gives it.
    pub hostname: Option<String>,
    /// The client's own identifier, e.g. `01:52:54:00:12:34:56`; for IPv6 its DUID.
    pub client_id: Option<String>,
}

impl DhcpLease {
    /// Returns the address, if the text is a valid one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.addr.parse().ok()
    }
}

/// # DHCP leases
impl Network {
    /// Lists the DHCP leases of the network that have not expired, or those of the client with that
    /// MAC address (`virNetworkGetDHCPLeases`).
    ///
    /// Only networks whose DHCP server is libvirt's own have leases. One appears here a moment after
    /// its client got it, and outlives the client.
    #[doc(alias = "virNetworkGetDHCPLeases")]
    pub async fn dhcp_leases(&self, mac: Option<&str>) -> Result<Vec<DhcpLease>> {
        let reply = self
            .call(remote::NetworkGetDhcpLeases {
                net: self.wire(),
                mac: mac.map(Into::into),
                need_results: 1,
                flags: 0,
            })
            .await?;
        let leases = reply.decode()?.leases;
        leases.into_iter().map(|lease| convert(&reply, lease)).collect()
    }
}

fn convert<B>(reply: &Reply<B>, wire: remote::NetworkDhcpLease<'_>) -> Result<DhcpLease> {
    let expires_at = match wire.expirytime {
        0 => None,
        seconds => {
            let time = unix_time(seconds).filter(|_| seconds > 0);
            Some(time.ok_or_else(|| reply.invalid(format!("a lease ends at {seconds} s")))?)
        }
    };
    Ok(DhcpLease {
        interface: wire.iface.into_owned(),
        expires_at,
        kind: wire.r#type,
        mac: wire.mac.map(String::from),
        iaid: wire.iaid.map(String::from),
        addr: wire.ipaddr.into_owned(),
        prefix: wire.prefix,
        hostname: wire.hostname.map(String::from),
        client_id: wire.clientid.map(String::from),
    })
}
