//! Changing parts of networks.

use libvirt_client::Connect;
use libvirt_client::network::{
    DefineFlags, UpdateCommand as Command, UpdateFlags, UpdateSection as Section, XmlFlags,
};

use super::compare;
use super::transcript::Transcript;

const NETWORK: &str = "<network><name>n</name>\
    <uuid>30000000-0000-4000-8000-000000000001</uuid>\
    <forward mode='nat' dev='e'/>\
    <dns><txt name='t' value='v'/><srv service='s' protocol='tcp'/><srv service='s' protocol='udp'/>\
      <host ip='10.0.0.9'><hostname>a</hostname></host>\
      <host ip='10.0.0.8'><hostname>a</hostname></host></dns>\
    <ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.2' end='10.0.0.9'/>\
      <host mac='52:54:00:00:00:01' name='h' ip='10.0.0.2'/></dhcp></ip>\
    <ip address='10.0.1.1' prefix='24'><tftp root='/t'/></ip>\
    <ip family='ipv6' address='fe80::1' prefix='64'>\
      <dhcp><range start='fe80::20' end='fe80::29'/></dhcp></ip>\
    <portgroup name='p' default='yes'/></network>";

const COMMANDS: [Command; 4] = [
    Command::AddFirst,
    Command::AddLast,
    Command::Modify,
    Command::Delete,
];

/// Does each of these to a network of its own, and notes what becomes of it.
async fn update(
    conn: &Connect,
    seen: &mut Transcript,
    section: Section,
    parents: &[Option<u32>],
    elements: &[&str],
) {
    for element in elements {
        for parent in parents {
            for command in COMMANDS {
                let network = conn.network_define_xml(NETWORK, DefineFlags::empty()).await.unwrap();
                let label = format!("{command:?} {section:?} {parent:?} {element}");
                let flags = UpdateFlags::empty();
                let updated = network.update(command, section, *parent, element, flags).await;
                if seen.done(&label, updated).is_some() {
                    let xml = network.xml_desc(XmlFlags::empty()).await;
                    seen.xml(&format!("{label}, xml"), xml);
                }
                network.undefine().await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn addresses_to_give_away() {
    compare("addresses_to_give_away", async |conn: &Connect, seen: &mut Transcript| {
        let parents = [None, Some(0), Some(1), Some(2), Some(3)];
        let hosts = [
            "<host mac='52:54:00:00:00:02' name='i' ip='10.0.0.3'/>",
            "<host mac='52:54:00:00:00:01' name='h' ip='10.0.0.2'/>",
            "<host name='h' ip='10.0.0.7'/>",
            "<host name='h'/>",
            "<host id='0:1' ip='fe80::2'/>",
            "<range/>",
        ];
        update(conn, seen, Section::IpDhcpHost, &parents, &hosts).await;
        let ranges = [
            "<range start='10.0.0.20' end='10.0.0.29'/>",
            "<range start='10.0.0.2' end='10.0.0.9'/>",
            "<range start='fe80::2' end='fe80::9'/>",
            "<host/>",
        ];
        update(conn, seen, Section::IpDhcpRange, &parents, &ranges).await;
    })
    .await;
}

#[tokio::test]
async fn names_to_resolve() {
    compare("names_to_resolve", async |conn: &Connect, seen: &mut Transcript| {
        let hosts = [
            "<host ip='10.0.0.9'><hostname>b</hostname></host>",
            "<host ip='10.0.0.7'><hostname>b</hostname></host>",
            "<host ip='10.0.0.9'/>",
            "<host><hostname>a</hostname></host>",
            "<host/>",
            "<x/>",
        ];
        update(conn, seen, Section::DnsHost, &[None], &hosts).await;
        let texts = [
            "<txt name='t' value='w'/>",
            "<txt name='u' value='w'/>",
            "<txt name='t'/>",
            "<x/>",
        ];
        update(conn, seen, Section::DnsTxt, &[None], &texts).await;
        let services = [
            "<srv service='s' protocol='tcp'/>",
            "<srv service='s' protocol='tcp' domain='d' target='t' port='1'/>",
            "<srv service='s'/>",
            "<srv protocol='p'/>",
            "<x/>",
        ];
        update(conn, seen, Section::DnsSrv, &[None], &services).await;
    })
    .await;
}

#[tokio::test]
async fn devices_and_groups() {
    compare("devices_and_groups", async |conn: &Connect, seen: &mut Transcript| {
        let interfaces = [
            "<interface dev='e'/>",
            "<interface dev='f'/>",
            "<interface/>",
            "<x/>",
        ];
        update(conn, seen, Section::ForwardInterface, &[None], &interfaces).await;
        let groups = [
            "<portgroup name='p'/>",
            "<portgroup name='q'><vlan><tag id='1'/></vlan></portgroup>",
            "<portgroup name='q' default='yes'/>",
            "<portgroup/>",
            "<x/>",
        ];
        update(conn, seen, Section::Portgroup, &[None], &groups).await;
        for section in [
            Section::None,
            Section::Bridge,
            Section::Domain,
            Section::Ip,
            Section::Forward,
            Section::ForwardPf,
            77.into(),
        ] {
            update(conn, seen, section, &[None], &["<x/>"]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn changes_for_now_and_for_later() {
    compare(
        "changes_for_now_and_for_later",
        async |conn: &Connect, seen: &mut Transcript| {
            let txt = |name: &str| format!("<txt name='{name}' value='v'/>");
            let (live, config) = (UpdateFlags::LIVE, UpdateFlags::CONFIG);
            let all = [
                UpdateFlags::empty(),
                live,
                config,
                live | config,
                UpdateFlags::from_bits_retain(4),
            ];
            for (label, network) in [
                ("active", conn.network_lookup_by_name("default").await.unwrap()),
                (
                    "inactive",
                    conn.network_define_xml(NETWORK, DefineFlags::empty()).await.unwrap(),
                ),
                (
                    "transient",
                    conn.network_create_xml(
                        "<network><name>x</name></network>",
                        Default::default(),
                    )
                    .await
                    .unwrap(),
                ),
            ] {
                for (number, flags) in all.into_iter().enumerate() {
                    let text = txt(&format!("t{number}"));
                    let updated =
                        network.update(Command::AddLast, Section::DnsTxt, None, &text, flags).await;
                    seen.done(&format!("{label} {flags:?}"), updated);
                }
                let xml = network.xml_desc(XmlFlags::empty()).await;
                let xml = xml.map(|xml| {
                    let lines = xml.lines().filter(|line| !line.contains("<uuid>"));
                    lines.collect::<Vec<_>>().join("\n")
                });
                seen.xml(&format!("{label}, xml"), xml);
            }
            let network = conn.network_lookup_by_name("default").await.unwrap();
            let odd = network.update(9.into(), Section::DnsTxt, None, &txt("t"), live).await;
            seen.done("unknown command", odd);
            let none = network.update(
                Command::None,
                Section::IpDhcpHost,
                None,
                "<host name='q' ip='192.168.122.9'/>",
                live,
            );
            seen.done("no command", none.await);
        },
    )
    .await;
}
