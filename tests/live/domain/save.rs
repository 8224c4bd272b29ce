//! Guests that are written to files and go on later.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use libvirt_client::domain::{
    CreateFlags, DestroyFlags, Domain, PausedReason, RunningReason, SaveImageXmlFlags,
    SaveParameters, SaveRestoreFlags, ShutoffReason, State, StateReason, XmlFlags,
};
use libvirt_client::types::error::ErrorCode;

use crate::common::{boot, define, discard, qemu, wait_for_shell};

/// Some XML with another description in it.
fn described(xml: &str, text: &str) -> String {
    let without = match (xml.find("<description>"), xml.find("</description>")) {
        (Some(start), Some(end)) => [&xml[..start], &xml[end + "</description>".len()..]].concat(),
        _ => xml.to_owned(),
    };
    let described = format!("</uuid>\n  <description>{text}</description>");
    let changed = without.replacen("</uuid>", &described, 1);
    assert_ne!(changed, without);
    changed
}

async fn reason(domain: &Domain) -> StateReason {
    domain.state().await.unwrap().reason
}

/// In the form that a changed definition must be made from.
async fn xml(domain: &Domain) -> String {
    domain.xml_desc(XmlFlags::MIGRATABLE).await.unwrap()
}

const NONE: SaveRestoreFlags = SaveRestoreFlags::empty();
const RESTORED: StateReason = StateReason::Running(RunningReason::Restored);
const SAVED: StateReason = StateReason::Shutoff(ShutoffReason::Saved);

#[tokio::test]
async fn a_guest_is_saved_to_files_and_restored() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guest = define(daemon, &conn, "save-file", |guest| guest).await;
    let domain = guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;
    // There and back, by a file whose name is not UTF-8.
    let name = OsStr::from_bytes(b"save-file\xff.image");
    let image = daemon.scratch().join(name);
    domain.save(&image).await.unwrap();
    assert_eq!(domain.id(), None);
    assert_eq!(reason(&domain).await, SAVED);
    assert!(fs::metadata(&image).unwrap().len() > 1 << 20);
    conn.domain_restore(&image).await.unwrap();
    assert_eq!(reason(&domain).await, RESTORED);
    assert_eq!(domain.state().await.unwrap(), State::Running);
    // It was not booted: each run of the hypervisor begins a new log, and this one is silent.
    assert_eq!(rig::guest::boots(&guest.serial_log).unwrap(), 0);
    assert_eq!(domain.id(), None, "nobody has told this handle");

    // With a changed definition, to be restored paused. This call leaves the number alone.
    let domain = conn.domain_lookup_by_uuid(domain.uuid()).await.unwrap();
    let id = domain.id();
    let changed = described(&xml(&domain).await, "changed by saving");
    let image = daemon.scratch().join("save-file.image");
    domain
        .save_flags(&image, Some(&changed), SaveRestoreFlags::PAUSED)
        .await
        .unwrap();
    assert_eq!(domain.id(), id);
    assert_eq!(reason(&domain).await, SAVED);

    // The definition in the image is read and changed.
    let flags = SaveImageXmlFlags::empty();
    let saved = conn.domain_save_image_xml_desc(&image, flags).await.unwrap();
    assert!(saved.contains("changed by saving"), "{saved}");
    let virsh = daemon.virsh(["save-image-dumpxml", image.to_str().unwrap()]);
    assert_eq!(virsh.unwrap().trim(), saved.trim());
    conn.domain_save_image_define_xml(&image, &described(&saved, "changed in the image"), NONE)
        .await
        .unwrap();
    let saved = conn.domain_save_image_xml_desc(&image, flags).await.unwrap();
    assert!(saved.contains("changed in the image"), "{saved}");

    // And once more while restoring.
    conn.domain_restore_flags(&image, None, NONE).await.unwrap();
    assert_eq!(domain.state().await.unwrap(), State::Paused);
    assert!(xml(&domain).await.contains("changed in the image"));
    domain.destroy().await.unwrap();
    let changed = described(&saved, "changed by restoring");
    conn.domain_restore_flags(&image, Some(&changed), SaveRestoreFlags::RUNNING)
        .await
        .unwrap();
    assert_eq!(reason(&domain).await, RESTORED);
    assert!(xml(&domain).await.contains("changed by restoring"));

    // The same by parameters.
    let mut params = SaveParameters::default();
    params.file = Some(image.to_str().unwrap().to_owned());
    params.dxml = Some(described(&xml(&domain).await, "changed by parameters"));
    domain.save_params(&params, NONE).await.unwrap();
    assert_eq!(reason(&domain).await, SAVED);
    params.dxml = None;
    conn.domain_restore_params(&params, NONE).await.unwrap();
    assert!(xml(&domain).await.contains("changed by parameters"));

    // A definition that the guest would notice is refused.
    let flags = DestroyFlags::GRACEFUL;
    domain.destroy_flags(flags).await.unwrap();
    let other = saved.replacen(">131072<", ">262144<", 2);
    assert_ne!(other, saved);
    let restored = conn.domain_restore_flags(&image, Some(&other), NONE).await;
    let error = restored.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::ConfigUnsupported), "{error}");
    discard(&domain).await;
}

