//! What is asked and done about devices, filesystems and metadata.

use libvirt_client::Connect;
use libvirt_client::domain::{
    DeviceModifyFlags, Domain, InterfaceAddressesSource, MetadataType, ModificationImpact, XmlFlags,
};
use libvirt_client::events::{DomainEvent, DomainEventKinds, Subscription};

use super::compare;
use super::transcript::Transcript;

/// A guest with a bit of everything.
const GUEST: &str = "<domain type='test'>
  <name>devices</name><uuid>00000000-0000-0000-0000-0000000000d0</uuid>
  <memory>1048576</memory>
  <os><type>hvm</type></os>
  <devices>
    <disk type='file'><source file='/a'/><target dev='vda'/></disk>
    <disk type='file'><source file='/b'/><target dev='sdb'/><alias name='ua-b'/></disk>
    <disk type='file' device='cdrom'><target dev='hdc'/><alias name='ua-cd'/></disk>
    <interface type='network'><mac address='52:54:00:00:00:d1'/><source network='default'/></interface>
    <interface type='bridge'><mac address='52:54:00:00:00:d2'/><source bridge='br0'/><target dev='tap1'/></interface>
    <interface type='user'><mac address='52:54:00:00:00:d3'/><alias name='ua-net'/></interface>
    <input type='tablet' bus='usb'/><controller type='usb'/>
    <sound model='ich9'><alias name='ua-sound'/></sound>
  </devices>
</domain>";

async fn guest(conn: &Connect) -> Domain {
    conn.domain_define_xml(GUEST).await.unwrap()
}

#[tokio::test]
async fn statistics() {
    compare("statistics", async |conn: &Connect, seen: &mut Transcript| {
        let domain = guest(conn).await;
        for state in ["off", "on"] {
            if state == "on" {
                domain.create().await.unwrap();
            }
            for disk in ["vda", "/a", "sdb", "vdz", "hdc", ""] {
                let label = |what: &str| format!("{state}: {what} of {disk:?}");
                seen.done(&label("block stats"), domain.block_stats(disk).await);
                seen.note(&label("block info"), domain.block_info(disk).await);
            }
            for interface in ["testnet0", "tap1", "52:54:00:00:00:D2", "none", ""] {
                let label = format!("{state}: stats of {interface:?}");
                seen.done(&label, domain.interface_stats(interface).await);
            }
            for source in [
                InterfaceAddressesSource::Lease,
                InterfaceAddressesSource::Agent,
                InterfaceAddressesSource::Arp,
                InterfaceAddressesSource::Other(7),
            ] {
                let label = format!("{state}: addresses by {source:?}");
                seen.note(&label, domain.interface_addresses(source).await);
            }
            seen.note(&format!("{state}: disk errors"), domain.disk_errors().await);
        }
        let domain = conn.domain_lookup_by_name("test").await.unwrap();
        let source = InterfaceAddressesSource::Lease;
        seen.note("addresses of the default", domain.interface_addresses(source).await);
    })
    .await;
}

