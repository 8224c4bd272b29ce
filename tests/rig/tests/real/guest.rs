//! The test guest boots, obeys, survives its daemon, and ends.

use crate::common::{LIMIT, assert_nothing_left, eventually};
use rig::guest::{Disk, Guest, wait_agent, wait_boots, wait_ready};
use rig::{Daemon, Need, Result, available};

const NEEDS: &[Need] = &[Need::Daemon, Need::Qemu, Need::Guest, Need::Virsh];

#[test]
fn boots_reboots_and_shuts_down() -> Result<()> {
    if !available(NEEDS)? {
        return Ok(());
    }
    let daemon = Daemon::builder().start()?;
    let serial = daemon.scratch().join("serial");
    let xml = Guest::new("g1")
        .memory_mib(256)
        .current_mib(128)
        .vcpus(4, 1)
        .iothreads(1)
        .root_ports(2)
        .disk(Disk::qcow2(daemon.scratch().join("a.qcow2"), 64)?)
        .disk(Disk::raw(daemon.scratch().join("b.raw"), 8)?)
        .user_nic()
        .agent(true)
        .graphics()
        .serial_log(&serial)
        .xml()?;
    daemon.virsh_with_file(["create"], &xml)?;
    wait_ready(&serial, LIMIT)?;
    wait_agent(&daemon, "g1", LIMIT)?;
    let disks = daemon.virsh(["domblklist", "g1"])?;
    assert!(disks.contains("vda") && disks.contains("vdb"), "{disks}");

    daemon.virsh(["reboot", "g1", "--mode", "agent"])?;
    wait_boots(&serial, 2, LIMIT)?;
    // At once: from the marker on, no press of the button is lost.
    daemon.virsh(["shutdown", "g1", "--mode", "acpi"])?;
    eventually("the guest is gone", || {
        Ok(!daemon.virsh(["list", "--all", "--name"])?.contains("g1"))
    })
}

#[test]
fn survives_a_crash_of_its_daemon_but_not_its_end() -> Result<()> {
    if !available(NEEDS)? {
        return Ok(());
    }
    let mut daemon = Daemon::builder().start()?;
    let serial = daemon.scratch().join("serial");
    let xml = Guest::new("g1").serial_log(&serial).xml()?;
    daemon.virsh_with_file(["create"], &xml)?;
    wait_ready(&serial, LIMIT)?;

    let before = daemon.pid();
    daemon.kill9()?;
    daemon.restart()?;
    assert_ne!(daemon.pid(), before);
    assert_eq!(daemon.virsh(["domstate", "g1"])?.trim(), "running");
    daemon.virsh(["suspend", "g1"])?;
    assert_eq!(daemon.virsh(["domstate", "g1"])?.trim(), "paused");
    assert_eq!(rig::guest::boots(&serial)?, 1);

    let dir = daemon.dir().to_owned();
    let processes = daemon.processes()?;
    assert!(processes.len() >= 2, "{processes:?}");
    drop(daemon);
    assert_nothing_left(&dir, &processes);
    Ok(())
}
