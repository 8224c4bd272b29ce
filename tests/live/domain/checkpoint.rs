//! Checkpoints: what has changed since when.

use libvirt_client::domain::checkpoint::{CreateFlags, DeleteFlags, ListFlags, XmlFlags};
use libvirt_client::domain::{Domain, DomainCheckpoint, snapshot};
use libvirt_client::types::error::ErrorCode;
use rig::guest::Disk;

use super::virsh;
use crate::common::{define, discard, qemu, wait_for_shell};
use crate::shell::Shell;

const CLUSTER: u64 = 64 << 10;

/// Creates a checkpoint of that name.
async fn take(domain: &Domain, name: &str) -> DomainCheckpoint {
    let xml = format!("<domaincheckpoint><name>{name}</name></domaincheckpoint>");
    domain.checkpoint_create_xml(&xml, CreateFlags::empty()).await.unwrap()
}

/// Their names, in alphabetical order.
fn names(checkpoints: &[DomainCheckpoint]) -> Vec<&str> {
    let mut names: Vec<&str> = checkpoints.iter().map(DomainCheckpoint::name).collect();
    names.sort_unstable();
    names
}

async fn assert_gone(checkpoint: &DomainCheckpoint) {
    let not_found = |error: libvirt_client::Error| {
        assert!(error.is_not_found(), "{error}");
        assert_eq!(error.code(), Some(ErrorCode::NoDomainCheckpoint), "{error}");
    };
    let domain = checkpoint.domain();
    not_found(domain.checkpoint_lookup_by_name(checkpoint.name()).await.unwrap_err());
    not_found(checkpoint.xml_desc(XmlFlags::empty()).await.unwrap_err());
    not_found(checkpoint.parent().await.unwrap_err());
    not_found(checkpoint.list_all_children(ListFlags::empty()).await.unwrap_err());
    not_found(checkpoint.delete(DeleteFlags::empty()).await.unwrap_err());
}

/// How much the disk has changed since the checkpoint.
async fn changed_bytes(checkpoint: &DomainCheckpoint) -> u64 {
    let xml = checkpoint.xml_desc(XmlFlags::SIZE | XmlFlags::NO_DOMAIN).await.unwrap();
    let (_, size) = xml.split_once(" size='").unwrap_or_else(|| panic!("no size in {xml}"));
    size.split_once('\'').unwrap().0.parse().unwrap()
}

#[tokio::test]
async fn changes_are_recorded_since_each_checkpoint() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "checkpoint";
    let disk = Disk::qcow2(daemon.scratch().join("checkpoint.qcow2"), 16).unwrap();
    let guest = define(daemon, &conn, name, |guest| guest.disk(disk)).await;
    let domain = &guest.domain;
    let off = domain.checkpoint_create_xml("<domaincheckpoint/>", CreateFlags::empty()).await;
    let error = off.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationUnsupported), "{error}");
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;
    let mut shell = Shell::open(domain).await;
    let mut write = async |cluster: u64, count: u64| {
        let place = format!("bs=64k seek={cluster} count={count} conv=fsync");
        shell.run(&format!("dd if=/dev/urandom of=/dev/vda {place}")).await;
    };
    assert_eq!(domain.list_all_checkpoints(ListFlags::empty()).await.unwrap(), []);
    let error = domain.checkpoint_lookup_by_name("one").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");

    let one = &take(domain, "one").await;
    assert_eq!((one.name(), one.domain()), ("one", domain));
    write(0, 2).await;
    let two = &take(domain, "two").await;
    write(8, 1).await;
    let three = &take(domain, "three").await;
    assert_eq!(changed_bytes(one).await, 3 * CLUSTER);
    assert_eq!(changed_bytes(two).await, CLUSTER);
    assert_eq!(changed_bytes(three).await, 0);
    let xml = two.xml_desc(XmlFlags::empty()).await.unwrap();
    let virshs = virsh(daemon, ["checkpoint-dumpxml", name, "two"]).await;
    assert_eq!(xml.trim_end(), virshs.trim_end());
    assert!(xml.contains("<domain ") && xml.contains("<parent>"), "{xml}");
    let without = two.xml_desc(XmlFlags::NO_DOMAIN).await.unwrap();
    assert!(!without.contains("<domain ") && !without.contains("size="), "{without}");

    for (flags, expected, virshs) in [
        (ListFlags::empty(), &["one", "three", "two"][..], ""),
        (ListFlags::ROOTS, &["one"], "--roots"),
        (ListFlags::LEAVES, &["three"], "--leaves"),
        (ListFlags::NO_LEAVES, &["one", "two"], "--no-leaves"),
    ] {
        let listed = domain.list_all_checkpoints(flags).await.unwrap();
        assert_eq!(names(&listed), expected, "{flags:?}");
        let command = format!("checkpoint-list {name} --name {virshs}");
        let said = virsh(daemon, [&command]).await;
        assert_eq!(said.split_whitespace().collect::<Vec<_>>(), expected, "{command}");
    }
    let listed = domain.list_all_checkpoints(ListFlags::TOPOLOGICAL).await.unwrap();
    assert_eq!(listed, [one, two, three].map(Clone::clone));
    let children = one.list_all_children(ListFlags::empty()).await.unwrap();
    assert_eq!(children.iter().collect::<Vec<_>>(), [two]);
    let all = one.list_all_children(ListFlags::DESCENDANTS).await.unwrap();
    assert_eq!(names(&all), ["three", "two"]);
    assert_eq!(two.parent().await.unwrap().as_ref(), Some(one));
    assert_eq!(one.parent().await.unwrap(), None);

    // The daemon forgets one, whose bitmaps stay, and learns of it again.
    let own = three.xml_desc(XmlFlags::empty()).await.unwrap();
    three.delete(DeleteFlags::METADATA_ONLY).await.unwrap();
    assert_gone(three).await;
    let again = CreateFlags::REDEFINE | CreateFlags::REDEFINE_VALIDATE;
    assert_eq!(&domain.checkpoint_create_xml(&own, again).await.unwrap(), three);
    assert_eq!(three.parent().await.unwrap().as_ref(), Some(two));

    // Without the one in the middle its parent knows what it knew.
    two.delete(DeleteFlags::empty()).await.unwrap();
    assert_gone(two).await;
    assert_eq!(three.parent().await.unwrap().as_ref(), Some(one));
    assert_eq!(changed_bytes(one).await, 3 * CLUSTER);
    write(16, 1).await;
    assert_eq!(changed_bytes(one).await, 4 * CLUSTER);
    assert_eq!(changed_bytes(three).await, CLUSTER);

    one.delete(DeleteFlags::CHILDREN_ONLY).await.unwrap();
    assert_gone(three).await;
    take(domain, "four").await;
    one.delete(DeleteFlags::CHILDREN).await.unwrap();
    assert_gone(one).await;
    assert_eq!(domain.list_all_checkpoints(ListFlags::empty()).await.unwrap(), []);

    // While there are any, QEMU does not go back.
    let xml = "<domainsnapshot><name>early</name></domainsnapshot>";
    let early = domain.snapshot_create_xml(xml, snapshot::CreateFlags::empty()).await.unwrap();
    take(domain, "five").await.delete(DeleteFlags::empty()).await.unwrap();
    early.revert(snapshot::RevertFlags::empty()).await.unwrap();
    take(domain, "six").await;
    let error = early.revert(snapshot::RevertFlags::empty()).await.unwrap_err();
    assert!(error.to_string().contains("dirty bitmaps"), "{error}");
    discard(domain).await;
    let error = one.parent().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NoDomain), "{error}");
}