#[tokio::test]
async fn addresses_by_networks() {
    compare("addresses_by_networks", async |conn: &Connect, seen: &mut Transcript| {
        for (name, ips) in [
            ("address", "<ip address='10.1.2.3' netmask='255.255.0.0'/>"),
            ("class", "<ip address='172.16.1.1'/>"),
            (
                "range",
                "<ip address='10.9.0.1' prefix='23'><dhcp>\
                 <range start='10.9.1.250' end='10.9.1.251'/>\
                 <range start='10.9.0.2' end='10.9.0.9'/></dhcp></ip><ip address='10.8.0.1'/>",
            ),
            ("six", "<ip family='ipv6' address='fe80::1:fa' prefix='72'/><ip address='10.7.0.1'/>"),
            ("open", "<ip family='ipv6' address='2001:db8::1'/>"),
        ] {
            let xml = format!("<network><name>{name}</name>{ips}</network>");
            conn.network_define_xml(&xml, Default::default()).await.unwrap();
        }
        let cards = ["address", "six", "class", "range", "default", "range", "open"];
        let cards = cards.map(|network| {
            format!("<interface type='network'><source network='{network}'/></interface>")
        });
        let lease = InterfaceAddressesSource::Lease;
        for (name, cards) in [("a", cards.concat()), ("b", cards[1..].concat())] {
            let xml = format!(
                "<domain type='test'><name>{name}</name><memory>1024</memory><os><type>hvm</type></os>\
                 <devices>{cards}</devices></domain>"
            );
            let domain = conn.domain_define_xml(&xml).await.unwrap();
            for round in 0..3 {
                domain.create().await.unwrap();
                let found = domain.interface_addresses(lease).await.map(|found| {
                    let addresses = found.into_iter().map(|card| (card.name, card.addrs));
                    addresses.collect::<Vec<_>>()
                });
                seen.note(&format!("{name}, started {round} times"), found);
                domain.destroy().await.unwrap();
            }
        }
        let domain = conn.domain_lookup_by_name("a").await.unwrap();
        domain.create().await.unwrap();
        conn.network_lookup_by_name("range").await.unwrap().undefine().await.unwrap();
        seen.note("of no network", domain.interface_addresses(lease).await);
    })
    .await;
}

#[tokio::test]
async fn filesystems() {
    compare("filesystems", async |conn: &Connect, seen: &mut Transcript| {
        let domain = guest(conn).await;
        seen.note("off: freeze", domain.fs_freeze(&[]).await);
        seen.note("off: thaw", domain.fs_thaw(&[]).await);
        seen.note("off: trim", domain.fs_trim(None, 0).await);
        seen.note("off: info", domain.fs_info().await);
        domain.create().await.unwrap();
        seen.note("info", domain.fs_info().await);
        seen.note("freeze none", domain.fs_freeze(&["/none"]).await);
        seen.note("freeze one and none", domain.fs_freeze(&["/", "/none"]).await);
        seen.note("freeze boot", domain.fs_freeze(&["/boot"]).await);
        seen.note("freeze boot twice", domain.fs_freeze(&["/boot", "/boot"]).await);
        seen.note("freeze all", domain.fs_freeze(&[]).await);
        seen.note("thaw one", domain.fs_thaw(&["/"]).await);
        domain.destroy().await.unwrap();
        domain.create().await.unwrap();
        seen.note("thaw all", domain.fs_thaw(&[]).await);
        seen.note("trim", domain.fs_trim(Some("/boot"), 1).await);
        seen.note("trim none", domain.fs_trim(Some("/none"), 1).await);
    })
    .await;
}

