//! Snapshots of a guest that is off: the disk alone, many of them.

use libvirt_client::domain::State;
use libvirt_client::domain::snapshot::{
    CreateFlags, DeleteFlags, ListFlags, RevertFlags, XmlFlags,
};
use rig::guest::Disk;

use super::super::{image, virsh};
use super::{NOTHING, assert_gone, names, take};
use crate::common::{define, discard, qemu};

#[tokio::test]
async fn snapshots_are_a_tree_that_is_pruned() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "snapshot-tree";
    let disk = Disk::qcow2(daemon.scratch().join("snapshot-tree.qcow2"), 1).unwrap();
    let file = &disk.path.clone();
    let domain = &define(daemon, &conn, name, |guest| guest.disk(disk)).await.domain;
    let none = CreateFlags::empty();
    let back = RevertFlags::empty();

    // a, with the children b, which has the child c, and d.
    let root = &take(domain, "a", none).await;
    image::fill(daemon, file, 64, b'b');
    let left = &take(domain, "b", none).await;
    image::fill(daemon, file, 64, b'c');
    let leaf = &take(domain, "c", none).await;
    root.revert(back).await.unwrap();
    assert!(image::content(daemon, file).iter().all(|&byte| byte == 0));
    let right = &take(domain, "d", none).await;
    left.revert(back).await.unwrap();
    let content = image::content(daemon, file);
    assert!(content[..64 << 10].iter().all(|&byte| byte == b'b') && content[64 << 10] == 0);
    leaf.revert(back).await.unwrap();
    assert_eq!(image::content(daemon, file)[0], b'c');
    // And a root beside it, of which the daemon is only told.
    let own = root.xml_desc(XmlFlags::empty()).await.unwrap().replace("<name>a<", "<name>x<");
    let other = &domain.snapshot_create_xml(&own, CreateFlags::REDEFINE).await.unwrap();
    assert!(!other.is_current().await.unwrap() && leaf.is_current().await.unwrap());
    assert_eq!(image::snapshots(daemon, file), ["a", "b", "c", "d"]);

    for (flags, expected, virshs) in [
        (ListFlags::empty(), &["a", "b", "c", "d", "x"][..], ""),
        (ListFlags::ROOTS, &["a", "x"], "--roots"),
        (ListFlags::LEAVES, &["c", "d", "x"], "--leaves"),
        (ListFlags::NO_LEAVES, &["a", "b"], "--no-leaves"),
        (ListFlags::NO_LEAVES | ListFlags::ROOTS, &["a"], "--no-leaves --roots"),
        (ListFlags::METADATA, &["a", "b", "c", "d", "x"], "--metadata"),
        (ListFlags::NO_METADATA, &[], "--no-metadata"),
        (ListFlags::INACTIVE, &["a", "b", "c", "d", "x"], "--inactive"),
        (ListFlags::ACTIVE | ListFlags::DISK_ONLY, &[], "--active --disk-only"),
        (ListFlags::INTERNAL, &["a", "b", "c", "d", "x"], "--internal"),
        (ListFlags::EXTERNAL, &[], "--external"),
    ] {
        let listed = domain.list_all_snapshots(flags).await.unwrap();
        assert_eq!(names(&listed), expected, "{flags:?}");
        let command = format!("snapshot-list {name} --name {virshs}");
        let said = virsh(daemon, [&command]).await;
        assert_eq!(said.split_whitespace().collect::<Vec<_>>(), expected, "{command}");
    }
    let listed = domain.list_all_snapshots(ListFlags::TOPOLOGICAL).await.unwrap();
    let at = |snapshot| listed.iter().position(|listed| listed == snapshot).unwrap();
    assert!(at(root) < at(left) && at(left) < at(leaf) && at(root) < at(right), "{listed:?}");
    for (flags, expected) in [
        (ListFlags::empty(), &["b", "d"][..]),
        (ListFlags::DESCENDANTS, &["b", "c", "d"]),
        (ListFlags::LEAVES, &["d"]),
        (ListFlags::DESCENDANTS | ListFlags::LEAVES, &["c", "d"]),
    ] {
        let listed = root.list_all_children(flags).await.unwrap();
        assert_eq!(names(&listed), expected, "{flags:?}");
        assert!(listed.iter().all(|child| child.domain() == domain));
    }
    assert_eq!(leaf.list_all_children(ListFlags::DESCENDANTS).await.unwrap(), []);
    assert_eq!(leaf.parent().await.unwrap().as_ref(), Some(left));
    assert_eq!(other.parent().await.unwrap(), None);

    // The daemon forgets one, and learns of it again.
    let own = leaf.xml_desc(XmlFlags::empty()).await.unwrap();
    leaf.delete(DeleteFlags::METADATA_ONLY).await.unwrap();
    assert_gone(leaf).await;
    assert_eq!(image::snapshots(daemon, file), ["a", "b", "c", "d"]);
    let again = CreateFlags::REDEFINE | CreateFlags::CURRENT;
    assert_eq!(&domain.snapshot_create_xml(&own, again).await.unwrap(), leaf);
    assert!(leaf.is_current().await.unwrap());
    assert_eq!(names(&left.list_all_children(ListFlags::empty()).await.unwrap()), ["c"]);

    // One of which it never knew.
    let unknown = take(domain, "unknown", CreateFlags::NO_METADATA).await;
    assert_gone(&unknown).await;
    assert_eq!(image::snapshots(daemon, file), ["a", "b", "c", "d", "unknown"]);
    assert!(leaf.is_current().await.unwrap());

    // Reverting may start the guest.
    root.revert(RevertFlags::PAUSED).await.unwrap();
    assert_eq!(domain.state().await.unwrap(), State::Paused);
    leaf.revert(back).await.unwrap();
    assert_eq!(domain.state().await.unwrap(), State::Shutoff);

    left.delete(DeleteFlags::CHILDREN_ONLY).await.unwrap();
    assert_gone(leaf).await;
    assert_eq!(image::snapshots(daemon, file), ["a", "b", "d", "unknown"]);
    other.delete(DeleteFlags::METADATA_ONLY).await.unwrap();
    // What had a parent that goes has that one's.
    let middle = take(domain, "middle", none).await;
    let last = take(domain, "last", none).await;
    middle.delete(NOTHING).await.unwrap();
    assert_eq!(last.parent().await.unwrap().as_ref(), Some(left));
    root.delete(DeleteFlags::CHILDREN).await.unwrap();
    for gone in [root, left, right, &last] {
        assert_gone(gone).await;
    }
    assert_eq!(image::snapshots(daemon, file), ["unknown"]);
    assert!(!domain.has_current_snapshot().await.unwrap());
    discard(domain).await;
}
