//! The life of networks.

use libvirt_client::connect::ListAllNetworksFlags as Filter;
use libvirt_client::events::network::{Lifecycle, MetadataChange};
use libvirt_client::network::{
    CreateFlags, DefineFlags, MetadataType, Network, UpdateFlags, XmlFlags,
};
use libvirt_client::protocol::remote;
use libvirt_client::{Connect, Result};
use uuid::Uuid;

use super::compare;
use super::transcript::Transcript;

const OTHER: &str = "<network><name>other</name>\
    <uuid>10000000-0000-4000-8000-000000000001</uuid><bridge name='br7'/></network>";
const BRIDGELESS: &str = "<network><name>bridgeless</name>\
    <uuid>10000000-0000-4000-8000-000000000002</uuid></network>";

/// Every list of networks that there is.
async fn lists(conn: &Connect, seen: &mut Transcript, when: &str) {
    for filter in [
        Filter::empty(),
        Filter::ACTIVE,
        Filter::INACTIVE,
        Filter::PERSISTENT,
        Filter::TRANSIENT,
        Filter::AUTOSTART,
        Filter::NO_AUTOSTART,
        Filter::ACTIVE | Filter::TRANSIENT,
        Filter::from_bits_retain(0x40),
    ] {
        let networks = conn.list_all_networks(filter).await;
        seen.note(&format!("{when}: all {filter:?}"), networks.map(names));
    }
    let count = conn.raw().call(remote::ConnectNumOfNetworks).await;
    let count = count.and_then(|reply| Ok(reply.decode()?.num));
    seen.note(&format!("{when}: active ones"), count);
    let count = conn.raw().call(remote::ConnectNumOfDefinedNetworks).await;
    let count = count.and_then(|reply| Ok(reply.decode()?.num));
    seen.note(&format!("{when}: inactive ones"), count);
    for maxnames in [0, 1, 100, -1, 16384, 16385] {
        let names = conn.raw().call(remote::ConnectListNetworks { maxnames }).await;
        let names = names.and_then(|reply| Ok(reply.decode()?.names.len()));
        seen.note(&format!("{when}: {maxnames} active ones"), names);
        let names = conn.raw().call(remote::ConnectListDefinedNetworks { maxnames }).await;
        let names = names.and_then(|reply| Ok(reply.decode()?.names.len()));
        seen.note(&format!("{when}: {maxnames} inactive ones"), names);
    }
}

fn names(networks: Vec<Network>) -> Vec<String> {
    let mut names: Vec<String> = networks.iter().map(|net| net.name().to_owned()).collect();
    names.sort();
    names
}

/// Everything that a network says of itself.
async fn look_at(network: &Network, seen: &mut Transcript, when: &str) {
    seen.note(&format!("{when}: is active"), network.is_active().await);
    seen.note(&format!("{when}: is persistent"), network.is_persistent().await);
    seen.note(&format!("{when}: autostart"), network.autostart().await);
    seen.note(&format!("{when}: bridge"), network.bridge_name().await);
    seen.xml(&format!("{when}: xml"), network.xml_desc(XmlFlags::empty()).await);
    seen.xml(&format!("{when}: xml, inactive"), network.xml_desc(XmlFlags::INACTIVE).await);
}

#[tokio::test]
async fn the_life_of_networks() {
    compare("the_life_of_networks", async |conn: &Connect, seen: &mut Transcript| {
        lists(conn, seen, "at first").await;
        let network = conn.network_define_xml(OTHER, DefineFlags::empty()).await.unwrap();
        look_at(&network, seen, "defined").await;
        lists(conn, seen, "with another").await;
        seen.done("set autostart", network.set_autostart(true).await);
        seen.done("undefine while inactive", network.undefine().await);
        look_at(&network, seen, "gone").await;
        seen.done("start what is gone", network.create().await);
        seen.done("destroy what is gone", network.destroy().await);
        seen.done("undefine what is gone", network.undefine().await);
        let network = conn.network_create_xml(BRIDGELESS, CreateFlags::empty()).await.unwrap();
        look_at(&network, seen, "created").await;
        lists(conn, seen, "with a transient one").await;
        seen.done("start while active", network.create().await);
        seen.done("undefine while active", network.undefine().await);
        let again = conn.network_create_xml(BRIDGELESS, CreateFlags::empty()).await;
        seen.done("create again", again);
        let defined = conn.network_define_xml(BRIDGELESS, DefineFlags::empty()).await;
        seen.done("define what is active", defined);
        look_at(&network, seen, "persistent").await;
        seen.done("destroy", network.destroy().await);
        look_at(&network, seen, "stopped").await;
        seen.done("destroy again", network.destroy().await);
        seen.done("start", network.create().await);
    })
    .await;
}

