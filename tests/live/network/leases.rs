//! DHCP leases.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::SystemTime;

use libvirt_client::network::{DhcpLease, IpAddrType, UpdateCommand, UpdateFlags, UpdateSection};
use libvirt_client::types::error::ErrorCode;
use rig::Daemon;

use super::{daemon, discard, nat};
use crate::common::{boot, eventually};
use crate::shell::Shell;

#[tokio::test]
async fn leases_of_a_guest_are_those_that_virsh_shows() {
    const NAME: &str = "networks-leases";
    let Some((daemon, conn)) = daemon().await else {
        return;
    };
    let network = nat(&conn, NAME, 81).await;
    assert_eq!(network.dhcp_leases(None).await.unwrap(), []);
    let adapt = |guest: rig::guest::Guest| guest.network(NAME).network(NAME);
    let guest = boot(daemon, &conn, NAME, adapt).await;
    let interfaces = guest.domain.interface_targets().await.unwrap();
    let macs = [0, 1].map(|index: usize| interfaces[index].mac.clone().unwrap());

    // The second interface has an address for good.
    let host = format!(
        "<host mac='{}' name='reserved' ip='192.168.81.40'><lease expiry='0'/></host>",
        macs[1]
    );
    let both = UpdateFlags::LIVE | UpdateFlags::CONFIG;
    let added =
        network.update(UpdateCommand::AddLast, UpdateSection::IpDhcpHost, None, &host, both);
    added.await.unwrap();
    let mut shell = Shell::open(&guest.domain).await;
    let said = shell.run("udhcpc -i eth0 -x hostname:web -n -q -s /bin/true").await;
    assert!(said.contains("lease of 192.168.81."), "{said}");
    let said = shell.run("ip link set eth1 up; udhcpc -i eth1 -n -q -s /bin/true").await;
    assert!(said.contains("lease of 192.168.81.40 "), "{said}");

    // The server answers first, and notes it then.
    eventually("both leases are noted", async || {
        network.dhcp_leases(None).await.unwrap().len() == 2
    })
    .await;
    let leases = network.dhcp_leases(None).await.unwrap();
    for lease in &leases {
        assert_eq!((lease.interface.as_str(), lease.kind), ("rig81", IpAddrType::Ipv4));
        assert_eq!((lease.prefix, &lease.iaid), (24, &None));
    }
    let of = async |mac: &str| network.dhcp_leases(Some(mac)).await.unwrap();
    let [web] = &of(&macs[0]).await[..] else {
        panic!("{leases:?}")
    };
    assert!(leases.contains(web), "{leases:?}");
    assert_eq!(web.mac.as_deref(), Some(&*macs[0]));
    assert_eq!(web.hostname.as_deref(), Some("web"));
    assert_eq!(web.client_id.as_deref(), Some(&*format!("01:{}", macs[0])));
    assert!(web.expires_at.unwrap() > SystemTime::now());
    let [reserved] = &of(&macs[1]).await[..] else {
        panic!("{leases:?}")
    };
    assert_eq!(reserved.ip(), Some(IpAddr::from(Ipv4Addr::new(192, 168, 81, 40))));
    assert_eq!(reserved.hostname.as_deref(), Some("reserved"));
    assert_eq!(reserved.expires_at, None);
    let mut shown = [web, reserved].map(row);
    shown.sort();
    assert_eq!(rows_of_virsh(daemon, NAME), shown);

    assert_eq!(of("52:54:00:00:00:00").await, []);
    let refused = network.dhcp_leases(Some("52:54")).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::InvalidMac));
    discard(&network).await;
}

/// A lease as [`rows_of_virsh`] has it.
fn row(lease: &DhcpLease) -> [String; 5] {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
    let expiry = lease.expires_at.unwrap_or(SystemTime::UNIX_EPOCH);
    let since_1970 = expiry.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    [
        or_dash(&lease.mac),
        format!("{}/{}", lease.addr, lease.prefix),
        or_dash(&lease.hostname),
        or_dash(&lease.client_id),
        since_1970.as_secs().to_string(),
    ]
}

/// What virsh shows of a network's leases, and when they end in seconds since 1970.
fn rows_of_virsh(daemon: &Daemon, network: &str) -> Vec<[String; 5]> {
    let listing = daemon.virsh(["net-dhcp-leases", network]).unwrap();
    let mut rows: Vec<_> = listing
        .lines()
        .map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            let [day, time, mac, "ipv4", address, host, client] = words[..] else {
                panic!("{listing}")
            };
            // In the time zone of whoever runs it.
            let mut date = Command::new("date");
            date.args(["+%s", "--date", &format!("{day} {time}")]);
            let seconds = String::from_utf8(date.output().unwrap().stdout).unwrap();
            [mac, address, host, client, seconds.trim()].map(str::to_owned)
        })
        .collect();
    rows.sort();
    rows
}
