//! Networks, storage pools, the host's devices and secrets.

use std::collections::BTreeSet;

use libvirt_client::Connect;
use libvirt_client::node_device::{CreateXmlFlags, NodeDevice, XmlFlags};
use libvirt_client::secret::{DefineFlags, Secret};
use libvirt_client::types::connect::{ListAllNodeDeviceFlags, ListAllSecretsFlags};
use libvirt_client::watch::{Change, Watch, Watched};
use rig::{Daemon, Need};

use super::{next, often};
use crate::common::qemu;

/// Takes the changes up to the next time that all has been told.
async fn until_current<O: Watched>(watch: &mut Watch<O>) -> Vec<Change<O>> {
    let mut changes = Vec::new();
    loop {
        match next(watch).await {
            Change::Current => return changes,
            change => changes.push(change),
        }
    }
}

async fn device_names(conn: &Connect) -> BTreeSet<String> {
    let all = conn.list_all_node_devices(ListAllNodeDeviceFlags::empty()).await.unwrap();
    all.iter().map(|device| device.name().to_owned()).collect()
}

fn watched_names(watch: &Watch<NodeDevice>) -> BTreeSet<String> {
    watch.entries().map(|entry| entry.object.name().to_owned()).collect()
}

#[tokio::test]
async fn the_hosts_devices() {
    let Some((_, conn)) = qemu().await else {
        return;
    };
    let mut watch = conn.watch_node_devices();
    let appeared = until_current(&mut watch).await.len();
    assert_eq!(watched_names(&watch), device_names(&conn).await);
    assert!(appeared > 0 && appeared == watch.len());
}

/// The test driver's, which makes up an adapter, as no host here can; it forgets that as it ends.
#[tokio::test]
async fn devices_that_come_and_go() {
    if !rig::available(&[Need::Daemon]).unwrap() {
        return;
    }
    let mut daemon = Daemon::builder().test_driver().start().unwrap();
    let host = often(&daemon);
    let mut watch = host.watch_node_devices();
    until_current(&mut watch).await;
    let conn = host.connect().await.unwrap();
    let from_the_start = device_names(&conn).await;
    assert_eq!(watched_names(&watch), from_the_start);

    let xml = "<device><parent>scsi_host1</parent><capability type='scsi_host'>\
               <capability type='fc_host'><wwnn>2001001b32a9da4f</wwnn>\
               <wwpn>2101001b32a9da4f</wwpn></capability></capability></device>";
    let create = async || conn.node_device_create_xml(xml, CreateXmlFlags::empty()).await.unwrap();
    let made = create().await;
    let change = next(&mut watch).await;
    assert!(matches!(&change, Change::Appeared(entry) if entry.object == made), "{change:?}");
    assert!(watch.entries().any(|entry| entry.object == made));
    made.destroy().await.unwrap();
    let change = next(&mut watch).await;
    assert!(matches!(&change, Change::Gone(entry) if entry.object == made), "{change:?}");
    assert_eq!(watched_names(&watch), from_the_start);

    let lost = create().await;
    let change = next(&mut watch).await;
    assert!(matches!(&change, Change::Appeared(entry) if entry.object == lost), "{change:?}");
    daemon.kill9().unwrap();
    daemon.restart().unwrap();
    let changes = until_current(&mut watch).await;
    assert!(
        matches!(&*changes, [Change::Gone(entry)] if entry.object == lost),
        "{changes:?}"
    );
    assert_eq!(watched_names(&watch), from_the_start);
    // Each is of the connection that there is now.
    for entry in watch.entries() {
        entry.object.xml_desc(XmlFlags::empty()).await.unwrap();
    }
}

#[tokio::test]
async fn secrets() {
    if !rig::available(&[Need::Daemon, Need::Qemu]).unwrap() {
        return;
    }
    let mut daemon = Daemon::builder().start().unwrap();
    let host = often(&daemon);
    let mut watch = host.watch_secrets();
    assert!(until_current(&mut watch).await.is_empty() && watch.is_empty());
    let conn = host.connect().await.unwrap();
    let define = async |xml: &str| {
        let defining = conn.secret_define_xml(xml, DefineFlags::empty());
        defining.await.unwrap()
    };
    let usage = |id: &str| format!("<usage type='ceph'><name>{id}</name></usage>");

    let kept = define(&format!("<secret>{}</secret>", usage("watch-kept"))).await;
    let change = next(&mut watch).await;
    let is_kept = |secret: &Secret| *secret == kept && secret.usage_id() == "watch-kept";
    assert!(
        matches!(&change, Change::Appeared(entry) if is_kept(&entry.object)),
        "{change:?}"
    );
    // Neither its value nor the rest of its definition is in the table, so that the next change is
    // about another.
    kept.set_value(b"value").await.unwrap();
    let (uuid, description) = (kept.uuid(), "<description>another</description>");
    let again = format!("<uuid>{uuid}</uuid>{description}{}", usage("watch-kept"));
    assert_eq!(define(&format!("<secret>{again}</secret>")).await, kept);
    let xml = format!("<secret ephemeral='yes'>{}</secret>", usage("watch-lost"));
    let lost = define(&xml).await;
    let change = next(&mut watch).await;
    assert!(matches!(&change, Change::Appeared(entry) if entry.object == lost), "{change:?}");
    lost.undefine().await.unwrap();
    let change = next(&mut watch).await;
    assert!(matches!(&change, Change::Gone(entry) if entry.object == lost), "{change:?}");

    // One that its daemon forgets, and one that it keeps.
    let lost = define(&xml).await;
    let change = next(&mut watch).await;
    assert!(matches!(&change, Change::Appeared(entry) if entry.object == lost), "{change:?}");
    daemon.kill9().unwrap();
    daemon.restart().unwrap();
    let changes = until_current(&mut watch).await;
    assert!(
        matches!(&*changes, [Change::Gone(entry)] if entry.object == lost),
        "{changes:?}"
    );
    let left: Vec<_> = watch.entries().map(|entry| entry.object.clone()).collect();
    let conn = host.connect().await.unwrap();
    assert_eq!(left, conn.list_all_secrets(ListAllSecretsFlags::empty()).await.unwrap());
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].uuid(), kept.uuid());
    // It is of the connection that there is now.
    assert!(left[0].value().await.unwrap().expose() == b"value");
}
