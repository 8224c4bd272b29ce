//! What only root's daemons can do: a host name and a network of their own.

use std::fs;

use crate::common::assert_nothing_left;
use rig::{Daemon, Need, Release, Result, available, network};

#[test]
fn has_its_own_host_name() -> Result<()> {
    if !available(&[Need::Daemon, Need::Qemu, Need::Virsh, Need::Root])? {
        return Ok(());
    }
    let daemon = Daemon::builder().system().hostname("hosta").start()?;
    assert_eq!(daemon.virsh(["hostname"])?.trim(), "hosta");
    let ours = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    assert_ne!(ours.trim(), "hosta");
    Ok(())
}

#[test]
fn has_its_own_networks() -> Result<()> {
    if !available(&[Need::Daemon, Need::Qemu, Need::Virsh, Need::Network])? {
        return Ok(());
    }
    let daemon = Daemon::builder().system().start()?;
    daemon.virsh_with_file(["net-define"], &network::nat_xml("default", 251))?;
    daemon.virsh(["net-start", "default"])?;
    assert!(daemon.virsh(["net-info", "default"])?.contains("rig251"));
    assert!(!fs::exists("/sys/class/net/rig251").unwrap_or(true));

    let processes = daemon.processes()?;
    let is_dnsmasq = |pid: &u32| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "dnsmasq")
    };
    assert!(processes.iter().any(is_dnsmasq));
    let dir = daemon.dir().to_owned();
    daemon.shut_down()?;
    assert_nothing_left(&dir, &processes);
    Ok(())
}

#[test]
fn listens_on_the_hosts_network_when_told_to_listen() -> Result<()> {
    if !available(&[Need::Daemon, Need::Virsh, Need::Root])? {
        return Ok(());
    }
    let own_network = |daemon: &Daemon| {
        let theirs = fs::read_link(format!("/proc/{}/ns/net", daemon.pid().unwrap_or(0)));
        let ours = fs::read_link("/proc/self/ns/net");
        theirs.ok() != ours.ok()
    };
    let quiet = Daemon::builder().test_driver().start()?;
    assert!(own_network(&quiet));
    // Without certificates it would not start with TLS, which is the default of `--listen`.
    let listening = Daemon::builder()
        .test_driver()
        .conf_line("listen_tls = 0")
        .arg("--listen")
        .start()?;
    assert!(!own_network(&listening));
    Ok(())
}

/// Client and daemon are of the release that this run is about.
#[test]
fn is_of_the_release_that_the_environment_names() -> Result<()> {
    if !available(&[Need::Daemon, Need::Qemu, Need::Virsh, Need::Root])? {
        return Ok(());
    }
    let daemon = Daemon::builder().system().start()?;
    assert_eq!(daemon.release(), Release::of_environment()?);
    let said = daemon.virsh(["version", "--daemon"])?;
    let version = |line: &str| {
        let line = said.lines().find_map(|said| said.strip_prefix(line));
        line.map(str::trim).unwrap_or_default().to_owned()
    };
    let running = version("Running against daemon: ");
    assert_eq!(version("Using library: libvirt "), running, "{said}");
    match daemon.release() {
        Some(Release::Trixie) => assert_eq!(running, "11.3.0"),
        // It moves on.
        Some(Release::Sid) => {
            let (major, _) = running.split_once('.').unwrap_or_default();
            assert!(major.parse().is_ok_and(|major: u32| major >= 12), "{said}");
        }
        None => {}
    }
    Ok(())
}
