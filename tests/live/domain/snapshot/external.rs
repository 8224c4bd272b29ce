//! Snapshots whose disks' images become backing images of new ones.

use std::fs;

use libvirt_client::connect::Version;
use libvirt_client::domain::snapshot::{
    CreateFlags, DeleteFlags, ListFlags, RevertFlags, XmlFlags,
};
use libvirt_client::domain::{Domain, State};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Result};
use rig::guest::Disk;

use super::super::image;
use super::{NOTHING, assert_gone, names, remember, remembered, take};
use crate::common::{define, discard, qemu, wait_for_boots, wait_for_shell};

/// Whether the daemon reverts to such snapshots, of which it tells; libvirt 9.0.0 does not yet.
async fn reverts(conn: &Connect) -> bool {
    let reverts = conn.lib_version().await.unwrap() >= Version::new(11, 3, 0);
    let capabilities = conn.capabilities().await.unwrap();
    assert_eq!(capabilities.contains("<externalSnapshot/>"), reverts);
    reverts
}

fn assert_unsupported(result: Result<()>) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::ConfigUnsupported), "{error}");
}

async fn source(domain: &Domain) -> String {
    domain.disk_targets().await.unwrap()[0].source.clone().unwrap()
}

#[tokio::test]
async fn a_disk_goes_on_in_another_image() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let disk = Disk::qcow2(daemon.scratch().join("snapshot-external.qcow2"), 16).unwrap();
    let base = disk.path.clone();
    let guest = define(daemon, &conn, "snapshot-external", |guest| guest.disk(disk)).await;
    let domain = &guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;

    remember(domain, "before").await;
    let flags = CreateFlags::DISK_ONLY | CreateFlags::ATOMIC;
    let snapshot = take(domain, "external", flags).await;
    let overlay = base.with_extension("external");
    assert_eq!(source(domain).await, overlay.to_str().unwrap());
    let xml = snapshot.xml_desc(XmlFlags::empty()).await.unwrap();
    assert!(xml.contains("<state>disk-snapshot</state>"), "{xml}");
    assert!(xml.contains("<disk name='vda' snapshot='external'"), "{xml}");
    for (flags, expected) in [
        (ListFlags::EXTERNAL, &["external"][..]),
        (ListFlags::DISK_ONLY, &["external"]),
        (ListFlags::INTERNAL, &[]),
        (ListFlags::ACTIVE | ListFlags::INACTIVE, &[]),
    ] {
        let listed = domain.list_all_snapshots(flags).await.unwrap();
        assert_eq!(names(&listed), expected, "{flags:?}");
    }
    remember(domain, "after").await;
    assert!(image::content(daemon, &base).starts_with(b"before\n"));
    assert!(image::content(daemon, &overlay).starts_with(b"after\n"));

    // The guest was not asked for its memory, so there it boots.
    let reverted = snapshot.revert(RevertFlags::RUNNING).await;
    if reverts(&conn).await {
        reverted.unwrap();
        assert_eq!(domain.state().await.unwrap(), State::Running);
        wait_for_boots(&guest.serial_log, 1).await;
        assert_eq!(remembered(domain).await, ["", "before"]);
        let newest = source(domain).await;
        assert!(newest != base.to_str().unwrap() && newest != overlay.to_str().unwrap());
    } else {
        assert_unsupported(reverted);
    }
    // Its image takes in what came after it.
    let words = remembered(domain).await;
    snapshot.delete(NOTHING).await.unwrap();
    assert_gone(&snapshot).await;
    assert_eq!(source(domain).await, base.to_str().unwrap());
    assert_eq!(remembered(domain).await, words);
    assert!(!overlay.exists());
    discard(domain).await;
}

#[tokio::test]
async fn memory_goes_to_a_file() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let disk = Disk::qcow2(daemon.scratch().join("snapshot-memory.qcow2"), 16).unwrap();
    let base = disk.path.clone();
    let guest = define(daemon, &conn, "snapshot-memory", |guest| guest.disk(disk)).await;
    let domain = &guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;

    remember(domain, "before").await;
    let [memory, overlay] = ["memory", "overlay"].map(|name| base.with_extension(name));
    let xml = format!(
        "<domainsnapshot><name>first</name><memory snapshot='external' file='{}'/>\
         <disks><disk name='vda' snapshot='external'><source file='{}'/></disk></disks>\
         </domainsnapshot>",
        memory.display(),
        overlay.display()
    );
    let first = domain.snapshot_create_xml(&xml, CreateFlags::LIVE).await.unwrap();
    assert!(fs::metadata(&memory).unwrap().len() > 1 << 20);
    assert_eq!(source(domain).await, overlay.to_str().unwrap());
    let listed = domain.list_all_snapshots(ListFlags::ACTIVE | ListFlags::EXTERNAL).await;
    assert_eq!(names(&listed.unwrap()), ["first"]);
    let second = take(domain, "second", CreateFlags::DISK_ONLY).await;
    assert_eq!(second.parent().await.unwrap().as_ref(), Some(&first));
    remember(domain, "after").await;

    assert_unsupported(first.delete(DeleteFlags::CHILDREN).await);
    let reverted = first.revert(RevertFlags::empty()).await;
    if reverts(&conn).await {
        reverted.unwrap();
        assert_eq!(remembered(domain).await, ["before", "before"]);
        assert!(first.is_current().await.unwrap());
    } else {
        assert_unsupported(reverted);
        assert_eq!(remembered(domain).await, ["after", "after"]);
    }
    let words = remembered(domain).await;
    second.delete(NOTHING).await.unwrap();
    first.delete(NOTHING).await.unwrap();
    assert_gone(&first).await;
    assert_eq!(source(domain).await, base.to_str().unwrap());
    assert_eq!(remembered(domain).await, words);
    // A daemon that cannot revert leaves the file of the memory behind.
    assert_eq!(memory.exists(), !reverts(&conn).await);

    // Without a guest, an image comes from an image just so.
    domain.destroy().await.unwrap();
    let off = take(domain, "off", CreateFlags::DISK_ONLY).await;
    assert_eq!(source(domain).await, base.with_extension("off").to_str().unwrap());
    off.delete(NOTHING).await.unwrap();
    assert_eq!(source(domain).await, base.to_str().unwrap());
    assert!(image::content(daemon, &base).starts_with(words[1].as_bytes()));
    discard(domain).await;
}
