//! Snapshots whose disks' images become backing images of new ones.

use libvirt_client::connect::Version;
use libvirt_client::domain::snapshot::{CreateFlags, ListFlags, RevertFlags, XmlFlags};
use libvirt_client::domain::{Domain, State};
use libvirt_client::types::error::ErrorCode;
use rig::guest::Disk;

use super::super::image;
use super::{NOTHING, assert_gone, names, remember, remembered, take};
use crate::common::{define, discard, qemu, wait_for_boots, wait_for_shell};

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
    let version = conn.lib_version().await.unwrap();

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

    let reverted = snapshot.revert(RevertFlags::RUNNING).await;
    if version >= Version::new(9, 9, 0) {
        reverted.unwrap();
        assert_eq!(domain.state().await.unwrap().state, State::Running);
        wait_for_boots(&guest.serial_log, 1).await;
        assert_eq!(remembered(domain).await, ["", "before"]);
        assert_ne!(source(domain).await, overlay.to_str().unwrap());
    } else {
        let error = reverted.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::ConfigUnsupported), "{error}");
        assert_eq!(remembered(domain).await, ["after", "after"]);
    }
    let deleted = snapshot.delete(NOTHING).await;
    println!("{version} {deleted:?} {}", source(domain).await);
    deleted.unwrap();
    assert_gone(&snapshot).await;
    discard(domain).await;
}
