//! What guests do.

use std::fs;
use std::process::Command;

use libvirt_client::connect::Version;
use libvirt_client::domain::{
    AgentLifecycleReason, AgentLifecycleState, ChannelLifecycleReason, ChannelLifecycleState,
    ControlState, Domain, EventGraphicsAddressType, EventGraphicsPhase, EventIoErrorAction,
    EventSuspendedDetailType, EventWatchdogAction, OpenGraphicsFlags,
};
use libvirt_client::events::domain::Change;
use rig::guest::{Disk, Guest};
use rig::{Daemon, Mode};
use rustix::process::{Signal, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Watch, find, monitor, qemu_process};
use crate::common::{define, discard, eventually, qemu, wait_for_boots, wait_for_shell};
use crate::shell::Shell;

#[tokio::test]
async fn what_a_guest_does_is_told() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    // A disk that is larger than what it stands on.
    let dir = daemon.scratch().join("events-guest.small");
    fs::create_dir(&dir).unwrap();
    let small = daemon.mode() == Mode::System;
    if small {
        let mut mount = daemon.command("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]);
        run(mount.arg(&dir));
    }
    let path = dir.join("disk");
    run(daemon.command("truncate").args(["-s", "1M"]).arg(&path));
    let disk = Disk { path: path.clone(), format: "raw" };
    // libvirt 9.0.0 does not know the chip set's own watchdog yet, and 11.3.0 refuses the other
    // one, which no such machine ever had.
    let version = conn.lib_version().await.unwrap();
    let is_chip_sets = version >= Version::new(9, 1, 0);
    let model = if is_chip_sets { "itco" } else { "ib700" };
    let watchdog = format!("<watchdog model='{model}' action='pause'/>");
    let adapt = |guest: Guest| guest.agent(true).graphics().disk(disk).device(watchdog);
    let guest = define(daemon, &conn, "events-guest", adapt).await;
    let domain = guest.domain;
    let mut watch = Watch::of(&domain).await;
    domain.create().await.unwrap();
    an_agent_that_comes_is_told_of(&domain, &mut watch, version).await;
    wait_for_shell(&guest.serial_log).await;

    let mut shell = Shell::open(&domain).await;
    shell.run("date -s '2001-02-03 04:05:06'; hwclock -w").await;
    let clock = find!(watch, RtcChange);
    let years = -clock.offset_seconds / (365 * 24 * 3600);
    assert!((20..200).contains(&years), "{clock:?}");

    if small {
        shell.tell("dd if=/dev/zero of=/dev/vda bs=4k count=32; sync").await;
        let error = find!(watch, IoError);
        assert_eq!(error.source, path.to_str().unwrap());
        assert_eq!(error.device, "virtio-disk0");
        assert_eq!(error.action, EventIoErrorAction::Pause);
        let error = find!(watch, IoErrorReason);
        assert_eq!(error.source, path.to_str().unwrap());
        assert_eq!(error.device, "virtio-disk0");
        assert_eq!(error.action, EventIoErrorAction::Pause);
        assert_eq!(error.reason, "enospc");
        watch.change(Change::Suspended(EventSuspendedDetailType::IoError)).await;
        // Room for what the guest still tries to write.
        let mut mount = daemon.command("mount");
        run(mount.args(["-o", "remount,size=4m"]).arg(&dir));
        domain.resume().await.unwrap();
    }
    if is_chip_sets {
        // It may reset the machine.
        shell.run("devmem 0xfed1f410 32 0").await;
    }
    drop(shell);

    a_client_of_its_screen_is_told_of(&domain, &mut watch).await;

    // The rest asks for no operating system: the chip set is told what one would tell it.
    let ports: &[&str] = if is_chip_sets {
        // Few ticks, beginning now, and go.
        &["o/h 0x672 4", "o/b 0x660 1", "o/h 0x668 0"]
    } else {
        &["o/b 0x443 15"]
    };
    for port in ports {
        monitor(daemon, &domain, port);
    }
    assert_eq!(find!(watch, Watchdog).action, EventWatchdogAction::Pause);
    watch.change(Change::Suspended(EventSuspendedDetailType::Watchdog)).await;
    domain.resume().await.unwrap();
    monitor(daemon, &domain, "o/h 0x604 0x2400");
    find!(watch, PmSuspend);
    domain.pm_wakeup().await.unwrap();
    find!(watch, PmWakeup);
    // Nobody had told the firmware where to wake up, so it starts anew anyway.
    domain.reset().await.unwrap();
    find!(watch, Reboot);
    let agent = find!(watch, AgentLifecycle);
    assert_eq!(agent.state, AgentLifecycleState::Disconnected);
    // Before that the firmware has not placed the chip set's registers.
    wait_for_boots(&guest.serial_log, 2).await;
    // QEMU ends of it, at times before it has answered; the event shows that it was done.
    let args = [
        "qemu-monitor-command",
        domain.name(),
        "--hmp",
        "o/h 0x604 0x2800",
    ];
    let _answer = daemon.virsh(args);
    find!(watch, PmSuspendDisk);
    eventually("the domain is off", async || !domain.is_active().await.unwrap()).await;

    a_broken_monitor_is_told_of(daemon, &domain, &mut watch).await;
    discard(&domain).await;
}

