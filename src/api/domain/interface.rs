//! Network interfaces: statistics, bandwidth, addresses.
//!
//! An interface is named by its device on the host, such as `vnet0` (see
//! [`Domain::interface_targets`]), or by its MAC address.

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;

use super::{Domain, InterfaceAddressesSource, ModificationImpact};
use crate::api::wire;
use crate::error::Result;
use crate::params::param_struct;
use crate::params::units::ShortMillis;
use crate::protocol::remote;
use crate::types::network::IpAddrType;
use crate::types::typed_param::Flags;

/// Traffic statistics of a network interface since it was created, as the guest sees it: received
/// is what the guest received. `None` where the hypervisor does not count
/// (`virDomainInterfaceStatsStruct`).
#[doc(alias = "virDomainInterfaceStatsStruct")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InterfaceStats {
    /// Bytes received.
    pub rx_bytes: Option<u64>,
    /// Packets received.
    pub rx_packets: Option<u64>,
    /// Receive errors.
    pub rx_errors: Option<u64>,
    /// Incoming packets that were dropped.
    pub rx_dropped: Option<u64>,
    /// Bytes sent.
    pub tx_bytes: Option<u64>,
    /// Packets sent.
    pub tx_packets: Option<u64>,
    /// Send errors.
    pub tx_errors: Option<u64>,
    /// Outgoing packets that were dropped.
    pub tx_dropped: Option<u64>,
}

param_struct! {
    /// The bandwidth of a network interface (`VIR_DOMAIN_BANDWIDTH_…`); inbound is what the guest
    /// receives. Setting replaces a direction as a whole if its average, or the floor, is there:
    /// fields that are `None` are zero then, and a zero average removes the limit. Otherwise the
    /// direction stays as it is, whatever its peak and burst.
    pub struct InterfaceParameters {
        /// Average inbound rate, in kB (1000 bytes) per second.
        inbound_average_kb_per_second: u32 = "inbound.average",
        /// Peak inbound rate, in kB (1000 bytes) per second.
        inbound_peak_kb_per_second: u32 = "inbound.peak",
        /// Amount of one inbound burst at the peak rate, in KiB.
        inbound_burst_kib: u32 = "inbound.burst",
        /// Guaranteed inbound rate, in kB (1000 bytes) per second.
        inbound_floor_kb_per_second: u32 = "inbound.floor",
        /// Average outbound rate, in kB (1000 bytes) per second.
        outbound_average_kb_per_second: u32 = "outbound.average",
        /// Peak outbound rate, in kB (1000 bytes) per second.
        outbound_peak_kb_per_second: u32 = "outbound.peak",
        /// Amount of one outbound burst at the peak rate, in KiB.
        outbound_burst_kib: u32 = "outbound.burst",
        ..other
    }
}

param_struct! {
    /// Schedule of the packets that announce a network interface
    /// (`VIR_DOMAIN_ANNOUNCE_INTERFACE_…`). A field that is `None` or zero has the default of the C
    /// library.
    pub struct AnnounceInterfaceParameters {
        /// Time before the first packet; 50 ms by default.
        initial: Duration = "initial" as ShortMillis,
        /// Maximum time between two packets; 550 ms by default.
        max: Duration = "max" as ShortMillis,
        /// Number of packets; 5 by default.
        rounds: u32 = "rounds",
        /// Increase of the time to the next packet; 50 ms by default.
        step: Duration = "step" as ShortMillis,
        ..other
    }
}

/// A network interface and its addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InterfaceAddresses {
    /// Interface name: in the guest if the guest's agent was asked, otherwise on the host.
    pub name: String,
    /// MAC address, if it has one.
    pub mac: Option<String>,
    /// Addresses of the interface.
    pub addrs: Vec<InterfaceAddress>,
}

/// An address of a network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InterfaceAddress {
    /// Address family.
    pub kind: IpAddrType,
    /// The address as text.
    pub addr: String,
    /// Prefix length.
    pub prefix: u32,
}

impl InterfaceAddress {
    /// Returns the address, if the text is a valid one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.addr.parse().ok()
    }
}