#[tokio::test]
async fn networks_are_found_and_told_apart() {
    compare("networks_are_found", async |conn: &Connect, seen: &mut Transcript| {
        let network = conn.network_define_xml(OTHER, DefineFlags::empty()).await.unwrap();
        let found =
            |network: Result<Network>| network.map(|net| (net.name().to_owned(), net.uuid()));
        seen.note("by name", found(conn.network_lookup_by_name("other").await));
        seen.note("by uuid", found(conn.network_lookup_by_uuid(network.uuid()).await));
        seen.note("by no name", found(conn.network_lookup_by_name("").await));
        seen.note("by another name", found(conn.network_lookup_by_name("others").await));
        seen.note("by another uuid", found(conn.network_lookup_by_uuid(Uuid::nil()).await));
        for (label, xml) in [
            ("another name", OTHER.replace("other", "another")),
            ("another uuid", OTHER.replace("0001", "0003")),
        ] {
            let defined = conn.network_define_xml(&xml, DefineFlags::empty()).await;
            seen.done(&format!("define with {label}"), defined);
            let created = conn.network_create_xml(&xml, CreateFlags::empty()).await;
            seen.done(&format!("create with {label}"), created);
        }
        let flags = DefineFlags::from_bits_retain(2);
        seen.done("define with flags", conn.network_define_xml(OTHER, flags).await);
        let flags = CreateFlags::from_bits_retain(6);
        seen.done("create with flags", conn.network_create_xml(OTHER, flags).await);
        let none =
            conn.network_define_xml("<network><name>n</name></network>", DefineFlags::empty());
        let version = none.await.map(|net| net.uuid().get_version_num());
        seen.note("a uuid that is made up", version);
    })
    .await;
}

/// The metadata that a network has, of each kind.
async fn metadata(network: &Network, seen: &mut Transcript, when: &str) {
    let kinds = [
        (MetadataType::Description, None),
        (MetadataType::Title, None),
        (MetadataType::Element, Some("urn:a")),
        (MetadataType::Element, Some("urn:b")),
    ];
    for (kind, uri) in kinds {
        for flags in [UpdateFlags::empty(), UpdateFlags::LIVE, UpdateFlags::CONFIG] {
            let label = format!("{when}: {kind:?} {uri:?} {flags:?}");
            seen.note(&label, network.metadata(kind, uri, flags).await);
        }
    }
    seen.xml(&format!("{when}: xml"), network.xml_desc(XmlFlags::empty()).await);
}