async fn an_agent_that_comes_is_told_of(domain: &Domain, watch: &mut Watch, version: Version) {
    let agent = find!(watch, AgentLifecycle);
    assert_eq!(&agent.domain, domain);
    assert_eq!(agent.domain.name(), "events-guest");
    assert_eq!(agent.state, AgentLifecycleState::Disconnected);
    assert_eq!(agent.reason, AgentLifecycleReason::DomainStarted);
    let agent = find!(watch, AgentLifecycle);
    assert_eq!(agent.state, AgentLifecycleState::Connected);
    assert_eq!(agent.reason, AgentLifecycleReason::Channel);
    if version >= Version::new(12, 4, 0) {
        for (state, reason) in [
            (ChannelLifecycleState::Disconnected, ChannelLifecycleReason::DomainStarted),
            (ChannelLifecycleState::Connected, ChannelLifecycleReason::Channel),
        ] {
            let channel = find!(watch, ChannelLifecycle);
            assert_eq!(channel.channel, "org.qemu.guest_agent.0");
            assert_eq!((channel.state, channel.reason), (state, reason));
        }
    }
}

async fn a_client_of_its_screen_is_told_of(domain: &Domain, watch: &mut Watch) {
    let screen = domain.open_graphics_fd(0, OpenGraphicsFlags::empty()).await;
    let screen = std::os::unix::net::UnixStream::from(screen.unwrap());
    screen.set_nonblocking(true).unwrap();
    let mut screen = tokio::net::UnixStream::from_std(screen).unwrap();
    let mut greeting = [0; 12];
    screen.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting[..4], b"RFB ");
    let connected = find!(watch, Graphics);
    assert_eq!(connected.phase, EventGraphicsPhase::Connect);
    // Version 3.8, no authentication, shared: what QEMU needs to call a client one.
    screen.write_all(b"RFB 003.008\n").await.unwrap();
    let mut methods = [0; 2];
    screen.read_exact(&mut methods).await.unwrap();
    assert_eq!(methods, [1, 1]);
    screen.write_all(&[1]).await.unwrap();
    let mut result = [1; 4];
    screen.read_exact(&mut result).await.unwrap();
    assert_eq!(result, [0; 4]);
    screen.write_all(&[1]).await.unwrap();
    let initialized = find!(watch, Graphics);
    assert_eq!(initialized.phase, EventGraphicsPhase::Initialize);
    assert_eq!(initialized.local.family, EventGraphicsAddressType::Unix);
    assert!(!initialized.auth_scheme.is_empty());
    drop(screen);
    let gone = find!(watch, Graphics);
    assert_eq!(gone.phase, EventGraphicsPhase::Disconnect);
}

/// One that breaks in the middle of a conversation.
async fn a_broken_monitor_is_told_of(daemon: &'static Daemon, domain: &Domain, watch: &mut Watch) {
    domain.create().await.unwrap();
    let process = qemu_process(daemon, domain);
    kill_process(process, Signal::STOP).unwrap();
    let name = domain.name().to_owned();
    let talking = tokio::task::spawn_blocking(move || {
        let command = ["qemu-monitor-command", &name, "--hmp", "info status"];
        daemon.virsh_output(command).unwrap()
    });
    eventually("the monitor is busy", async || {
        let info = domain.control_info().await.unwrap();
        info.state != ControlState::Ok
    })
    .await;
    kill_process(process, Signal::KILL).unwrap();
    find!(watch, ControlError);
    assert!(!talking.await.unwrap().status.success());
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}
