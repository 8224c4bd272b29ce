//! Interfaces, and changes that are taken back.

use libvirt_client::connect::ListAllInterfacesFlags as Filter;
use libvirt_client::interface::{DefineFlags, Interface, XmlFlags};
use libvirt_client::protocol::remote;
use libvirt_client::{Connect, Result};

use super::compare;
use super::transcript::Transcript;

const OTHER: &str =
    "<interface type='ethernet' name='eth7'><mac address='52:54:00:00:00:0A'/></interface>";

async fn lists(conn: &Connect, seen: &mut Transcript, when: &str) {
    let filters = [
        Filter::empty(),
        Filter::ACTIVE,
        Filter::INACTIVE,
        Filter::from_bits_retain(4),
    ];
    for filter in filters {
        let all = conn.list_all_interfaces(filter).await.map(|all| {
            let mut all: Vec<_> = all.iter().map(identity).collect();
            all.sort();
            all
        });
        seen.note(&format!("{when}: all {filter:?}"), all);
    }
    let count = conn.raw().call(remote::ConnectNumOfInterfaces).await;
    let count = count.and_then(|reply| Ok(reply.decode()?.num));
    seen.note(&format!("{when}: active ones"), count);
    let count = conn.raw().call(remote::ConnectNumOfDefinedInterfaces).await;
    let count = count.and_then(|reply| Ok(reply.decode()?.num));
    seen.note(&format!("{when}: inactive ones"), count);
    for maxnames in [0, 9, -1, 16385] {
        let names = conn.raw().call(remote::ConnectListInterfaces { maxnames }).await;
        let names = names.and_then(|reply| Ok(reply.decode()?.names.len()));
        seen.note(&format!("{when}: {maxnames} active ones"), names);
        let names = conn.raw().call(remote::ConnectListDefinedInterfaces { maxnames }).await;
        let names = names.and_then(|reply| Ok(reply.decode()?.names.len()));
        seen.note(&format!("{when}: {maxnames} inactive ones"), names);
    }
}

fn identity(interface: &Interface) -> (String, String) {
    (interface.name().to_owned(), interface.mac().to_owned())
}

#[tokio::test]
async fn the_life_of_interfaces() {
    compare("the_life_of_interfaces", async |conn: &Connect, seen: &mut Transcript| {
        lists(conn, seen, "at first").await;
        let eth7 = conn.interface_define_xml(OTHER, DefineFlags::empty()).await.unwrap();
        seen.note("defined", Ok(identity(&eth7)));
        lists(conn, seen, "with another").await;
        seen.note("is active", eth7.is_active().await);
        seen.done("destroy while inactive", eth7.destroy().await);
        seen.done("create", eth7.create().await);
        seen.done("create again", eth7.create().await);
        let changed = OTHER.replace("0A", "0B");
        seen.done("define again", conn.interface_define_xml(&changed, DefineFlags::empty()).await);
        seen.note("is active still", eth7.is_active().await);
        seen.xml("xml", eth7.xml_desc(XmlFlags::empty()).await);
        seen.xml("xml, inactive", eth7.xml_desc(XmlFlags::INACTIVE).await);
        let found = |interface: Result<Interface>| interface.map(|it| identity(&it));
        seen.note("by name", found(conn.interface_lookup_by_name("eth7").await));
        seen.note("by no name", found(conn.interface_lookup_by_name("eth8").await));
        seen.note("by mac", found(conn.interface_lookup_by_mac("52:54:00:00:00:0b").await));
        seen.note("by no mac", found(conn.interface_lookup_by_mac("52:54:00:00:00:0c").await));
        let twin = changed.replace("eth7", "eth8");
        conn.interface_define_xml(&twin, DefineFlags::empty()).await.unwrap();
        seen.note(
            "by a mac of two",
            found(conn.interface_lookup_by_mac("52:54:00:00:00:0b").await),
        );
        seen.done("destroy", eth7.destroy().await);
        seen.done("undefine", eth7.undefine().await);
        seen.done("undefine again", eth7.undefine().await);
        seen.done("create what is gone", eth7.create().await);
        seen.done("destroy what is gone", eth7.destroy().await);
        seen.note("is what is gone active", eth7.is_active().await);
        seen.xml("xml of what is gone", eth7.xml_desc(XmlFlags::empty()).await);
        let flags = DefineFlags::from_bits_retain(2);
        seen.done("define with flags", conn.interface_define_xml(OTHER, flags).await);
        let iface = remote::NonnullInterface { name: "eth1".into(), mac: "".into() };
        let request = remote::InterfaceCreate { iface: iface.clone(), flags: 1 };
        seen.done("create with flags", conn.raw().run(request).await);
        let request = remote::InterfaceDestroy { iface, flags: 1 };
        seen.done("destroy with flags", conn.raw().run(request).await);
    })
    .await;
}

