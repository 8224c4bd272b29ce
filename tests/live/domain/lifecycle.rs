//! What is done to guests that run.

use std::fs;
use std::time::Duration;

use libvirt_client::Error;
use libvirt_client::domain::{
    KeycodeSet, LifecycleAction, LifecycleTrigger, ModificationImpact, PausedReason, ProcessSignal,
    RebootFlags, RunningReason, ShutdownFlags, ShutoffReason, State, StateReason, XmlFlags,
};
use libvirt_client::types::node::SuspendTarget;

use crate::common::{
    boot, define, discard, eventually, qemu, wait_for_agent, wait_for_boots, wait_for_shell,
};

/// Linux's codes for Control, Alt and Delete.
const CONTROL_ALT_DELETE: [u32; 3] = [29, 56, 111];

#[tokio::test]
async fn a_guest_is_paused_shaken_and_restarted() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "lifecycle-machine";
    let guest = boot(daemon, &conn, name, |guest| guest).await;
    let domain = guest.domain;
    let id = domain.id();

    domain.suspend().await.unwrap();
    let state = domain.state().await.unwrap();
    assert_eq!(state.state, State::Paused);
    assert_eq!(state.reason, StateReason::Paused(PausedReason::User));
    let virsh = daemon.virsh(["domstate", "--reason", name]).unwrap();
    assert_eq!(virsh.trim(), "paused (user)");
    domain.resume().await.unwrap();
    let state = domain.state().await.unwrap();
    assert_eq!(state.state, State::Running);
    assert_eq!(state.reason, StateReason::Running(RunningReason::Unpaused));

    domain.inject_nmi().await.unwrap();
    eventually("the guest has noticed the interrupt", async || {
        let said = fs::read(&guest.serial_log).unwrap();
        String::from_utf8_lossy(&said).contains("NMI received")
    })
    .await;

    // Its power button, and the daemon starts it again; then without asking it; then by the keyboard.
    let flags = RebootFlags::ACPI_POWER_BTN;
    domain.reboot(flags).await.unwrap();
    wait_for_boots(&guest.serial_log, 2).await;
    domain.reset().await.unwrap();
    wait_for_boots(&guest.serial_log, 3).await;
    domain
        .send_key(KeycodeSet::Linux, Duration::from_millis(100), &CONTROL_ALT_DELETE)
        .await
        .unwrap();
    wait_for_boots(&guest.serial_log, 4).await;

    // All of that was one run of the domain.
    assert_eq!(conn.domain_lookup_by_name(name).await.unwrap().id(), id);
    discard(&domain).await;
}

#[tokio::test]
async fn the_agent_reboots_and_shuts_down() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "lifecycle-agent";
    let guest = define(daemon, &conn, name, |guest| guest.agent(true)).await;
    let domain = guest.domain;
    domain.create().await.unwrap();
    wait_for_shell(&guest.serial_log).await;
    wait_for_agent(daemon, name).await;

    domain.reboot(RebootFlags::GUEST_AGENT).await.unwrap();
    wait_for_boots(&guest.serial_log, 2).await;
    wait_for_agent(daemon, name).await;
    // A daemon may notice the end of the agent's socket before the guest's, and fail with that.
    let limit = Duration::from_secs(60);
    domain.shutdown_and_wait(limit, ShutdownFlags::GUEST_AGENT).await.unwrap();
    assert_eq!(
        domain.state().await.unwrap().reason,
        StateReason::Shutoff(ShutoffReason::Shutdown)
    );
    discard(&domain).await;
}

#[tokio::test]
async fn what_becomes_of_a_domain_whose_guest_stops_is_a_setting() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "lifecycle-action";
    let domain = define(daemon, &conn, name, |guest| guest).await.domain;
    let actions = [
        (LifecycleTrigger::Poweroff, LifecycleAction::Restart, "<on_poweroff>restart<"),
        (LifecycleTrigger::Poweroff, LifecycleAction::Destroy, "<on_poweroff>destroy<"),
        (LifecycleTrigger::Reboot, LifecycleAction::Destroy, "<on_reboot>destroy<"),
        (
            LifecycleTrigger::Crash,
            LifecycleAction::CoreDumpRestart,
            "<on_crash>coredump-restart<",
        ),
    ];
    for (lifecycle, action, expected) in actions {
        domain
            .set_lifecycle_action(lifecycle, action, ModificationImpact::CONFIG)
            .await
            .unwrap();
        let xml = domain.xml_desc(XmlFlags::INACTIVE).await.unwrap();
        assert!(xml.contains(expected), "{expected} in {xml}");
    }
    discard(&domain).await;
}

#[tokio::test]
async fn times_that_the_protocol_cannot_carry_are_refused() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "lifecycle-times";
    let domain = define(daemon, &conn, name, |guest| guest).await.domain;
    let sleep = async |duration| {
        let slept = domain.pm_suspend_for_duration(SuspendTarget::Mem, Some(duration));
        slept.await.unwrap_err()
    };
    for odd in [Duration::ZERO, Duration::from_millis(1500)] {
        let error = sleep(odd).await;
        assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
    }
    // This one the daemon has refused.
    let error = sleep(Duration::from_secs(2)).await;
    assert!(error.code().is_some(), "{error:?}");

    for odd in [Duration::from_micros(1), Duration::from_secs(1 << 32)] {
        let error = domain.send_key(KeycodeSet::Linux, odd, &[1]).await.unwrap_err();
        assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
    }
    let error = domain.send_key(KeycodeSet::Linux, Duration::ZERO, &[1; 17]).await.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");

    let error = domain.send_process_signal(1, ProcessSignal::Hup).await;
    assert!(error.unwrap_err().is_unsupported());
    discard(&domain).await;
}