/// # Network interfaces
impl Domain {
    /// Returns traffic statistics of an interface of the running domain
    /// (`virDomainInterfaceStats`).
    ///
    /// `device` is the interface's device on the host, such as `vnet0`, or its MAC address;
    /// [`interface_targets`](Self::interface_targets) lists both. Only interfaces that have a device
    /// on the host have statistics.
    #[doc(alias = "virDomainInterfaceStats")]
    pub async fn interface_stats(&self, device: &str) -> Result<InterfaceStats> {
        let reply = self
            .call(remote::DomainInterfaceStats { dom: self.wire(), device: device.into() })
            .await?;
        let stats = reply.decode()?;
        Ok(InterfaceStats {
            rx_bytes: wire::counter(stats.rx_bytes),
            rx_packets: wire::counter(stats.rx_packets),
            rx_errors: wire::counter(stats.rx_errs),
            rx_dropped: wire::counter(stats.rx_drop),
            tx_bytes: wire::counter(stats.tx_bytes),
            tx_packets: wire::counter(stats.tx_packets),
            tx_errors: wire::counter(stats.tx_errs),
            tx_dropped: wire::counter(stats.tx_drop),
        })
    }

    /// Returns the bandwidth of an interface (`virDomainGetInterfaceParameters`).
    #[doc(alias = "virDomainGetInterfaceParameters")]
    pub async fn interface_parameters(
        &self,
        device: &str,
        flags: ModificationImpact,
    ) -> Result<InterfaceParameters> {
        let reply = self
            .call(remote::DomainGetInterfaceParameters {
                dom: self.wire(),
                device: device.into(),
                nparams: remote::DOMAIN_INTERFACE_PARAMETERS_MAX as i32,
                flags: flags.bits() | Flags::STRING_OKAY.bits(),
            })
            .await?;
        Ok(InterfaceParameters::collect(wire::params(&reply.decode()?.params)))
    }

    /// Changes the bandwidth of an interface (`virDomainSetInterfaceParameters`).
    #[doc(alias = "virDomainSetInterfaceParameters")]
    pub async fn set_interface_parameters(
        &self,
        device: &str,
        parameters: &InterfaceParameters,
        flags: ModificationImpact,
    ) -> Result<()> {
        let params = parameters.to_params();
        self.run(remote::DomainSetInterfaceParameters {
            dom: self.wire(),
            device: device.into(),
            params: (&params).into(),
            flags,
        })
        .await
    }

    /// Has the hypervisor send packets in the guest's name that tell the switches where its MAC
    /// addresses are, e.g. after the network behind an interface has changed
    /// (`virDomainAnnounceInterface`, since libvirt 12.5.0).
    ///
    /// `device` is an interface's device or MAC address; `None` means all interfaces. Returns
    /// before the packets are sent.
    #[doc(alias = "virDomainAnnounceInterface")]
    pub async fn announce_interface(
        &self,
        device: Option<&str>,
        parameters: &AnnounceInterfaceParameters,
    ) -> Result<()> {
        let params = parameters.to_params();
        self.run(remote::DomainAnnounceInterface {
            dom: self.wire(),
            device: device.map(Into::into),
            params: (&params).into(),
            flags: 0,
        })
        .await
    }

    /// Lists the addresses of the running domain's interfaces, from the leases of libvirt's own
    /// DHCP servers, from the guest's agent, or from the host's ARP table
    /// (`virDomainInterfaceAddresses`). [Takes long](crate#calls-that-take-long) if the agent is
    /// asked.
    #[doc(alias = "virDomainInterfaceAddresses")]
    pub async fn interface_addresses(
        &self,
        source: InterfaceAddressesSource,
    ) -> Result<Vec<InterfaceAddresses>> {
        let reply = self
            .call(remote::DomainInterfaceAddresses { dom: self.wire(), source, flags: 0 })
            .await?;
        let interfaces = reply.decode()?.ifaces;
        Ok(interfaces
            .into_iter()
            .map(|interface| InterfaceAddresses {
                name: interface.name.into_owned(),
                mac: interface.hwaddr.map(String::from),
                addrs: interface.addrs.into_iter().map(address).collect(),
            })
            .collect())
    }
}

fn address(wire: remote::DomainIpAddr<'_>) -> InterfaceAddress {
    InterfaceAddress {
        kind: wire.r#type,
        addr: wire.addr.into_owned(),
        prefix: wire.prefix,
    }
}