#[tokio::test]
async fn changes_of_interfaces() {
    compare("changes_of_interfaces", async |conn: &Connect, seen: &mut Transcript| {
        let begin = async |flags| conn.raw().run(remote::InterfaceChangeBegin { flags }).await;
        let commit = async |flags| conn.raw().run(remote::InterfaceChangeCommit { flags }).await;
        let back = async |flags| conn.raw().run(remote::InterfaceChangeRollback { flags }).await;
        seen.done("commit nothing", commit(0).await);
        seen.done("take nothing back", back(0).await);
        seen.done("begin with flags", begin(1).await);
        seen.done("commit with flags", commit(1).await);
        seen.done("back with flags", back(1).await);
        seen.done("begin", begin(0).await);
        seen.done("begin again", begin(0).await);
        conn.interface_define_xml(OTHER, DefineFlags::empty()).await.unwrap();
        seen.done("back", back(0).await);
        lists(conn, seen, "taken back").await;
        seen.done("back again", back(0).await);
        seen.done("begin another", begin(0).await);
        conn.interface_define_xml(OTHER, DefineFlags::empty()).await.unwrap();
        seen.done("commit", commit(0).await);
        lists(conn, seen, "committed").await;
        seen.done("commit again", commit(0).await);
    })
    .await;
}

#[tokio::test]
async fn descriptions_of_interfaces() {
    compare("descriptions_of_interfaces", async |conn: &Connect, seen: &mut Transcript| {
        let of = |kind: &str, inner: &str| {
            format!("<interface type='{kind}' name='i'>{inner}</interface>")
        };
        let ethernet = |inner: &str| of("ethernet", inner);
        let protocol = |inner: &str| ethernet(&format!("<protocol family='ipv4'>{inner}</protocol>"));
        let bond = |inner: &str| of("bond", &format!("<bond>{inner}</bond>"));
        for xml in [
            "<x/>".to_owned(),
            "<interface/>".to_owned(),
            "<interface type='x'/>".to_owned(),
            "<interface type='ethernet'/>".to_owned(),
            ethernet(""),
            ethernet("<start mode='hotplug'/><mtu size='1500'/><link state='up' speed='1000'/><mac address='x'/>"),
            ethernet("<start mode='none'/><mtu size='0'/><link/>"),
            ethernet("<start mode='x'/>"),
            ethernet("<mtu size='x'/>"),
            ethernet("<mtu size='100001'/>"),
            ethernet("<link state='x'/>"),
            ethernet("<link speed='x'/>"),
            ethernet("<link state='' speed='0'/>"),
            ethernet("<protocol/>"),
            ethernet("<protocol family='x'/>"),
            ethernet("<protocol family='ipv6'><autoconf/><dhcp/></protocol>"),
            protocol(""),
            protocol("<dhcp peerdns='yes'/><autoconf/>"),
            protocol("<dhcp peerdns='x'/>"),
            protocol("<ip address='1.2.3.4' prefix='8'/><ip address='1.2.3.5'/><ip/><route gateway='g'/>"),
            protocol("<ip address='1.2.3.4' prefix='x'/>"),
            of("bridge", ""),
            of("bridge", "<bridge/>"),
            of("bridge", "<bridge stp='on' delay='1.5'><interface type='ethernet' name='e'><mac address='m'/><mtu size='7'/></interface><interface type='vlan' name='v'><vlan tag='1'><interface name='e'/></vlan></interface></bridge><link state='up'/><mac address='m'/>"),
            of("bridge", "<bridge stp='x'/>"),
            of("bridge", "<bridge><interface type='bridge' name='b'/></bridge>"),
            of("bridge", "<bridge><interface type='bond' name='b'><bond><interface type='ethernet' name='e'/></bond></interface></bridge>"),
            of("bond", ""),
            bond(""),
            bond("<interface type='ethernet' name='e'><link state='down'/></interface>"),
            bond("<interface type='vlan' name='e'/>"),
            bond("<miimon freq='100' downdelay='10' updelay='0' carrier='ioctl'/>"),
            bond("<miimon/>"),
            bond("<miimon freq='1' downdelay='x'/>"),
            bond("<miimon freq='1' updelay='x'/>"),
            bond("<miimon freq='1' carrier='x'/>"),
            bond("<arpmon interval='9' target='t' validate='all'/>"),
            bond("<arpmon/>"),
            bond("<arpmon interval='9'/>"),
            bond("<arpmon interval='9' target='t' validate='x'/>"),
            of("bond", "<bond mode='802.3ad'/>"),
            of("bond", "<bond mode='x'/>"),
            of("vlan", ""),
            of("vlan", "<vlan/>"),
            of("vlan", "<vlan tag='1'/>"),
            of("vlan", "<vlan tag='1'><interface name='e'/></vlan>"),
        ] {
            let defined = conn.interface_define_xml(&xml, DefineFlags::empty()).await;
            if let Some(interface) = seen.done(&xml, defined) {
                let text = interface.xml_desc(XmlFlags::empty()).await;
                seen.xml(&format!("{xml}, xml"), text);
                interface.undefine().await.unwrap();
            }
        }
    })
    .await;
}
