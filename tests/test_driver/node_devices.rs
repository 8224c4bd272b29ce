//! The host's devices, and the virtual adapters that can be created.

use libvirt_client::Connect;
use libvirt_client::connect::ListAllNodeDeviceFlags as Filter;
use libvirt_client::events::node_device::{Lifecycle, Update};
use libvirt_client::node_device::{CreateXmlFlags, NodeDevice, XmlFlags};
use libvirt_client::protocol::remote;

use super::compare;
use super::transcript::Transcript;

async fn lists(conn: &Connect, seen: &mut Transcript, when: &str) {
    let single = (0..32).map(|bit| Filter::from_bits_retain(1 << bit));
    for filter in single.chain([Filter::empty(), Filter::CAP_SYSTEM | Filter::CAP_VPORTS]) {
        let devices = conn.list_all_node_devices(filter).await.map(|devices| {
            let mut names: Vec<_> = devices.iter().map(|it| it.name().to_owned()).collect();
            names.sort();
            names
        });
        seen.note(&format!("{when}: all {:x}", filter.bits()), devices);
    }
    for cap in [
        None,
        Some("system"),
        Some("vports"),
        Some("fc_host"),
        Some("x"),
        Some("vport_ops"),
    ] {
        let request = remote::NodeNumOfDevices { cap: cap.map(Into::into), flags: 0 };
        let count = conn.raw().call(request).await;
        let count = count.and_then(|reply| Ok(reply.decode()?.num));
        seen.note(&format!("{when}: number of {cap:?}"), count);
        for maxnames in [0, 1, 100, -1, 65537] {
            let request = remote::NodeListDevices { cap: cap.map(Into::into), maxnames, flags: 0 };
            let names = conn.raw().call(request).await;
            let names = names.and_then(|reply| Ok(reply.decode()?.names.len()));
            seen.note(&format!("{when}: {maxnames} of {cap:?}"), names);
        }
    }
}

async fn look_at(device: &NodeDevice, seen: &mut Transcript, when: &str) {
    seen.xml(&format!("{when}: xml"), device.xml_desc(XmlFlags::empty()).await);
    seen.xml(&format!("{when}: xml, inactive"), device.xml_desc(XmlFlags::INACTIVE).await);
    seen.note(&format!("{when}: parent"), device.parent().await);
    seen.note(&format!("{when}: caps"), device.list_caps().await);
    seen.note(&format!("{when}: is active"), device.is_active().await);
    seen.note(&format!("{when}: is persistent"), device.is_persistent().await);
}

#[tokio::test]
async fn the_devices_of_the_host() {
    compare("the_devices_of_the_host", async |conn: &Connect, seen: &mut Transcript| {
        lists(conn, seen, "at first").await;
        for name in ["computer", "scsi_host1", "scsi_host2", "scsi_host11"] {
            let device = conn.node_device_lookup_by_name(name).await.unwrap();
            look_at(&device, seen, name).await;
        }
        seen.done("no such", conn.node_device_lookup_by_name("none").await);
        let scsi = conn.node_device_lookup_scsi_host_by_wwn("2000000012341234", "1000000012341234");
        seen.done("by wwn", scsi.await);
        let flags = XmlFlags::from_bits_retain(2);
        let computer = conn.node_device_lookup_by_name("computer").await.unwrap();
        seen.xml("flags", computer.xml_desc(flags).await);
        let request = remote::NodeNumOfDevices { cap: None, flags: 1 };
        seen.done("number, flags", conn.raw().call(request).await);
        let request = remote::NodeListDevices { cap: None, maxnames: 1, flags: 1 };
        seen.done("names, flags", conn.raw().call(request).await);
        let request = remote::NodeDeviceNumOfCaps { name: "computer".into() };
        let count = conn.raw().call(request).await;
        seen.note("number of caps", count.and_then(|reply| Ok(reply.decode()?.num)));
        for maxnames in [0, 1, -1, 65537] {
            let request = remote::NodeDeviceListCaps { name: "computer".into(), maxnames };
            let names = conn.raw().call(request).await;
            let names = names.and_then(|reply| Ok(reply.decode()?.names.len()));
            seen.note(&format!("{maxnames} caps"), names);
        }
        seen.done("detach", computer.detach(None).await);
        seen.done("reset", computer.reset().await);
    })
    .await;
}

