//! Network interfaces.

use std::net::IpAddr;
use std::time::Duration;

use libvirt_client::Connect;
use libvirt_client::connect::Version;
use libvirt_client::domain::{
    AnnounceInterfaceParameters, Domain, InterfaceAddressesSource, InterfaceParameters,
    ModificationImpact,
};
use rig::{Need, network};

use super::{run_in_guest, value_of, virsh};
use crate::common::{boot, eventually, qemu, wait_for_agent};

#[tokio::test]
async fn interfaces_of_a_running_guest() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    if !rig::available(&[Need::Network, Need::Root]).unwrap() {
        return;
    }
    let xml = network::nat_xml("res-net", 77);
    let create = move || daemon.virsh_with_file(["net-create"], &xml).unwrap();
    tokio::task::spawn_blocking(create).await.unwrap();
    let guest = boot(daemon, &conn, "res-net", |guest| {
        guest.network("res-net").user_nic().agent(true)
    });
    let domain = &guest.await.domain;
    wait_for_agent(daemon, "res-net").await;

    let interfaces = domain.interface_targets().await.unwrap();
    assert_eq!(interfaces.len(), 2);
    let (nic, user) = (&interfaces[0], &interfaces[1]);
    assert_eq!((nic.kind.as_str(), user.kind.as_str()), ("network", "user"));
    assert_eq!((nic.source.as_deref(), &user.source), (Some("res-net"), &None));
    assert_eq!((nic.model.as_deref(), &user.target), (Some("virtio"), &None));
    let device = nic.target.as_deref().unwrap();
    let mac = nic.mac.as_deref().unwrap();

    // What goes through: a lease, and what is sent to the host.
    let before = domain.interface_stats(device).await.unwrap();
    run_in_guest(daemon, domain, "udhcpc -i eth0 -n -q -s /bin/true").await;
    eventually("the exchange was counted", async || {
        let stats = domain.interface_stats(device).await.unwrap();
        stats.rx_packets > before.rx_packets && stats.tx_packets > before.tx_packets
    })
    .await;
    domain.suspend().await.unwrap();
    eventually("virsh says the same", async || {
        let said = virsh(daemon, ["domifstat", "res-net", device]).await;
        let stats = domain.interface_stats(mac).await.unwrap();
        let counts = [
            ("rx_bytes", stats.rx_bytes),
            ("rx_packets", stats.rx_packets),
            ("rx_errs", stats.rx_errors),
            ("tx_bytes", stats.tx_bytes),
            ("tx_packets", stats.tx_packets),
            ("tx_errs", stats.tx_errors),
            ("tx_drop", stats.tx_dropped),
        ];
        // The host's end still sends a packet of its own now and then.
        counts.iter().all(|(name, count)| {
            value_of(&said, &format!("{device} {name}")) == count.unwrap().to_string()
        })
    })
    .await;
    domain.resume().await.unwrap();
    let user_mac = user.mac.as_deref().unwrap();
    assert!(domain.interface_stats(user_mac).await.is_err());

    // Addresses, from both sides.
    let leases = domain.interface_addresses(InterfaceAddressesSource::Lease).await.unwrap();
    assert_eq!((leases.len(), leases[0].name.as_str()), (1, device));
    assert_eq!(leases[0].mac.as_deref(), Some(mac));
    let lease = &leases[0].addrs[0];
    assert!(lease.addr.starts_with("192.168.77.") && lease.prefix == 24, "{lease:?}");
    let inside = domain.interface_addresses(InterfaceAddressesSource::Agent).await.unwrap();
    let loopback = inside.iter().find(|interface| interface.name == "lo").unwrap();
    let local = IpAddr::from([127, 0, 0, 1]);
    assert_eq!((loopback.addrs[0].ip(), loopback.addrs[0].prefix), (Some(local), 8));
    assert!(inside.iter().any(|interface| interface.mac.as_deref() == Some(mac)));

    let none = domain.interface_parameters(device, ModificationImpact::LIVE).await.unwrap();
    assert_eq!(
        (none.inbound_average_kb_per_second, none.outbound_burst_kib),
        (Some(0), Some(0))
    );
    assert!(none.other.is_empty(), "{none:?}");
    announcing(&conn, domain, mac).await;
    bandwidth_of_a_definition(&conn, daemon).await;
    virsh(daemon, ["net-destroy", "res-net"]).await;
}

async fn announcing(conn: &Connect, domain: &Domain, mac: &str) {
    let mut parameters = AnnounceInterfaceParameters::default();
    parameters.initial = Some(Duration::from_millis(10));
    parameters.max = Some(Duration::from_millis(20));
    parameters.rounds = Some(2);
    parameters.step = Some(Duration::from_millis(5));
    let announced = domain.announce_interface(Some(mac), &parameters).await;
    if conn.lib_version().await.unwrap() < Version::new(12, 5, 0) {
        assert!(announced.unwrap_err().is_unsupported());
        return;
    }
    announced.unwrap();
    let all = AnnounceInterfaceParameters::default();
    domain.announce_interface(None, &all).await.unwrap();
    let unknown = domain.announce_interface(Some("vnet99"), &all).await;
    let text = unknown.unwrap_err().to_string();
    assert!(text.contains("vnet99"), "{text}");
}

/// Limits on running interfaces take a packet scheduler that not every host has.
async fn bandwidth_of_a_definition(conn: &Connect, daemon: &'static rig::Daemon) {
    let guest =
        crate::common::define(daemon, conn, "res-net-off", |guest| guest.network("res-net"));
    let domain = guest.await.domain;
    let interfaces = domain.interface_targets().await.unwrap();
    let mac = interfaces[0].mac.as_deref().unwrap();
    let mut limits = InterfaceParameters::default();
    limits.inbound_average_kb_per_second = Some(1000);
    limits.inbound_peak_kb_per_second = Some(2000);
    limits.outbound_average_kb_per_second = Some(128);
    let config = ModificationImpact::CONFIG;
    domain.set_interface_parameters(mac, &limits, config).await.unwrap();
    let now = domain.interface_parameters(mac, config).await.unwrap();
    assert_eq!(
        (now.inbound_average_kb_per_second, now.inbound_peak_kb_per_second),
        (Some(1000), Some(2000))
    );
    assert_eq!(now.outbound_average_kb_per_second, Some(128));
    let said = virsh(daemon, ["domiftune", "res-net-off", mac, "--config"]).await;
    assert_eq!(value_of(&said, "inbound.peak"), "2000");
    crate::common::discard(&domain).await;
}