#[tokio::test]
async fn metadata() {
    const URI: &str = "http://example.com/app";
    let current = ModificationImpact::empty();
    compare("metadata", async |conn: &Connect, seen: &mut Transcript| {
        let mut events = subscribe(conn).await;
        let domain = guest(conn).await;
        for (name, kind, uri) in [
            ("title", MetadataType::Title, None),
            ("description", MetadataType::Description, None),
            ("element", MetadataType::Element, Some(URI)),
        ] {
            let key = uri.map(|_| "app");
            let text = uri.map_or("a & b", |_| "<a x='1'><b>t &amp; u</b><c/></a>");
            seen.note(&format!("{name}: none"), domain.metadata(kind, uri, current).await);
            let set = domain.set_metadata(kind, Some(text), key, uri, current).await;
            seen.done(&format!("{name}: set"), set);
            seen.note(&format!("{name}: get"), domain.metadata(kind, uri, current).await);
            let live = domain.metadata(kind, uri, ModificationImpact::LIVE).await;
            seen.note(&format!("{name}: live"), live);
            seen.xml(&format!("{name}: xml"), domain.xml_desc(XmlFlags::empty()).await);
            let both = ModificationImpact::LIVE | ModificationImpact::CONFIG;
            seen.note(&format!("{name}: both"), domain.metadata(kind, uri, both).await);
            let other = uri.map_or(Some(URI), |_| None);
            seen.note(&format!("{name}: bad uri"), domain.metadata(kind, other, current).await);
            let set = domain.set_metadata(kind, Some(text), key, other, current).await;
            seen.done(&format!("{name}: set bad uri"), set);
            let other = key.map_or(Some("key"), |_| None);
            let set = domain.set_metadata(kind, Some(text), other, uri, current).await;
            seen.done(&format!("{name}: set bad key"), set);
        }
        let title = domain.set_metadata(MetadataType::Title, Some("a\nb"), None, None, current);
        seen.done("title with a line break", title.await);
        let kind = MetadataType::Element;
        for (name, text) in [("again", "<z/>"), ("no element", "text"), ("open", "<a>")] {
            let set = domain.set_metadata(kind, Some(text), Some("k"), Some(URI), current).await;
            seen.done(&format!("element {name}"), set);
            seen.xml(&format!("xml {name}"), domain.xml_desc(XmlFlags::empty()).await);
        }
        domain.create().await.unwrap();
        let set = domain.set_metadata(MetadataType::Title, Some("on"), None, None, current).await;
        seen.done("on: title", set);
        seen.xml("on: xml", domain.xml_desc(XmlFlags::empty()).await);
        seen.xml("on: inactive", domain.xml_desc(XmlFlags::INACTIVE).await);
        let both = ModificationImpact::LIVE | ModificationImpact::CONFIG;
        seen.done("remove", domain.set_metadata(kind, None, None, Some(URI), both).await);
        seen.xml("removed", domain.xml_desc(XmlFlags::empty()).await);
        let other = MetadataType::Other(9);
        seen.note("unknown", domain.metadata(other, None, current).await);
        seen.done("set unknown", domain.set_metadata(other, None, None, None, current).await);
        seen.add("events", until_last(&domain, &mut events).await);
    })
    .await;
}

async fn subscribe(conn: &Connect) -> Subscription<DomainEvent> {
    let kinds = DomainEventKinds::METADATA_CHANGE
        | DomainEventKinds::DEVICE_ADDED
        | DomainEventKinds::DEVICE_REMOVED;
    conn.domain_events(kinds).await.unwrap()
}

