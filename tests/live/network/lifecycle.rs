//! What networks are, and how they come and go.

use libvirt_client::network::{CreateFlags, DefineFlags, XmlFlags};
use libvirt_client::types::connect::ListAllNetworksFlags;
use libvirt_client::types::error::ErrorCode;

use super::daemon;

const NAME: &str = "networks-described";

#[tokio::test]
async fn a_network_is_defined_started_described_and_forgotten() {
    let Some((daemon, conn)) = daemon().await else {
        return;
    };
    let xml = format!("<network><name>{NAME}</name><bridge name='virbr-desc'/></network>");
    let network = conn.network_define_xml(&xml, DefineFlags::VALIDATE).await.unwrap();
    assert_eq!(network.name(), NAME);
    assert_eq!(conn.network_lookup_by_name(NAME).await.unwrap(), network);
    assert_eq!(conn.network_lookup_by_uuid(network.uuid()).await.unwrap(), network);
    let listed = async |flags| conn.list_all_networks(flags).await.unwrap().contains(&network);

    let shown = daemon.virsh(["net-dumpxml", NAME]).unwrap();
    assert_eq!(network.xml_desc(XmlFlags::empty()).await.unwrap().trim(), shown.trim());
    assert_eq!(network.bridge_name().await.unwrap(), "virbr-desc");
    assert!(network.is_persistent().await.unwrap());
    assert!(!network.is_active().await.unwrap());
    assert!(listed(ListAllNetworksFlags::INACTIVE).await);
    network.create().await.unwrap();
    assert!(network.is_active().await.unwrap());
    assert!(listed(ListAllNetworksFlags::ACTIVE).await);
    assert!(!listed(ListAllNetworksFlags::INACTIVE).await);
    let again = network.create().await.unwrap_err();
    assert_eq!(again.code(), Some(ErrorCode::OperationInvalid));

    assert!(!network.autostart().await.unwrap());
    network.set_autostart(true).await.unwrap();
    assert!(network.autostart().await.unwrap());
    let shown = daemon.virsh(["net-info", NAME]).unwrap();
    assert!(shown.lines().any(|line| line.split_whitespace().eq(["Autostart:", "yes"])));

    // A new definition is for the next start.
    let uuid = format!("<uuid>{}</uuid><domain name='example.org'/>", network.uuid());
    let changed = xml.replace("<bridge", &format!("{uuid}<bridge"));
    let same = conn.network_define_xml(&changed, DefineFlags::empty()).await.unwrap();
    assert_eq!(same, network);
    let state = network.xml_desc(XmlFlags::empty()).await.unwrap();
    assert!(!state.contains("example.org"), "{state}");
    let definition = network.xml_desc(XmlFlags::INACTIVE).await.unwrap();
    assert!(definition.contains("example.org"), "{definition}");

    network.destroy().await.unwrap();
    assert!(!network.is_active().await.unwrap());
    assert_eq!(network.destroy().await.unwrap_err().code(), Some(ErrorCode::OperationInvalid));
    network.undefine().await.unwrap();
    assert!(network.is_active().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_transient_network_is_gone_when_it_ends() {
    let Some((_, conn)) = daemon().await else {
        return;
    };
    let xml = "<network><name>networks-transient</name><bridge name='virbr-trans'/></network>";
    let network = conn.network_create_xml(xml, CreateFlags::VALIDATE).await.unwrap();
    assert!(network.is_active().await.unwrap());
    assert!(!network.is_persistent().await.unwrap());
    assert!(network.set_autostart(true).await.is_err());
    assert_eq!(network.undefine().await.unwrap_err().code(), Some(ErrorCode::OperationInvalid));

    // It becomes persistent, and transient again, while it is active.
    let uuid = format!("<uuid>{}</uuid><bridge", network.uuid());
    let same = xml.replace("<bridge", &uuid);
    conn.network_define_xml(&same, DefineFlags::empty()).await.unwrap();
    assert!(network.is_persistent().await.unwrap());
    network.undefine().await.unwrap();
    assert!(network.is_active().await.unwrap());
    assert!(!network.is_persistent().await.unwrap());
    network.destroy().await.unwrap();
    assert!(network.is_active().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn xml_is_validated_on_demand() {
    let Some((_, conn)) = daemon().await else {
        return;
    };
    let xml = "<network><name>networks-invalid</name><bridge name='virbr-inv'/><tail/></network>";
    let defined = conn.network_define_xml(xml, DefineFlags::VALIDATE).await.unwrap_err();
    let created = conn.network_create_xml(xml, CreateFlags::VALIDATE).await.unwrap_err();
    for refused in [defined, created] {
        assert_eq!(refused.code(), Some(ErrorCode::XmlInvalidSchema), "{refused}");
    }
    let network = conn.network_define_xml(xml, DefineFlags::empty()).await.unwrap();
    network.undefine().await.unwrap();
}
