//! Changes of one section.

use libvirt_client::network::{UpdateCommand, UpdateFlags, UpdateSection, XmlFlags};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::types::feature::Feature;

use super::{daemon, discard, nat};

const FIRST: &str = "<host mac='52:54:00:82:00:01' name='first' ip='192.168.82.11'/>";
const LAST: &str = "<host mac='52:54:00:82:00:02' name='last' ip='192.168.82.12'/>";

#[tokio::test]
async fn hosts_are_added_changed_and_removed() {
    const NAME: &str = "networks-updated";
    let Some((daemon, conn)) = daemon().await else {
        return;
    };
    let network = nat(&conn, NAME, 82).await;
    assert!(conn.supports_feature(Feature::NetworkUpdateHasCorrectOrder).await.unwrap());
    let update = async |command, host: &str, flags| {
        network.update(command, UpdateSection::IpDhcpHost, None, host, flags).await
    };
    // Whether a host is in the running network, and in the definition.
    let places = async |host: &str| {
        let state = network.xml_desc(XmlFlags::empty()).await.unwrap();
        let definition = network.xml_desc(XmlFlags::INACTIVE).await.unwrap();
        assert_eq!(state.trim(), daemon.virsh(["net-dumpxml", NAME]).unwrap().trim());
        (state.contains(host), definition.contains(host))
    };
    let both = UpdateFlags::LIVE | UpdateFlags::CONFIG;
    update(UpdateCommand::AddLast, LAST, both).await.unwrap();
    assert_eq!(places(LAST).await, (true, true));
    let twice = update(UpdateCommand::AddLast, LAST, both).await.unwrap_err();
    assert_eq!(twice.code(), Some(ErrorCode::OperationInvalid));
    assert!(twice.is_already_exists() && !twice.is_not_found(), "{twice}");
    update(UpdateCommand::AddFirst, FIRST, UpdateFlags::CONFIG).await.unwrap();
    assert_eq!(places(FIRST).await, (false, true));
    let definition = network.xml_desc(XmlFlags::INACTIVE).await.unwrap();
    assert!(definition.find(FIRST) < definition.find(LAST), "{definition}");
    let changed = LAST.replace(".12'", ".13'");
    update(UpdateCommand::Modify, &changed, UpdateFlags::LIVE).await.unwrap();
    assert_eq!((places(&changed).await, places(LAST).await), ((true, false), (false, true)));
    // Of an active network that is what runs.
    update(UpdateCommand::Delete, &changed, UpdateFlags::CURRENT).await.unwrap();
    assert_eq!((places(&changed).await, places(LAST).await), ((false, false), (false, true)));
    // Neither changes where one of them cannot.
    let absent = update(UpdateCommand::Delete, LAST, both).await.unwrap_err();
    assert!(absent.is_not_found() && !absent.is_already_exists(), "{absent}");
    let absent = update(UpdateCommand::Modify, LAST, UpdateFlags::LIVE).await.unwrap_err();
    assert!(absent.is_not_found(), "{absent}");
    assert_eq!(places(LAST).await, (false, true));

    // Other entries are found by what tells them apart, which the daemon says in other words.
    let flags = UpdateFlags::CONFIG;
    for (section, entry) in [
        (
            UpdateSection::IpDhcpRange,
            "<range start='192.168.82.200' end='192.168.82.210'/>",
        ),
        (UpdateSection::DnsHost, "<host ip='192.168.82.15'><hostname>x</hostname></host>"),
        (UpdateSection::DnsTxt, "<txt name='note' value='x'/>"),
        (
            UpdateSection::DnsSrv,
            "<srv service='s' protocol='tcp' domain='d' target='t' port='1'/>",
        ),
        (UpdateSection::Portgroup, "<portgroup name='group'/>"),
    ] {
        let change =
            async |command| network.update(command, section, None, entry, flags).await.unwrap_err();
        let absent = change(UpdateCommand::Delete).await;
        assert!(absent.is_not_found(), "{absent}");
        network
            .update(UpdateCommand::AddLast, section, None, entry, flags)
            .await
            .unwrap();
        let twice = change(UpdateCommand::AddLast).await;
        assert!(twice.is_already_exists(), "{twice}");
    }

    // What of several `<ip>` is meant can be said.
    let host = "<host mac='52:54:00:82:00:03' ip='192.168.82.14'/>";
    let at = async |index| {
        let (command, section) = (UpdateCommand::AddLast, UpdateSection::IpDhcpHost);
        network.update(command, section, index, host, UpdateFlags::LIVE).await
    };
    at(Some(7)).await.unwrap_err();
    assert_eq!(places(host).await, (false, false));
    at(Some(0)).await.unwrap();
    assert_eq!(places(host).await, (true, false));
    at(Some(u32::MAX)).await.unwrap_err();

    for section in [
        UpdateSection::Bridge,
        UpdateSection::Domain,
        UpdateSection::Ip,
        UpdateSection::Forward,
        UpdateSection::ForwardPf,
    ] {
        let xml = "<bridge name='other'/>";
        let refused =
            network.update(UpdateCommand::Modify, section, None, xml, UpdateFlags::CURRENT);
        let error = refused.await.unwrap_err();
        assert!(error.is_unsupported(), "{section:?}: {error}");
    }
    discard(&network).await;
}
