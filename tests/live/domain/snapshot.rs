//! Snapshots: guests that come back as they were, and trees of them.

mod external;
mod program;
mod tree;

use libvirt_client::domain::snapshot::{
    CreateFlags, DeleteFlags, ListFlags, RevertFlags, XmlFlags,
};
use libvirt_client::domain::{
    Domain, DomainSnapshot, PausedReason, RunningReason, State, StateReason,
};
use libvirt_client::types::error::ErrorCode;
use rig::guest::Disk;

use super::{value_of, virsh};
use crate::common::{define, discard, qemu, wait_for_shell};
use crate::shell::Shell;

const NOTHING: DeleteFlags = DeleteFlags::empty();

/// Takes a snapshot of that name.
async fn take(domain: &Domain, name: &str, flags: CreateFlags) -> DomainSnapshot {
    let xml = format!("<domainsnapshot><name>{name}</name></domainsnapshot>");
    domain.snapshot_create_xml(&xml, flags).await.unwrap()
}

/// Their names, in alphabetical order.
fn names(snapshots: &[DomainSnapshot]) -> Vec<&str> {
    let mut names: Vec<&str> = snapshots.iter().map(DomainSnapshot::name).collect();
    names.sort_unstable();
    names
}

async fn assert_gone(snapshot: &DomainSnapshot) {
    let not_found = |error: libvirt_client::Error| {
        assert!(error.is_not_found(), "{error}");
        assert_eq!(error.code(), Some(ErrorCode::NoDomainSnapshot), "{error}");
    };
    not_found(snapshot.domain().snapshot_lookup_by_name(snapshot.name()).await.unwrap_err());
    not_found(snapshot.xml_desc(XmlFlags::empty()).await.unwrap_err());
    not_found(snapshot.parent().await.unwrap_err());
    not_found(snapshot.list_all_children(ListFlags::empty()).await.unwrap_err());
    not_found(snapshot.is_current().await.unwrap_err());
    not_found(snapshot.has_metadata().await.unwrap_err());
    not_found(snapshot.revert(RevertFlags::empty()).await.unwrap_err());
    not_found(snapshot.delete(NOTHING).await.unwrap_err());
}

/// Has the guest's shell and its disk know of a word.
async fn remember(domain: &Domain, word: &str) {
    let mut shell = Shell::open(domain).await;
    shell
        .run(&format!("word={word}; echo {word} | dd of=/dev/vda conv=fsync"))
        .await;
    shell.close().await;
}

/// The words that the guest's shell and its disk know of.
async fn remembered(domain: &Domain) -> [String; 2] {
    let mut shell = Shell::open(domain).await;
    let drop_caches = "echo 3 >/proc/sys/vm/drop_caches";
    let said = shell
        .run(&format!(
            "{drop_caches}; echo \"in shell: $word\"; echo on disk: $(head -n 1 /dev/vda)"
        ))
        .await;
    shell.close().await;
    ["in shell", "on disk"].map(|place| {
        // The answer is behind the echo of what was asked, in which words are not yet replaced.
        let lines: Vec<&str> = said.lines().rev().collect();
        value_of(&lines.join("\n"), place).to_owned()
    })
}

/// Only of a domain that does not run they are in the way of its end.
#[tokio::test]
async fn snapshots_of_a_domain_that_is_undefined() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let disk = Disk::qcow2(daemon.scratch().join("snapshots-undefined"), 8).unwrap();
    let domain = define(daemon, &conn, "snapshots-undefined", |guest| guest.disk(disk)).await;
    let domain = domain.domain;
    take(&domain, "one", CreateFlags::empty()).await;
    let error = domain.undefine().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationInvalid), "{error}");
    assert!(!error.is_not_active() && !error.is_already_active(), "{error}");
    domain.create().await.unwrap();
    domain.undefine().await.unwrap();
    assert!(!domain.is_persistent().await.unwrap());
    assert_eq!(names(&domain.list_all_snapshots(ListFlags::empty()).await.unwrap()), ["one"]);
    domain.destroy().await.unwrap();
    assert!(domain.info().await.unwrap_err().is_not_found());
    // Nothing of it is left for another of that name.
    let disk = Disk::qcow2(daemon.scratch().join("snapshots-again"), 8).unwrap();
    let domain = define(daemon, &conn, "snapshots-undefined", |guest| guest.disk(disk)).await;
    let domain = domain.domain;
    assert_eq!(domain.list_all_snapshots(ListFlags::empty()).await.unwrap(), []);
    domain.undefine().await.unwrap();
}

