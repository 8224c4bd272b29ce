//! Networks.

use libvirt_client::network::CreateFlags;

use crate::common::test_driver;

/// That driver has networks, but nothing behind them.
#[tokio::test]
async fn the_test_drivers_networks_have_no_leases() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    let xml = "<network><name>networks-pretended</name></network>";
    let network = conn.network_create_xml(xml, CreateFlags::empty()).await.unwrap();
    assert!(network.dhcp_leases(None).await.unwrap_err().is_unsupported());
    assert!(network.list_all_ports().await.unwrap_err().is_unsupported());
    network.destroy().await.unwrap();
}
