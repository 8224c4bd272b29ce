//! Transient and persistent domains, from their beginning to their end.

use libvirt_client::domain::{
    CreateFlags, DefineFlags, Domain, PausedReason, RunningReason, ShutoffReason, State,
    StateReason, UndefineFlags,
};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Optional};
use rig::Daemon;

use crate::common::{boot, define, describe, discard, eventually, qemu};

async fn reason(domain: &Domain) -> StateReason {
    domain.state().await.unwrap().reason
}

fn state_in_virsh(daemon: &Daemon, name: &str) -> String {
    let text = daemon.virsh(["domstate", "--reason", name]).unwrap();
    text.trim().to_owned()
}

#[tokio::test]
async fn a_transient_domain_is_gone_when_its_guest_shuts_down() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guest = boot(daemon, &conn, "provision-transient", |guest| guest).await;
    let domain = guest.domain;
    assert!(domain.is_active().await.unwrap());
    assert!(!domain.is_persistent().await.unwrap());
    assert!(!domain.is_updated().await.unwrap());
    assert_eq!(domain.info().await.unwrap().state, State::Running);
    assert_eq!(reason(&domain).await, StateReason::Running(RunningReason::Booted));
    assert_eq!(state_in_virsh(daemon, "provision-transient"), "running (booted)");

    // The power button: the guest's answer takes a moment.
    domain.shutdown().await.unwrap();
    eventually("the domain is gone", async || {
        let found = conn.domain_lookup_by_uuid(domain.uuid()).await;
        found.optional().unwrap().is_none()
    })
    .await;
    assert!(domain.info().await.unwrap_err().is_not_found());
    // The handle has not heard of it.
    assert!(domain.id().is_some());
}

#[tokio::test]
async fn a_persistent_domain_outlives_its_end() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "provision-persistent";
    let domain = define(daemon, &conn, name, |guest| guest).await.domain;
    assert_eq!(domain.id(), None);
    assert!(!domain.is_active().await.unwrap());
    assert!(domain.is_persistent().await.unwrap());
    assert_eq!(domain.state().await.unwrap(), State::Shutoff);

    domain.create().await.unwrap();
    let first = domain.id().unwrap();
    assert_eq!(daemon.virsh(["domid", name]).unwrap().trim(), first.to_string());
    let error = domain.create().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationInvalid));
    let copy = domain.clone();
    domain.destroy().await.unwrap();
    assert_eq!((domain.id(), copy.id()), (None, Some(first)));
    assert_eq!(reason(&domain).await, StateReason::Shutoff(ShutoffReason::Destroyed));
    assert_eq!(state_in_virsh(daemon, name), "shut off (destroyed)");

    // Again, paused before its first instruction.
    domain.create_with_flags(CreateFlags::PAUSED).await.unwrap();
    let second = domain.id().unwrap();
    assert_ne!(second, first);
    assert_eq!(reason(&domain).await, StateReason::Paused(PausedReason::User));
    assert_eq!(state_in_virsh(daemon, name), "paused (user)");
    domain.resume().await.unwrap();
    assert_eq!(reason(&domain).await, StateReason::Running(RunningReason::Unpaused));

    // Without its definition it lives on as long as it runs.
    domain.undefine().await.unwrap();
    assert!(!domain.is_persistent().await.unwrap());
    assert!(domain.is_active().await.unwrap());
    domain.destroy().await.unwrap();
    let found = conn.domain_lookup_by_name(name).await;
    assert_eq!(found.optional().unwrap(), None);
}

#[tokio::test]
async fn a_domain_may_end_with_its_connection() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "provision-autodestroy";
    let domain = define(daemon, &conn, name, |guest| guest).await.domain;
    let short = Connect::open(&daemon.uri()).await.unwrap();
    domain
        .via(&short)
        .create_with_flags(CreateFlags::PAUSED | CreateFlags::AUTODESTROY)
        .await
        .unwrap();
    assert!(domain.is_active().await.unwrap());
    short.close().await;
    eventually("the guest has ended", async || !domain.is_active().await.unwrap()).await;
    assert_eq!(reason(&domain).await, StateReason::Shutoff(ShutoffReason::Destroyed));
    discard(&domain).await;
}

#[tokio::test]
async fn a_definition_can_be_replaced_and_is_validated_on_request() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "provision-validated";
    let domain = define(daemon, &conn, name, |guest| guest.memory_mib(128)).await.domain;
    let (larger, _) =
        describe(daemon, name, |guest| guest.uuid(domain.uuid().to_string()).memory_mib(192));
    let again = conn.domain_define_xml(&larger).await.unwrap();
    assert_eq!(again, domain);
    assert_eq!(domain.info().await.unwrap().max_memory_kib, 192 * 1024);

    // An element that nobody knows is passed over, or not.
    let odd = larger.replace("<devices>", "<oddity/><devices>");
    conn.domain_define_xml_flags(&odd, DefineFlags::empty()).await.unwrap();
    let defined = conn.domain_define_xml_flags(&odd, DefineFlags::VALIDATE).await;
    let error = defined.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::XmlInvalidSchema), "{error}");
    let created = conn.domain_create_xml(&odd, CreateFlags::VALIDATE).await;
    let error = created.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::XmlInvalidSchema), "{error}");

    domain.undefine_flags(UndefineFlags::empty()).await.unwrap();
    let found = conn.domain_lookup_by_name(name).await;
    assert_eq!(found.optional().unwrap(), None);
}