#[tokio::test]
async fn networks_have_metadata() {
    compare("networks_have_metadata", async |conn: &Connect, seen: &mut Transcript| {
        let network = conn.network_define_xml(OTHER, DefineFlags::empty()).await.unwrap();
        metadata(&network, seen, "none").await;
        let none = UpdateFlags::empty();
        let element = "<x b='1'><y>t &amp; t</y><z:w xmlns:z='urn:z'/></x>";
        for (label, kind, text, key, uri) in [
            ("title", MetadataType::Title, Some("A title's"), None, None),
            ("lines", MetadataType::Title, Some("two\nlines"), None, None),
            ("description", MetadataType::Description, Some("Lines\n<of> it"), None, None),
            ("element", MetadataType::Element, Some(element), Some("k"), Some("urn:a")),
            ("another", MetadataType::Element, Some("<o/>"), Some("l"), Some("urn:b")),
            ("wrong key", MetadataType::Element, Some("<o/>"), Some("1"), Some("urn:b")),
            ("no key", MetadataType::Element, Some("<o/>"), None, Some("urn:b")),
            ("no uri", MetadataType::Element, Some("<o/>"), Some("l"), None),
            ("uri of a title", MetadataType::Title, Some("t"), None, Some("u")),
            ("key of a title", MetadataType::Title, Some("t"), Some("k"), None),
            ("unknown", 7.into(), Some("t"), None, None),
        ] {
            let set = network.set_metadata(kind, text, key, uri, none).await;
            seen.done(&format!("set {label}"), set);
        }
        metadata(&network, seen, "all").await;
        let both = UpdateFlags::LIVE | UpdateFlags::CONFIG;
        let title = MetadataType::Title;
        seen.note("both", network.metadata(title, None, both).await);
        let odd = UpdateFlags::from_bits_retain(8);
        seen.note("flags", network.metadata(title, None, odd).await);
        seen.done("set flags", network.set_metadata(title, None, None, None, odd).await);
        seen.done("set live", network.set_metadata(title, None, None, None, both).await);
        seen.note("no uri", network.metadata(MetadataType::Element, None, none).await);
        seen.note("a uri", network.metadata(title, Some("u"), none).await);
        seen.note("unknown", network.metadata(7.into(), None, none).await);
        for (kind, uri) in [
            (MetadataType::Title, None),
            (MetadataType::Description, None),
            (MetadataType::Element, Some("urn:a")),
        ] {
            let removed = network.set_metadata(kind, None, None, uri, none).await;
            seen.done(&format!("remove {kind:?}"), removed);
        }
        metadata(&network, seen, "one left").await;
        let default = conn.network_lookup_by_name("default").await.unwrap();
        metadata(&default, seen, "default").await;
        let live = UpdateFlags::LIVE;
        seen.done("live", default.set_metadata(title, Some("live"), None, None, live).await);
        let set = default
            .set_metadata(title, Some("later"), None, None, UpdateFlags::CONFIG)
            .await;
        seen.done("for later", set);
        metadata(&default, seen, "default with a title").await;
    })
    .await;
}

#[tokio::test]
async fn events_of_networks() {
    compare("events_of_networks", async |conn: &Connect, seen: &mut Transcript| {
        let mut all = conn.subscribe::<Lifecycle>(None).await.unwrap();
        let other = conn.network_define_xml(OTHER, DefineFlags::empty()).await.unwrap();
        let mut of_other = conn.subscribe::<Lifecycle>(Some(&other)).await.unwrap();
        let default = conn.network_lookup_by_name("default").await.unwrap();
        default.destroy().await.unwrap();
        default.destroy().await.unwrap();
        other.create().await.unwrap();
        other.destroy().await.unwrap();
        let bridgeless = conn.network_create_xml(BRIDGELESS, CreateFlags::empty()).await.unwrap();
        bridgeless.destroy().await.unwrap();
        other.undefine().await.unwrap();
        for number in 1..9 {
            let event = all.next().await.unwrap().unwrap();
            let of = event.network.name();
            seen.add(&format!("event {number}"), format!("{of} {:?}", event.change));
        }
        for number in 1..4 {
            let event = of_other.next().await.unwrap().unwrap();
            let of = event.network.name();
            seen.add(&format!("event {number} of one"), format!("{of} {:?}", event.change));
        }
        for event_id in [-1, 2] {
            let request = remote::ConnectNetworkEventRegisterAny { event_id, net: None };
            seen.done(&format!("register {event_id}"), conn.raw().call(request).await);
        }
        let request = remote::ConnectNetworkEventDeregisterAny { callback_id: 77 };
        seen.done("deregister", conn.raw().run(request).await);
    })
    .await;
}

#[tokio::test]
async fn events_of_metadata() {
    compare("events_of_metadata", async |conn: &Connect, seen: &mut Transcript| {
        let Ok(mut changes) = conn.subscribe::<MetadataChange>(None).await else {
            seen.add("subscribed", "no".to_owned());
            return;
        };
        seen.add("subscribed", "yes".to_owned());
        let default = conn.network_lookup_by_name("default").await.unwrap();
        let live = UpdateFlags::LIVE;
        default
            .set_metadata(MetadataType::Title, Some("t"), None, None, live)
            .await
            .unwrap();
        let kind = MetadataType::Element;
        default
            .set_metadata(kind, Some("<o/>"), Some("k"), Some("urn:a"), live)
            .await
            .unwrap();
        for number in 1..3 {
            let event = changes.next().await.unwrap().unwrap();
            let seen_now = format!("{:?} {:?}", event.kind, event.namespace);
            seen.add(&format!("event {number}"), seen_now);
        }
    })
    .await;
}
