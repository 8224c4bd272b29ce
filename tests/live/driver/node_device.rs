//! The host's devices.

use libvirt_client::node_device::CreateXmlFlags;

use crate::common::test_driver;

/// The test driver has a fibre channel host.
#[tokio::test]
async fn a_virtual_adapter_comes_and_goes() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    let xml = "<device><parent>scsi_host1</parent><capability type='scsi_host'>\
               <capability type='fc_host'><wwnn>2001001b32a9da4f</wwnn>\
               <wwpn>2101001b32a9da4f</wwpn></capability></capability></device>";
    let made = conn.node_device_create_xml(xml, CreateXmlFlags::empty()).await.unwrap();
    assert_ne!(made.name(), "scsi_host1");
    assert_eq!(made.parent().await.unwrap().as_deref(), Some("scsi_host1"));
    let caps = made.list_caps().await.unwrap();
    assert!(caps.contains(&"scsi_host".to_owned()), "{caps:?}");
    let names = ["2001001b32a9da4f", "2101001b32a9da4f"];
    let found = conn.node_device_lookup_scsi_host_by_wwn(names[0], names[1]).await;
    assert!(found.unwrap_err().is_unsupported());
    made.destroy().await.unwrap();
    let gone = conn.node_device_lookup_by_name(made.name()).await;
    assert!(gone.unwrap_err().is_not_found());
}