fn adapter(parent: &str, names: &str) -> String {
    format!(
        "<device>{parent}<capability type='scsi_host'><capability type='fc_host'>{names}\
         </capability></capability></device>"
    )
}

const NAMES: &str = "<wwnn>20000000c9831b4b</wwnn><wwpn>10000000c9831b4b</wwpn>";

#[tokio::test]
async fn virtual_adapters() {
    compare("virtual_adapters", async |conn: &Connect, seen: &mut Transcript| {
        let create =
            async |xml: &str| conn.node_device_create_xml(xml, CreateXmlFlags::empty()).await;
        for (label, xml) in [
            ("no parent", adapter("", NAMES)),
            ("parent", adapter("<parent>scsi_host2</parent>", NAMES)),
            ("another", adapter("<parent>scsi_host11</parent>", NAMES)),
            ("none", adapter("<parent>none</parent>", NAMES)),
            (
                "wwns",
                adapter("<parent wwnn='2000000012341234' wwpn='1000000012341234'/>", NAMES),
            ),
            ("no wwns", adapter("<parent wwnn='2' wwpn='1'/>", NAMES)),
            ("a wwnn", adapter("<parent wwnn='2'/>", NAMES)),
            ("a wwpn", adapter("<parent wwpn='2'/>", NAMES)),
            ("fabric", adapter("<parent fabric_wwn='2000000043214321'/>", NAMES)),
            ("no fabric", adapter("<parent fabric_wwn='2'/>", NAMES)),
            ("root", "<x/>".to_owned()),
            ("nothing", "<device/>".to_owned()),
            ("no type", "<device><capability/></device>".to_owned()),
            ("x", "<device><capability type='x'/></device>".to_owned()),
            ("system", "<device><capability type='system'/></device>".to_owned()),
            ("bare", "<device><capability type='scsi_host'/></device>".to_owned()),
            (
                "part",
                "<device><capability type='scsi_host'><capability/></capability></device>"
                    .to_owned(),
            ),
            (
                "odd part",
                "<device><capability type='scsi_host'><capability type='x'/></capability></device>"
                    .to_owned(),
            ),
        ] {
            let made = create(&xml).await;
            if let Some(device) = seen.done(label, made) {
                seen.note(&format!("{label}: name"), Ok(device.name().to_owned()));
                look_at(&device, seen, label).await;
                seen.done(&format!("{label}: destroy"), device.destroy().await);
                seen.done(&format!("{label}: destroy again"), device.destroy().await);
            }
        }
        let flags = CreateXmlFlags::from_bits_retain(2);
        let made = conn.node_device_create_xml(&adapter("", NAMES), flags).await;
        seen.done("flags", made);
        create(&adapter("", NAMES)).await.unwrap();
        lists(conn, seen, "with another").await;
        for name in ["computer", "scsi_host2", "scsi_host11"] {
            let device = conn.node_device_lookup_by_name(name).await.unwrap();
            seen.done(&format!("destroy {name}"), device.destroy().await);
            seen.done(&format!("{name}, afterwards"), conn.node_device_lookup_by_name(name).await);
        }
        seen.done("create without a model", create(&adapter("", NAMES)).await);
        let last = conn.node_device_lookup_by_name("scsi_host1").await.unwrap();
        seen.done("destroy the last", last.destroy().await);
        seen.done("create without a parent", create(&adapter("", NAMES)).await);
    })
    .await;
}

#[tokio::test]
async fn events_of_devices() {
    compare("events_of_devices", async |conn: &Connect, seen: &mut Transcript| {
        let mut all = conn.subscribe::<Lifecycle>(None).await.unwrap();
        seen.done("updates", conn.subscribe::<Update>(None).await);
        for _ in 0..2 {
            let xml = adapter("", NAMES);
            let made = conn.node_device_create_xml(&xml, CreateXmlFlags::empty());
            made.await.unwrap().destroy().await.unwrap();
        }
        for number in 1..5 {
            let event = all.next().await.unwrap().unwrap();
            let of = event.device.name();
            seen.add(&format!("event {number}"), format!("{of} {:?}", event.change));
        }
        for event_id in [-1, 2] {
            let request = remote::ConnectNodeDeviceEventRegisterAny { event_id, dev: None };
            seen.done(&format!("register {event_id}"), conn.raw().call(request).await);
        }
        let request = remote::ConnectNodeDeviceEventDeregisterAny { callback_id: 77 };
        seen.done("deregister", conn.raw().run(request).await);
    })
    .await;
}