#[tokio::test]
async fn the_daemon_keeps_a_guest_for_its_next_start() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "save-managed";
    let guest = define(daemon, &conn, name, |guest| guest).await;
    let domain = guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;

    assert!(!domain.has_managed_save_image().await.unwrap());
    domain.managed_save(NONE).await.unwrap();
    assert_eq!(domain.id(), None);
    assert_eq!(reason(&domain).await, SAVED);
    assert!(domain.has_managed_save_image().await.unwrap());
    let info = daemon.virsh(["dominfo", name]).unwrap();
    let line = info.lines().find(|line| line.starts_with("Managed save"));
    assert!(line.unwrap().ends_with("yes"), "{info}");

    // Its definition is read and changed, and comes into force with the start.
    let flags = SaveImageXmlFlags::empty();
    let saved = domain.managed_save_xml_desc(flags).await.unwrap();
    domain
        .managed_save_define_xml(&described(&saved, "changed in its keeping"), NONE)
        .await
        .unwrap();
    domain.create().await.unwrap();
    assert_eq!(reason(&domain).await, RESTORED);
    assert_eq!(rig::guest::boots(&guest.serial_log).unwrap(), 0);
    assert!(!domain.has_managed_save_image().await.unwrap());
    assert!(xml(&domain).await.contains("changed in its keeping"));

    // Saved in order to stay paused, and thrown away.
    domain.managed_save(SaveRestoreFlags::PAUSED).await.unwrap();
    domain.managed_save_remove().await.unwrap();
    assert!(!domain.has_managed_save_image().await.unwrap());

    // A domain that has one is not undefined just so, and a forced boot does not look at it.
    domain.create_with_flags(CreateFlags::PAUSED).await.unwrap();
    domain.managed_save(NONE).await.unwrap();
    let error = domain.undefine().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationInvalid), "{error}");
    let flags = CreateFlags::FORCE_BOOT | CreateFlags::PAUSED;
    domain.create_with_flags(flags).await.unwrap();
    assert_eq!(reason(&domain).await, StateReason::Paused(PausedReason::User));
    assert!(!domain.has_managed_save_image().await.unwrap());
    discard(&domain).await;
}

#[tokio::test]
async fn saving_fails_with_the_reason() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guest = boot(daemon, &conn, "save-nowhere", |guest| guest).await;
    let nowhere = Path::new("/nowhere/at/all");
    let error = guest.domain.save(nowhere).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
    assert!(guest.domain.id().is_some());
    assert!(guest.domain.is_active().await.unwrap());
    let error = conn.domain_restore(nowhere).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
    discard(&guest.domain).await;
}
