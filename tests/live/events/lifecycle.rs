//! A domain's changes of state, all of them.

use libvirt_client::domain::{
    CreateFlags, EventCrashedDetailType as Crashed, EventDefinedDetailType as Defined,
    EventPmSuspendedDetailType as PmSuspended, EventResumedDetailType as Resumed,
    EventShutdownDetailType as Shutdown, EventStartedDetailType as Started,
    EventStoppedDetailType as Stopped, EventSuspendedDetailType as Suspended,
    EventUndefinedDetailType as Undefined, XmlFlags,
};
use libvirt_client::events::Subscription;
use libvirt_client::events::domain::{Change, Lifecycle};
use rig::guest::{Disk, Guest};
use rustix::process::{Signal, kill_process};

use super::{monitor, qemu_process};
use crate::common::{LIMIT, define, describe, qemu, wait_for_shell};
use crate::shell::Shell;

/// Waits for the next change of a domain, whatever it is now called, which must be this one.
///
/// Whether the daemon hears a QEMU that it ends say goodbye is chance, so that is not counted.
async fn expect(events: &mut Subscription<Lifecycle>, names: &[&str], expected: Change) {
    let finding = async {
        loop {
            let event = events.next().await.unwrap().unwrap();
            let is_chance = event.change == Change::Shutdown(Shutdown::Host);
            if names.contains(&event.domain.name()) && !is_chance {
                return event.change;
            }
        }
    };
    let found = tokio::time::timeout(LIMIT, finding).await;
    assert_eq!(found.ok(), Some(expected));
}

#[tokio::test]
async fn each_change_of_state_is_told_with_its_reason() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let names = ["events-lifecycle", "events-renamed"];
    let mut events = conn.subscribe::<Lifecycle>(None).await.unwrap();
    macro_rules! expect {
        ($($change:expr),* $(,)?) => {
            $(expect(&mut events, &names, $change).await;)*
        };
    }

    let disk = Disk::qcow2(daemon.scratch().join("events-lifecycle.qcow2"), 1).unwrap();
    let devices = "<panic model='isa'/>";
    let adapt = |guest: Guest| guest.disk(disk).device(devices);
    let guest = define(daemon, &conn, names[0], adapt).await;
    let domain = guest.domain;
    expect!(Change::Defined(Defined::Added));
    let xml = domain.xml_desc(XmlFlags::INACTIVE).await.unwrap();
    conn.domain_define_xml(&xml).await.unwrap();
    expect!(Change::Defined(Defined::Updated));
    let renamed = domain.rename(names[1]).await.unwrap();
    expect!(Change::Undefined(Undefined::Renamed), Change::Defined(Defined::Renamed));
    let domain = renamed.rename(names[0]).await.unwrap();
    expect!(Change::Undefined(Undefined::Renamed), Change::Defined(Defined::Renamed));

    // A run of the guest's own.
    domain.create().await.unwrap();
    expect!(Change::Resumed(Resumed::Unpaused), Change::Started(Started::Booted));
    domain.suspend().await.unwrap();
    expect!(Change::Suspended(Suspended::Paused));
    domain.resume().await.unwrap();
    expect!(Change::Resumed(Resumed::Unpaused));
    wait_for_shell(&guest.serial_log).await;
    // The button of the guest's power supply is pressed.
    domain.shutdown().await.unwrap();
    expect!(Change::Shutdown(Shutdown::Guest), Change::Stopped(Stopped::Shutdown));

    // Runs that need no guest.
    let paused = CreateFlags::PAUSED;
    domain.create_with_flags(paused).await.unwrap();
    expect!(Change::Started(Started::Booted), Change::Suspended(Suspended::Paused));
    let image = daemon.scratch().join("events-lifecycle.image");
    domain.save(&image).await.unwrap();
    expect!(Change::Stopped(Stopped::Saved));
    conn.domain_restore(&image).await.unwrap();
    expect!(Change::Started(Started::Restored), Change::Suspended(Suspended::Restored));
    domain.resume().await.unwrap();
    expect!(Change::Resumed(Resumed::Unpaused));
    let snapshot = ["snapshot-create-as", domain.name(), "s"];
    daemon.virsh(snapshot).unwrap();
    domain.destroy().await.unwrap();
    expect!(
        Change::Suspended(Suspended::Paused),
        Change::Resumed(Resumed::Unpaused),
        Change::Stopped(Stopped::Destroyed)
    );
    let revert = ["snapshot-revert", domain.name(), "s", "--paused"];
    daemon.virsh(revert).unwrap();
    expect!(
        Change::Started(Started::FromSnapshot),
        Change::Suspended(Suspended::FromSnapshot),
        Change::Defined(Defined::FromSnapshot)
    );
    domain.resume().await.unwrap();
    expect!(Change::Resumed(Resumed::Unpaused));
    // Sleep, as the chip set is told to. Before that the firmware has not placed its registers.
    wait_for_shell(&guest.serial_log).await;
    monitor(daemon, &domain, "o/h 0x604 0x2400");
    expect!(Change::PmSuspended(PmSuspended::Memory));
    domain.pm_wakeup().await.unwrap();
    expect!(Change::Started(Started::Wakeup));
    // A crash, as the guest's kernel would report it.
    monitor(daemon, &domain, "o/b 0x505 1");
    expect!(
        Change::Suspended(Suspended::Paused),
        Change::Crashed(Crashed::Panicked),
        Change::Stopped(Stopped::Crashed)
    );
    // The end of the process, which nobody asked for.
    domain.create_with_flags(paused).await.unwrap();
    expect!(Change::Started(Started::Booted), Change::Suspended(Suspended::Paused));
    kill_process(qemu_process(daemon, &domain), Signal::KILL).unwrap();
    expect!(Change::Stopped(Stopped::Failed));
    let flags = libvirt_client::domain::UndefineFlags::SNAPSHOTS_METADATA;
    domain.undefine_flags(flags).await.unwrap();
    expect!(Change::Undefined(Undefined::Removed));
}

#[tokio::test]
async fn a_guest_that_ends_by_itself_is_told_from_one_that_is_ended() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "events-guest-ends";
    let (xml, log) = describe(daemon, name, |guest| guest);
    let mut events = conn.subscribe::<Lifecycle>(None).await.unwrap();
    let flags = CreateFlags::AUTODESTROY;
    let domain = conn.domain_create_xml(&xml, flags).await.unwrap();
    wait_for_shell(&log).await;
    let mut shell = Shell::open(&domain).await;
    shell.tell("poweroff -f").await;
    for expected in [
        Change::Resumed(Resumed::Unpaused),
        Change::Started(Started::Booted),
        Change::Shutdown(Shutdown::Guest),
        Change::Stopped(Stopped::Shutdown),
    ] {
        expect(&mut events, &[name], expected).await;
    }
}