/// Has one last event made, and returns those before it.
async fn until_last(domain: &Domain, events: &mut Subscription<DomainEvent>) -> String {
    const LAST: &str = "http://example.com/last";
    let (kind, text) = (MetadataType::Element, Some("<last/>"));
    let flags = ModificationImpact::empty();
    domain.set_metadata(kind, text, Some("last"), Some(LAST), flags).await.unwrap();
    let mut seen = Vec::new();
    loop {
        match events.next().await.unwrap().unwrap() {
            DomainEvent::MetadataChange(event) if event.namespace.as_deref() == Some(LAST) => {
                return seen.join("\n");
            }
            DomainEvent::MetadataChange(event) => {
                seen.push(format!("{:?} {:?}", event.kind, event.namespace));
            }
            DomainEvent::DeviceAdded(event) => seen.push(format!("added {}", event.device)),
            DomainEvent::DeviceRemoved(event) => seen.push(format!("removed {}", event.device)),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn hotplug() {
    compare("hotplug", async |conn: &Connect, seen: &mut Transcript| {
        let mut events = subscribe(conn).await;
        let domain = guest(conn).await;
        let net = "<interface type='bridge'><mac address='52:54:00:00:00:e0'/><source bridge='b'/></interface>";
        seen.done("off", domain.attach_device(net).await);
        seen.done("off live", domain.attach_device_flags(net, DeviceModifyFlags::LIVE).await);
        seen.done("off config", domain.attach_device_flags(net, DeviceModifyFlags::CONFIG).await);
        let none = DeviceModifyFlags::empty();
        seen.done("off detach", domain.detach_device_alias("ua-b", none).await);
        domain.create().await.unwrap();
        for (name, xml) in [
            ("bridge", net),
            ("bridge again", "<interface type='bridge'><mac address='52:54:00:00:00:e1'/><source bridge='b'/><alias name='ua-e1'/></interface>"),
            ("ethernet", "<interface type='ethernet'><mac address='52:54:00:00:00:e2'/></interface>"),
            ("network", "<interface type='network'><mac address='52:54:00:00:00:e3'/><source network='default'/></interface>"),
            ("virtio disk", "<disk><source file='/v'/><target dev='vdc'/></disk>"),
            ("virtio disk before", "<disk><source file='/v'/><target dev='vdb'/></disk>"),
            ("usb disk", "<disk><source file='/u'/><target dev='sdd' bus='usb'/></disk>"),
            ("scsi disk", "<disk><source file='/s'/><target dev='sde'/></disk>"),
            ("same target", "<disk><source file='/s'/><target dev='vda'/></disk>"),
            ("no target", "<disk><source file='/s'/></disk>"),
            ("no source", "<disk><target dev='vdf'/></disk>"),
            ("floppy", "<disk device='floppy'><source file='/f'/><target dev='fda'/></disk>"),
            ("cdrom on virtio", "<disk device='cdrom'><source file='/f'/><target dev='vdg'/></disk>"),
            ("alias twice", "<disk><source file='/s'/><target dev='vdh'/><alias name='ua-b'/></disk>"),
            ("boot order", "<disk><source file='/s'/><target dev='vdi'/><boot order='1'/></disk>"),
            ("pci of the host", "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0' bus='6' slot='2' function='0'/></source><alias name='ua-pci'/></hostdev>"),
            ("usb of the host", "<hostdev mode='subsystem' type='usb'><source><address bus='1' device='2'/></source></hostdev>"),
            ("sound", "<sound model='ac97'/>"),
            ("serial", "<serial type='pty'/>"),
            ("nothing", ""),
            ("unknown", "<radio/>"),
            ("bad", "<disk type='x'/>"),
        ] {
            seen.done(&format!("attach {name}"), domain.attach_device(xml).await);
        }
        seen.done("attach config", domain.attach_device_flags(net, DeviceModifyFlags::CONFIG).await);
        seen.xml("attached", domain.xml_desc(XmlFlags::empty()).await);
        seen.xml("attached, inactive", domain.xml_desc(XmlFlags::INACTIVE).await);
        for alias in ["net0", "ua-e1", "virtio-disk2", "ua-b", "ua-cd", "ua-net", "ua-sound", "ua-pci", "none"] {
            let flags = DeviceModifyFlags::LIVE;
            seen.done(&format!("detach {alias}"), domain.detach_device_alias(alias, flags).await);
        }
        seen.done("detach config", domain.detach_device_alias("ua-b", DeviceModifyFlags::CONFIG).await);
        seen.done("detach xml", domain.detach_device("<disk><target dev='vda'/></disk>").await);
        seen.xml("detached", domain.xml_desc(XmlFlags::empty()).await);
        seen.add("events", until_last(&domain, &mut events).await);
    })
    .await;
}

#[tokio::test]
async fn updates() {
    compare("updates", async |conn: &Connect, seen: &mut Transcript| {
        let domain = guest(conn).await;
        let disk = "<disk type='file'><source file='/new'/><target dev='vda'/></disk>";
        for state in ["off", "on"] {
            if state == "on" {
                domain.create().await.unwrap();
            }
            for (name, xml) in [
                ("disk", disk),
                ("cdrom", "<disk type='file' device='cdrom'><source file='/cd'/><target dev='hdc'/></disk>"),
                ("unknown disk", "<disk type='file'><source file='/new'/><target dev='vdz'/></disk>"),
                ("sound", "<sound model='ac97'/>"),
                ("bad", "<disk type='x'/>"),
            ] {
                for (how, flags) in [
                    ("current", DeviceModifyFlags::empty()),
                    ("config", DeviceModifyFlags::CONFIG),
                    ("live", DeviceModifyFlags::LIVE),
                    ("force", DeviceModifyFlags::FORCE),
                ] {
                    let label = format!("{state}: {name}, {how}");
                    seen.done(&label, domain.update_device_flags(xml, flags).await);
                }
            }
            seen.xml(&format!("{state}: xml"), domain.xml_desc(XmlFlags::empty()).await);
            seen.xml(&format!("{state}: inactive"), domain.xml_desc(XmlFlags::INACTIVE).await);
        }
    })
    .await;
}