#[tokio::test]
async fn a_running_guest_comes_back_as_it_was() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "snapshot-running";
    let disk = Disk::qcow2(daemon.scratch().join("snapshot-running.qcow2"), 16).unwrap();
    let guest = define(daemon, &conn, name, |guest| guest.disk(disk)).await;
    let domain = &guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;
    assert!(!domain.has_current_snapshot().await.unwrap());
    assert_eq!(domain.snapshot_current().await.unwrap(), None);
    assert_eq!(domain.list_all_snapshots(ListFlags::empty()).await.unwrap(), []);
    let error = domain.snapshot_lookup_by_name("early").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");

    remember(domain, "early").await;
    let xml = "<domainsnapshot><name>early</name><description>a</description></domainsnapshot>";
    let early = &domain.snapshot_create_xml(xml, CreateFlags::VALIDATE).await.unwrap();
    assert_eq!((early.name(), early.domain()), ("early", domain));
    assert_eq!(domain.snapshot_current().await.unwrap().as_ref(), Some(early));
    assert!(domain.has_current_snapshot().await.unwrap());
    assert!(early.is_current().await.unwrap() && early.has_metadata().await.unwrap());
    assert_eq!(early.parent().await.unwrap(), None);
    let xml = early.xml_desc(XmlFlags::empty()).await.unwrap();
    let virshs = virsh(daemon, ["snapshot-dumpxml", name, "early"]).await;
    assert_eq!(xml.trim_end(), virshs.trim_end());
    assert!(
        xml.contains("<state>running</state>") && xml.contains("<description>a<"),
        "{xml}"
    );
    let error = domain.snapshot_create_xml("<domainsnapshot/", CreateFlags::empty()).await;
    assert_eq!(error.unwrap_err().code(), Some(ErrorCode::XmlDetail));

    remember(domain, "late").await;
    let late = &take(domain, "late", CreateFlags::empty()).await;
    assert_eq!(late.parent().await.unwrap().as_ref(), Some(early));
    assert!(late.is_current().await.unwrap() && !early.is_current().await.unwrap());
    remember(domain, "lost").await;
    assert_eq!(remembered(domain).await, ["lost", "lost"]);

    early.revert(RevertFlags::empty()).await.unwrap();
    let from_snapshot = StateReason::Running(RunningReason::FromSnapshot);
    assert_eq!(domain.state().await.unwrap().reason, from_snapshot);
    assert_eq!(remembered(domain).await, ["early", "early"]);
    assert!(early.is_current().await.unwrap());

    // Into another state than it was in.
    late.revert(RevertFlags::PAUSED).await.unwrap();
    let from_snapshot = StateReason::Paused(PausedReason::FromSnapshot);
    assert_eq!(domain.state().await.unwrap().reason, from_snapshot);
    domain.resume().await.unwrap();
    assert_eq!(remembered(domain).await, ["late", "late"]);

    // To a guest that is off it gives back what was in its memory.
    domain.destroy().await.unwrap();
    early.revert(RevertFlags::empty()).await.unwrap();
    assert_eq!(domain.state().await.unwrap(), State::Running);
    assert_eq!(remembered(domain).await, ["early", "early"]);

    early.delete(NOTHING).await.unwrap();
    assert_eq!(remembered(domain).await, ["early", "early"]);
    assert_gone(early).await;
    assert_eq!(late.parent().await.unwrap(), None);
    late.delete(NOTHING).await.unwrap();
    assert_gone(late).await;
    assert_eq!(domain.snapshot_current().await.unwrap(), None);

    // Without a domain there are no answers, not even that there is nothing.
    discard(domain).await;
    let code = |error: libvirt_client::Error| error.code();
    let gone = Some(ErrorCode::NoDomain);
    assert_eq!(domain.snapshot_current().await.map_err(code), Err(gone));
    assert_eq!(late.parent().await.map_err(code), Err(gone));
}
