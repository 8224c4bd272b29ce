//! Virtual networks.

use libvirt_client::network::XmlFlags;

use crate::common::qemu;

const NAME: &str = "networks-described";

#[tokio::test]
async fn a_network_describes_itself() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let xml = format!("<network><name>{NAME}</name><bridge name='virbr-desc'/></network>");
    daemon.virsh_with_file(["net-define"], &xml).unwrap();
    let network = conn.lookup_network_by_name(NAME).await.unwrap();

    let shown = daemon.virsh(["net-dumpxml", NAME]).unwrap();
    assert_eq!(network.xml_desc(XmlFlags::empty()).await.unwrap().trim(), shown.trim());
    assert_eq!(network.bridge_name().await.unwrap(), "virbr-desc");
    assert!(network.is_persistent().await.unwrap());
    assert!(!network.is_active().await.unwrap());
    daemon.virsh(["net-start", NAME]).unwrap();
    assert!(network.is_active().await.unwrap());

    assert!(!network.autostart().await.unwrap());
    network.set_autostart(true).await.unwrap();
    assert!(network.autostart().await.unwrap());

    daemon.virsh(["net-destroy", NAME]).unwrap();
    daemon.virsh(["net-undefine", NAME]).unwrap();
    assert!(network.is_active().await.unwrap_err().is_not_found());
}
