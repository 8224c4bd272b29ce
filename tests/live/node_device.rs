//! Devices of the host.

use libvirt_client::Error;
use libvirt_client::node_device::{DefineXmlFlags, NodeDevice, XmlFlags};
use libvirt_client::types::connect::ListAllNodeDeviceFlags;

use crate::common::qemu;

#[tokio::test]
async fn the_hosts_devices_are_a_tree() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let computer = conn.node_device_lookup_by_name("computer").await.unwrap();
    assert_eq!(computer.parent().await.unwrap(), None);
    assert_eq!(computer.list_caps().await.unwrap(), ["system"]);
    let shown = daemon.virsh(["nodedev-dumpxml", "computer"]).unwrap();
    assert_eq!(computer.xml_desc(XmlFlags::empty()).await.unwrap().trim(), shown.trim());
    let info = daemon.virsh(["nodedev-info", "computer"]).unwrap();
    for (state, label) in [
        (computer.is_active().await.unwrap(), "Active"),
        (computer.is_persistent().await.unwrap(), "Persistent"),
        (computer.autostart().await.unwrap(), "Autostart"),
    ] {
        let line = info.lines().find(|line| line.starts_with(label)).unwrap();
        assert_eq!(state, line.ends_with("yes"), "{line}");
    }

    let all = conn.list_all_node_devices(ListAllNodeDeviceFlags::empty()).await.unwrap();
    let listed = daemon.virsh(["nodedev-list"]).unwrap();
    let mut listed: Vec<_> = listed.split_whitespace().collect();
    let mut names: Vec<_> = all.iter().map(NodeDevice::name).collect();
    listed.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, listed);
    for device in &all {
        let Some(parent) = device.parent().await.unwrap() else {
            assert_eq!(device, &computer);
            continue;
        };
        assert!(names.contains(&&*parent), "{parent}");
    }
    // What a network interface is attached to, is not the root.
    let nets = conn.list_all_node_devices(ListAllNodeDeviceFlags::CAP_NET).await.unwrap();
    for net in &nets {
        assert_eq!(net.list_caps().await.unwrap(), ["net"]);
    }
    assert!(!nets.is_empty());
}

/// What this host's devices cannot do: the daemon refuses it in its own words.
#[tokio::test]
async fn devices_that_are_not_for_guests_stay_the_hosts() {
    let Some((_, conn)) = qemu().await else {
        return;
    };
    let computer = conn.node_device_lookup_by_name("computer").await.unwrap();
    computer.detach(None).await.unwrap_err();
    computer.detach(Some("vfio")).await.unwrap_err();
    computer.re_attach().await.unwrap_err();
    computer.reset().await.unwrap_err();
    computer.destroy().await.unwrap_err();
    computer.create().await.unwrap_err();
    computer.undefine().await.unwrap_err();
    computer.set_autostart(true).await.unwrap_err();
    let unknown = conn.node_device_lookup_scsi_host_by_wwn("1000000000000000", "2000000000000000");
    // The daemon does not even say why.
    assert!(matches!(unknown.await, Err(Error::Remote(_))));
    let xml = "<device><parent>computer</parent><capability type='system'/></device>";
    conn.node_device_define_xml(xml, DefineXmlFlags::empty()).await.unwrap_err();
}
