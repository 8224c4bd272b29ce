//! Network interfaces: what goes through them, what they may do, which addresses they have.
//!
//! An interface is named by its device on the host, such as `vnet0` (see
//! [`Domain::interface_targets`]), or by its MAC address.

use std::net::IpAddr;
use std::time::Duration;

use super::{Domain, InterfaceAddressesSource, ModificationImpact};
use crate::api::wire;
use crate::error::Result;
use crate::params::param_struct;
use crate::params::units::ShortMillis;
use crate::protocol::remote;
use crate::types::network::IpAddrType;
use crate::types::typed_param::Flags;

/// What went through a network interface since it was made, as the guest sees it: received is what
/// the guest received. `None` where the hypervisor does not count
/// (`virDomainInterfaceStatsStruct`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InterfaceStats {
    /// Bytes received.
    pub rx_bytes: Option<u64>,
    /// Packets received.
    pub rx_packets: Option<u64>,
    /// Receive errors.
    pub rx_errors: Option<u64>,
    /// Packets to receive that were dropped.
    pub rx_dropped: Option<u64>,
    /// Bytes sent.
    pub tx_bytes: Option<u64>,
    /// Packets sent.
    pub tx_packets: Option<u64>,
    /// Send errors.
    pub tx_errors: Option<u64>,
    /// Packets to send that were dropped.
    pub tx_dropped: Option<u64>,
}

param_struct! {
    /// The bandwidth of a network interface (`VIR_DOMAIN_BANDWIDTH_…`); inbound is what the guest
    /// receives. What is `None` is not changed by setting; an average of zero removes the limit of
    /// its direction.
    pub struct InterfaceParameters {
        /// Average rate, in KiB a second.
        inbound_average: u32 = "inbound.average",
        /// Highest rate, in KiB a second.
        inbound_peak: u32 = "inbound.peak",
        /// What may go at the highest rate at a time, in KiB.
        inbound_burst: u32 = "inbound.burst",
        /// Guaranteed rate, in KiB a second.
        inbound_floor: u32 = "inbound.floor",
        /// Average rate, in KiB a second.
        outbound_average: u32 = "outbound.average",
        /// Highest rate, in KiB a second.
        outbound_peak: u32 = "outbound.peak",
        /// What may go at the highest rate at a time, in KiB.
        outbound_burst: u32 = "outbound.burst",
        ..other
    }
}

param_struct! {
    /// How packets that announce a network interface follow each other
    /// (`VIR_DOMAIN_ANNOUNCE_INTERFACE_…`). What is `None` or zero is as C has it by default.
    pub struct AnnounceInterfaceParameters {
        /// Before the first packet; 50 ms by default.
        initial: Duration = "initial" as ShortMillis,
        /// The longest between two packets; 550 ms by default.
        max: Duration = "max" as ShortMillis,
        /// How many packets; 5 by default.
        rounds: u32 = "rounds",
        /// By how much the time to the next packet grows; 50 ms by default.
        step: Duration = "step" as ShortMillis,
        ..other
    }
}

/// A network interface and its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InterfaceAddresses {
    /// The interface's name: in the guest if the guest's agent was asked, or else on the host.
    pub name: String,
    /// Its MAC address, if it has one.
    pub hwaddr: Option<String>,
    /// Its addresses.
    pub addrs: Vec<InterfaceAddress>,
}

/// An address of a network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InterfaceAddress {
    /// Which protocol it is of.
    pub kind: IpAddrType,
    /// The address as text.
    pub addr: String,
    /// How many of its bits are the network's.
    pub prefix: u32,
}

impl InterfaceAddress {
    /// The address, if the text is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.addr.parse().ok()
    }
}

impl Domain {
    /// What went through an interface of the running domain (`virDomainInterfaceStats`).
    ///
    /// Only interfaces that have a device on the host are counted.
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

    /// The bandwidth of an interface (`virDomainGetInterfaceParameters`).
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
    /// addresses are now, such as after the network behind an interface was changed
    /// (`virDomainAnnounceInterface`, since libvirt 12.5.0).
    ///
    /// For the interface of that device or MAC address, or for all of them. Does not wait until
    /// they are sent.
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

    /// The addresses of the running domain's interfaces, from the leases of libvirt's own DHCP
    /// servers, from the guest's agent, or from the host's ARP table
    /// (`virDomainInterfaceAddresses`). Takes long if the agent is asked.
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
                hwaddr: interface.hwaddr.map(String::from),
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
