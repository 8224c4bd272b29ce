//! The host's network interfaces; of the test driver, since a daemon must not change the host's.

use libvirt_client::Connect;
use libvirt_client::interface::{DefineFlags, XmlFlags};
use libvirt_client::types::connect::ListAllInterfacesFlags;

use crate::common::test_driver;

const XML: &str = "<interface type='ethernet' name='interfaces1'><start mode='none'/>\
                   <mac address='52:54:00:1f:00:01'/><mtu size='1400'/></interface>";

/// One after the other: an undone change takes other tests' interfaces with it.
#[tokio::test]
async fn interfaces_are_configured() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    an_interface_comes_and_goes(&conn).await;
    changes_are_undone_unless_they_are_committed(&conn).await;
}

async fn an_interface_comes_and_goes(conn: &Connect) {
    let defined = conn.interface_define_xml(XML, DefineFlags::empty()).await.unwrap();
    assert_eq!((defined.name(), defined.mac()), ("interfaces1", "52:54:00:1f:00:01"));
    assert_eq!(conn.interface_lookup_by_name("interfaces1").await.unwrap(), defined);
    assert_eq!(conn.interface_lookup_by_mac(defined.mac()).await.unwrap(), defined);
    let text = defined.xml_desc(XmlFlags::empty()).await.unwrap();
    assert!(text.contains("<mtu size='1400'/>"), "{text}");
    // That driver knows no difference.
    defined.xml_desc(XmlFlags::INACTIVE).await.unwrap_err();

    let listed = async |flags| conn.list_all_interfaces(flags).await.unwrap().contains(&defined);
    assert!(!defined.is_active().await.unwrap());
    assert!(listed(ListAllInterfacesFlags::INACTIVE).await);
    defined.create().await.unwrap();
    assert!(defined.is_active().await.unwrap());
    assert!(listed(ListAllInterfacesFlags::ACTIVE).await);
    assert!(!listed(ListAllInterfacesFlags::INACTIVE).await);
    defined.destroy().await.unwrap();
    assert!(!defined.is_active().await.unwrap());
    defined.undefine().await.unwrap();
    let gone = conn.interface_lookup_by_name("interfaces1").await;
    assert!(gone.unwrap_err().is_not_found());
}

async fn changes_are_undone_unless_they_are_committed(conn: &Connect) {
    let xml = XML.replace("interfaces1", "interfaces2").replace("00:01", "00:02");
    conn.interface_change_begin().await.unwrap();
    // One set of changes at a time.
    conn.interface_change_begin().await.unwrap_err();
    conn.interface_define_xml(&xml, DefineFlags::empty()).await.unwrap();
    conn.interface_change_rollback().await.unwrap();
    let gone = conn.interface_lookup_by_name("interfaces2").await;
    assert!(gone.unwrap_err().is_not_found());

    conn.interface_change_begin().await.unwrap();
    let defined = conn.interface_define_xml(&xml, DefineFlags::empty()).await.unwrap();
    conn.interface_change_commit().await.unwrap();
    assert_eq!(conn.interface_lookup_by_name("interfaces2").await.unwrap(), defined);
    defined.undefine().await.unwrap();
    conn.interface_change_rollback().await.unwrap_err();
}
