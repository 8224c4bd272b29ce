//! Ports: what is connected to a network.

use libvirt_client::domain::ModificationImpact;
use libvirt_client::network::{PortCreateFlags, PortParameters};
use libvirt_client::types::error::ErrorCode;

use super::{daemon, discard, nat};
use crate::common::boot;

#[tokio::test]
async fn a_running_guest_has_a_port() {
    const NAME: &str = "networks-ports";
    let Some((daemon, conn)) = daemon().await else {
        return;
    };
    let network = nat(&conn, NAME, 83).await;
    assert_eq!(network.list_all_ports().await.unwrap(), []);
    let guest = boot(daemon, &conn, NAME, |guest| guest.network(NAME)).await;
    let interfaces = guest.domain.interface_targets().await.unwrap();

    let ports = network.list_all_ports().await.unwrap();
    let [port] = &ports[..] else {
        panic!("{ports:?}")
    };
    let uuid = port.uuid().to_string();
    let listed = daemon.virsh(["net-port-list", NAME]).unwrap();
    assert!(listed.contains(&uuid), "{listed}");
    assert_eq!(port.network(), &network);
    let found = network.port_lookup_by_uuid(port.uuid()).await.unwrap();
    assert_eq!(&found, port);
    let xml = port.xml_desc().await.unwrap();
    let shown = daemon.virsh(["net-port-dumpxml", NAME, &uuid]).unwrap();
    assert_eq!(xml.trim(), shown.trim());
    let mac = interfaces[0].mac.as_deref().unwrap();
    for part in [NAME, mac, "rig83", &guest.domain.uuid().to_string()] {
        assert!(xml.contains(part), "{part}: {xml}");
    }

    // The port's limits are not those of the guest's interface.
    let mut limits = PortParameters::default();
    limits.outbound_average_kb_per_second = Some(64);
    port.set_parameters(&limits).await.unwrap();
    assert_eq!(port.parameters().await.unwrap().outbound_average_kb_per_second, Some(64));
    let flags = ModificationImpact::LIVE;
    let device = interfaces[0].target.as_deref().unwrap();
    let unlimited = guest.domain.interface_parameters(device, flags).await.unwrap();
    assert_eq!(unlimited.outbound_average_kb_per_second, Some(0));

    // The guest keeps its connection, and nobody knows.
    port.delete().await.unwrap();
    assert_eq!(network.list_all_ports().await.unwrap(), []);
    assert!(port.xml_desc().await.unwrap_err().is_not_found());
    let gone = network.port_lookup_by_uuid(port.uuid()).await;
    assert!(gone.unwrap_err().is_not_found());
    guest.domain.destroy().await.unwrap();
    discard(&network).await;
}

#[tokio::test]
async fn ports_are_made_and_limited() {
    const NAME: &str = "networks-port-limits";
    const UUID: &str = "<uuid>4f8d3f23-0e8c-4a36-8f20-f4d1be1e2a11</uuid>";
    let Some((daemon, conn)) = daemon().await else {
        return;
    };
    let network = nat(&conn, NAME, 84).await;
    let owned = format!(
        "<owner><name>somebody</name>{UUID}</owner><mac address='52:54:00:84:00:01'/></networkport>"
    );
    let xml = format!("<networkport>{UUID}{owned}");
    let port = network.port_create_xml(&xml, PortCreateFlags::VALIDATE).await.unwrap();
    assert!(UUID.contains(&port.uuid().to_string()), "{port:?}");
    assert_eq!(network.list_all_ports().await.unwrap(), std::slice::from_ref(&port));
    let shown = port.xml_desc().await.unwrap();
    assert!(shown.contains("<plug type='network' bridge='rig84'"), "{shown}");
    // No daemon makes one up.
    let nameless = format!("<networkport>{owned}");
    let refused = network.port_create_xml(&nameless, PortCreateFlags::empty());
    let error = refused.await.unwrap_err();
    assert!(error.to_string().contains("no uuid"), "{error}");
    let invalid = xml.replace("<mac", "<tail/><mac");
    let refused = network.port_create_xml(&invalid, PortCreateFlags::VALIDATE).await;
    assert_eq!(refused.unwrap_err().code(), Some(ErrorCode::XmlInvalidSchema));
    let refused = network.port_create_xml(&xml, PortCreateFlags::RECLAIM).await;
    assert_eq!(refused.unwrap_err().code(), Some(ErrorCode::InvalidArg));

    assert_eq!(port.parameters().await.unwrap(), PortParameters::default());
    let mut limits = PortParameters::default();
    limits.inbound_average_kb_per_second = Some(1000);
    limits.inbound_peak_kb_per_second = Some(2000);
    limits.inbound_burst_kib = Some(5120);
    limits.outbound_average_kb_per_second = Some(128);
    port.set_parameters(&limits).await.unwrap();
    let uuid = port.uuid().to_string();
    let shown = daemon.virsh(["net-port-dumpxml", NAME, &uuid]).unwrap();
    assert!(shown.contains("<inbound average='1000' peak='2000' burst='5120'/>"), "{shown}");
    assert!(shown.contains("<outbound average='128'/>"), "{shown}");
    let mut noted = limits.clone();
    noted.inbound_floor_kb_per_second = Some(0);
    (noted.outbound_peak_kb_per_second, noted.outbound_burst_kib) = (Some(0), Some(0));
    assert_eq!(port.parameters().await.unwrap(), noted);

    // What is not said goes.
    let mut limits = PortParameters::default();
    limits.outbound_average_kb_per_second = Some(64);
    limits.outbound_peak_kb_per_second = Some(256);
    limits.outbound_burst_kib = Some(32);
    port.set_parameters(&limits).await.unwrap();
    assert_eq!(port.parameters().await.unwrap(), limits);
    port.set_parameters(&PortParameters::default()).await.unwrap();
    assert_eq!(port.parameters().await.unwrap(), PortParameters::default());

    // A network without limits guarantees nothing.
    limits.inbound_floor_kb_per_second = Some(10);
    assert!(port.set_parameters(&limits).await.unwrap_err().is_unsupported());
    assert_eq!(port.parameters().await.unwrap(), PortParameters::default());
    port.delete().await.unwrap();
    assert_eq!(network.list_all_ports().await.unwrap(), []);
    discard(&network).await;
}
