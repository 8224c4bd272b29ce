//! Titles, descriptions, and what applications keep with a network.

use libvirt_client::Optional;
use libvirt_client::connect::Version;
use libvirt_client::network::{DefineFlags, MetadataType, UpdateFlags, XmlFlags};

use super::daemon;

const NAME: &str = "networks-metadata";
const URI: Option<&str> = Some("https://example.org/networks");

#[tokio::test]
async fn metadata_is_set_read_and_removed() {
    let Some((daemon, conn)) = daemon().await else {
        return;
    };
    let xml = format!("<network><name>{NAME}</name><bridge name='virbr-meta'/></network>");
    let network = conn.network_define_xml(&xml, DefineFlags::empty()).await.unwrap();
    if conn.lib_version().await.unwrap() < Version::new(9, 7, 0) {
        let flags = UpdateFlags::CURRENT;
        let title = MetadataType::Title;
        let set = network.set_metadata(title, Some("x"), None, None, flags).await;
        assert!(set.unwrap_err().is_unsupported());
        let read = network.metadata(title, None, flags).await;
        assert!(read.unwrap_err().is_unsupported());
        network.undefine().await.unwrap();
        return;
    }
    let get = async |kind, uri, flags| network.metadata(kind, uri, flags).await.optional();
    let set = async |kind, text, key, uri| {
        let set = network.set_metadata(kind, text, key, uri, UpdateFlags::CONFIG);
        set.await.unwrap();
    };
    for kind in [MetadataType::Title, MetadataType::Description] {
        assert_eq!(get(kind, None, UpdateFlags::CONFIG).await.unwrap(), None);
        set(kind, Some("käse & <wein>"), None, None).await;
        let text = get(kind, None, UpdateFlags::CONFIG).await.unwrap();
        assert_eq!(text.as_deref(), Some("käse & <wein>"));
    }
    let shown = daemon.virsh(["net-desc", NAME, "--config", "--title"]).unwrap();
    assert_eq!(shown.trim(), "käse & <wein>");
    let element = MetadataType::Element;
    set(element, Some("<rack>7</rack>"), Some("shop"), URI).await;
    let stored = get(element, URI, UpdateFlags::CONFIG).await.unwrap().unwrap();
    assert_eq!(stored.trim(), "<rack>7</rack>");
    let whole = network.xml_desc(XmlFlags::empty()).await.unwrap();
    assert!(whole.contains("<shop:rack xmlns:shop="), "{whole}");

    // The running network has its own.
    network.create().await.unwrap();
    let title = MetadataType::Title;
    let live = network.set_metadata(title, Some("now"), None, None, UpdateFlags::LIVE);
    live.await.unwrap();
    let now = get(title, None, UpdateFlags::CURRENT).await.unwrap();
    assert_eq!(now.as_deref(), Some("now"));
    let defined = get(title, None, UpdateFlags::CONFIG).await.unwrap();
    assert_eq!(defined.as_deref(), Some("käse & <wein>"));
    network.destroy().await.unwrap();
    set(element, None, Some("shop"), URI).await;
    assert_eq!(get(element, URI, UpdateFlags::CONFIG).await.unwrap(), None);
    network.undefine().await.unwrap();
}
